"""The colours of runs and of values, for the window and the report alike; knows no Qt.

Plain networks are warm, residual ones cool, everywhere; the pairs stay apart for the common colour-vision
deficiencies because they differ in lightness as well as in hue.
"""

from __future__ import annotations

# Runs beyond the first of each family: same family, other lightness and a slight turn of hue.
WARM: dict[bool, tuple[str, ...]] = {
    True: ("#f0913c", "#f2c14e", "#e8705f", "#f5a9a0", "#c98b4a"),
    False: ("#b04800", "#8a6100", "#b3261e", "#7d3c12", "#a05a7a"),
}
"""Of plain runs, on dark ground (True) and on light (False)."""
COOL: dict[bool, tuple[str, ...]] = {
    True: ("#3fb6d9", "#7d9cf5", "#4fd1b0", "#a58bf0", "#8fd0f0"),
    False: ("#006f9e", "#3949c6", "#00795c", "#6a3fc0", "#2f5f7d"),
}
"""Of residual runs."""

SCALE = (
    (68, 1, 84),
    (71, 44, 122),
    (59, 81, 139),
    (44, 113, 142),
    (33, 144, 141),
    (39, 173, 129),
    (92, 200, 99),
    (170, 220, 50),
    (253, 231, 37),
)
"""Viridis at nine places (CC0, matplotlib): perceptually even, readable without colour vision."""


def run_colour(index: int, *, plain: bool, dark: bool) -> str:
    """Return the colour of the `index`-th plain (warm) or residual (cool) run, "#rrggbb"."""
    family = (WARM if plain else COOL)[dark]
    return family[index % len(family)]


def scale_colour(t: float) -> tuple[int, int, int]:
    """Return red, green and blue of `t` in 0..1 (clamped) on the scale of values."""
    place = min(max(t, 0.0), 1.0) * (len(SCALE) - 1)
    low = min(int(place), len(SCALE) - 2)
    share = place - low
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(SCALE[low], SCALE[low + 1], strict=True))
    return red, green, blue
