"""Blocks made of blocks: made with M, used from the palette, followed by all that are made of them."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from app.canvas.drop import KIND_MIME
from app.canvas.scene import Port
from app.editor.inspector import Inspector
from app.editor.name_dialog import NameDialog
from app.editor.palette import Palette
from resviz.arch.cost import cost_of
from resviz.arch.defining import defined
from resviz.arch.definitions import content, key_of
from resviz.arch.files import from_json, to_json
from resviz.arch.graph import Wire
from resviz.arch.layout import arrange
from resviz.arch.own_kinds import OWN
from resviz.arch.presets import preset
from resviz.arch.rework import expanded
from tests.app.editor.test_groups import check_canvas, check_undo

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
KEY = key_of("unit")


def network(*, own=True):
    """Return resnet-20 whose second unit is loose layers, which are a block of one's own or not."""
    architecture, layers = expanded(preset("resnet-20"), ["stage1.block2"])
    if own:
        architecture, _ = defined(architecture, layers, "unit", "a loose unit")
    for block_id, place in arrange(architecture).items():
        architecture.move(block_id, place)
    return architecture, layers


@pytest.fixture
def opened(open_pane):
    pane, hand = open_pane(network()[0])
    palette = Palette()
    hand.qtbot.addWidget(palette)
    palette.follow(pane)
    return pane, hand, palette


def alike(document):
    definition = document.architecture.definitions["unit"]
    groups = document.architecture.grouped()
    names = [name for name, group in groups.items() if group.definition == "unit"]
    assert all(content(document.architecture, name, definition) == definition for name in names)
    return names


def accept(pane, qtbot, name, doc=None):
    (dialog,) = pane.findChildren(NameDialog)
    qtbot.waitUntil(dialog.isVisible)
    dialog.name.setText(name)
    if doc is not None:
        dialog.doc.setText(doc)
    dialog.accept()
    return dialog


def back_to(pane, qtbot):
    pane.activateWindow()
    pane.view.setFocus()
    qtbot.waitUntil(pane.view.hasFocus)


def test_m_makes_one_block_of_what_is_selected(open_pane, qtbot):
    architecture, layers = network(own=False)
    pane, hand = open_pane(architecture)
    before = pane.document.architecture.copy()
    pane.scene.select(layers)
    hand.settle()
    hand.key(Qt.Key.Key_M)
    dialog = accept(pane, qtbot, "")
    assert "needs a name" in dialog.error.text()
    accept(pane, qtbot, " unit ", "a loose  unit")
    hand.settle()
    assert pane.document.architecture.definitions["unit"].doc == "a loose unit"
    item = pane.scene.block_item("unit1.conv1")
    assert item.face.title == "unit1"
    assert item.isSelected()
    assert len(item.members) == len(layers)
    assert pane.document.cost.total == cost_of(before).total
    check_canvas(pane)
    back_to(pane, qtbot)
    check_undo(hand, pane, before)
    assert from_json(to_json(pane.document.architecture)) == pane.document.architecture


def test_what_cannot_become_one_block_is_told_before_a_name_is_asked(opened):
    pane, hand, _ = opened
    pane.scene.select(["stem", "pool"])
    hand.settle()
    hand.key(Qt.Key.Key_M)
    assert "one way in" in pane.toast.text
    assert not pane.findChildren(NameDialog)
    hand.key(Qt.Key.Key_U)
    assert "Nothing here" in pane.toast.text
    assert pane.document.undo_stack.count() == 0


def test_it_stands_in_the_palette_and_is_found_by_what_it_is_for(opened, qtbot):
    pane, hand, palette = opened
    assert palette.tree.topLevelItem(0).text(0) == OWN
    assert palette.item(KEY).text(0) == "unit"
    told = palette.item(KEY).toolTip(0)
    assert "Used 1 time" in told
    assert "4,672 parameters" in told
    assert "follow" in told
    palette.tree.setCurrentItem(palette.item(KEY))
    assert palette.current_kind is None  # it has no page
    palette.search.setText("loose unit")
    assert palette.visible_kinds()[0] == KEY
    palette.search.clear()
    pane.units.delete_definition("unit")
    hand.settle()
    assert palette.tree.topLevelItem(0).text(0) != OWN
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert palette.item(KEY).text(0) == "unit"


