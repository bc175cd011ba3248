"""The badges of blocks in which training goes wrong: told apart by their form, not by colour alone."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from app.canvas.paints import Paints


class Mark(IntEnum):
    """What is wrong with a block."""

    NONE = 0
    EXPLODING = 1
    """A triangle that points up."""
    DEAD = 2
    """A square with a flat line."""


def mark_radius(zoom: float) -> float:
    """Return how large a badge is, in scene pixels."""
    return max(9.0, min(6.0 / zoom, 34.0))


def draw_mark(painter: QPainter, mark: Mark, corner: QPointF, zoom: float, paints: Paints) -> None:
    """Draw a badge over `corner`, the right upper one of a block, so that it covers few of its words."""
    radius = mark_radius(zoom)
    centre = corner + QPointF(min(-4.0, 13.0 - 1.1 * radius), -0.4 * radius)
    painter.setPen(QPen(paints.panel, max(1.5, min(1.0 / zoom, 8.0))))
    if mark is Mark.EXPLODING:
        painter.setBrush(paints.danger)
        painter.drawPolygon(triangle(centre, radius))
    else:
        painter.setBrush(paints.text)
        painter.drawRect(QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius))
    painter.setPen(QPen(paints.panel, radius / 4.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    if mark is Mark.EXPLODING:
        painter.drawLine(centre + QPointF(0, -radius * 0.35), centre + QPointF(0, radius * 0.3))
        painter.drawLine(centre + QPointF(0, radius * 0.45), centre + QPointF(0, radius * 0.65))
    else:
        painter.drawLine(centre + QPointF(-radius * 0.6, 0), centre + QPointF(radius * 0.6, 0))


def triangle(centre: QPointF, radius: float) -> QPolygonF:
    """Return a triangle that points up."""
    return QPolygonF(
        [
            centre + QPointF(0, -radius * 1.1),
            centre + QPointF(radius * 1.1, radius * 0.85),
            centre + QPointF(-radius * 1.1, radius * 0.85),
        ]
    )
