"""The colours of runs and of values, for the window and the report alike; knows no Qt.

Plain networks are warm, residual ones cool, everywhere; the pairs stay apart for the common colour-vision
deficiencies because they differ in lightness as well as in hue.
"""

from __future__ import annotations

from resviz.runs.labels import COOL, WARM

RUNS = {
    "orange": ("#f0913c", "#b04800"),
    "yellow": ("#f2e791", "#968e4c"),
    "red": ("#c63c2c", "#4e030f"),
    "pink": ("#9b5c73", "#83215a"),
    "brown": ("#b49772", "#7c4a2d"),
    "blue": ("#3fb6d9", "#006f9e"),
    "indigo": ("#5c6ab4", "#1b38a8"),
    "green": ("#85f0bb", "#12926c"),
    "violet": ("#ae47f4", "#b436ec"),
    "sky": ("#b7f2f5", "#5299a1"),
}
"""Of runs, on dark ground and on light.

Beside the first of each family chosen by search: any two of the ten differ by 20 or more (CIE 1976), also as
people without red or green cones see them (Machado et al. 2009), and stand out from the ground by 3 to 1.
"""

SCALE = (
    (68, 1, 84),
    (72, 24, 106),
    (71, 45, 123),
    (66, 64, 134),
    (59, 82, 139),
    (51, 99, 141),
    (44, 114, 142),
    (38, 130, 142),
    (33, 145, 140),
    (31, 159, 136),
    (39, 173, 129),
    (61, 188, 116),
    (92, 200, 99),
    (129, 211, 77),
    (170, 220, 50),
    (213, 226, 26),
    (253, 231, 37),
)
"""Viridis at seventeen places (CC0, matplotlib): perceptually even, readable without colour vision."""


def run_colour(index: int, *, plain: bool, dark: bool) -> str:
    """Return the colour of the `index`-th plain (warm) or residual (cool) run, "#rrggbb"."""
    family = WARM if plain else COOL
    return named_colour(family[index % len(family)], dark=dark)


def named_colour(name: str, *, dark: bool) -> str:
    """Return a colour that a person chose for a run, one of `WARM` or `COOL`, as "#rrggbb"."""
    on_dark, on_light = RUNS[name]
    return on_dark if dark else on_light


def scale_colour(t: float) -> tuple[int, int, int]:
    """Return red, green and blue of `t` in 0..1 (clamped) on the scale of values."""
    place = min(max(t, 0.0), 1.0) * (len(SCALE) - 1)
    low = min(int(place), len(SCALE) - 2)
    share = place - low
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(SCALE[low], SCALE[low + 1], strict=True))
    return red, green, blue
