"""Outlines: the shapes that blocks have from far away, made once for each place, and how far items reach."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem

from app.canvas import geometry as g

_STRIP, _EDGE = 14.0, 10.0
_TURNS = 6
"""Straight pieces that an arc is made of from far away."""
_BRANCH = QLineF(g.RADIUS, g.HEIGHT + 2, g.WIDTH - g.RADIUS, g.HEIGHT + 2)


class Outline:
    """A block at one place: body, strip at its left, frame, arc, and the way through it."""

    __slots__ = ("_arc", "_branch", "_frame", "body", "strip", "x", "y")

    def __init__(self, x: float, y: float) -> None:
        self.x, self.y = x, y
        self.body = QRectF(x, y, g.WIDTH, g.HEIGHT)
        self.strip = QRectF(x, y, _STRIP, g.HEIGHT)
        self._frame: QRectF | None = None
        self._arc: list[QLineF] | None = None
        self._branch: QLineF | None = None

    @property
    def frame(self) -> QRectF:
        """Around a selected or broken block."""
        if self._frame is None:
            self._frame = self.body.adjusted(-_EDGE, -_EDGE, _EDGE, _EDGE)
        return self._frame

    @property
    def arc(self) -> list[QLineF]:
        """The pieces of a shortcut's arc."""
        if self._arc is None:
            corner = QPointF(self.x, self.y)
            self._arc = [piece.translated(corner) for piece in _PIECES]
        return self._arc

    @property
    def branch(self) -> QLineF:
        """The way through a composite block."""
        if self._branch is None:
            self._branch = _BRANCH.translated(self.x, self.y)
        return self._branch


def reach(items: Iterable[QGraphicsItem], one: QRectF) -> QRectF:
    """Return the rectangle around items that each take the room of `one` at their place; null for none."""
    places = [(item.x(), item.y()) for item in items]
    if not places:
        return QRectF()
    xs, ys = zip(*places, strict=True)
    left, top = min(xs) + one.left(), min(ys) + one.top()
    return QRectF(left, top, max(xs) + one.right() - left, max(ys) + one.bottom() - top)


def _pieces() -> tuple[QLineF, ...]:
    arc = g.arc_path()
    points = [arc.pointAtPercent(step / _TURNS) for step in range(_TURNS + 1)]
    return tuple(QLineF(start, end) for start, end in pairwise(points))


_PIECES = _pieces()