def drop(pane, place):
    data = QMimeData()
    data.setData(KIND_MIME, KEY.encode())
    none, copy = Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    left = Qt.MouseButton.LeftButton
    QApplication.sendEvent(pane.view.viewport(), QDragEnterEvent(place, copy, data, left, none))
    QApplication.sendEvent(pane.view.viewport(), QDropEvent(place.toPointF(), copy, data, left, none))


def test_dropped_on_a_wire_it_is_inserted_with_all_its_inputs(opened):
    pane, hand, _ = opened
    before = pane.document.architecture.copy()
    middle = pane.scene.wire_item(Wire("unit1.relu2", "stage1.block3")).path.pointAtPercent(0.5)
    drop(pane, pane.view.mapFromScene(middle))
    hand.settle()
    architecture = pane.document.architecture
    assert architecture.incoming("stage1.block3")["in"].source == "unit2.relu2"
    assert {w.target for w in architecture.outgoing("unit1.relu2")} == {"unit2.conv1", "unit2.add"}
    assert not pane.document.inference.problems
    assert pane.scene.selection_ids()[0].startswith("unit2.")
    assert alike(pane.document) == ["unit1", "unit2"]
    bodies = [item.body_in_scene() for item in pane.scene.block_items()]
    assert not any(a.intersects(b) for i, a in enumerate(bodies) for b in bodies[:i])
    check_canvas(pane)
    check_undo(hand, pane, before)


def test_dropped_on_paper_and_wired_by_hand(opened):
    pane, hand, _ = opened
    pane.view.set_zoom(0.5)
    before = pane.document.architecture.copy()
    drop(pane, QPoint(450, 640))
    hand.settle()
    (wire,) = (w for w in pane.document.architecture.wires if w.target == "stage2.block1")
    hand.drag((wire.source, "out"), ("unit2.conv1", "in"))
    architecture = pane.document.architecture
    assert architecture.incoming("unit2.add")["shortcut"] == Wire(wire.source, "unit2.add", "out", "shortcut")
    assert architecture.incoming("unit2.conv1")["in"].source == wire.source
    check_canvas(pane)
    # Both go when the one wire that is seen is taken away.
    pane.scene.select_wire(Wire(wire.source, "unit2.conv1"))
    hand.key(Qt.Key.Key_Delete)
    assert not architecture.incoming("unit2.conv1")
    assert "shortcut" not in architecture.incoming("unit2.add")
    for _ in range(3):
        hand.key(Qt.Key.Key_Z, CONTROL)
    assert architecture == before


def test_quick_add_offers_it_where_it_fits(opened):
    pane, hand, _ = opened
    kinds = pane.quick_add
    kinds.ask(pane.edits, QPointF(400, 600), Port("stage1.block3", "out", False), QPoint())
    kinds.popup.edit.setText("unit")
    assert kinds.popup.list.item(0).text() == "unit"
    kinds.popup.hide()
    kinds.popup.chosen.emit(KEY)
    hand.settle()
    assert {w.target for w in pane.document.architecture.outgoing("stage1.block3")} >= {
        "unit2.conv1",
        "unit2.add",
    }
    kinds.ask(pane.edits, QPointF(900, 600), Port("stage2.block1", "in", True), QPoint())
    kinds.popup.hide()
    kinds.popup.chosen.emit(KEY)
    hand.settle()
    assert pane.document.architecture.incoming("stage2.block1")["in"].source == "unit3.relu2"
    assert pane.document.architecture.incoming("unit3.add")["shortcut"].source == "stage1.block3"
    kinds.ask(pane.edits, QPointF(), Port("classifier", "out", False), QPoint())
    kinds.popup.edit.setText("unit")
    shown = [kinds.popup.list.item(row).text() for row in range(kinds.popup.list.count())]
    assert "unit" not in shown
    kinds.popup.hide()


