"""Where things are on the canvas: block size, ports, the way of a wire. Pure geometry, in scene pixels."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QPainterPathStroker

WIDTH, HEIGHT = 144.0, 64.0
"""Size of a block."""
PITCH_X, PITCH_Y = 176.0, 112.0
"""Distance of neighbours in a row, and of rows."""
SNAP = 8.0
"""Blocks land on multiples of this."""
RADIUS = 9.0
"""Corner radius of a block."""
ARC_TOP = -31.0
"""Highest point of a shortcut's arc above its block."""

BODY = QRectF(0, 0, WIDTH, HEIGHT)
BOUNDS = QRectF(-14, -36, WIDTH + 28, HEIGHT + 48)
"""Everything a block paints: arc above, ports beside, selection around."""

_OUT = QPointF(WIDTH, HEIGHT / 2)
_STUB = 16.0
_LANE = 14.0
_LIFT = 26.0


def output_anchor() -> QPointF:
    """Return where wires leave a block, relative to the block."""
    return QPointF(_OUT)


def input_anchor(ports: Sequence[str], port: str, *, below: bool = False) -> QPointF:
    """Return where a wire enters `port` of a block with input `ports`, relative to the block.

    A port called "shortcut" sits on top, so that its wire comes in over the chain, or at the bottom when what
    feeds it stands `below`; the others on the left.
    """
    if port == "shortcut":
        return QPointF(WIDTH / 2, HEIGHT if below else 0)
    left = [name for name in ports if name != "shortcut"]
    return QPointF(0, HEIGHT * (left.index(port) + 1) / (len(left) + 1))


def snapped(point: QPointF) -> tuple[float, float]:
    """Return the nearest place on the grid."""
    return round(point.x() / SNAP) * SNAP, round(point.y() / SNAP) * SNAP


def arc_path() -> QPainterPath:
    """Return the arc from a block's input over its top to its output: the shortcut of a residual unit."""
    path = QPainterPath(QPointF(0, HEIGHT / 2))
    top = HEIGHT / 2 + (ARC_TOP - HEIGHT / 2) / 0.75
    path.cubicTo(-50, top, WIDTH + 50, top, WIDTH, HEIGHT / 2)
    return path


def wire_path(start: QPointF, end: QPointF, side: str = "left") -> QPainterPath:
    """Return the way of a wire from an output at `start` to an input at `end` on `side` of its block.

    Neighbours: a line or an S. Against the reading direction (the next row begins at the left): down into the
    lane between the rows, back, and down, with rounded corners. Into the "top": over the blocks between, as a
    shortcut; into the "bottom": from a lane below.
    """
    path = QPainterPath(start)
    dx, dy = end.x() - start.x(), end.y() - start.y()
    if side == "bottom":
        _rounded(path, [start, QPointF(end.x(), start.y()), end], 18.0)
    elif side == "top":
        same_row = abs(dy + HEIGHT / 2) < HEIGHT
        lift = min(end.y(), start.y() - HEIGHT / 2 if same_row else end.y()) - _LIFT
        out = start.x() + _STUB / 2
        _rounded(
            path, [start, QPointF(out, start.y()), QPointF(out, lift), QPointF(end.x(), lift), end], 18.0
        )
    elif dx >= 12 and abs(dy) < 0.5:
        path.lineTo(end)
    elif dx >= 24:
        bend = min(max(dx / 2, 24.0), 96.0)
        path.cubicTo(start.x() + bend, start.y(), end.x() - bend, end.y(), end.x(), end.y())
    else:
        _rounded(path, _way_back(start, end), 12.0)
    return path


def _way_back(start: QPointF, end: QPointF) -> list[QPointF]:
    dy = end.y() - start.y()
    below = HEIGHT / 2 + _LANE
    if dy >= HEIGHT + _LANE:  # a row further down: the lane right under this row
        lane = start.y() + below
    elif dy <= -(HEIGHT + _LANE):  # further up: the lane right under the target's row
        lane = end.y() + below
    else:
        lane = max(start.y(), end.y()) + below
    right, left = start.x() + _STUB, end.x() - _STUB
    return [
        start,
        QPointF(right, start.y()),
        QPointF(right, lane),
        QPointF(left, lane),
        QPointF(left, end.y()),
        end,
    ]


def _rounded(path: QPainterPath, points: Sequence[QPointF], radius: float) -> None:
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        reach = min(radius, _distance(before, corner) / 2, _distance(corner, after) / 2)
        path.lineTo(_towards(corner, before, reach))
        path.quadTo(corner, _towards(corner, after, reach))
    path.lineTo(points[-1])


def _distance(a: QPointF, b: QPointF) -> float:
    return hypot(a.x() - b.x(), a.y() - b.y())


def _towards(a: QPointF, b: QPointF, length: float) -> QPointF:
    whole = _distance(a, b)
    return a if whole == 0 else a + (b - a) * (length / whole)


def thick(path: QPainterPath, width: float) -> QPainterPath:
    """Return the outline of `path` drawn `width` wide: what the mouse can hit."""
    stroker = QPainterPathStroker()
    stroker.setWidth(width)
    return stroker.createStroke(path)
