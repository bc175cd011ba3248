"""What of a probe can be seen: places on the scale, shares of the signal, what changed."""

from math import isnan

import numpy as np
import pytest

from app.canvas import text
from app.canvas.marks import Mark
from app.canvas.paints import STEPS
from app.canvas.readout import LANES, NOTHING, Board, Readouts, ReadoutScale, lane_width, lanes, widths


def place(scale, value):
    return float(scale.places(np.array([value]))[0])


def test_places_on_a_scale():
    scale = ReadoutScale("Gradient norm", "∇", -4.0, 0.0, True)
    assert [place(scale, value) for value in (1e-4, 1e-2, 1.0)] == pytest.approx([0.0, 0.5, 1.0])
    assert (place(scale, 1e-9), place(scale, 0.0), place(scale, 5.0)) == (0.0, 0.0, 1.0)
    even = ReadoutScale(low=0.0, high=2.0, text=text.ratio)
    assert place(even, 0.5) == 0.25
    assert isnan(place(scale, float("nan")))
    assert isnan(place(even, float("inf")))
    assert place(ReadoutScale(low=1.0, high=1.0), 1.0) == 0.5


def test_the_ticks_of_a_scale_are_its_ends_and_a_power_of_ten_near_the_middle():
    assert ReadoutScale(low=-4.0, high=0.0, log=True).ticks == ((0.0, "1e-4"), (0.5, "1e-2"), (1.0, "1"))
    (_, _), (middle, words), (_, _) = ReadoutScale(low=-3.5, high=0.0, log=True).ticks
    assert (middle, words) == (pytest.approx(1.5 / 3.5), "1e-2")
    even = ReadoutScale(low=0.0, high=3.0, text=text.ratio)
    assert even.ticks == ((0.0, "0.00"), (0.5, "1.50"), (1.0, "3.00"))


def test_the_thicker_way_has_the_whole_width_and_the_other_its_share():
    assert lanes(np.array([0.0, 0.5, 1.0, 2.0, 1e9, np.nan, -1.0])).tolist() == [
        0, LANES // 2, LANES, 2 * LANES - LANES // 2, 2 * LANES, -1, -1
    ]  # fmt: skip
    for magnitude in (0.1, 0.25, 0.5, 0.9, 1.0, 1.3, 2.0, 4.0):
        shortcut, branch = widths(int(lanes(np.array([magnitude]))[0]))
        assert max(shortcut, branch) == 1.0
        assert min(shortcut, branch) == pytest.approx(min(magnitude, 1 / magnitude), abs=0.5 / LANES)


@pytest.mark.parametrize("zoom", [0.05, 0.15, 0.3, 0.6, 1.0, 3.0])
def test_shares_can_be_told_apart_at_every_zoom(zoom):
    thin, half, full = (zoom * lane_width(share, zoom) for share in (0.0, 0.5, 1.0))
    assert 0.15 < thin < half < full
    assert full > 0.8
    assert lane_width(1.0, zoom) <= 18.0  # a wire is no block


def test_a_board_tells_which_rows_look_different():
    board, ids = Board(), ("a", "b", "c")
    scale = ReadoutScale(low=0.0, high=1.0)

    def take(values=(0.1, 0.5, 0.9), magnitude=(0.5, 0.5, 0.5), marks=(0, 0, 0)):
        return board.take(
            Readouts(
                ids,
                np.array(values),
                scale,
                magnitude=np.array(magnitude),
                marks=np.array(marks, np.int8),
            )
        )

    assert take() is None
    assert board.rows == {"a": 0, "b": 1, "c": 2}
    assert take().tolist() == []
    assert take(values=(0.1, 0.8, 0.9)).tolist() == [1]
    assert take(magnitude=(0.5, 0.5, 2.0)).tolist() == [1, 2]
    assert take(magnitude=(0.5, 0.5, 2.0), marks=(Mark.DEAD, 0, 0)).tolist() == [0]
    assert board.mark(0) is Mark.DEAD
    take(values=(np.nan, 0.5, 0.9), magnitude=(0.9 * NOTHING, 1.1 * NOTHING, np.nan))
    assert board.colours[0] == STEPS
    assert board.faint == [True, False, False]
    assert board.lanes[2] == -1
    take(values=(0.1, 0.5, 0.9))
    take(values=(0.1001, 0.52, 0.9))
    assert board.renumbered([0, 1, 2]) == [1]
    assert board.take(None) is None
    assert board.value(0) is None
