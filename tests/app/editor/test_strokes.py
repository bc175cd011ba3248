"""Strokes across the canvas: shortcuts with S held, cuts with Alt or X held; and those keys tapped."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from app.editor.strokes import Stroke
from resviz.arch.graph import Architecture, Wire
from tests.app.editor.test_units import check_undo

ALT, NOTHING = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


def hold(hand, key):
    QTest.keyPress(hand.pane.view, key)
    repeat(hand, key)


def repeat(hand, key, kinds=(QEvent.Type.KeyRelease, QEvent.Type.KeyPress), told=True):
    """Send what the system sends while a key is held; not all tell that the key repeats."""
    for _ in range(3):
        for kind in kinds:
            event = QKeyEvent(kind, key, NOTHING, chr(key).lower(), told, 1)
            QGuiApplication.instance().sendEvent(hand.pane.view, event)


def let_go(hand, key):
    QTest.keyRelease(hand.pane.view, key)
    hand.settle()


def middle(pane, source, target):
    ends = [
        pane.scene.block_item(source).anchor("out", is_input=False),
        pane.scene.block_item(target).anchor("in", is_input=True),
    ]
    return (ends[0] + ends[1]) / 2


def nothing_drawn(pane):
    return all(item.zValue() < 8 for item in pane.scene.items())


def test_s_held_across_blocks_leads_a_shortcut_around_them(open_pane):
    pane, hand = open_pane("plain-20")
    before = pane.document.architecture.copy()
    hold(hand, Qt.Key.Key_S)
    assert hand.viewport.cursor().shape() == Qt.CursorShape.CrossCursor
    hand.drag("stage1.block1", "stage1.block3", drop=False)
    assert isinstance(pane.view.gesture, Stroke)
    assert not nothing_drawn(pane)
    let_go(hand, Qt.Key.Key_S)  # before the mouse: the stroke goes on, and S does nothing else
    QTest.mouseRelease(hand.viewport, Qt.MouseButton.LeftButton, NOTHING, hand.at("stage1.block3"))
    hand.settle()
    (add,) = pane.document.architecture.of_kind("add")
    assert pane.document.architecture.incoming(add.id) == {
        "branch": Wire("stage1.block3", add.id, "out", "branch"),
        "shortcut": Wire("stem", add.id, "out", "shortcut"),
    }
    assert pane.document.undo_stack.count() == 1
    assert pane.scene.selection_ids() == [add.id]
    assert nothing_drawn(pane)
    assert hand.viewport.cursor().shape() == Qt.CursorShape.ArrowCursor
    check_undo(hand, pane, before)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("releases", [True, False])
def test_a_key_that_still_repeats_after_the_stroke_does_nothing_more(open_pane, told, releases):
    pane, hand = open_pane("plain-20")
    QTest.keyPress(hand.pane.view, Qt.Key.Key_S)
    hand.drag("stage2.block1", "stage2.block2")
    kinds = (QEvent.Type.KeyRelease, QEvent.Type.KeyPress)
    repeat(hand, Qt.Key.Key_S, kinds if releases else kinds[1:], told)
    let_go(hand, Qt.Key.Key_S)
    assert pane.document.undo_stack.count() == 1
    assert pane.toast.isHidden()


def test_a_stroke_that_jumps_over_blocks_takes_them_in_and_shapes_choose_the_option(open_pane):
    pane, hand = open_pane("plain-20")
    hold(hand, Qt.Key.Key_S)
    hand.drag("stage1.block2", "stage2.block1")
    let_go(hand, Qt.Key.Key_S)
    architecture = pane.document.architecture
    (add,) = architecture.of_kind("add")
    pad = architecture[architecture.incoming(add.id)["shortcut"].source]
    assert pad.kind == "zero_pad_shortcut"
    assert (pad.params["out_channels"], pad.params["stride"]) == (32, 2)
    assert architecture.incoming(pad.id)["in"].source == "stage1.block1"
    assert not pane.document.inference.problems


def test_a_stroke_that_fits_nowhere_says_why(open_pane):
    pane, hand = open_pane("resnet-8")
    hold(hand, Qt.Key.Key_S)
    hand.drag("pool", "classifier")
    assert "vector" in pane.toast.text
    hand.drag("stem", "pool", drop=False)
    hand.key(Qt.Key.Key_Escape)
    let_go(hand, Qt.Key.Key_S)
    assert pane.document.undo_stack.count() == 0
    assert nothing_drawn(pane)


def test_s_tapped_or_held_without_a_drag_uses_the_selection_once(open_pane):
    pane, hand = open_pane("plain-20")
    hand.click("stage2.block2")
    hold(hand, Qt.Key.Key_S)
    assert pane.document.undo_stack.count() == 0  # it may still become a stroke
    let_go(hand, Qt.Key.Key_S)
    assert pane.document.architecture["stage2.block2"].shortcut == "A"
    assert pane.document.undo_stack.count() == 1


def test_s_tapped_with_nothing_selected_arms_the_next_drag(open_pane):
    pane, hand = open_pane("plain-20")
    hand.key(Qt.Key.Key_S)
    assert "Drag across the blocks" in pane.toast.text
    hand.drag("stage1.block1", "stage1.block2")
    assert len(list(pane.document.architecture.of_kind("add"))) == 1
    x, y = pane.document.architecture["pool"].position
    hand.drag("pool", pane.scene.block_item("pool").body_in_scene().center() + QPointF(0, 40))
    assert pane.document.architecture["pool"].position != (x, y)  # the next drag is an ordinary one


def test_a_held_key_is_forgotten_when_the_focus_goes(open_pane):
    pane, hand = open_pane("plain-8")
    hold(hand, Qt.Key.Key_S)
    pane.view.clearFocus()
    let_go(hand, Qt.Key.Key_S)
    pane.view.setFocus()
    hand.drag("pool", "classifier")
    assert [command.text for command in pane.document.undo_stack._commands] == ["Move"]


@pytest.mark.parametrize("typed", ["held", "tapped"])
def test_what_was_typed_before_a_dialog_came_is_no_stroke_afterwards(open_pane, qtbot, typed):
    pane, hand = open_pane("plain-8")
    if typed == "held":
        hold(hand, Qt.Key.Key_S)
    else:
        hand.key(Qt.Key.Key_S)
    dialog = QDialog(pane)
    dialog.show()
    dialog.activateWindow()
    qtbot.waitUntil(lambda: not pane.view.hasFocus())
    dialog.close()
    pane.activateWindow()
    qtbot.waitUntil(pane.view.hasFocus)
    hand.drag("stage2.block1", "stage2.block1")
    hand.drag("pool", "classifier")
    assert [command.text for command in pane.document.undo_stack._commands] == ["Move"]


@pytest.mark.parametrize("typed", ["held", "tapped"])
def test_a_click_leads_no_shortcut_but_selects(open_pane, typed):
    pane, hand = open_pane("plain-8")
    if typed == "held":
        hold(hand, Qt.Key.Key_S)
    else:
        hand.key(Qt.Key.Key_S)
    hand.click("stage2.block1")
    assert pane.document.undo_stack.count() == 0
    assert pane.scene.selection_ids() == ["stage2.block1"]
    if typed == "held":
        let_go(hand, Qt.Key.Key_S)
    assert pane.document.undo_stack.count() == 0


@pytest.mark.parametrize("way", ["alt", "hold", "tap", "menu"])
def test_wires_are_cut_by_a_stroke(open_pane, way):
    pane, hand = open_pane("plain-8")
    before = pane.document.architecture.copy()
    start, goal = (middle(pane, "pool", "classifier") + QPointF(0, y) for y in (-40, 40))
    if way == "hold":
        hold(hand, Qt.Key.Key_X)
    elif way == "tap":
        hand.key(Qt.Key.Key_X)
    elif way == "menu":
        pane.editor_actions.cut_wires.trigger()
    hand.drag(start, goal, modifier=ALT if way == "alt" else NOTHING)
    if way == "hold":
        let_go(hand, Qt.Key.Key_X)
    assert set(before.wires) - set(pane.document.architecture.wires) == {Wire("pool", "classifier")}
    assert pane.document.undo_stack.count() == 1
    assert pane.document.undo_stack.undoText() == "Cut 1 wire"
    assert nothing_drawn(pane)
    check_undo(hand, pane, before)


def test_wires_about_to_be_cut_are_red_and_an_arc_cut_through_makes_plain(open_pane):
    pane, hand = open_pane("resnet-8")
    top = pane.scene.block_item("stage3.block1").body_in_scene().center() + QPointF(40, -80)
    goal = middle(pane, "stage3.block1", "pool") + QPointF(16, 40)
    wire = pane.view.mapFromScene(middle(pane, "stage3.block1", "pool") + QPointF(6, 0))
    grey = pane.view.grab().toImage().pixelColor(wire)
    hand.drag(top, goal, modifier=ALT, drop=False)
    red = pane.view.grab().toImage().pixelColor(wire)
    assert red.red() - red.blue() > 60 > abs(grey.red() - grey.blue())
    QTest.mouseRelease(hand.viewport, Qt.MouseButton.LeftButton, ALT, hand.at(goal))
    hand.settle()
    assert pane.document.architecture["stage3.block1"].shortcut == "none"
    assert pane.document.architecture.incoming("pool") == {}
    assert pane.document.undo_stack.count() == 1


def test_escape_leaves_the_wires_and_disarms(open_pane):
    pane, hand = open_pane("plain-8")
    start, goal = (middle(pane, "pool", "classifier") + QPointF(0, y) for y in (-40, 40))
    hand.drag(start, goal, modifier=ALT, drop=False)
    hand.key(Qt.Key.Key_Escape)
    hand.key(Qt.Key.Key_X)
    hand.key(Qt.Key.Key_Escape)
    hand.drag(start, goal)
    assert pane.document.undo_stack.count() == 0
    assert nothing_drawn(pane)


def test_a_click_with_x_held_cuts_the_wire_under_the_mouse(open_pane):
    pane, hand = open_pane("plain-8")
    hold(hand, Qt.Key.Key_X)
    hand.click(middle(pane, "pool", "classifier"))
    let_go(hand, Qt.Key.Key_X)
    assert pane.document.architecture.incoming("classifier") == {}


def test_with_alt_a_block_is_dragged_off_the_grid_and_nothing_is_cut(open_pane):
    pane, hand = open_pane("plain-8")
    wires = pane.document.architecture.wires
    x, y = pane.document.architecture["pool"].position
    begin = hand.at("pool")
    hand.drag(begin, begin + QPoint(11, 7), modifier=ALT)
    moved = pane.document.architecture["pool"].position
    assert moved != (x, y)
    assert moved[0] % 8 or moved[1] % 8
    assert pane.document.architecture.wires == wires


def test_strokes_on_an_empty_canvas_do_nothing(open_pane):
    pane, hand = open_pane(Architecture())
    hold(hand, Qt.Key.Key_S)
    hand.drag(QPoint(100, 100), QPoint(200, 200))
    let_go(hand, Qt.Key.Key_S)
    hand.drag(QPoint(100, 100), QPoint(200, 200), modifier=ALT)
    assert pane.document.undo_stack.count() == 0
