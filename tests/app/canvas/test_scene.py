from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QPointF

from app.canvas.block_item import BlockItem
from app.canvas.readout import Readouts, ReadoutScale
from app.canvas.scene import NetworkScene, Port
from app.canvas.view import NetworkView
from app.canvas.wire_item import WireItem
from app.document import Document
from app.editor.edits import Edits
from app.editor.units import UnitEdits
from resviz.arch.graph import Architecture, Wire
from resviz.arch.presets import preset
from resviz.arch.shapes import infer
from tests.arch.documents import loose_unit


@pytest.fixture
def made(qapp):
    def make(architecture):
        document = Document(preset(architecture) if isinstance(architecture, str) else architecture)
        return document, NetworkScene(document), Edits(document)

    return make


def agrees(scene):
    """Assert that scene and document are the same network at the same places."""
    architecture = scene.document.architecture
    assert {item.block_id for item in scene.block_items()} == set(architecture.blocks)
    for block_id, block in architecture.blocks.items():
        item = scene.block_item(block_id)
        assert item.block_id == block_id
        assert (item.x(), item.y()) == block.position
        assert set(item.inputs) == set(block.spec.inputs)
    for wire in architecture.wires:
        item = scene.wire_item(wire)
        start = scene.port_place(Port(wire.source, wire.source_port, False))
        end = scene.port_place(Port(wire.target, wire.target_port, True))
        assert item._path.elementAt(0).x == start.x()
        assert item._path.currentPosition() == end
    assert len(scene._wires) == len(architecture.wires)
    known = set(scene.block_items()) | set(scene._wires.values())
    assert {item for item in scene.items() if isinstance(item, BlockItem | WireItem)} == known


def test_the_scene_follows_every_kind_of_edit(made, qapp):
    document, scene, edits = made("resnet-8-B")
    for edit in (
        lambda: edits.add("conv", QPointF(900, 900)),
        lambda: edits.add("relu", QPointF(), wire=Wire("stem", "stage1.block1")),
        lambda: edits.remove(["stage2.block1"]),
        lambda: edits.connect(Wire("stem", "stage3.block1")),
        lambda: edits.rename("stem", "entry"),
        lambda: edits.paste_text(edits.copy_text(["entry", "pool", "classifier"])),
        lambda: edits.set_params({"stage1.block1": {"shortcut": "none"}}),
        lambda: edits.move({"entry": (8.0, 800.0)}),
        edits.twin,
        edits.tidy_up,
        lambda: document.replace(preset("resnet-50"), "New"),
    ):
        edit()
        qapp.processEvents()
        agrees(scene)
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
        agrees(scene)
    while document.undo_stack.canRedo():
        document.undo_stack.redo()
    agrees(scene)


def test_steps_that_touch_much_are_followed_in_one_go(made, qapp):
    document, scene, edits = made("resnet-110")
    signals = []
    document.changed_widely.connect(lambda: signals.append("wide"))
    document.block_added.connect(signals.append)
    item, everything = scene.block_item("pool"), list(document.architecture.blocks)
    scene.select_all()
    steps = (
        lambda: edits.remove(everything),
        document.undo_stack.undo,
        lambda: edits.paste_text(edits.copy_text(everything)),
        lambda: edits.move({block_id: (8.0, 8.0 * n) for n, block_id in enumerate(everything)}),
        edits.tidy_up,
        document.undo_stack.undo,
        document.undo_stack.undo,
        document.undo_stack.undo,
        document.undo_stack.redo,
    )
    for step in steps:
        before = document.architecture.copy()
        step()
        agrees(scene)
        qapp.processEvents()
        assert document.architecture != before
        assert document.inference == infer(document.architecture)
        for block_id in document.architecture.blocks:
            assert scene.block_item(block_id).face.shape != "?"
    assert set(signals) == {"wide"}
    assert scene.block_item("pool") is item  # it was brought back, not made anew
    assert scene.selectedItems() == []


