"""Where things are on the canvas: block size, ports, the way of a wire. Pure geometry, in scene pixels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, floor, hypot

from PySide6.QtCore import QLineF, QPoint, QPointF, QRect, QRectF
from PySide6.QtGui import QPainterPath, QPainterPathStroker

from resviz.arch.composites import RESIDUAL_KINDS
from resviz.arch.graph import Position

WIDTH, HEIGHT = 144.0, 64.0
"""Size of a block."""
PITCH_X, PITCH_Y = 176.0, 104.0
"""Distance of neighbours in a row, and of rows."""
SNAP = 8.0
"""Blocks land on multiples of this."""
RADIUS = 9.0
"""Corner radius of a block."""
ARC_TOP = -24.0
"""Highest point of a shortcut's arc above its block."""

BODY = QRectF(0, 0, WIDTH, HEIGHT)
BOUNDS = QRectF(-14, -34, WIDTH + 28, HEIGHT + 52)
"""Everything a block paints: arc above, ports beside, selection around."""


_AIR = 4.0
"""Half the least distance between a new block and what is there."""
_SEARCH = 480.0
_OUT = QPointF(WIDTH, HEIGHT / 2)
_STUB = 16.0
_LANE = 12.0
_LIFT = 24.0
_FAR = 2 * PITCH_X
_CLEAR = 10
"""Pixels on the screen between a block and what would cover it: its ports can be reached."""


def branch_line(width: float) -> QLineF:
    """Return where the branch of a composite block is drawn `width` wide: through it, at its lower edge."""
    y = HEIGHT - 4.0 + width / 2
    return QLineF(RADIUS - 1, y, WIDTH - RADIUS + 1, y)


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


def footprint(kind: str) -> QRectF:
    """Return what a block of `kind` needs for itself: body, arc or room for one, and some air."""
    above = ARC_TOP if kind in RESIDUAL_KINDS else 0.0
    return BODY.adjusted(-_AIR, above - _AIR, _AIR, _AIR)


def free_place(needed: QRectF, wanted: Position, taken: Sequence[QRectF]) -> Position:
    """Return the place nearest to `wanted`, on the grid, where `needed` meets none of `taken`.

    It is looked for beside what stands nearby; in a thicket it is the nearest side of everything.
    """

    def free(place: Position, rects: Sequence[QRectF]) -> bool:
        moved = needed.translated(*place)
        return not any(moved.intersects(rect) for rect in rects)

    def distance(place: Position) -> float:
        return hypot(place[0] - wanted[0], place[1] - wanted[1])

    if free(wanted, taken):
        return wanted
    area = needed.translated(*wanted).adjusted(-_SEARCH, -_SEARCH, _SEARCH, _SEARCH)
    near = [rect for rect in taken if rect.intersects(area)]
    everything = QRectF()
    for rect in taken:
        everything |= rect
    columns = [x for x in _beside_x(needed, wanted, near) if abs(x - wanted[0]) <= _SEARCH]
    rows = [y for y in _beside_y(needed, wanted, near) if abs(y - wanted[1]) <= _SEARCH]
    inside = sorted(((x, y) for x in columns for y in rows), key=distance)
    found = next((p for p in inside if distance(p) <= _SEARCH and free(p, near)), None)
    if found is not None:
        return found
    x, y = wanted
    outside = [(side, y) for side in _beside_x(needed, wanted, [everything])[1:]]
    outside += [(x, side) for side in _beside_y(needed, wanted, [everything])[1:]]
    return min(outside, key=distance)


def _beside_x(needed: QRectF, wanted: Position, rects: Sequence[QRectF]) -> list[float]:
    places = dict.fromkeys([wanted[0]])
    for rect in rects:
        places[floor((rect.left() - needed.right()) / SNAP) * SNAP] = None
        places[ceil((rect.right() - needed.left()) / SNAP) * SNAP] = None
    return list(places)


