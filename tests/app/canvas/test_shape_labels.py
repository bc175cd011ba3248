"""Shapes on wires: where they stand, which are left out, and what brings them."""

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from app.canvas import geometry as g
from app.canvas.detail import LEVELS
from app.canvas.picture import save_network
from app.canvas.scene import NetworkScene
from app.document import Document
from resviz.arch.graph import Group, Wire
from resviz.arch.presets import preset
from resviz.arch.rework import expanded

NEAR, MID, SMALL, FAR, _ = LEVELS


@pytest.fixture
def labels(qapp):
    def make(name="resnet-20", *, loose=False):
        architecture = preset(name)
        if loose:
            architecture, _ = expanded(architecture, list(architecture.blocks))
            for block_id in architecture.blocks:
                architecture.move(block_id, None)
        scene = NetworkScene(Document(architecture))
        scene.set_shapes(True)
        return scene, scene._live.shapes

    return make


@pytest.mark.parametrize("loose", [False, True])
@pytest.mark.parametrize("level", [NEAR, MID, SMALL])
def test_labels_cover_neither_blocks_nor_each_other(labels, level, loose):
    scene, shapes = labels("resnet-20-B", loose=loose)
    found = shapes.labels(level)
    assert found
    bodies = [item.body_in_scene() for item in scene.block_items()]
    for number, label in enumerate(found):
        assert not any(label.rect.intersects(body) for body in bodies)
        assert not any(label.rect.intersects(other.rect) for other in found[:number])
        path = scene.wire_item(label.wire).path
        start = label.leader[0] if label.leader else label.rect.center()
        assert path.boundingRect().adjusted(-1, -1, 1, 1).contains(start)


def test_near_every_wire_says_its_shape(labels):
    scene, shapes = labels()
    said = {label.wire: label.text for label in shapes.labels(NEAR)}
    assert said.keys() == set(scene.document.architecture.wires)
    assert said[Wire("input", "stem")] == "3x32x32"
    assert said[Wire("pool", "classifier")] == "64"


def test_from_further_away_a_row_does_not_repeat_itself(labels):
    scene, shapes = labels("resnet-110")
    mid = {label.wire: label.text for label in shapes.labels(MID)}
    assert mid[Wire("stage2.block1", "stage2.block2")] == "32·16²"
    assert Wire("stage2.block2", "stage2.block3") not in mid
    assert len(mid) < len(scene.document.architecture.wires) / 3
    assert not shapes.labels(FAR)


def test_labels_follow_edits(labels, qtbot):
    scene, shapes = labels()
    wire = Wire("stem", "stage1.block1")
    before = {label.wire: label for label in shapes.labels(NEAR)}
    document = scene.document
    document.set_params("stem", {"out_channels": 24})
    qtbot.waitUntil(lambda: not shapes._labels, timeout=1000)
    after = {label.wire: label for label in shapes.labels(NEAR)}
    assert (before[wire].text, after[wire].text) == ("16x32x32", "24x32x32")
    document.move_block("stem", (0.0, 400.0))
    moved = {label.wire: label for label in shapes.labels(NEAR)}
    assert moved[wire].rect != after[wire].rect


def test_selecting_keeps_them_and_a_drag_hides_what_moves(labels, qtbot):
    scene, shapes = labels()
    kept = shapes.labels(NEAR)
    scene.select(["stem"])
    assert shapes.labels(NEAR) is kept
    scene.preview_move({"stem": (0.0, 300.0)})
    assert shapes.labels(NEAR) is kept
    assert shapes._lifted == {Wire("input", "stem"), Wire("stem", "stage1.block1")}
    scene.preview_move({"stem": scene.document.architecture["stem"].position})
    assert not shapes._lifted


def test_what_carries_nothing_says_nothing(labels):
    scene, shapes = labels("plain-20", loose=True)
    dead = [wire for wire in scene.document.architecture.wires if scene.wire_item(wire).look == "dead"]
    assert not {label.wire for label in shapes.labels(NEAR)} & set(dead)


def test_pictures_have_them_too(qapp, tmp_path):
    document = Document(preset("resnet-8"))
    files = [save_network(document, tmp_path / f"{on}.svg", shapes=on) for on in (False, True)]
    sizes = [file.stat().st_size for file in files]
    assert sizes[1] > 1.05 * sizes[0]


def test_only_what_is_seen_is_painted(labels):
    scene, shapes = labels("resnet-1202")
    shapes.labels(NEAR)
    image = QImage(300, 200, QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(image)
    scene.render(painter, QRectF(0, 0, 300, 200), QRectF(0, 0, 300, 200))
    painter.end()
    assert g.BODY.width() < shapes.boundingRect().width()


def test_labels_keep_clear_of_a_stack_and_its_cards(qapp):
    architecture = preset("resnet-56")
    members = tuple(f"stage2.block{number}" for number in range(2, 10))
    architecture.groups["stack"] = Group(members=members)
    scene = NetworkScene(Document(architecture))
    scene.set_shapes(True)
    stack = next(item for item in scene.block_items() if item.is_stack)
    cards = stack.body_in_scene().adjusted(0, 0, 0, 10)
    found = scene._live.shapes.labels(NEAR)
    assert found
    assert not any(label.rect.intersects(cards) for label in found)
