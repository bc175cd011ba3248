"""Adding and copying: what is new stands in free space, and what it goes between makes room."""

from itertools import combinations, pairwise

import pytest
from PySide6.QtCore import QPointF, Qt

from app.canvas import geometry as g
from app.canvas.caption import CaptionItem
from app.document import Document
from app.editor.edits import Edits
from resviz.arch.graph import Architecture, Wire
from resviz.arch.layout import is_arranged
from tests.app.editor.test_pane import CONTROL, drop


def covered(pane):
    """Return the pairs of blocks that cover each other."""
    items = list(pane.scene.block_items())
    return [
        (a.block_id, b.block_id)
        for a, b in combinations(items, 2)
        if a.body_in_scene().intersects(b.body_in_scene())
    ]


def test_copies_stand_in_free_space(open_pane):
    pane, hand = open_pane("resnet-20")
    hand.click("stage2.block1")
    for number in range(2):
        hand.key(Qt.Key.Key_D, CONTROL)
        assert len(pane.document.architecture.blocks) == 15 + number
    hand.key(Qt.Key.Key_C, CONTROL)
    pane.view._cursor = pane.scene.block_item("stage1.block2").body_in_scene().center()
    hand.key(Qt.Key.Key_V, CONTROL)
    assert covered(pane) == []
    hand.key(Qt.Key.Key_A, CONTROL)
    hand.key(Qt.Key.Key_D, CONTROL)
    assert len(pane.document.architecture.blocks) == 34
    assert covered(pane) == []


@pytest.mark.parametrize("target", [(152.0, 0.0), (152.0, 40.0), (240.0, -56.0), (120.0, 80.0)])
def test_dropped_on_a_short_wire_a_block_gets_room(open_pane, target):
    architecture = Architecture("short")
    architecture.add("input", "input1", (0.0, 0.0))
    architecture.add("conv", "conv2", target)
    architecture.add("relu", "relu3", (target[0] + 160, target[1]))
    architecture.connect(Wire("input1", "conv2"))
    architecture.connect(Wire("conv2", "relu3"))
    pane, _hand = open_pane(architecture)
    path = pane.scene.wire_item(Wire("input1", "conv2")).path
    assert drop(pane, "batch_norm", path.pointAtPercent(0.5))
    (new,) = pane.scene.selection_ids()
    architecture = pane.document.architecture
    assert architecture.incoming("conv2") == {"in": Wire(new, "conv2")}
    places = [architecture[b].position for b in ("input1", new, "conv2", "relu3")]
    assert all(b[0] - a[0] >= g.PITCH_X for a, b in pairwise(places))
    assert covered(pane) == []


def test_an_empty_network_is_neither_plain_nor_residual(open_pane):
    pane, _hand = open_pane()
    assert pane.header.tag.isHidden()
    pane.add_block("basic")
    assert not pane.header.tag.isHidden()
    assert pane.header.tag.text() == "residual"


def test_verbs_do_nothing_to_nothing():
    edits = Edits(Document(Architecture()))
    edits.align([], "left")
    edits.distribute([], 0)
    edits.nudge([], 1, 1)
    edits.remove([])
    assert edits.duplicate([]) == edits.paste_text(edits.copy_text([]), QPointF()) == []
    assert edits.document.undo_stack.count() == 0


@pytest.mark.parametrize(
    ("name", "chain"), [("resnet-20", ["stage2.block1"]), ("plain-20", ["stage2.block1", "stage2.block2"])]
)
def test_a_shortcut_moves_only_what_stands_behind_it(open_pane, name, chain):
    pane, hand = open_pane(name)
    before = {b.id: b.position for b in pane.document.architecture.blocks.values()}
    pane.scene.select(chain)
    hand.key(Qt.Key.Key_S)
    architecture = pane.document.architecture
    assert pane.document.undo_stack.count() == 1
    stay = [b for b in before if architecture[b].position[0] == before[b][0]]
    assert set(before) - set(stay) <= {"stage2.block2", "stage2.block3"}
    rows = {b: architecture[b].position[1] - before[b][1] for b in before}
    assert {rows[b] for b in before if b.startswith("stage1") or b == "stem"} == {0.0}
    assert {rows[b] for b in before if b.startswith("stage3") or b == "pool"} == {g.PITCH_Y}
    assert is_arranged(architecture)


def test_a_shortcuts_layers_do_not_cover_the_name_of_the_stage(open_pane):
    pane, hand = open_pane("plain-20")
    pane.scene.select(["stage2.block1", "stage2.block2"])
    hand.key(Qt.Key.Key_S)
    (pad,) = pane.document.architecture.of_kind("zero_pad_shortcut")
    captions = [item.sceneBoundingRect() for item in pane.scene.items() if isinstance(item, CaptionItem)]
    assert len(captions) == 3
    bodies = [item.body_in_scene() for item in pane.scene.block_items()]
    assert not any(caption.intersects(body) for caption in captions for body in bodies)
    assert pad.position is not None
    above = [caption for caption in captions if 0 < pad.position[1] - caption.bottom() < g.HEIGHT]
    assert len(above) == 1


def test_what_is_dropped_near_the_edge_stays_where_it_was_seen(open_pane):
    pane, _hand = open_pane("resnet-8")
    view = pane.view
    view.set_zoom(0.5)
    height = view.viewport().height()
    place = view.mapToScene(60, height - 24)
    assert drop(pane, "relu", place)
    (new,) = pane.scene.selection_ids()
    middle = view.mapFromScene(pane.scene.block_item(new).body_in_scene().center())
    assert (middle - QPointF(60, height - 24).toPoint()).manhattanLength() <= 8
    assert drop(pane, "relu", view.mapToScene(view.viewport().width() - 4, 60))
    body = pane.scene.block_item(pane.scene.selection_ids()[0]).body_in_scene()
    assert view.viewport().rect().contains(view.mapFromScene(body).boundingRect())
