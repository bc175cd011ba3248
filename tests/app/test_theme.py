import itertools

import pytest
from PySide6.QtGui import QColor

from app.theme import DARK, LIGHT, icon, run_colour, scale_colour, theme


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
