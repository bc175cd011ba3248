"""What training changes on the canvas: who paints it, and that only what is seen is painted."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QRegion

from app.canvas import geometry as g
from app.canvas.crowd import FAR, CrowdItem
from app.canvas.marks import Mark
from app.canvas.readout import NOTHING, Readouts, ReadoutScale
from app.canvas.scene import NetworkScene
from app.canvas.view import NetworkView
from app.document import Document
from app.theme import theme
from resviz.arch.graph import Architecture, Wire
from resviz.arch.presets import preset

ZOOMS = [0.1, 0.2, 0.3, 0.5, 1.0]


@pytest.fixture
def show(qtbot, qapp):
    theme().apply(qapp)
    theme().set_mode("dark")

    def shown(name, zoom=None, at="stage1.block2"):
        architecture = preset(name) if isinstance(name, str) else name
        view = NetworkView(NetworkScene(Document(architecture)))
        qtbot.addWidget(view)
        view.resize(1000, 700)
        view.show()
        qtbot.waitExposed(view)
        if zoom is not None:
            view.set_zoom(zoom)
            view.centerOn(view.network.block_item(at).body_in_scene().center())
        return view

    yield shown
    theme().set_mode("system")


def readouts(view, value=0.5, magnitude=None, marks=None, ids=None):
    ids = tuple(view.network.document.architecture.blocks) if ids is None else ids
    return Readouts(
        ids,
        np.full(len(ids), value),
        ReadoutScale(short="∇"),
        magnitude=np.full(len(ids), np.nan if magnitude is None else magnitude),
        marks=np.array([(marks or {}).get(block_id, 0) for block_id in ids], np.int8),
    )


def column(view, block_id, x, top, bottom):
    """Return the colours painted below each other, relative to a block."""
    image, corner = view.grab().toImage(), view.network.block_item(block_id).pos()
    first, last = (view.mapFromScene(corner + QPointF(x, y)) for y in (top, bottom))
    return [QColor(image.pixel(first.x(), y)) for y in range(first.y(), last.y() + 1)]


def like(colour, name, tolerance=60):
    other = QColor(name)
    return all(abs(a - b) <= tolerance for a, b in zip(colour.getRgb()[:3], other.getRgb()[:3], strict=True))


def thickness(view, block_id, top, bottom):
    """Return how many pixels of the ways' colour lie below each other, by how much each has of it."""
    paper, way = QColor(theme().colours.plot), QColor(theme().colours.residual)
    span = way.green() - paper.green()
    found = column(view, block_id, g.WIDTH / 2, top, bottom)
    return sum(min(max((colour.green() - paper.green()) / span, 0.0), 1.0) for colour in found)


@pytest.mark.parametrize("zoom", [0.15, 0.3, 0.6, 1.0])
def test_the_shortcut_is_as_wide_as_its_share_at_every_zoom(show, zoom):
    view = show("resnet-20", zoom)
    seen = []
    for magnitude in (0.5, 2.0, 6.0):
        view.network.set_readouts(readouts(view, 0.0, magnitude))
        seen.append(thickness(view, "stage1.block2", g.ARC_TOP - 9, g.ARC_TOP + 10))
    assert seen[0] > seen[1] + 0.5 > seen[2] + 0.5
    assert seen[0] == pytest.approx(2 * seen[1], rel=0.45)


@pytest.mark.parametrize("zoom", [0.3, 0.6, 1.0])
def test_the_branch_is_as_wide_as_its_share(show, zoom):
    view = show("resnet-20", zoom)
    seen = []
    for magnitude in (1.0, 0.5, 0.1):
        view.network.set_readouts(readouts(view, 0.0, magnitude))
        below = column(view, "stage1.block2", 30, g.HEIGHT - 6, g.HEIGHT + 14)
        seen.append(sum(like(colour, theme().colours.residual) for colour in below))
    assert seen[0] > seen[1] > seen[2]


@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_plain_block_shows_one_way(show, zoom):
    view = show("plain-20", zoom)
    view.network.set_readouts(readouts(view, 0.0))
    below = column(view, "stage1.block2", g.WIDTH / 2, g.HEIGHT - 6, g.HEIGHT + 16)
    assert any(like(colour, theme().colours.plain, 80) for colour in below)
    above = column(view, "stage1.block2", g.WIDTH / 2, g.ARC_TOP - 8, -6)
    assert not any(like(colour, theme().colours.residual) for colour in above)


@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_block_that_adds_next_to_nothing_fades(show, zoom):
    view = show("resnet-20", zoom)

    def saturation(magnitude):
        view.network.set_readouts(readouts(view, 1.0, magnitude))
        found = column(view, "stage1.block2", 125, 20, 34)
        return max(colour.saturation() * colour.value() for colour in found)

    assert saturation(0.5 * NOTHING) < 0.75 * saturation(2 * NOTHING)


