import gc
import itertools
import math

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from app.theme import DARK, LIGHT, icon, named_colour, run_colour, scale_colour, theme
from resviz.runs.labels import COOL, WARM


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.1."""

    def linear(c: float) -> float:
        return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4

    q = QColor(colour)
    return 0.2126 * linear(q.redF()) + 0.7152 * linear(q.greenF()) + 0.0722 * linear(q.blueF())


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [DARK, LIGHT])
@pytest.mark.parametrize("back", ["window", "panel", "raised"])
def test_text_contrast_is_at_least_wcag_aa(colours, back):
    for name in ("text", "muted", "plain", "residual", "danger", "accent"):
        assert contrast(getattr(colours, name), getattr(colours, back)) >= 4.5, (name, back)
    assert contrast(colours.on_accent, colours.accent) >= 4.5


def test_mode_switches_palette_and_tells(qapp, qtbot):
    look = theme()
    look.apply(qapp)
    look.set_mode("dark")
    with qtbot.waitSignal(look.changed):
        look.set_mode("light")
    assert look.colours is LIGHT
    assert qapp.palette().window().color() == QColor(LIGHT.window)
    look.set_mode("system")


def test_runs_of_one_family_stay_apart(qapp):
    for plain in (True, False):
        colours = [run_colour(i, plain).name() for i in range(5)]
        assert all(a != b for a, b in itertools.combinations(colours, 2))
        assert run_colour(5, plain) == run_colour(0, plain)


def test_scale_is_even_in_lightness_and_clamped(qapp):
    lightness = [luminance(scale_colour(i / 20).name()) ** (1 / 3) for i in range(21)]
    steps = [b - a for a, b in itertools.pairwise(lightness)]
    assert min(steps) > 0
    assert max(steps) < 3 * min(steps)
    assert scale_colour(-1) == scale_colour(0)
    assert scale_colour(2) == scale_colour(1)
    assert scale_colour(float("nan")).isValid()


def test_icons_are_drawn_in_the_asked_colour(qapp):
    image = icon("stop", "#ff0000").pixmap(24).toImage()
    assert image.pixelColor(image.width() // 2, image.height() // 2) == QColor("#ff0000")


SEEN = {
    "by all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "without red cones": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998),
    ),
    "without green cones": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881),
    ),
}  # fmt: skip
"""Machado, Oliveira, Fernandes 2009, for linear red, green and blue."""


def lab(colour: QColor, seen: tuple) -> tuple[float, float, float]:
    """CIE L*a*b* of a colour as somebody sees it."""
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
    red, green, blue = (min(max(sum(map(float.__mul__, map(float, row), channels)), 0), 1) for row in seen)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize("mode", ["dark", "light"])
def test_colours_of_runs_are_told_apart_by_everyone(qapp, mode, seen):
    theme().set_mode(mode)
    colours = {name: named_colour(name) for name in WARM + COOL}
    panel = theme().colours.panel
    theme().set_mode("system")
    for one, other in itertools.combinations(colours, 2):
        apart = math.dist(lab(colours[one], SEEN[seen]), lab(colours[other], SEEN[seen]))
        assert apart >= 20, (one, other)
    assert all(contrast(colour.name(), panel) >= 3 for colour in colours.values())


def test_the_scale_is_even_to_the_eye(qapp):
    colours = [lab(scale_colour(step / 63), SEEN["by all cones"]) for step in range(64)]
    lightness = [colour[0] for colour in colours]
    steps = [after - before for before, after in itertools.pairwise(lightness)]
    whole = lightness[-1] - lightness[0]
    assert whole > 70
    assert all(0.4 * whole / 63 < step < 1.6 * whole / 63 for step in steps)
    for place, found in enumerate(lightness):
        # Viridis is even in CAM02-UCS, whose lightness is not quite that of CIELAB.
        assert found == pytest.approx(lightness[0] + whole * place / 63, abs=2.0)
    apart = [math.dist(before, after) for before, after in itertools.pairwise(colours)]
    assert 1.5 < min(apart) < max(apart) < 3 * min(apart)


def test_no_garbage_is_collected_while_qt_goes_through_all_widgets(qapp, qtbot):
    seen = []

    class Watcher(QWidget):
        def changeEvent(self, event):
            seen.append(gc.isenabled())
            super().changeEvent(event)

    watcher = Watcher()
    qtbot.addWidget(watcher)
    mode = theme().mode
    theme().apply(qapp)
    seen.clear()
    theme().set_mode("light" if theme().is_dark else "dark")
    theme().set_mode(mode)
    assert seen
    assert not any(seen), "widgets that are garbage would go amid the walk"
    assert gc.isenabled()