@pytest.mark.parametrize("zoom", [0.1, 1.0])
def test_all_blocks_are_dragged_at_once(made, qtbot, zoom):
    document, scene, edits = made("resnet-218")
    view = NetworkView(scene)
    qtbot.addWidget(view)
    view.resize(500, 400)
    view.show()
    qtbot.waitExposed(view)
    view.set_zoom(zoom)
    view.centerOn(scene.block_item("stem"))
    home = {block_id: block.position for block_id, block in document.architecture.blocks.items()}

    def moved(dx, dy):
        return {block_id: (x + dx, y + dy) for block_id, (x, y) in home.items()}

    def seen():
        QCoreApplication.processEvents()
        image = view.viewport().grab().toImage()
        return np.frombuffer(image.constBits(), np.uint8).astype(int)

    for caption in scene._captions._items.values():
        caption.setVisible(False)  # they follow when the blocks are dropped
    before = seen()
    for step in (80, 160, 240):  # in pixels of the screen the same way
        scene.preview_move(moved(step / zoom / 4, 0))
    shown = seen()
    assert (abs(shown - before) > 60).sum() > 1000
    scene.preview_move(home)
    assert (seen() == before).all()
    agrees(scene)
    scene.preview_move(moved(60 / zoom, 0))
    edits.move(moved(60 / zoom, 0))
    for caption in scene._captions._items.values():
        caption.setVisible(False)
    assert abs(seen() - shown).max() < 60  # but for how an edge falls on the pixels
    agrees(scene)


def test_replacing_keeps_the_items_and_selection_of_what_stays(made):
    _document, scene, edits = made("resnet-8")
    item = scene.block_item("pool")
    scene.select(["pool"])
    edits.twin()
    assert scene.block_item("pool") is item
    assert scene.selection_ids() == ["pool"]


def test_selection_is_told_once_a_turn(made, qapp, qtbot):
    _, scene, _ = made("resnet-20")
    told, single = [], []
    scene.selection_settled.connect(lambda: told.append(len(scene.selection_ids())))
    scene.block_selected.connect(single.append)
    scene.select_all()
    scene.select(["pool"])
    qapp.processEvents()
    scene.select(["pool", "stem"])
    qapp.processEvents()
    assert told == [1, 2]
    assert single == ["pool", ""]


def test_shortcuts_are_shown_for_what_they_are(made, qapp):
    _document, scene, edits = made("resnet-20-B")
    assert scene.block_item("stage1.block1").face.shortcut == "identity"
    assert scene.block_item("stage2.block1").face.shortcut == "projection"
    assert scene.block_item("stem").face.shortcut == ""
    assert scene.block_item("stage1.block1").face.family == "residual"
    edits.set_params({"stage2.block1": {"shortcut": "A"}})
    qapp.processEvents()
    assert scene.block_item("stage2.block1").face.shortcut == "A"
    edits.twin()
    qapp.processEvents()
    assert {scene.block_item(f"stage{s}.block1").face.shortcut for s in (1, 2, 3)} == {"none"}
    assert scene.block_item("stage1.block1").face.family == "plain"


def test_what_carries_nothing_is_faint(made, qapp):
    architecture = Architecture("loose")
    for kind, name in (
        ("input", "x"),
        ("conv", "f"),
        ("identity", "s"),
        ("add", "sum"),
        ("global_avg_pool", "p"),
        ("linear", "c"),
        ("output", "y"),
    ):
        architecture.add(kind, name)
    architecture.set_params("f", out_channels=3)
    for wire in (
        Wire("x", "f"),
        Wire("x", "s"),
        Wire("f", "sum", target_port="branch"),
        Wire("s", "sum", target_port="shortcut"),
        Wire("sum", "p"),
        Wire("p", "c"),
        Wire("c", "y"),
    ):
        architecture.connect(wire)
    _document, scene, edits = made(architecture)
    assert not scene.block_item("s").face.dead
    edits.set_params({"sum": {"plain": True}})
    qapp.processEvents()
    assert scene.block_item("s").face.dead
    assert not scene.block_item("f").face.dead
    assert "nothing" in scene.tooltip(scene.wire_item(Wire("s", "sum", target_port="shortcut")))


