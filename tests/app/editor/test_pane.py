import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest

from app.canvas.drop import KIND_MIME
from app.canvas.readout import Readouts, ReadoutScale
from app.document import Document
from resviz.arch.graph import Architecture, Wire
from resviz.arch.presets import preset

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def drop(pane, kind, place):
    """Send the events of a drag from the palette that ends at a scene place."""
    data = QMimeData()
    data.setData(KIND_MIME, kind.encode())
    pixels = pane.view.mapFromScene(place)
    copy, left, nothing = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    viewport = pane.view.viewport()
    application = QGuiApplication.instance()
    enter = QDragEnterEvent(pixels, copy, data, left, nothing)
    application.sendEvent(viewport, enter)
    if not enter.isAccepted():
        return False
    application.sendEvent(viewport, QDragMoveEvent(pixels, copy, data, left, nothing))
    application.sendEvent(viewport, QDropEvent(QPointF(pixels), copy, data, left, nothing, QEvent.Type.Drop))
    return True


def three_loose():
    """Return three blocks in a row, not wired."""
    architecture = Architecture("three")
    for column, kind in enumerate(("input", "conv", "relu")):
        architecture.add(kind, kind, (column * 176.0, 0.0))
    return architecture


def test_build_by_hand_undo_all_redo_all(open_pane):
    pane, hand = open_pane()
    document = pane.document
    start = document.architecture.copy()
    for column, kind in enumerate(("input", "conv_bn_relu", "basic")):
        assert drop(pane, kind, QPointF(column * 200 - 200, 0))
    hand.settle()
    assert list(document.architecture.blocks) == ["input1", "conv_bn_relu1", "basic1"]
    hand.drag(("input1", "out"), ("conv_bn_relu1", "in"))
    hand.drag(("basic1", "in"), ("conv_bn_relu1", "out"))  # in the other direction
    assert document.architecture.wires == [Wire("conv_bn_relu1", "basic1"), Wire("input1", "conv_bn_relu1")]
    assert document.inference.shapes["basic1"] == (16, 32, 32)
    end = document.architecture.copy()
    assert document.undo_stack.count() == 5
    for _ in range(5):
        hand.key(Qt.Key.Key_Z, CONTROL)
    assert document.architecture == start
    assert not list(pane.scene.block_items())
    for _ in range(5):
        hand.key(Qt.Key.Key_Z, CONTROL | SHIFT)
    assert document.architecture == end
    assert pane.scene.wire_item(Wire("input1", "conv_bn_relu1")).isVisible()


def test_a_port_draws_the_wire_to_itself(open_pane):
    pane, hand = open_pane(three_loose())
    near = pane.scene.block_item("conv").anchor("in", is_input=True) + QPointF(-14, 12)
    hand.drag(("input", "out"), near)
    assert pane.document.architecture.wires == [Wire("input", "conv")]


def test_a_wire_let_go_over_nothing_is_none(open_pane):
    pane, hand = open_pane(three_loose())
    hand.drag(("input", "out"), QPointF(90, 200))
    assert pane.document.undo_stack.count() == 0
    assert not pane.scene.items(QPointF(90, 150))  # the preview is gone


def test_taking_a_wire_by_its_end_reroutes_or_removes_it(open_pane):
    pane, hand = open_pane("plain-8")
    architecture = pane.document.architecture
    hand.drag(("stage2.block1", "in"), ("stage3.block1", "in"))
    assert architecture.incoming("stage2.block1") == {}
    assert architecture.incoming("stage3.block1") == {"in": Wire("stage1.block1", "stage3.block1")}
    assert pane.document.undo_stack.count() == 1
    hand.drag(("stage3.block1", "in"), pane.view.mapToScene(QPoint(40, 640)))
    assert architecture.incoming("stage3.block1") == {}
    assert pane.document.undo_stack.count() == 2