def test_all_follow_the_one_that_is_edited_in_one_step(opened):
    pane, hand, _ = opened
    pane.edits.add(KEY, QPointF(), wire=Wire("unit1.relu2", "stage1.block3"))
    hand.settle()
    QTest.mouseDClick(hand.viewport, Qt.MouseButton.LeftButton, pos=hand.at("unit1.conv1"))
    hand.settle()
    assert not pane.scene.block_item("unit1.conv1").is_stack
    before, count = pane.document.architecture.copy(), pane.document.undo_stack.count()
    pane.edits.set_params({"unit1.conv1": {"kernel_size": 5}}, session=77)
    pane.edits.set_params({"unit1.conv1": {"kernel_size": 7}}, session=77)
    hand.settle()
    assert pane.document.architecture["unit2.conv1"].params["kernel_size"] == 7
    assert pane.document.undo_stack.count() == count + 1
    check_undo(hand, pane, before)
    pane.scene.select(["unit1.relu1"])
    hand.settle()
    hand.key(Qt.Key.Key_Delete, CONTROL)
    assert "unit2.relu1" not in pane.document.architecture
    new = pane.edits.add("batch_norm", QPointF(), wire=Wire("unit1.conv2", "unit1.norm2"))
    hand.settle()
    assert new == "unit1.batch_norm1"
    assert "unit2.batch_norm1" in pane.document.architecture
    assert alike(pane.document) == ["unit1", "unit2"]
    assert not [p for p in pane.document.inference.problems if "unit" in (p.block or "")][1:]
    check_canvas(pane)
    for _ in range(3):
        hand.key(Qt.Key.Key_Z, CONTROL)
    assert pane.document.architecture == before
    check_canvas(pane)


def test_unpacked_blocks_follow_no_more(opened):
    pane, hand, _ = opened
    pane.edits.add(KEY, QPointF(), wire=Wire("unit1.relu2", "stage1.block3"))
    hand.settle()
    before = pane.document.architecture.copy()
    pane.scene.select(["unit2.conv1"])
    hand.settle()
    hand.key(Qt.Key.Key_U)
    assert alike(pane.document) == ["unit1"]
    check_canvas(pane)
    bodies = [item.body_in_scene() for item in pane.scene.block_items()]
    assert not any(a.intersects(b) for i, a in enumerate(bodies) for b in bodies[:i])
    pane.edits.set_params({"unit1.conv1": {"kernel_size": 5}})
    assert pane.document.architecture["unit2.conv1"].params["kernel_size"] == 3
    pane.undo()
    check_undo(hand, pane, before)


def test_renaming_and_deleting_a_definition_can_be_undone(opened, qtbot):
    pane, hand, palette = opened
    before = pane.document.architecture.copy()
    pane.scene.select(["unit1.conv1"])
    hand.settle()
    hand.key(Qt.Key.Key_M, CONTROL)
    accept(pane, qtbot, "mine")
    hand.settle()
    assert pane.document.architecture.groups["unit1"].definition == "mine"
    assert palette.item(key_of("mine")).text(0) == "mine"
    back_to(pane, qtbot)
    check_undo(hand, pane, before)
    hand.key(Qt.Key.Key_U, CONTROL | SHIFT)
    assert not pane.document.architecture.definitions
    assert not pane.scene.block_item("unit1.conv1").is_stack
    hand.key(Qt.Key.Key_Z, CONTROL)
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert pane.document.architecture == before
    pane.scene.select(["pool"])
    hand.settle()
    hand.key(Qt.Key.Key_M, CONTROL)
    assert "block of your own first" in pane.toast.text


def test_the_palette_renames_and_deletes_too(opened, qtbot):
    pane, hand, palette = opened
    palette.show()
    palette.tree.setFocus()
    palette.tree.setCurrentItem(palette.item(KEY))
    qtbot.waitUntil(palette.tree.hasFocus)
    QTest.keyClick(palette.tree, Qt.Key.Key_F2)
    accept(pane, qtbot, "mine")
    hand.settle()
    palette.tree.setCurrentItem(palette.item(key_of("mine")))
    palette.activateWindow()
    palette.tree.setFocus()
    qtbot.waitUntil(palette.tree.hasFocus)
    QTest.keyClick(palette.tree, Qt.Key.Key_Delete)
    hand.settle()
    assert not pane.document.architecture.definitions


