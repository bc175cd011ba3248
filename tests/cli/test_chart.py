from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from resviz.cli.chart import PLAIN, RESIDUAL, Gap, Line, _dashes, _nice_step, draw_curves
from resviz.errors import ResvizError

LABELS = {"title": "Plain and residual", "subtitle": "A test", "x_label": "seconds", "x_end": 60.0}


def line(colour, dashed, level, count=500):
    x = np.linspace(1, 60, count)
    return Line("a line", colour, dashed, x, np.full(count, float(level)))


def inked(image, colour):
    pixels = np.asarray(image.convert("RGB")).astype(int)
    return (np.abs(pixels - colour).sum(-1) < 40).sum(1)


def test_a_curve_stands_at_its_height_and_a_dashed_one_has_gaps(tmp_path):
    draw_curves(tmp_path / "c.png", [line(PLAIN, False, 75), line(RESIDUAL, True, 25)], **LABELS)
    with Image.open(tmp_path / "c.png") as image:
        warm, cool = inked(image, PLAIN), inked(image, RESIDUAL)
        height = image.height
    plot = slice(int(height * 0.2), None)  # Below the legend.
    warm_row, cool_row = warm[plot].argmax(), cool[plot].argmax()
    assert warm_row < cool_row
    assert warm[plot].max() > 900
    assert 400 < cool[plot].max() < 800


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_points(tmp_path, count):
    draw_curves(tmp_path / "c.png", [line(PLAIN, True, 50, count)], gaps=[Gap(30, 10, 60)], **LABELS)
    with Image.open(tmp_path / "c.png") as image:
        assert image.format == "PNG"


def test_values_that_are_no_numbers_are_left_out(tmp_path):
    broken = Line("x", PLAIN, False, np.array([1.0, 2.0, 3.0]), np.array([np.nan, 50.0, np.inf]))
    draw_curves(tmp_path / "c.png", [broken], **LABELS)


def test_nowhere_to_write(tmp_path):
    with pytest.raises(ResvizError, match="Cannot write"):
        draw_curves(tmp_path / "missing" / "c.png", [], **LABELS)


def test_dashes_cover_their_share_of_a_bent_line():
    pieces = list(_dashes([(0.0, 0.0), (30.0, 0.0), (30.0, 30.0)], 9, 6))
    steps = [step for piece in pieces for step in pairwise(piece)]
    inked_length = sum(abs(x1 - x0) + abs(y1 - y0) for (x0, y0), (x1, y1) in steps)
    assert inked_length == pytest.approx(36, abs=9)


@pytest.mark.parametrize(("least", "step"), [(10, 10), (9, 10), (1.1, 2), (0.3, 0.5), (21, 50)])
def test_nice_steps(least, step):
    assert _nice_step(least) == pytest.approx(step)