def test_a_circle_is_refused_with_a_sentence(open_pane):
    pane, hand = open_pane("plain-8")
    hand.drag(("classifier", "out"), ("stage1.block1", "in"))
    assert pane.document.undo_stack.count() == 0
    assert pane.toast.isVisible()
    assert "circle" in pane.toast.text
    assert pane.scene.wire_item(Wire("stem", "stage1.block1")).isVisible()


def test_escape_ends_a_wire_and_a_move(open_pane):
    pane, hand = open_pane("plain-8")
    before = pane.document.architecture.copy()
    hand.drag(("stage2.block1", "in"), ("stage3.block1", "in"), drop=False)
    hand.key(Qt.Key.Key_Escape)
    assert pane.view.gesture is None
    assert pane.scene.wire_item(Wire("stage1.block1", "stage2.block1")).isVisible()
    hand.drag("pool", QPointF(500, 40), drop=False)
    hand.key(Qt.Key.Key_Escape)
    assert pane.document.architecture == before
    assert (pane.scene.block_item("pool").x(), pane.scene.block_item("pool").y()) == before["pool"].position
    assert pane.document.undo_stack.count() == 0


@pytest.mark.parametrize("edited", [True, False])
def test_undo_in_the_middle_of_a_drag_ends_the_drag_alone(open_pane, edited):
    pane, hand = open_pane("plain-8")
    if edited:
        hand.click("stage1.block1")
        hand.key(Qt.Key.Key_B)
    before, steps = pane.document.architecture.copy(), pane.document.undo_stack.index()
    assert steps == edited
    hand.drag("pool", QPointF(500, 40), drop=False)
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert pane.view.gesture is None
    assert pane.document.architecture == before
    assert (pane.scene.block_item("pool").x(), pane.scene.block_item("pool").y()) == before["pool"].position
    QTest.mouseRelease(hand.viewport, Qt.MouseButton.LeftButton)
    assert pane.document.undo_stack.index() == steps
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert pane.document.undo_stack.index() == 0


def test_moving_is_one_step_and_lands_on_the_grid(open_pane):
    pane, hand = open_pane("plain-8")
    document = pane.document
    x, y = document.architecture["pool"].position
    hand.drag("pool", pane.scene.block_item("pool").body_in_scene().center() + QPointF(101, 67))
    assert document.undo_stack.count() == 1
    new = document.architecture["pool"].position
    assert abs(new[0] - x - 101) <= 6
    assert abs(new[1] - y - 67) <= 6
    assert new[0] % 8 == new[1] % 8 == 0
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert document.architecture["pool"].position == (x, y)
    assert pane.scene.block_item("pool").x() == x


def test_selected_blocks_move_together_and_their_wires_follow(open_pane):
    pane, hand = open_pane("plain-8")
    hand.click("pool")
    hand.click("classifier", CONTROL)
    assert pane.scene.selection_ids() == ["pool", "classifier"]
    before = {b: pane.document.architecture[b].position for b in ("pool", "classifier")}
    wire = pane.scene.wire_item(Wire("pool", "classifier"))
    bounds = wire.boundingRect()
    hand.drag("classifier", pane.scene.block_item("classifier").body_in_scene().center() + QPointF(0, -40))
    for block_id, (x, y) in before.items():
        assert pane.document.architecture[block_id].position == (x, y - 40)
    assert wire.boundingRect().center().y() == pytest.approx(bounds.center().y() - 40)
    assert pane.document.undo_stack.count() == 1


def test_a_click_on_one_of_several_selects_it_alone(open_pane):
    pane, hand = open_pane("plain-8")
    hand.key(Qt.Key.Key_A, CONTROL)
    assert len(pane.scene.selection_ids()) == len(pane.document.architecture.blocks)
    hand.click("pool")
    assert pane.scene.selection_ids() == ["pool"]
    hand.key(Qt.Key.Key_Escape)
    assert pane.scene.selection_ids() == []


