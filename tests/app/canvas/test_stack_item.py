"""Folded groups while training: the range of their blocks' values, and which of them has the greatest."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor

from app.canvas import geometry as g
from app.canvas.detail import level_at
from app.canvas.marks import Mark
from app.canvas.paints import STEPS, paints
from app.canvas.readout import Readouts, ReadoutScale
from app.canvas.scene import NetworkScene
from app.canvas.stack_face import range_forms
from app.canvas.stack_words import BAND
from app.canvas.view import NetworkView
from app.document import Document
from app.theme import theme
from resviz.arch.folding import folded
from resviz.arch.presets import preset

STACK = ("stage1.block1", "stage1.block2", "stage1.block3")


@pytest.fixture
def shown(qtbot, qapp):
    theme().apply(qapp)
    theme().set_mode("dark")
    view = NetworkView(NetworkScene(Document(folded(preset("resnet-20"), [])[0])))
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    qtbot.waitExposed(view)
    yield view, view.network.block_item("stage1.block2")
    theme().set_mode("system")


def readouts(values, marks=(0, 0, 0), magnitude=None):
    rows = None if magnitude is None else np.full(3, magnitude)
    scale = ReadoutScale(title="gradient norm", short="∇")
    marked = np.array(marks, np.int8)
    return Readouts(STACK, np.array(values), scale, magnitude=rows, marks=marked, when="iteration 7")


def painted(view, item, x, y):
    place = view.mapFromScene(item.pos() + QPointF(x, y))
    return QColor(view.grab().toImage().pixel(place))


def near(colour, other):
    return all(abs(a - b) <= 16 for a, b in zip(colour.getRgb()[:3], other.getRgb()[:3], strict=True))


@pytest.mark.parametrize("zoom", [1.0, 0.6, 0.4, 0.33, 0.25, 0.15])
def test_a_stack_is_coloured_from_its_least_to_its_greatest_value(shown, zoom):
    view, item = shown
    view.set_zoom(zoom)
    view.centerOn(item.body_in_scene().center())
    view.network.set_readouts(readouts([0.9, 0.5, 0.1]))
    assert item.steps == (round(0.1 * (STEPS - 1)), int(0.9 * (STEPS - 1)))
    level = level_at(zoom)
    y = g.HEIGHT / 2 if level is None else BAND[level.name].center().y()
    for x in (40.0, g.WIDTH - 24.0):
        low, high = item.steps
        share = round(x / g.WIDTH) if level is None else x / g.WIDTH
        assert near(painted(view, item, x, y), paints().fills[low + round(share * (high - low))].colour)


def test_the_range_is_told_with_the_block_that_has_the_greatest(shown):
    view, item = shown
    view.network.set_readouts(readouts([0.2, 0.8, 0.2]))
    assert item.range_forms()[0] == "0.2 … 0.8"
    told = view.network.tooltip(item)
    assert "gradient norm, iteration 7" in told
    assert "mean 0.4" in told
    assert "min 0.2 in stage1.block1" in told
    assert "max 0.8 in stage1.block2" in told
    view.network.set_readouts(readouts([0.2, np.nan, 0.2]))
    assert "not a number in stage1.block2" in view.network.tooltip(item)
    assert item.range_forms()[0] == "0.2 … NaN"
    assert item.steps[1] == STEPS
    view.network.set_readouts(readouts([0.2, 0.2, 0.2]))
    assert item.range_forms() == ("0.2",)
    view.network.set_readouts(None)
    assert item.steps is None
    assert not item.told()


def test_marks_and_ways_of_a_stack_are_those_of_its_blocks(shown):
    view, item = shown
    view.network.set_readouts(readouts([0.1, 0.2, 0.3], marks=(0, int(Mark.DEAD), 0), magnitude=0.01))
    assert item.mark == Mark.DEAD
    assert item.faint
    assert item.lane == 0


def test_a_change_in_a_stack_paints_it_anew_once(shown):
    view, _ = shown
    view.set_zoom(1.0)
    view.network.set_readouts(readouts([0.1, 0.2, 0.3]))
    view.grab()
    assert view.network.set_readouts(readouts([0.1, 0.9, 0.3])) == 1


@pytest.mark.parametrize(
    ("first", "last", "forms"),
    [
        (
            "stage2.block2",
            "stage2.block200",
            ("stage2.block2 … block200", "block2 … block200", "block 2 … 200", "2 … 200"),
        ),
        ("a", "b", ("a … b", "a … b", "a … b", "a … b")),
        ("stage1.block3", "stage2.block1", ("stage1.block3 … stage2.block1", "block3 … block1")),
        ("stage1.block3", "stage1.block3", ("stage1.block3", "block3")),
    ],
)
def test_a_range_of_names_has_shorter_forms(first, last, forms):
    assert range_forms(first, last) == forms
