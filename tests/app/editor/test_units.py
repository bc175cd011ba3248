"""Whole units by keys: bypass, plain, shortcut, expand, collapse, repeat, heal."""

import pytest
from PySide6.QtCore import QPointF, Qt

from app.editor.repeat import RepeatDialog
from app.rework import Rework
from resviz.arch.cost import cost_of
from resviz.arch.graph import Wire
from resviz.arch.layout import arrange, is_arranged
from resviz.arch.presets import preset
from resviz.arch.rework import expanded, healed

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def opened(open_pane):
    def show(name="resnet-20", select=()):
        pane, hand = open_pane(name)
        pane.scene.select(list(select))
        hand.settle()
        return pane, hand, pane.document

    return show


def tidy(document):
    return is_arranged(document.architecture)


def same_on_canvas(pane):
    """Say whether canvas and document are the same."""
    architecture = pane.document.architecture
    items = {item.block_id: (item.x(), item.y()) for item in pane.scene.block_items()}
    wires = all(pane.scene.wire_item(wire) is not None for wire in architecture.wires)
    return wires and items == {block.id: block.position for block in architecture.blocks.values()}


def check_undo(hand, pane, before):
    """Undo leads back to `before`, redo to what is there now."""
    now = pane.document.architecture.copy()
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert pane.document.architecture == before
    assert same_on_canvas(pane)
    hand.key(Qt.Key.Key_Z, CONTROL | SHIFT)
    assert pane.document.architecture == now
    assert same_on_canvas(pane)


def test_b_bypasses_and_uses_again(opened):
    pane, hand, document = opened(select=["stage1.block2"])
    before = document.architecture.copy()
    hand.key(Qt.Key.Key_B)
    assert document.architecture["stage1.block2"].bypassed
    assert document.cost.depth == 18
    assert pane.scene.block_item("stage1.block2").face.dead
    check_undo(hand, pane, before)
    hand.key(Qt.Key.Key_B)
    assert document.architecture == before
    assert document.undo_stack.count() == 2


def test_p_makes_plain_and_back(opened):
    pane, hand, document = opened("resnet-20-B", select=["stage2.block1"])
    before = document.architecture.copy()
    hand.key(Qt.Key.Key_P)
    assert document.architecture["stage2.block1"].shortcut == "none"
    check_undo(hand, pane, before)
    hand.key(Qt.Key.Key_P)
    assert document.architecture["stage2.block1"].shortcut == "B"


def test_s_leads_a_shortcut_around_what_is_selected(opened):
    pane, hand, document = opened("plain-20", select=["stage1.block1", "stage1.block2"])
    before = document.architecture.copy()
    hand.key(Qt.Key.Key_S)
    (add,) = document.architecture.of_kind("add")
    assert document.architecture.incoming(add.id)["shortcut"] == Wire("stem", add.id, "out", "shortcut")
    assert pane.scene.selection_ids() == [add.id]
    assert tidy(document)
    assert not document.inference.problems
    check_undo(hand, pane, before)


def test_a_refusal_is_a_sentence_and_no_step(opened):
    pane, hand, document = opened(select=["stem", "stage2.block1"])
    hand.key(Qt.Key.Key_S)
    assert "no chain" in pane.toast.text
    pane.scene.select(["pool"])
    hand.settle()
    hand.key(Qt.Key.Key_E)
    assert "whole units" in pane.toast.text
    assert document.undo_stack.count() == 0


def test_units_are_expanded_and_collapsed(opened):
    pane, hand, document = opened(select=["stage1.block1", "stage2.block1"])
    before = document.architecture.copy()
    hand.key(Qt.Key.Key_E)
    assert "stage2.block1.pad" in document.architecture
    assert document.cost.total.parameters == cost_of(before).total.parameters
    assert len(pane.scene.selection_ids()) == 7 + 8
    assert tidy(document)
    assert same_on_canvas(pane)
    check_undo(hand, pane, before)
    pane.scene.select([b for b in document.architecture.blocks if ".block1." in b])
    hand.settle()
    hand.key(Qt.Key.Key_E, SHIFT)
    assert document.architecture == before
    assert pane.scene.selection_ids() == ["stage1.block1", "stage2.block1"]


def test_a_layout_of_ones_own_stays(opened):
    pane, hand, document = opened(select=["stage1.block1"])
    document.move_block("pool", (2000.0, 900.0))
    hand.key(Qt.Key.Key_E)
    architecture = document.architecture
    assert architecture["pool"].position == (2000.0, 900.0)
    assert architecture["stem"].position == preset_place("stem")
    places = [block.position for block in architecture.blocks.values()]
    assert len(set(places)) == len(places)
    assert same_on_canvas(pane)