def test_rubber_band(open_pane):
    pane, hand = open_pane("plain-8")
    first, last = (pane.scene.block_item(b).body_in_scene() for b in ("pool", "classifier"))
    hand.drag(first.bottomLeft() + QPointF(-10, 26), last.center())
    assert pane.scene.selection_ids() == ["pool", "classifier"]
    stem = pane.scene.block_item("stem").body_in_scene()
    hand.drag(stem.topRight() + QPointF(8, -12), stem.center(), modifier=SHIFT)
    assert set(pane.scene.selection_ids()) == {"stem", "pool", "classifier"}
    hand.click(pane.view.mapToScene(QPoint(20, 640)))
    assert pane.scene.selection_ids() == []


def test_delete_blocks_and_wires(open_pane):
    pane, hand = open_pane("plain-8")
    document = pane.document
    hand.click("stage2.block1")
    hand.key(Qt.Key.Key_Delete)
    assert "stage2.block1" not in document.architecture
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert document.architecture == preset("plain-8")
    between = (
        pane.scene.block_item("pool").anchor("out", is_input=False)
        + pane.scene.block_item("classifier").anchor("in", is_input=True)
    ) / 2
    hand.click(between)
    assert pane.scene.selected_wires() == [Wire("pool", "classifier")]
    hand.key(Qt.Key.Key_Backspace)
    assert document.architecture.incoming("classifier") == {}


def test_copy_cut_paste_and_duplicate(open_pane):
    pane, hand = open_pane("resnet-8")
    architecture = pane.document.architecture
    hand.click("pool")
    hand.click("classifier", SHIFT)
    hand.key(Qt.Key.Key_C, CONTROL)
    assert '"resviz-architecture"' in QGuiApplication.clipboard().text()
    hand.key(Qt.Key.Key_V, CONTROL)
    assert pane.scene.selection_ids() == ["pool1", "classifier1"]
    assert architecture.incoming("classifier1") == {"in": Wire("pool1", "classifier1")}
    hand.key(Qt.Key.Key_D, CONTROL)
    assert pane.scene.selection_ids() == ["pool2", "classifier2"]
    hand.key(Qt.Key.Key_X, CONTROL)
    assert "pool2" not in architecture
    assert pane.document.undo_stack.count() == 3
    QGuiApplication.clipboard().setText("a poem")
    hand.key(Qt.Key.Key_V, CONTROL)
    assert "clipboard" in pane.toast.text


def test_dropped_on_a_wire_a_block_is_inserted(open_pane):
    pane, _hand = open_pane("resnet-8")
    ends = [
        pane.scene.block_item("pool").anchor("out", is_input=False),
        pane.scene.block_item("classifier").anchor("in", is_input=True),
    ]
    assert drop(pane, "dropout", (ends[0] + ends[1]) / 2)
    architecture = pane.document.architecture
    assert architecture.incoming("dropout1") == {"in": Wire("pool", "dropout1")}
    assert architecture.incoming("classifier") == {"in": Wire("dropout1", "classifier")}
    assert pane.document.inference.problems == []
    assert pane.scene.selection_ids() == ["dropout1"]
    assert not drop(pane, "no such kind", ends[0])


def test_double_clicked_in_the_palette_a_block_goes_behind_the_selected_one(open_pane):
    pane, hand = open_pane()
    pane.add_block("input")
    pane.add_block("conv_bn_relu")
    pane.add_block("basic")
    assert pane.document.architecture.wires == [
        Wire("conv_bn_relu1", "basic1"),
        Wire("input1", "conv_bn_relu1"),
    ]
    hand.click("input1")  # its output is taken now
    pane.add_block("relu")
    assert pane.document.architecture.incoming("relu1") == {}


def test_arrow_keys_nudge(open_pane):
    pane, hand = open_pane("plain-8")
    x, y = pane.document.architecture["pool"].position
    hand.click("pool")
    hand.key(Qt.Key.Key_Right)
    hand.key(Qt.Key.Key_Down, SHIFT)
    assert pane.document.architecture["pool"].position == (x + 8, y + 32)
    assert pane.document.undo_stack.count() == 2