@pytest.mark.parametrize("zoom", ZOOMS)
def test_badges_are_told_apart_by_their_form(show, zoom):
    view = show("plain-20", zoom)
    corner = QRectF(g.WIDTH - 60, -46, 76, 62)

    def painted(marks):
        view.network.set_readouts(readouts(view, 0.5, marks=marks))
        area = view.mapFromScene(corner.translated(view.network.block_item("stage1.block2").pos()))
        return (
            view.grab()
            .toImage()
            .copy(area.boundingRect())
            .convertToFormat(QColor and view.grab().toImage().Format.Format_Grayscale8)
        )

    none, exploding, dead = (painted({"stage1.block2": mark} if mark else {}) for mark in Mark)
    assert none != exploding
    assert none != dead
    assert exploding != dead
    assert view.network.block_item("stage1.block2").mark is Mark.DEAD


def test_only_what_is_in_sight_is_painted_anew(show):
    view = show("resnet-110", 1.1)
    view.network.set_readouts(readouts(view, 0.2))
    everything = len(view.network.document.architecture.blocks)
    assert 0 < view.network.set_readouts(readouts(view, 0.9)) < everything / 2
    view.set_zoom(0.1)
    view.network.set_readouts(readouts(view, 0.2))
    assert view.network.set_readouts(readouts(view, 0.9)) == everything


def test_what_is_to_be_painted_anew_is_so_even_if_a_part_is_painted_before(show, qapp):
    view = show("resnet-20", 1.0)
    qapp.processEvents()
    painted = Painted(view.viewport())
    for change in (
        lambda: view.network.set_readouts(readouts(view, 0.2)),
        lambda: view.network.set_readouts(None),
        lambda: theme().set_mode("light"),
    ):
        painted.region = QRegion()
        change()
        view.viewport().repaint(0, 0, 8, 8)
        qapp.processEvents()
        assert QRegion(view.viewport().rect()).subtracted(painted.region).isEmpty()
    painted.region = QRegion()
    view.network.set_readouts(None)  # there were none
    qapp.processEvents()
    assert painted.region.isEmpty()


class Painted(QObject):
    """Collects what of a widget is painted."""

    def __init__(self, widget):
        super().__init__(widget)
        self.region = QRegion()
        widget.installEventFilter(self)

    def eventFilter(self, _watched, event):
        if event.type() == QEvent.Type.Paint:
            self.region += event.region()
        return False


def test_from_far_away_one_item_paints_all_and_the_mouse_still_finds_each(show, qtbot):
    view = show("resnet-1202")
    view.fit()
    assert view.zoom < FAR
    scene = view.network
    [crowd] = [item for item in scene.items() if isinstance(item, CrowdItem)]
    assert crowd.isVisible()
    item = scene.block_item("stage2.block7")
    place = view.mapFromScene(item.body_in_scene().center())
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert scene.selection_ids() == ["stage2.block7"]
    frame = column(view, "stage2.block7", 72, -12, 0)
    assert any(like(colour, theme().colours.accent, 90) for colour in frame)
    view.set_zoom(0.72)
    assert not crowd.isVisible()


def test_what_is_edited_far_away_is_painted_there(show, qapp):
    view = show("resnet-20", 0.2)
    scene = view.network
    before = view.grab().toImage()
    scene.preview_move({"stage1.block2": (600.0, 900.0)})
    qapp.processEvents()
    moved = view.grab().toImage()
    assert moved != before
    scene.select(["stem"])
    qapp.processEvents()
    assert view.grab().toImage() != moved


def loose():
    """Return a unit of loose layers with an addition."""
    architecture = Architecture("loose")
    architecture.add("input", "x", (0.0, 0.0))
    architecture.add("conv", "stem", (176.0, 0.0), out_channels=4)
    architecture.add("conv", "conv1", (352.0, 0.0), out_channels=4)
    architecture.add("add", "sum", (704.0, 0.0))
    architecture.add("relu", "end", (880.0, 0.0))
    for wire in (
        Wire("x", "stem"),
        Wire("stem", "conv1"),
        Wire("conv1", "sum", target_port="branch"),
        Wire("stem", "sum", target_port="shortcut"),
        Wire("sum", "end"),
    ):
        architecture.connect(wire)
    return architecture


@pytest.mark.parametrize("zoom", [0.2, 0.6, 1.0])
def test_the_wires_into_a_loose_addition_are_as_wide_as_the_signal(show, zoom):
    view = show(loose(), zoom, at="sum")
    scene = view.network
    branch = scene.wire_item(Wire("conv1", "sum", target_port="branch"))
    shortcut = scene.wire_item(Wire("stem", "sum", target_port="shortcut"))
    other = scene.wire_item(Wire("sum", "end"))
    usual = branch.width(zoom), other.width(zoom)
    scene.set_readouts(readouts(view, 0.5, 0.25, ids=("sum",)))
    assert branch.share == pytest.approx(0.25)
    assert shortcut.share == 1.0
    assert branch.width(zoom) < shortcut.width(zoom)
    assert other.share is None
    assert other.width(zoom) == usual[1]
    before = view.grab().toImage()
    scene.set_readouts(readouts(view, 0.5, 4.0, ids=("sum",)))
    assert (shortcut.share, branch.share) == (pytest.approx(0.25), 1.0)
    assert view.grab().toImage() != before
    scene.set_readouts(None)
    assert branch.width(zoom) == usual[0]