def _beside_y(needed: QRectF, wanted: Position, rects: Sequence[QRectF]) -> list[float]:
    places = dict.fromkeys([wanted[1]])
    for rect in rects:
        places[floor((rect.top() - needed.bottom()) / SNAP) * SNAP] = None
        places[ceil((rect.bottom() - needed.top()) / SNAP) * SNAP] = None
    return list(places)


def arc_path() -> QPainterPath:
    """Return the arc from a block's input over its top to its output: the shortcut of a residual unit."""
    path = QPainterPath(QPointF(0, HEIGHT / 2))
    top = HEIGHT / 2 + (ARC_TOP - HEIGHT / 2) / 0.75
    path.cubicTo(-50, top, WIDTH + 50, top, WIDTH, HEIGHT / 2)
    return path


def wire_path(start: QPointF, end: QPointF, side: str = "left") -> QPainterPath:
    """Return the way of a wire from an output at `start` to an input at `end` on `side` of its block.

    Neighbours: a line or an S. Far apart: along the other row, for an S would run over the blocks between.
    Against the reading direction (the next row begins at the left): down into the lane between the rows,
    back, and down, with rounded corners. Into the "top": over the blocks between, as a shortcut; into the
    "bottom": from a lane below.
    """
    path = QPainterPath(start)
    dx, dy = end.x() - start.x(), end.y() - start.y()
    if side == "bottom":
        _rounded(path, [start, QPointF(end.x(), start.y()), end], 18.0)
    elif side == "top":
        same_row = abs(dy + HEIGHT / 2) < HEIGHT
        lift = min(end.y(), start.y() - HEIGHT / 2 if same_row else end.y()) - _LIFT
        # Down into the next row: outside the wire that goes on to the row's beginning, and under its lane.
        out = start.x() + (1.5 if end.y() > start.y() else 0.5) * _STUB
        _rounded(
            path, [start, QPointF(out, start.y()), QPointF(out, lift), QPointF(end.x(), lift), end], 18.0
        )
    elif dx >= 12 and abs(dy) < 0.5:
        path.lineTo(end)
    elif dx > _FAR and abs(dy) >= HEIGHT:
        turn = start.x() + _STUB
        _rounded(path, [start, QPointF(turn, start.y()), QPointF(turn, end.y()), end], 12.0)
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


def crosses(line: QLineF, rect: QRectF) -> bool:
    """Return whether a straight line touches a rectangle."""
    corners = (rect.topLeft(), rect.topRight(), rect.bottomRight(), rect.bottomLeft())
    return rect.contains(line.p1()) or rect.contains(line.p2()) or _meets(line, (*corners, corners[0]))


def crosses_way(line: QLineF, path: QPainterPath) -> bool:
    """Return whether a straight line crosses the line of a path."""
    return any(_meets(line, polygon.toList()) for polygon in path.toSubpathPolygons())


def _meets(line: QLineF, points: Sequence[QPointF]) -> bool:
    bounded = QLineF.IntersectionType.BoundedIntersection
    return any(line.intersects(QLineF(a, b))[0] == bounded for a, b in pairwise(points))


def way_out(place: QRect, room: QRect, covers: Sequence[QRect]) -> QPoint:
    """Return the least step that brings a place out from under `covers` and keeps it in `room`; else none."""
    wide = place.adjusted(-_CLEAR, -_CLEAR, _CLEAR, _CLEAR)
    if not any(cover.intersects(place) for cover in covers):
        return QPoint()
    steps = [
        step
        for cover in covers
        for step in (
            QPoint(cover.left() - wide.right() - 1, 0),
            QPoint(cover.right() - wide.left() + 1, 0),
            QPoint(0, cover.top() - wide.bottom() - 1),
            QPoint(0, cover.bottom() - wide.top() + 1),
        )
        if room.contains(place.translated(step))
        and not any(other.intersects(wide.translated(step)) for other in covers)
    ]
    return min(steps, key=QPoint.manhattanLength, default=QPoint())
