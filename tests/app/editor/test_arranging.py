"""Align, distribute, tidy up: where blocks go, and how they are seen going there."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QAbstractAnimation, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QProxyStyle, QStyle

from app.editor.align import ALIGNMENTS, aligned, distributed
from app.editor.glide import MOST_BLOCKS
from resviz.arch.graph import Wire
from resviz.arch.layout import arrange
from resviz.arch.twin import twin
from tests.app.editor.test_units import same_on_canvas, tidy

CONTROL = Qt.KeyboardModifier.ControlModifier
PLACES = {"a": (8.0, 200.0), "b": (96.0, 0.0), "c": (424.0, 416.0)}


@pytest.mark.parametrize(
    ("name", "axis", "line"),
    [
        ("left", 0, 8),
        ("centre", 0, 216),
        ("right", 0, 424),
        ("top", 1, 0),
        ("middle", 1, 208),
        ("bottom", 1, 416),
    ],
)
def test_aligned_blocks_share_a_line_and_keep_the_rest(name, axis, line):
    found = aligned(PLACES, name)
    assert {place[axis] for place in found.values()} == {line}
    assert {b: p[1 - axis] for b, p in found.items()} == {b: p[1 - axis] for b, p in PLACES.items()} or axis


@pytest.mark.parametrize("name", ALIGNMENTS)
def test_aligned_blocks_never_cover_each_other(name):
    places = {str(i): (40.0 * i, 30.0 * i) for i in range(5)}
    found = list(aligned(places, name).values())
    along = 1 - ALIGNMENTS[name][0]
    size = (144, 64)[along]
    values = sorted(place[along] for place in found)
    assert all(b - a >= size for a, b in pairwise(values))


def test_nothing_stands_nowhere():
    assert [aligned({}, name) for name in ALIGNMENTS] == [{}] * len(ALIGNMENTS)
    assert [distributed({}, axis) for axis in (0, 1)] == [{}, {}]


def test_distributed_blocks_stand_at_equal_distances_on_the_grid():
    places = {"a": (0.0, 5.0), "b": (180.0, 6.0), "c": (1001.0, 7.0), "d": (900.0, 8.0)}
    found = distributed(places, 0)
    assert [found[b][0] for b in "abdc"] == [0, 336, 672, 1008]
    assert [found[b][1] for b in "abcd"] == [5, 6, 7, 8]
    crowded = distributed({str(i): (0.0, 10.0 * i) for i in range(3)}, 1)
    assert sorted(y for _, y in crowded.values()) == [0, 104, 208]


@pytest.fixture
def scattered(open_pane):
    pane, hand = open_pane("plain-8")
    for block_id, place in (
        ("pool", (0.0, 500.0)),
        ("classifier", (200.0, 440.0)),
        ("output", (440.0, 560.0)),
    ):
        pane.document.move_block(block_id, place)
    pane.view.fit()
    pane.scene.select(["pool", "classifier", "output"])
    hand.settle()
    return pane, hand


def test_two_keys_align_what_is_selected_in_one_step_and_wires_follow(scattered):
    pane, hand = scattered
    before = pane.document.architecture.copy()
    hand.key(Qt.Key.Key_A)
    hand.key(Qt.Key.Key_T)
    pane.glide.end()
    blocks = pane.document.architecture
    assert {blocks[b].position[1] for b in ("pool", "classifier", "output")} == {440.0}
    assert pane.document.undo_stack.undoText() == "Align top"
    path = pane.scene.wire_item(Wire("pool", "classifier")).path
    assert path.pointAtPercent(1.0) == pane.scene.block_item("classifier").anchor("in", is_input=True)
    pane.undo()
    pane.glide.end()
    assert pane.document.architecture == before
    assert same_on_canvas(pane)
    hand.key(Qt.Key.Key_A)
    hand.key(Qt.Key.Key_H)
    pane.glide.end()
    assert [pane.document.architecture[b].position[0] for b in ("pool", "classifier", "output")] == [
        0,
        224,
        448,
    ]


def test_aligning_rests_where_too_little_is_selected(scattered):
    pane, hand = scattered
    hand.click("pool")
    actions = pane.editor_actions
    assert not any(action.isEnabled() for action in (*actions.align.values(), *actions.distribute))
    hand.click("classifier", CONTROL)
    assert actions.align["left"].isEnabled()
    assert not actions.distribute[0].isEnabled()


def test_tidying_up_glides_and_undo_glides_back(scattered, qtbot):
    pane, hand = scattered
    before = pane.document.architecture.copy()
    start = pane.scene.block_item("output").pos()
    hand.key(Qt.Key.Key_L, CONTROL)
    assert tidy(pane.document)  # at once
    assert pane.glide.running
    goal = QPointF(*pane.document.architecture["output"].position)
    qtbot.waitUntil(lambda: pane.scene.block_item("output").pos() not in (start, goal))
    qtbot.waitUntil(lambda: not pane.glide.running)
    assert same_on_canvas(pane)
    assert pane.view.fitted
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert pane.document.architecture == before
    qtbot.waitUntil(lambda: not pane.glide.running)
    assert same_on_canvas(pane)


@pytest.mark.parametrize("what", ["press", "edit", "undo", "another network"])
def test_whatever_comes_between_ends_the_glide_in_the_right_state(scattered, what):
    pane, hand = scattered
    hand.key(Qt.Key.Key_L, CONTROL)
    assert pane.glide.running
    if what == "press":
        QTest.mousePress(hand.viewport, Qt.MouseButton.MiddleButton)
        QTest.mouseRelease(hand.viewport, Qt.MouseButton.MiddleButton)
    elif what == "edit":
        pane.edits.rename("pool", "other")
    elif what == "undo":
        pane.undo()
        pane.redo()
        pane.undo()
        pane.glide.end()
    else:
        pane.document.replace(twin(pane.document.architecture), "Anew")
    assert not pane.glide.running
    assert pane.glide._animation.state() == QAbstractAnimation.State.Stopped
    assert same_on_canvas(pane)


class Still(QProxyStyle):
    def styleHint(self, hint, option=None, widget=None, returnData=None):
        if hint == QStyle.StyleHint.SH_Widget_Animation_Duration:
            return 0
        return super().styleHint(hint, option, widget, returnData)


def test_where_the_system_wants_no_animations_blocks_are_there_at_once(scattered, qapp):
    pane, hand = scattered
    style = Still("fusion")
    style.setParent(qapp)  # it must outlive the view
    pane.view.setStyle(style)
    hand.key(Qt.Key.Key_L, CONTROL)
    assert not pane.glide.running
    assert same_on_canvas(pane)
    assert tidy(pane.document)


def test_a_crowd_does_not_glide(open_pane):
    pane, hand = open_pane("resnet-1202")
    assert len(pane.document.architecture.blocks) > MOST_BLOCKS
    pane.edits.move({"pool": (0.0, -400.0)})
    hand.key(Qt.Key.Key_L, CONTROL)
    assert not pane.glide.running
    assert same_on_canvas(pane)


def test_tidying_up_what_is_tidy_is_no_step(open_pane):
    pane, hand = open_pane("resnet-20")
    hand.key(Qt.Key.Key_L, CONTROL)
    assert pane.document.undo_stack.count() == 0
    assert pane.document.architecture["pool"].position == arrange(pane.document.architecture)["pool"]


def test_two_keys_are_not_the_second_one_alone(scattered):
    pane, hand = scattered
    linked = pane.editor_actions.link.isChecked()
    hand.key(Qt.Key.Key_A)
    hand.key(Qt.Key.Key_L)
    pane.glide.end()
    assert pane.document.undo_stack.undoText() == "Align left"
    assert pane.editor_actions.link.isChecked() == linked
