"""The signs of differences: rings, arcs and badges, told apart by their form, not by colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.canvas import geometry as g
from app.canvas.paints import Paints
from app.canvas.text import name_forms


class Differs(Enum):
    """How a block differs; each has a sign of its own."""

    ONLY_HERE = "plus"
    CHANGED = "unequal"
    SHORTCUT = "arc"
    REWIRED = "wire"
    MISSING = "minus"


@dataclass(frozen=True, slots=True)
class Look:
    """What is drawn at a block."""

    differs: Differs
    arched: bool
    """Over the block, where its shortcut is or would be, rather than around it."""


_RING = 7.0
"""Between a block and its ring: outside of what says that it is selected."""
_ARC = g.arc_path()
_NO_BRUSH = Qt.BrushStyle.NoBrush
_SIGNS: dict[Differs, Sequence[tuple[float, float, float, float]]] = {
    Differs.ONLY_HERE: ((-0.55, 0, 0.55, 0), (0, -0.55, 0, 0.55)),
    Differs.MISSING: ((-0.55, 0, 0.55, 0),),
    Differs.CHANGED: ((-0.5, -0.2, 0.5, -0.2), (-0.5, 0.25, 0.5, 0.25), (0.3, -0.6, -0.3, 0.65)),
    Differs.REWIRED: ((-0.55, 0.35, -0.05, 0.35), (-0.05, 0.35, 0.05, -0.35), (0.05, -0.35, 0.55, -0.35)),
}
"""Lines, in radii of the badge."""


def draw_difference(painter: QPainter, look: Look, paints: Paints, zoom: float) -> None:
    """Draw the mark of a block whose corner is the origin."""
    width = _width(zoom)
    painter.setBrush(_NO_BRUSH)
    if look.arched:
        painter.setPen(QPen(paints.warning, width, Qt.PenStyle.DotLine, Qt.PenCapStyle.FlatCap))
        painter.drawPath(_ARC)
    else:
        painter.setPen(QPen(_colour(look.differs, paints), width))
        ring = g.BODY.adjusted(-_RING, -_RING, _RING, _RING)
        painter.drawRoundedRect(ring, g.RADIUS + _RING, g.RADIUS + _RING)
    _draw_badge(painter, look.differs, QPointF(), paints, zoom)


def draw_ghost(painter: QPainter, name: str, area: QRectF, paints: Paints, zoom: float) -> None:
    """Draw a block that is missing: its outline with its name, or a slit where `area` is narrower."""
    painter.setPen(QPen(paints.good, _width(zoom), Qt.PenStyle.DashLine, Qt.PenCapStyle.FlatCap))
    painter.setBrush(_NO_BRUSH)
    if area.width() < g.WIDTH:
        middle = area.center().x()
        painter.drawLine(QPointF(middle, area.top()), QPointF(middle, area.bottom()))
    else:
        painter.drawRoundedRect(area, g.RADIUS, g.RADIUS)
        font = "title" if zoom >= 0.72 else "title_mid" if zoom >= 0.47 else "title_far"
        forms, room = name_forms(name), area.width() - 20
        fits = (form for form in forms if paints.metrics[font].horizontalAdvance(form) <= room)
        painter.setFont(paints.fonts[font])
        painter.setPen(paints.muted)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), next(fits, forms[-1]))
    _draw_badge(painter, Differs.MISSING, area.topLeft(), paints, zoom)


def _width(zoom: float) -> float:
    return max(2.5, 1.6 / zoom)


def _colour(differs: Differs, paints: Paints) -> QColor:
    return paints.good if differs in (Differs.ONLY_HERE, Differs.MISSING) else paints.warning


def _draw_badge(painter: QPainter, differs: Differs, place: QPointF, paints: Paints, zoom: float) -> None:
    radius = max(8.0, min(6.0 / zoom, 18.0))
    painter.setPen(QPen(paints.plot, max(1.5, 1.0 / zoom)))
    painter.setBrush(_colour(differs, paints))
    painter.drawEllipse(place, radius, radius)
    painter.setPen(QPen(paints.plot, radius / 4.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    if differs is Differs.SHORTCUT:
        box = QRectF(place.x() - 0.5 * radius, place.y() - 0.4 * radius, radius, 1.3 * radius)
        painter.drawArc(box, 0, 180 * 16)
        return
    for x1, y1, x2, y2 in _SIGNS[differs]:
        painter.drawLine(place + QPointF(x1 * radius, y1 * radius), place + QPointF(x2 * radius, y2 * radius))