def test_the_problem_badge_comes_and_goes(open_pane):
    pane, hand = open_pane("resnet-8")
    item = pane.scene.block_item("stage2.block1")
    assert not item.face.broken
    assert pane.header.problems.isHidden()
    hand.drag(("stage2.block1", "in"), pane.view.mapToScene(QPoint(40, 640)))
    assert item.face.broken
    assert pane.header.problems.isVisible()
    assert "wired" in pane.scene.tooltip(item)
    QTest.mouseClick(pane.header.problems, Qt.MouseButton.LeftButton)
    assert pane.problems.panel.isVisible()
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert not item.face.broken
    assert pane.header.problems.isHidden()


def test_a_wire_whose_shape_does_not_fit_is_marked(open_pane):
    pane, hand = open_pane("resnet-8")
    pane.edits.set_params({"stage2.block1": {"out_channels": 4, "shortcut": "A"}})
    hand.settle()
    wire = pane.scene.wire_item(Wire("stage1.block1", "stage2.block1"))
    assert wire.broken
    assert "shortcut" in pane.scene.tooltip(wire)
    assert pane.scene.block_item("stage3.block1").face.shape == "?"
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert not wire.broken


def test_wheel_zooms_at_the_cursor_and_f_fits(open_pane, qtbot):
    pane, hand = open_pane("resnet-20")
    view = pane.view
    fitted = view.zoom
    cursor = hand.at("pool")
    before = view.mapToScene(cursor)
    wheel = QWheelEvent(
        QPointF(cursor),
        QPointF(view.viewport().mapToGlobal(cursor)),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QGuiApplication.instance().sendEvent(view.viewport(), wheel)
    assert view.zoom > fitted * 1.2
    after = view.mapToScene(cursor)
    assert abs(after.x() - before.x()) < 3
    assert abs(after.y() - before.y()) < 3
    hand.key(Qt.Key.Key_F)
    assert view.zoom == pytest.approx(fitted)


@pytest.mark.parametrize("button", [Qt.MouseButton.MiddleButton, Qt.MouseButton.LeftButton])
def test_middle_or_space_drag_pans(open_pane, button):
    pane, hand = open_pane("resnet-20")
    before = pane.view.mapToScene(QPoint(0, 0))
    if button == Qt.MouseButton.LeftButton:
        QTest.keyPress(pane.view, Qt.Key.Key_Space)
    hand.drag(QPoint(400, 300), QPoint(450, 320), button=button)
    QTest.keyRelease(pane.view, Qt.Key.Key_Space)
    after = pane.view.mapToScene(QPoint(0, 0))
    assert (before.x() - after.x()) * pane.view.zoom == pytest.approx(50, abs=2)
    assert (before.y() - after.y()) * pane.view.zoom == pytest.approx(20, abs=2)
    assert pane.document.undo_stack.count() == 0


def test_the_header_tells_what_the_network_is(open_pane):
    pane, hand = open_pane("resnet-44-w8")
    assert pane.header.tag.text() == "residual"
    assert pane.header.tag.tone == "residual"
    assert pane.header.numbers.text() == "depth 44 · 165,714 parameters · 24.4 M multiply-adds"
    hand.key(Qt.Key.Key_T, CONTROL)
    assert pane.header.name.text() == "plain-44-w8 *"
    assert pane.header.tag.tone == "plain"
    assert pane.scene.block_item("stage1.block1").face.shortcut == "none"


def test_the_name_is_edited_in_its_place(open_pane):
    pane, hand = open_pane("resnet-8")
    QTest.mouseDClick(pane.header, Qt.MouseButton.LeftButton, pos=pane.header.name.geometry().center())
    assert pane.header.editor.isVisible()
    QTest.keyClicks(pane.header.editor, "mine")
    QTest.keyClick(pane.header.editor, Qt.Key.Key_Return)
    hand.settle()
    assert pane.document.name == "mine"
    assert pane.document.undo_stack.count() == 1
    QTest.mouseDClick(pane.header, Qt.MouseButton.LeftButton, pos=pane.header.name.geometry().center())
    QTest.keyClicks(pane.header.editor, "other")
    QTest.keyClick(pane.header.editor, Qt.Key.Key_Escape)
    hand.settle()
    assert pane.document.name == "mine"


def test_readouts_and_their_legend(open_pane):
    pane, _hand = open_pane("resnet-8")
    scale = ReadoutScale("Gradient norm", "∇", -3.0, 0.0, True)
    readouts = Readouts(("stage1.block1", "stem"), np.array([0.01, 0.02]), scale)
    assert pane.set_readouts(readouts) == 2
    assert pane.legend.isVisible()
    assert "gradient norm" in pane.legend.toolTip()
    assert pane.scene.block_item("stage1.block1").readout == 0.01
    assert pane.set_readouts(readouts) == 0
    assert pane.set_readouts(None) == 2
    assert not pane.legend.isVisible()


def test_another_document_takes_the_pane_over(open_pane, qtbot):
    pane, hand = open_pane("resnet-8")
    old = pane.document
    new = Document(preset("plain-20"))
    with qtbot.waitSignal(pane.document_changed):
        pane.set_document(new)
    hand.settle()
    assert pane.header.name.text() == "plain-20"
    assert {item.block_id for item in pane.scene.block_items()} == set(new.architecture.blocks)
    old.replace(preset("resnet-44"), "elsewhere")
    hand.settle()
    assert pane.header.name.text() == "plain-20"
    hand.click("pool")
    hand.key(Qt.Key.Key_Delete)
    assert "pool" not in new.architecture


def test_every_action_has_a_shortcut_and_a_tooltip(open_pane):
    pane, _ = open_pane()
    actions = list(pane.editor_actions)
    assert len(actions) >= 14
    keys = [key.toString() for action in actions for key in action.shortcuts()]
    assert all(action.shortcuts() and action.toolTip() for action in actions)
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("size", [(420, 380), (900, 900)])
def test_everything_is_in_sight_when_fitted(open_pane, size):
    pane, _ = open_pane("resnet-44-w8", size)
    seen = pane.view.mapToScene(pane.view.viewport().rect()).boundingRect()
    assert all(seen.contains(item.body_in_scene()) for item in pane.scene.block_items())
    assert not pane.buttons.geometry().intersects(pane.legend.geometry())
    pane.resize(size[0] - 60, size[1])
    seen = pane.view.mapToScene(pane.view.viewport().rect()).boundingRect()
    assert all(seen.contains(item.body_in_scene()) for item in pane.scene.block_items())


def test_an_unwired_residual_block_makes_no_network_residual(open_pane):
    pane, hand = open_pane("plain-8")
    pane.edits.add("basic", QPointF(2000, 0))
    hand.settle()
    assert pane.header.tag.text() == "plain"
    pane.edits.set_params({"stage1.block1": {"shortcut": "A"}})
    hand.settle()
    assert pane.header.tag.text() == "residual"


def test_what_is_pasted_is_in_sight(open_pane):
    pane, hand = open_pane("resnet-20")
    hand.click("stage2.block1")
    hand.key(Qt.Key.Key_C, CONTROL)
    pane.view.set_zoom(1.0)
    corner = pane.view.mapToScene(pane.view.viewport().rect().bottomRight())
    pane.view._cursor = corner
    hand.key(Qt.Key.Key_V, CONTROL)
    body = pane.scene.block_item(pane.scene.selection_ids()[0]).body_in_scene()
    assert pane.view.mapToScene(pane.view.viewport().rect()).boundingRect().contains(body)
    assert pane.view.zoom == 1.0


def test_the_second_output_is_the_one_too_many_and_the_toast_keeps_off_it(open_pane):
    pane, hand = open_pane("plain-8")
    hand.click("output")
    hand.key(Qt.Key.Key_C, CONTROL)
    hand.key(Qt.Key.Key_V, CONTROL)
    pasted = pane.scene.selection_ids()[0]
    assert {problem.block for problem in pane.document.inference.problems} == {pasted}
    assert pane.document.inference.output_shape == (10,)
    pane.problems.next()
    body = pane.view.mapFromScene(pane.scene.block_item(pasted).body_in_scene()).boundingRect()
    assert not pane.toast.geometry().intersects(body)


def test_a_replaced_network_and_its_undo_are_seen_whole(open_pane):
    pane, hand = open_pane("resnet-8")
    zoom = pane.view.zoom
    pane.view.set_zoom(2.0)
    pane.document.replace(preset("resnet-110"), "New from preset")
    hand.settle()
    assert pane.view.fitted
    assert pane.view.zoom < 0.7
    pane.undo()
    hand.settle()
    assert pane.view.zoom == pytest.approx(zoom)
    pane.view.set_zoom(0.8)
    pane.make_twin()
    hand.settle()
    assert pane.view.zoom == pytest.approx(0.8)  # the same places: the view stays


def test_hovering_tells_what_a_block_is_at_once(open_pane):
    pane, hand = open_pane("resnet-20")
    before = pane.header.numbers.text()
    QTest.mouseMove(hand.viewport, hand.at("stage2.block2"))
    hand.settle()
    said = pane.header.numbers.text()
    assert said.startswith("stage2.block2 · 32 x 16 x 16")
    assert "18,560 parameters" in said
    assert "multiply-adds" in said
    pane.view._hover("")
    assert pane.header.numbers.text() == before


@pytest.mark.parametrize("name", ["plain-8", "resnet-8", "resnet-56"])
def test_zoom_buttons_cover_no_block_of_a_fitted_network(open_pane, name):
    pane, _hand = open_pane(name, size=(520, 420))
    pane.buttons.show()
    for item in pane.scene.block_items():
        body = pane.view.mapFromScene(item.body_in_scene()).boundingRect()
        assert not body.intersects(pane.buttons.geometry())


def test_a_note_stands_in_the_legend(open_pane):
    pane, _hand = open_pane("resnet-8")
    readouts = Readouts(("stage1.block1",), np.array([0.1]))
    pane.set_readouts(readouts)
    width = pane.legend.width()
    pane.set_readouts(readouts, note="trained before your last edit")
    assert pane.legend.note == pane.legend.words == "trained before your last edit"
    assert pane.legend.width() > width


def test_a_wire_is_led_elsewhere_by_the_end_that_is_nearer(open_pane):
    pane, hand = open_pane("plain-8")
    architecture = pane.document.architecture
    wire = Wire("stage1.block1", "stage2.block1")
    path = pane.scene.wire_item(wire).path
    hand.drag(path.pointAtPercent(0.2), ("stem", "out"))
    assert architecture.incoming("stage2.block1") == {"in": Wire("stem", "stage2.block1")}
    assert architecture.outgoing("stage1.block1") == []
    hand.key(Qt.Key.Key_Z, CONTROL)
    hand.drag(path.pointAtPercent(0.7), ("stage3.block1", "in"))
    assert architecture.incoming("stage2.block1") == {}
    assert architecture.incoming("stage3.block1") == {"in": Wire("stage1.block1", "stage3.block1")}
    hand.key(Qt.Key.Key_Z, CONTROL)
    hand.drag(path.pointAtPercent(0.7), QPoint(600, 640), drop=False)
    hand.key(Qt.Key.Key_Escape)
    assert pane.scene.wire_item(wire).isVisible()
    hand.click(path.pointAtPercent(0.5))
    assert pane.scene.selected_wires() == [wire]
    assert pane.document.undo_stack.index() == 0


def test_a_block_without_wires_goes_into_the_wire_that_it_is_dropped_on(open_pane):
    pane, hand = open_pane("plain-8")
    pane.edits.add("dropout", QPointF(72, 500))
    hand.settle()
    pane.view.fit()
    before = pane.document.architecture.copy()
    target = pane.scene.block_item("classifier").body_in_scene().center() - QPointF(88, 0)
    hand.drag("dropout1", target, drop=False)
    assert pane.scene.wire_item(Wire("pool", "classifier")).look == "marked"
    hand.key(Qt.Key.Key_Escape)
    assert pane.scene.wire_item(Wire("pool", "classifier")).look == "plain"
    assert pane.document.architecture == before
    hand.drag("dropout1", target)
    architecture = pane.document.architecture
    assert architecture.incoming("dropout1") == {"in": Wire("pool", "dropout1")}
    assert architecture.incoming("classifier") == {"in": Wire("dropout1", "classifier")}
    row = [architecture[b].position for b in ("pool", "dropout1", "classifier", "output")]
    assert [x - row[0][0] for x, _ in row] == [0, 176, 352, 528]
    assert len({y for _, y in row}) == 1
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert pane.document.architecture == before
    hand.drag("pool", target)  # it has wires: it only moves
    assert pane.document.architecture.wires == before.wires


def test_blocks_go_from_one_window_to_another(open_pane):
    source, first = open_pane("resnet-20")
    source.scene.select(["stage2.block1", "stage2.block2"])
    first.settle()
    first.key(Qt.Key.Key_X, CONTROL)
    assert "stage2.block1" not in source.document.architecture
    goal, second = open_pane("plain-8")
    second.key(Qt.Key.Key_V, CONTROL)
    chosen = goal.scene.selection_ids()
    assert [goal.document.architecture[b].shortcut for b in chosen] == ["A", "A"]
    assert goal.document.architecture.incoming(chosen[1]) == {"in": Wire(chosen[0], chosen[1])}
    assert goal.document.undo_stack.count() == 1


def test_the_selection_fills_the_view(open_pane):
    pane, hand = open_pane("resnet-110")
    hand.click("stage3.block9")
    hand.key(Qt.Key.Key_F, SHIFT)
    body = pane.scene.block_item("stage3.block9").body_in_scene()
    seen = pane.view.mapToScene(pane.view.viewport().rect()).boundingRect()
    assert pane.view.zoom == 1.25
    assert abs(seen.center().x() - body.center().x()) < 2
    pane.scene.select(["stem", "stage3.block9"])
    hand.settle()
    hand.key(Qt.Key.Key_F, SHIFT)
    seen = pane.view.mapToScene(pane.view.viewport().rect()).boundingRect()
    assert 0.1 < pane.view.zoom < 1
    assert all(seen.contains(pane.scene.block_item(b).body_in_scene()) for b in ("stem", "stage3.block9"))


def test_what_can_have_no_shortcut_has_no_twin(open_pane):
    pane, hand = open_pane(three_loose())
    hand.key(Qt.Key.Key_T, CONTROL)
    assert "can have a shortcut" in pane.toast.text
    assert pane.document.undo_stack.count() == 0


def test_a_toast_covers_no_block_and_goes_when_the_person_goes_on(open_pane):
    pane, hand = open_pane("resnet-20", (600, 344))
    sentence = "These blocks are no chain: select neighbours that one wire leads into and one leads out of."
    pane.view.set_zoom(0.4)
    pane.view.centerOn(pane.scene.block_item("classifier"))
    pane.say(sentence)
    bodies = [
        pane.view.mapFromScene(item.body_in_scene()).boundingRect() for item in pane.scene.block_items()
    ]
    assert not any(pane.toast.geometry().intersects(body) for body in bodies)
    assert not pane.toast.geometry().intersects(pane.buttons.geometry())
    hand.click("classifier")
    assert pane.toast.isHidden()
    pane.say(sentence)
    hand.key(Qt.Key.Key_B)
    assert pane.toast.isHidden()
    pane.say(sentence)
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert pane.toast.isHidden()
