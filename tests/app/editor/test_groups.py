"""Stacks by keys and mouse: folded, unfolded, dragged, edited as one, copied, undone."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from app.canvas.readout import Readouts
from app.canvas.text import scientific
from app.document import Document
from app.editor.repeat import RepeatDialog
from app.rework import Rework
from resviz.arch.cost import cost_of
from resviz.arch.files import from_json, to_json
from resviz.arch.folding import folded
from resviz.arch.graph import Wire
from resviz.arch.layout import arrange
from resviz.arch.presets import preset
from resviz.arch.rework import healed

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
STACK = ["stage1.block1", "stage1.block2", "stage1.block3"]


@pytest.fixture
def opened(open_pane):
    def show(name="resnet-20", select=(), *, fold=True):
        architecture = folded(preset(name), [])[0] if fold else preset(name)
        for block_id, place in arrange(architecture).items():
            architecture.move(block_id, place)
        pane, hand = open_pane(architecture)
        pane.scene.select(list(select))
        hand.settle()
        return pane, hand, pane.document

    return show


def check_canvas(pane):
    """Canvas and document are the same: an item a cell, a wire item a wire between cells."""
    architecture = pane.document.architecture
    cells = architecture.cells()
    home = {member: lead for lead, members in cells.items() for member in members}
    items = {item.block_id: item for item in pane.scene.block_items()}
    assert items.keys() == cells.keys()
    for lead, members in cells.items():
        assert items[lead].members == members
        assert items[lead].is_stack == any(m in g.members for g in architecture.groups.values() if g.folded
                                           for m in members)  # fmt: skip
        assert (items[lead].x(), items[lead].y()) == architecture[lead].position
        assert all(pane.scene.block_item(member) is items[lead] for member in members)
    for wire in architecture.wires:
        if home[wire.source] != home[wire.target]:
            path = pane.scene.wire_item(wire).path
            source, target = pane.scene.block_item(wire.source), pane.scene.block_item(wire.target)
            assert path.pointAtPercent(0) == source.anchor(wire.source_port, is_input=False)
            assert path.pointAtPercent(1) == target.anchor(wire.target_port, is_input=True)
        else:
            with pytest.raises(KeyError):
                pane.scene.wire_item(wire)
    shown = sum(home[w.source] != home[w.target] for w in architecture.wires)
    assert len([item for item in pane.scene.items() if hasattr(item, "wire")]) == shown


def check_undo(hand, pane, before):
    """Undo leads back to `before`, redo to what is there now."""
    now = pane.document.architecture.copy()
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert pane.document.architecture == before
    assert pane.document.architecture.groups == before.groups
    check_canvas(pane)
    hand.key(Qt.Key.Key_Z, CONTROL | SHIFT)
    assert pane.document.architecture == now
    check_canvas(pane)


def tidy(document):
    places = arrange(document.architecture)
    return all(document.architecture[b].position == place for b, place in places.items())


def test_g_folds_the_whole_network_and_shift_g_unfolds_it(opened):
    pane, hand, document = opened("resnet-110", fold=False)
    before = document.architecture.copy()
    hand.key(Qt.Key.Key_G)
    assert len(list(pane.scene.block_items())) == 10
    assert pane.scene.block_item("stage2.block5").face.title == "basic × 17"
    assert pane.scene.block_item("stage2.block5").stack_face.ids[0] == "stage2.block2 … block18"
    assert tidy(document)
    assert document.cost == cost_of(before)
    seen = pane.view.mapToScene(pane.view.viewport().rect()).boundingRect()
    assert all(seen.contains(item.body_in_scene()) for item in pane.scene.block_items())
    check_canvas(pane)
    check_undo(hand, pane, before)
    hand.key(Qt.Key.Key_G)
    assert "folded already" in pane.toast.text
    hand.key(Qt.Key.Key_G, SHIFT)
    assert arrange(document.architecture) == arrange(before)
    assert tidy(document)
    check_canvas(pane)


def test_g_folds_what_is_selected_and_a_double_click_unfolds_it(opened):
    pane, hand, document = opened(select=["stage2.block2", "stage2.block3"], fold=False)
    before = document.architecture.copy()
    hand.key(Qt.Key.Key_G)
    assert pane.scene.selection_ids() == ["stage2.block2", "stage2.block3"]
    assert len(pane.scene.selectedItems()) == 1
    check_undo(hand, pane, before)
    asked = []
    pane.block_activated.connect(asked.append)
    QTest.mouseDClick(hand.viewport, Qt.MouseButton.LeftButton, pos=hand.at("stage2.block3"))
    hand.settle()
    assert not document.architecture.groups["stack1"].folded
    check_canvas(pane)
    assert not asked
    pane.scene.select(["stage2.block3"])
    hand.key(Qt.Key.Key_G)
    assert document.architecture.groups["stack1"].folded


def test_it_is_said_what_was_folded_and_why_pairs_stay(opened):
    pane, hand, document = opened(fold=False)
    hand.key(Qt.Key.Key_G)
    stay = "Runs of two stay as they are: select them and press G."
    assert pane.toast.text == f"Folded stage1.block1 … block3. {stay}"
    hand.key(Qt.Key.Key_G)
    assert pane.toast.text.startswith("All that is repeated is folded already")
    assert pane.toast.text.endswith(stay)
    for stage in ("stage2", "stage3"):
        pane.scene.select([f"{stage}.block2", f"{stage}.block3"])
        hand.key(Qt.Key.Key_G)
    assert len(document.architecture.grouped()) == 3
    pane.scene.clearSelection()
    hand.key(Qt.Key.Key_G)
    assert stay not in pane.toast.text


def test_a_refusal_is_a_sentence_and_no_step(opened):
    pane, hand, document = opened(select=["pool"])
    hand.key(Qt.Key.Key_G)
    assert "no stack" in pane.toast.text
    hand.key(Qt.Key.Key_G, SHIFT)
    assert "Nothing is folded" in pane.toast.text
    assert document.undo_stack.count() == 0


def test_a_stack_is_dragged_as_one_and_unfolds_where_it_stands(opened):
    pane, hand, document = opened()
    before = document.architecture.copy()
    body = pane.scene.block_item(STACK[0]).body_in_scene()
    hand.drag(STACK[0], body.center() + QPointF(80, 160))
    home = before[STACK[0]].position
    assert {document.architecture[b].position for b in STACK} == {(home[0] + 80, home[1] + 160)}
    assert document.undo_stack.count() == 1
    check_canvas(pane)
    check_undo(hand, pane, before)
    hand.key(Qt.Key.Key_G, SHIFT)
    bodies = [item.body_in_scene() for item in pane.scene.block_items()]
    assert not any(a.intersects(b) for i, a in enumerate(bodies) for b in bodies[:i])
    assert document.architecture["pool"].position == before["pool"].position
    check_canvas(pane)


def test_verbs_act_on_all_blocks_of_a_stack(opened):
    pane, hand, document = opened()
    before = document.architecture.copy()
    hand.click("stage1.block2")
    assert pane.scene.selection_ids() == STACK
    hand.key(Qt.Key.Key_B)
    assert all(document.architecture[b].bypassed for b in STACK)
    assert pane.scene.block_item(STACK[0]).face.bypassed
    check_undo(hand, pane, before)
    hand.key(Qt.Key.Key_B)
    hand.key(Qt.Key.Key_P)
    assert all(document.architecture[b].shortcut == "none" for b in STACK)
    assert pane.scene.block_item(STACK[0]).face.shortcut == "none"
    hand.key(Qt.Key.Key_P)
    assert document.architecture == before
    hand.key(Qt.Key.Key_Delete, CONTROL)
    assert not any(b in document.architecture for b in STACK)
    assert document.architecture.incoming("stage2.block1")["in"].source == "stem"
    check_undo(hand, pane, before)


def test_a_stack_is_deleted_and_comes_back_as_one(opened):
    pane, hand, document = opened(select=STACK)
    before = document.architecture.copy()
    hand.key(Qt.Key.Key_Delete)
    check_canvas(pane)
    check_undo(hand, pane, before)


def test_a_copied_stack_is_a_stack(opened):
    pane, hand, document = opened(select=[*STACK, "stage2.block1"])
    before = document.architecture.copy()
    hand.key(Qt.Key.Key_D, CONTROL)
    groups = document.architecture.grouped()
    assert {len(group.members) for group in groups.values()} == {3}
    assert len(groups) == 2
    assert len(pane.scene.selectedItems()) == 2
    check_canvas(pane)
    check_undo(hand, pane, before)
    pane.scene.select(STACK[:2])
    hand.settle()
    pane.scene.select(STACK)
    hand.key(Qt.Key.Key_C, CONTROL)
    assert from_json(QGuiApplication.clipboard().text().encode()).grouped()


def test_repeating_offers_to_fold(opened, qtbot):
    pane, hand, document = opened(select=["stage3.block3"])
    before = document.architecture.copy()
    hand.key(Qt.Key.Key_R)
    (dialog,) = pane.findChildren(RepeatDialog)
    qtbot.waitUntil(dialog.isVisible)
    dialog.times.setValue(20)
    dialog.accept()
    hand.settle()
    assert pane.scene.block_item("stage3.block3").face.title == "basic × 20"
    pane.activateWindow()
    pane.view.setFocus()
    qtbot.waitUntil(pane.view.hasFocus)
    check_undo(hand, pane, before)
    assert pane.units.repeat(list(pane.scene.block_item("stage3.block3").members), 2)
    hand.settle()
    assert pane.scene.block_item("stage3.block3").face.title == "basic × 40"
    check_canvas(pane)


@pytest.mark.parametrize("count", [20, 2])
def test_a_stack_is_asked_how_many_blocks_it_shall_have(opened, qtbot, count):
    pane, hand, document = opened()
    before = document.architecture.copy()
    hand.click("stage1.block2")
    hand.key(Qt.Key.Key_R)
    (dialog,) = pane.findChildren(RepeatDialog)
    qtbot.waitUntil(dialog.isVisible)
    assert dialog.times.value() == len(STACK)
    assert not dialog.fold.isVisible()
    dialog.times.setFocus()
    QTest.keyClicks(dialog.times, str(count))
    QTest.keyClick(dialog.times, Qt.Key.Key_Return)
    hand.settle()
    assert pane.scene.block_item("stage1.block1").face.title == f"basic × {count}"
    assert len(pane.scene.selection_ids()) == count
    assert not document.inference.problems
    check_canvas(pane)
    pane.activateWindow()
    pane.view.setFocus()
    qtbot.waitUntil(pane.view.hasFocus)
    check_undo(hand, pane, before)


def test_other_chains_are_asked_how_often_with_what_that_makes(opened, qtbot):
    pane, hand, _ = opened(select=[*STACK, "stem"])
    hand.key(Qt.Key.Key_R)
    (dialog,) = pane.findChildren(RepeatDialog)
    qtbot.waitUntil(dialog.isVisible)
    assert "the selected 4 blocks included?" in " ".join(each.text() for each in dialog.findChildren(QLabel))
    dialog.times.setValue(5)
    assert dialog.total.text() == "20 blocks then"
    assert [each.icon().isNull() for each in dialog.findChildren(QPushButton)] == [True, True]


def test_wires_lead_to_and_from_the_ends_of_a_stack(opened):
    pane, hand, document = opened()
    architecture = document.architecture
    out, end = Wire("stage1.block3", "stage2.block1"), Wire("stem", "stage1.block1")
    hand.click(("stage2.block1", "in"))
    assert pane.scene.selected_wires() == [out]
    hand.key(Qt.Key.Key_Delete)
    assert out not in architecture.wires
    hand.drag(("stage1.block2", "out"), ("stage2.block1", "in"))
    assert out in architecture.wires
    document.disconnect_wire(end)
    hand.drag(("stem", "out"), ("stage1.block2", "in"))
    assert end in architecture.wires
    check_canvas(pane)


def test_a_block_inserted_before_a_stack_makes_room_once(opened):
    pane, hand, document = opened()
    place = pane.scene.wire_item(Wire("stem", "stage1.block1")).path.pointAtPercent(0.5)
    new = pane.edits.add("relu", place, wire=Wire("stem", "stage1.block1"))
    hand.settle()
    bodies = [item.body_in_scene() for item in pane.scene.block_items()]
    assert not any(a.intersects(b) for i, a in enumerate(bodies) for b in bodies[:i])
    assert document.architecture.outgoing(new) == [Wire(new, "stage1.block1")]
    check_canvas(pane)


def test_what_comes_between_joins_and_one_block_is_no_stack(opened):
    pane, hand, document = opened()
    before = document.architecture.copy()
    new = pane.edits.add("relu", QPointF(), wire=Wire("stage1.block1", "stage1.block2"))
    hand.settle()
    assert new in document.architecture.groups["stack1"].members
    assert pane.scene.block_item(new).face.title == "4 blocks"
    check_canvas(pane)
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert document.architecture == before
    document.undo_stack.push(Rework(document, "Delete", healed(before, STACK[1:])))
    hand.settle()
    assert not document.architecture.groups
    check_canvas(pane)
    check_undo(hand, pane, before)


def test_renaming_a_member_and_back(opened):
    pane, hand, document = opened()
    before = document.architecture.copy()
    pane.edits.rename("stage1.block1", "first")
    hand.settle()
    assert document.architecture.groups["stack1"].members[0] == "first"
    check_canvas(pane)
    check_undo(hand, pane, before)


def test_the_twin_of_a_folded_network_is_folded(opened):
    pane, hand, document = opened()
    hand.key(Qt.Key.Key_T, CONTROL)
    assert pane.scene.block_item("stage1.block2").face.family == "plain"
    check_canvas(pane)
    assert from_json(to_json(document.architecture)) == document.architecture


def test_a_stack_says_what_it_is_when_the_mouse_is_over_it(opened):
    pane, hand, document = opened()
    QTest.mouseMove(hand.viewport, hand.at("stage1.block2"))
    hand.settle()
    assert "basic × 3 · stage1.block1 … block3" in pane.scene.summary("stage1.block1")[0]
    told = pane.scene.tooltip(pane.scene.block_item("stage1.block3"))
    total = sum(document.cost.blocks[b].parameters for b in STACK)
    assert f"{total:,} parameters" in told
    assert "3 × Basic" in told


def test_a_stack_is_aligned_and_distributed_as_one_block(opened):
    pane, hand, document = opened()
    before = document.architecture.copy()
    chosen = ["stem", *STACK, "pool", "stage2.block1"]
    pane.edits.align(chosen, "left")
    pane.edits.distribute(chosen, 1)
    hand.settle()
    architecture = document.architecture
    assert len({architecture[b].position for b in STACK}) == 1
    assert len({architecture[b].position[0] for b in chosen}) == 1
    tops = sorted({architecture[b].position[1] for b in chosen})
    assert len(tops) == 4
    assert len({b - a for a, b in pairwise(tops)}) == 1
    pane.undo()
    pane.undo()
    assert document.architecture == before


def test_a_large_network_offers_to_be_folded(opened):
    pane, _, _ = opened()
    pane.set_document(Document(preset("resnet-20")))
    assert not pane.toast.text
    pane.set_document(Document(preset("resnet-1202")))
    assert pane.toast.text.startswith("605 blocks: G folds")


def test_values_stay_where_blocks_are_folded_and_unfolded_while_training(opened):
    pane, hand, document = opened(fold=False)
    ids = tuple(document.architecture.blocks)
    pane.set_readouts(Readouts(ids, np.linspace(0.0, 1.0, len(ids))))
    values = {b: pane.scene.block_item(b).readout for b in STACK}
    hand.key(Qt.Key.Key_G)
    stack = pane.scene.block_item(STACK[0])
    assert len(stack.filled) == 3
    assert stack.readout == max(values.values())
    assert f"max {scientific(stack.readout)} in stage1.block3" in pane.scene.tooltip(stack)
    pane.set_readouts(Readouts(ids, np.linspace(0.0, 0.5, len(ids))))
    assert stack.readout == max(values.values()) / 2
    hand.key(Qt.Key.Key_G, SHIFT)
    assert {b: 2 * pane.scene.block_item(b).readout for b in STACK} == values


def test_the_mouse_shows_that_an_edit_of_many_blocks_takes_a_moment(opened, monkeypatch):
    pane, hand, _ = opened()
    pane.units.resize(STACK, 120)
    hand.settle()
    hand.click("stage1.block1")
    seen, expand = [], pane.units.expand

    def watched(ids):
        seen.append(QGuiApplication.overrideCursor().shape())
        return expand(ids)

    monkeypatch.setattr(pane.units, "expand", watched)
    hand.key(Qt.Key.Key_E)
    assert seen == [Qt.CursorShape.WaitCursor]
    assert QGuiApplication.overrideCursor() is None