def test_copies_stand_behind_each_other_in_a_layout_of_ones_own(opened):
    pane, _, document = opened("plain-8")
    document.move_block("stage3.block1", (400.0, 900.0))
    for block_id in ("pool", "classifier", "output"):
        document.move_block(block_id, (0.0, 1200.0))
    pane.units.repeat(["stage3.block1"], 4)
    places = [document.architecture[f"stage3.block{i}"].position for i in range(1, 5)]
    assert places == [(400.0 + 176 * i, 900.0) for i in range(4)]


def preset_place(block_id):
    return arrange(preset("resnet-20"))[block_id]


def test_a_chain_is_repeated_as_often_as_asked(opened, qtbot):
    pane, hand, document = opened(select=["stage2.block2", "stage2.block3"])
    before = document.architecture.copy()
    hand.key(Qt.Key.Key_R)
    (dialog,) = pane.findChildren(RepeatDialog)
    qtbot.waitUntil(dialog.isVisible)
    assert not dialog.fold.isChecked()
    dialog.times.setValue(4)
    assert dialog.fold.isChecked()
    dialog.fold.click()
    dialog.accept()
    hand.settle()
    assert document.cost.depth == 20 + 3 * 4
    assert tidy(document)
    assert not document.inference.problems
    pane.activateWindow()
    pane.view.setFocus()
    qtbot.waitUntil(pane.view.hasFocus)
    check_undo(hand, pane, before)


def test_control_delete_closes_the_gap(opened):
    pane, hand, document = opened(select=["stage1.block2", "pool"])
    before = document.architecture.copy()
    hand.key(Qt.Key.Key_Delete, CONTROL)
    assert document.architecture.incoming("stage1.block3")["in"].source == "stage1.block1"
    assert "pool" not in document.architecture
    check_undo(hand, pane, before)


def test_a_stage_is_selected_by_one_of_its_blocks(opened):
    pane, hand, _ = opened(select=["stage3.block2"])
    hand.key(Qt.Key.Key_A, CONTROL | SHIFT)
    assert pane.scene.selection_ids() == ["stage3.block1", "stage3.block2", "stage3.block3"]


def test_the_actions_rest_where_nothing_is_selected(opened):
    pane, hand, document = opened()
    actions = pane.editor_actions
    assert not actions.bypass.isEnabled()
    hand.key(Qt.Key.Key_B)
    assert document.undo_stack.count() == 0
    hand.click("pool")
    assert actions.bypass.isEnabled()


def test_a_rework_touches_only_what_differs(opened, qtbot):
    pane, _, document = opened()
    kept = pane.scene.block_item("stage3.block1")
    changes = []
    document.block_added.connect(lambda b: changes.append(("added", b)))
    document.block_removed.connect(lambda b: changes.append(("removed", b)))
    document.undo_stack.push(Rework(document, "Cut", healed(document.architecture, ["stage1.block2"])))
    assert changes == [("removed", "stage1.block2")]
    assert pane.scene.block_item("stage3.block1") is kept
    after, _ = expanded(document.architecture, ["stage1.block1"])
    document.undo_stack.push(Rework(document, "Expand", after))
    assert ("removed", "stage1.block1") in changes
    assert len(changes) == 2 + 7


def test_a_block_dragged_far_away_is_seen_where_the_mouse_is_and_then_stays(open_pane):
    pane, hand = open_pane("resnet-110")
    pane.view.set_zoom(0.2)
    hand.settle()
    block = pane.scene.block_item("stage1.block1")
    start = block.body_in_scene().center()
    goal = start + QPointF(700, -500)
    before = pane.view.grab().toImage()
    hand.drag("stage1.block1", goal, drop=False)
    held = pane.view.grab().toImage()
    at = pane.view.mapFromScene(block.body_in_scene().center())
    assert held.pixel(at) != before.pixel(at)
    hand.key(Qt.Key.Key_Escape)
    pane.scene.clearSelection()
    hand.settle()
    assert pane.view.grab().toImage() == before
    hand.drag("stage1.block1", goal)
    pane.scene.clearSelection()
    hand.settle()
    dropped = pane.view.grab().toImage()
    fresh, other = open_pane(pane.document.architecture)
    fresh.view.set_zoom(0.2)
    fresh.view.setSceneRect(pane.view.sceneRect())
    fresh.view.centerOn(pane.view.mapToScene(pane.view.viewport().rect()).boundingRect().center())
    other.settle()
    assert dropped.pixel(at) == fresh.view.grab().toImage().pixel(
        fresh.view.mapFromScene(block.body_in_scene().center())
    )
