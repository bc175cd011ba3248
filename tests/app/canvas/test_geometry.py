import pytest
from PySide6.QtCore import QPointF

from app.canvas import geometry as g
from resviz.arch import layout


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