def test_copies_of_instances_are_instances_also_in_another_document(opened, open_pane):
    pane, _, _ = opened
    members = pane.scene.block_item("unit1.add").members
    (copied,) = {block_id.partition(".")[0] for block_id in pane.edits.duplicate(members)}
    assert copied == "unit2"
    assert alike(pane.document) == ["unit1", "unit2"]
    other, _ = open_pane("resnet-20")
    text = pane.edits.copy_text(members)
    other.edits.paste_text(text, QPointF(0, 900))
    assert alike(other.document) == ["unit1"]
    other.edits.set_params({"unit1.conv1": {"kernel_size": 5}})
    other.edits.paste_text(text, QPointF(0, 1200))
    assert sorted(other.document.architecture.definitions) == ["unit", "unit-2"]


def test_the_inspector_says_who_follows(opened):
    pane, hand, _ = opened
    inspector = Inspector()
    hand.qtbot.addWidget(inspector)
    inspector.set_pane(pane)
    pane.scene.select(["unit1.conv1"])
    hand.settle()
    assert "unit1 is made of unit: others made of it will follow" in texts(inspector)
    pane.edits.add(KEY, QPointF(), wire=Wire("unit1.relu2", "stage1.block3"))
    hand.settle()
    assert "changes in the 1 other too" in texts(inspector)
    pane.units.fold(["stage2.block2", "stage2.block3"])
    pane.scene.select(["stage2.block2"])
    hand.settle()
    assert "A stack of 2 blocks" in texts(inspector)
    pane.units.unfold(["stage2.block2"])
    pane.scene.select(["stage2.block2"])
    hand.settle()
    assert "In a stack of 2 blocks: G folds it." in texts(inspector)
    pane.scene.select(["pool"])
    hand.settle()
    assert "stack" not in texts(inspector)


def texts(widget):
    return " ".join(each.text() for each in widget.findChildren(QLabel) if not each.isHidden())


def test_copies_remember_the_shortcuts_of_their_twin(open_pane):
    architecture, _ = defined(preset("resnet-20-B"), ["stage2.block1", "stage2.block2"], "unit")
    pane, _ = open_pane(architecture)
    pane.edits.twin()
    pane.edits.duplicate(["unit1.block1", "unit1.block2", "stage3.block1"])
    pane.edits.twin()
    assert pane.document.architecture["unit2.block1"].shortcut == "B"
    assert pane.document.architecture["stage3.block4"].shortcut == "B"
    assert alike(pane.document) == ["unit1", "unit2"]


def test_repeating_an_instance_makes_more_of_them(opened):
    pane, hand, _ = opened
    before = pane.document.architecture.copy()
    made = pane.units.repeat(pane.scene.block_item("unit1.add").members, 4)
    hand.settle()
    assert alike(pane.document) == ["unit1", "unit2", "unit3", "unit4"]
    assert {member.partition(".")[0] for member in made} == {"unit1", "unit2", "unit3", "unit4"}
    assert pane.document.architecture.incoming("stage1.block3")["in"].source == "unit4.relu2"
    assert not pane.document.inference.problems
    bodies = [item.body_in_scene() for item in pane.scene.block_items()]
    assert not any(a.intersects(b) for i, a in enumerate(bodies) for b in bodies[:i])
    check_canvas(pane)
    check_undo(hand, pane, before)


def test_a_block_that_is_looked_for_is_shown_in_what_it_is_folded_in(opened):
    pane, _, _ = opened
    pane.reveal("unit1.norm2")
    assert pane.scene.block_item("unit1.norm2").isSelected()
    assert "Shift+G unfolds" in pane.toast.text


def test_unfolded_groups_have_a_frame(opened):
    pane, hand, _ = opened
    assert pane.scene._frames.frames == []
    pane.units.unfold(["unit1.conv1"])
    hand.settle()
    ((frame, own),) = pane.scene._frames.frames
    assert own
    assert all(
        frame.contains(pane.scene.block_item(m).body_in_scene())
        for m in pane.document.architecture.groups["unit1"].members
    )
    pane.units.fold(["unit1.conv1"])
    hand.settle()
    assert pane.scene._frames.frames == []
