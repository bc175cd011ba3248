"""Adding and copying: what is new stands in free space, and what it goes between makes room."""

from itertools import combinations, pairwise

import pytest
from PySide6.QtCore import QPointF, Qt

from app.canvas import geometry as g
from app.document import Document
from app.editor.edits import Edits
from resviz.arch.graph import Architecture, Wire
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
