"""Adding blocks by name: Tab, a double-click, and a wire let go over empty canvas."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from app.canvas.scene import Port
from app.document import Document
from app.editor.quick_add import kinds_for
from resviz.arch.graph import Architecture, Wire
from resviz.arch.presets import preset
from tests.app.editor.test_pane import three_loose


def choose(pane, qtbot, text):
    popup = pane.quick_add.popup
    assert popup.isVisible()
    qtbot.keyClicks(popup.edit, text)
    qtbot.keyClick(popup.edit, Qt.Key.Key_Return)


def test_tab_asks_for_a_name_and_adds_the_best(open_pane, qtbot):
    pane, hand = open_pane("plain-8")
    hand.key(Qt.Key.Key_Tab)
    choose(pane, qtbot, "bott")
    (new,) = pane.scene.selection_ids()
    assert pane.document.architecture[new].kind == "bottleneck"
    assert pane.document.undo_stack.count() == 1


def test_a_double_click_on_the_canvas_adds_there(open_pane, qtbot):
    pane, _ = open_pane("plain-8")
    empty = QPoint(40, pane.view.viewport().height() - 60)
    assert pane.scene.item_near(pane.view.mapToScene(empty)) is None
    QTest.mouseDClick(pane.view.viewport(), Qt.MouseButton.LeftButton, pos=empty)
    choose(pane, qtbot, "relu")
    (new,) = pane.scene.selection_ids()
    body = pane.scene.block_item(new).body_in_scene()
    assert body.adjusted(-20, -20, 20, 20).contains(pane.view.mapToScene(empty))


def test_a_wire_let_go_over_empty_canvas_gets_what_fits_already_wired(open_pane, qtbot):
    pane, hand = open_pane(three_loose())
    hand.drag(("conv", "out"), QPointF(220, 180))
    popup = pane.quick_add.popup
    offered = {popup.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(popup.list.count())}
    assert {"relu", "basic", "add"} <= offered
    assert "input" not in offered
    choose(pane, qtbot, "basic block")
    (new,) = pane.scene.selection_ids()
    assert pane.document.architecture.incoming(new) == {"in": Wire("conv", new)}
    hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert new not in pane.document.architecture
    assert pane.document.architecture.wires == []


def test_a_wire_from_an_input_gets_a_block_before_it(open_pane, qtbot):
    pane, hand = open_pane(three_loose())
    hand.drag(("relu", "in"), QPointF(250, -160))
    choose(pane, qtbot, "batch norm")
    (new,) = pane.scene.selection_ids()
    assert pane.document.architecture.incoming("relu") == {"in": Wire(new, "relu")}


def test_what_cannot_read_the_shape_is_not_offered():
    document = Document(preset("plain-8"))
    behind_pool = {kind.name for kind in kinds_for(document, Port("pool", "out", False))}
    assert "linear" in behind_pool
    assert "conv" not in behind_pool
    assert "basic" not in behind_pool
    assert {kind.name for kind in kinds_for(document, None)} >= {"input", "conv", "linear"}
    before = {kind.name for kind in kinds_for(document, Port("pool", "in", True))}
    assert "output" not in before


def test_channels_follow_what_comes_in():
    document = Document(preset("plain-20"))
    from app.editor.edits import Edits

    edits = Edits(document)
    new = edits.add_at("basic", QPointF(0, 900), "stage2.block3", "out", is_input=False)
    assert document.architecture[new].params["out_channels"] == 32
    before = edits.add_at("basic", QPointF(0, 1100), "stage3.block1", "in", is_input=True)
    assert document.architecture.incoming(before)["in"].source == "stage2.block3"
    assert document.architecture.incoming("stage3.block1")["in"].source == before


@pytest.mark.parametrize("typed", ["xyzzy"])
def test_a_word_that_nothing_answers_is_said_and_asked_again(open_pane, qtbot, typed):
    pane, hand = open_pane(Architecture())
    hand.key(Qt.Key.Key_Tab)
    choose(pane, qtbot, typed)
    popup = pane.quick_add.popup
    assert popup.isVisible()
    assert "another word" in popup._hint.text()
    popup.edit.clear()
    choose(pane, qtbot, "input")
    assert pane.document.architecture.of_kind("input")


def test_what_fits_nothing_is_said_while_it_is_typed(open_pane, qtbot):
    pane, hand = open_pane(Architecture())
    hand.key(Qt.Key.Key_Tab)
    popup = pane.quick_add.popup
    qtbot.keyClicks(popup.edit, "xyz{}")
    assert popup._hint.text() == "Nothing fits “xyz{}”: try another word. Escape closes."
    popup.edit.setText("relu")
    assert "adds the first one" in popup._hint.text()
    popup.hide()


def test_a_wire_let_go_about_where_the_next_block_belongs_puts_it_in_line(open_pane, qtbot):
    pane, hand = open_pane(three_loose())
    x, y = pane.document.architecture["relu"].position
    pane.view.zoom_by(0.6)
    hand.drag(("relu", "out"), QPointF(x + 176 + 72 + 50, y + 32 - 20))
    choose(pane, qtbot, "batch norm")
    (new,) = pane.scene.selection_ids()
    assert pane.document.architecture[new].position == (x + 176, y)


def test_an_empty_canvas_offers_an_input_first():
    assert kinds_for(Document(Architecture()), None)[0].name == "input"
    assert kinds_for(Document(preset("plain-8")), None)[0].name != "input"
