"""The legend under a network: scale, moment, widths, alarms."""

import numpy as np
import pytest

from app.canvas.marks import Mark
from app.canvas.readout import Readouts, ReadoutScale
from app.editor.legend import Legend
from app.theme import theme

GRADIENT = ReadoutScale("Gradient norm", "∇", -3.0, 0.0, True, formula="‖dL/dW‖")


@pytest.fixture
def legend(qtbot, qapp):
    theme().apply(qapp)
    legend = Legend()
    qtbot.addWidget(legend)
    return legend


def readouts(**more):
    return Readouts(("a", "b"), np.array([0.1, 0.2]), GRADIENT, when="iteration 1,200", **more)


def test_it_says_what_is_shown_of_which_moment(legend):
    assert legend.show_readouts(readouts())
    legend.fit_into(1000)
    assert legend._title() == "∇ gradient norm · ‖dL/dW‖ · log"
    assert legend.words == "iteration 1,200"
    assert "each step of the scale is a factor" in legend.toolTip()
    assert not legend.show_readouts(readouts())  # no other size


def test_it_says_what_widths_mean_where_there_are_two_ways(legend):
    legend.show_readouts(readouts(magnitude=np.array([np.nan, 0.5])))
    assert legend.words == "iteration 1,200 · width: share of the signal"
    legend.show_readouts(readouts(magnitude=np.full(2, np.nan)))
    assert legend.words == "iteration 1,200"


def test_it_counts_the_alarms(legend):
    marks = np.array([Mark.EXPLODING, Mark.DEAD], np.int8)
    legend.show_readouts(readouts(marks=marks))
    assert legend.words == "iteration 1,200 · ▲ 1 exploding · ■ 1 dead"


def test_where_there_is_little_room_it_says_less_and_keeps_the_alarms(legend):
    marks = np.array([Mark.EXPLODING, Mark.NONE], np.int8)
    legend.show_readouts(readouts(marks=marks, magnitude=np.array([0.5, 0.5])))
    widths = []
    for room in (1000, 300, 220):
        legend.fit_into(room)
        widths.append(legend.width())
        assert legend.width() <= room
        assert "▲ 1 exploding" in legend.words
    assert widths == sorted(widths, reverse=True)
    assert legend._title() == "∇"


def test_a_long_note_is_cut_rather_than_run_under_the_buttons(legend):
    legend.show_readouts(readouts(), note="trained before your last edit, and that was long ago")
    legend.fit_into(258)
    assert legend.width() <= 258


def test_a_network_that_lacks_the_quantity_has_the_note_alone(legend):
    none = Readouts(("a",), np.array([np.nan]), GRADIENT, np.array([False]), when="iteration 5")
    legend.show_readouts(none, "no shortcut, so no residual magnitude")
    assert legend._title() == "no shortcut, so no residual magnitude"
    assert legend.words == "iteration 5"


def test_it_is_painted_whole(legend):
    legend.show_readouts(readouts())
    legend.fit_into(1000)
    image = legend.grab().toImage()
    assert image.pixelColor(0, 0) == theme().colours.plot  # the corner, outside the rounded frame
    bar = [image.pixelColor(image.width() - 10 - place, image.height() // 4) for place in (4, 128)]
    assert bar[0].lightness() > bar[1].lightness() + 60