def test_the_shortcut_of_an_addition_comes_from_above_or_below(made):
    architecture = Architecture("loose")
    architecture.add("input", "x", (0.0, 112.0))
    architecture.add("add", "sum", (352.0, 112.0))
    wire = Wire("x", "sum", target_port="shortcut")
    architecture.connect(wire)
    _, scene, edits = made(architecture)
    port = Port("sum", "shortcut", True)
    assert scene.port_side(port) == "top"
    assert scene.wire_item(wire).boundingRect().top() < 112
    edits.move({"x": (0.0, 400.0)})
    assert scene.port_side(port) == "bottom"
    assert scene.port_place(port) == QPointF(352 + 72, 112 + 64)


def test_only_readouts_that_look_different_repaint(made):
    _, scene, _ = made("resnet-8")
    scale = ReadoutScale("Gradient norm", "∇", -3.0, 0.0, True)
    ids = tuple(f"stage{s}.block1" for s in (1, 2, 3))

    def show(middle, scale=scale):
        return scene.set_readouts(Readouts(ids, np.array([0.5, middle, 0.5]), scale))

    assert show(0.5) == 3
    assert show(0.5) == 0
    assert show(0.9) == 1
    assert show(0.9009) == 0  # neither number nor colour differs
    scene.set_zoom(0.3)
    assert show(0.91) == 0  # from far away numbers are not seen
    scene.set_zoom(1.0)
    assert show(0.9) == 1
    assert show(0.9, replace(scale, low=-6.0)) == 2  # 0.9 stays at the upper end
    assert scene.set_readouts(None) == 3
    assert scene.set_readouts(Readouts(("no such block",), np.array([1.0]))) == 1
    assert all(item.readout is None for item in scene.block_items())


def test_ports_attract_within_a_radius(made):
    _, scene, _ = made("plain-8")
    out = scene.port_place(Port("pool", "out", False))
    assert scene.port_near(out + QPointF(5, 3), 10) == Port("pool", "out", False)
    assert scene.port_near(out + QPointF(5, 3), 10, inputs=True) is None
    assert scene.port_near(out + QPointF(5, 30), 10) is None


def test_a_wire_is_found_between_blocks_only(made):
    _, scene, _ = made("plain-8")
    ends = [scene.port_place(Port("pool", "out", False)), scene.port_place(Port("classifier", "in", True))]
    assert scene.wire_near((ends[0] + ends[1]) / 2, 8) == Wire("pool", "classifier")
    assert scene.wire_near(ends[1] + QPointF(12, 4), 24) == Wire("pool", "classifier")  # on the block's edge
    assert scene.wire_near(scene.block_item("pool").body_in_scene().center(), 24) is None


def test_a_block_that_takes_the_name_of_a_removed_one_has_its_own_ports(qapp):
    document = Document(preset("resnet-8"))
    scene = NetworkScene(document)
    document.replace(Architecture(), "Nothing")
    document.insert_block(Architecture().add("add", "stem"))
    assert set(scene.block_item("stem").inputs) == {"branch", "shortcut"}
    assert scene.block_item("stem")._taken == frozenset()


def test_an_ignored_wire_is_dead_only_while_the_network_has_an_output(made):
    architecture = loose_unit()
    architecture.set_params("unit.add", plain=True)
    document, scene, _ = made(architecture)
    ignored = Wire("stem", "unit.add", target_port="shortcut")
    assert scene.wire_item(ignored).look == "dead"
    UnitEdits(document).bypass(["pool"])  # the classifier refuses a map then; all lead to the output still
    QCoreApplication.processEvents()
    assert document.inference.output_shape is None
    assert scene.wire_item(ignored).look == "shortcut"
    document.undo_stack.undo()
    QCoreApplication.processEvents()
    assert scene.wire_item(ignored).look == "dead"
