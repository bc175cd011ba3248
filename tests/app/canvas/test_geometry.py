from itertools import combinations, pairwise

import pytest
from PySide6.QtCore import QLineF, QPointF
from PySide6.QtGui import QPolygonF

from app.canvas import geometry as g
from app.canvas.scene import NetworkScene
from app.document import Document
from resviz.arch import layout
from resviz.arch.presets import preset
from resviz.arch.rework import expanded


def test_sizes_are_those_of_the_layout():
    assert (g.WIDTH, g.HEIGHT) == layout.BLOCK_SIZE
    assert (g.PITCH_X, g.PITCH_Y) == layout.PITCH


def test_what_a_block_paints_stays_off_its_neighbours_bodies():
    assert g.BOUNDS.contains(g.arc_path().boundingRect())
    assert g.arc_path().boundingRect().top() == pytest.approx(g.ARC_TOP, abs=0.5)
    assert -g.BOUNDS.left() < g.PITCH_X - g.WIDTH
    assert -g.BOUNDS.top() < g.PITCH_Y - g.HEIGHT


@pytest.mark.parametrize(
    ("end", "side"),
    [
        ((32, 0), "left"),
        ((32, 300), "left"),
        ((-1200, 112), "left"),
        ((-50, 0), "left"),
        ((-900, -400), "left"),
        ((500, -32), "top"),
        ((-500, 80), "top"),
        ((40, -90), "bottom"),
        ((0, 0), "left"),
    ],
)
def test_wires_begin_and_end_where_they_should(end, side):
    start, goal = QPointF(100, 100), QPointF(100, 100) + QPointF(*end)
    path = g.wire_path(start, goal, side)
    assert (path.elementAt(0).x, path.elementAt(0).y) == (100, 100)
    assert path.currentPosition() == goal


def test_the_wire_to_the_next_row_keeps_to_the_lane_between():
    path = g.wire_path(QPointF(1200, 32), QPointF(0, g.PITCH_Y + 32))
    bounds = path.boundingRect()
    assert bounds.left() >= -20
    assert bounds.right() <= 1220
    lane = path.pointAtPercent(0.5).y()
    assert g.HEIGHT < lane < g.PITCH_Y + g.ARC_TOP


def test_a_shortcut_goes_over_what_is_between():
    path = g.wire_path(QPointF(144, 32), QPointF(800, 0), "top")
    assert path.boundingRect().top() < -20


def test_ports_of_an_addition():
    ports = ("branch", "shortcut")
    assert g.input_anchor(ports, "branch") == QPointF(0, 32)
    assert g.input_anchor(ports, "shortcut") == QPointF(72, 0)
    assert g.input_anchor(ports, "shortcut", below=True) == QPointF(72, 64)
    assert g.input_anchor(("in",), "in") == QPointF(0, 32)


def test_snapping():
    assert g.snapped(QPointF(3.9, -12.1)) == (0.0, -16.0)


def crossings(architecture):
    """Return the pairs of wires that cross; those that run together for a while do not."""
    scene = NetworkScene(Document(architecture))
    ways = []
    for wire in scene.document.architecture.wires:
        points = scene.wire_item(wire).path.toSubpathPolygons()[0].toList()
        ways.append((wire, list(pairwise(points)), QPolygonF(points).boundingRect()))
    return [
        (one, other)
        for (one, way, area), (other, others_way, others_area) in combinations(ways, 2)
        if area.adjusted(-1, -1, 1, 1).intersects(others_area)
        and any(cross(*piece, *others) for piece in way for others in others_way)
    ]


def cross(a, b, c, d):
    kind, place = QLineF(a, b).intersects(QLineF(c, d))
    bounded = kind == QLineF.IntersectionType.BoundedIntersection
    return bounded and all(QLineF(place, end).length() > 1 for end in (a, b, c, d))


@pytest.mark.parametrize("name", ["resnet-20", "resnet-20-B", "resnet-50", "preact-20"])
@pytest.mark.parametrize("loose", [False, True])
def test_no_wires_cross_in_a_tidy_network(qapp, name, loose):
    architecture = preset(name)
    if loose:
        units = [block_id for block_id in architecture.blocks if block_id.startswith("stage")]
        architecture, _ = expanded(architecture, units)
        for block_id, place in layout.arrange(architecture).items():
            architecture.move(block_id, place)
    assert crossings(architecture) == []
