"""The parts of a block: body, words, ways through and around it, ports."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from app.canvas import geometry as g
from app.canvas.detail import Level, words_of
from app.canvas.face import Face
from app.canvas.glyphs import draw_glyph
from app.canvas.paints import Fill, Paints
from app.canvas.readout import lane_width, widths

PORT_RADIUS = 4.5
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
CENTRE = int(Qt.AlignmentFlag.AlignCenter)

_NO_PEN, _NO_BRUSH = Qt.PenStyle.NoPen, Qt.BrushStyle.NoBrush
_ARC = g.arc_path()
_OUTLINE = QPainterPath()
_OUTLINE.addRoundedRect(g.BODY, g.RADIUS, g.RADIUS)


def _left_strip(width: float) -> QPainterPath:
    clip = QPainterPath()
    clip.addRect(QRectF(0, 0, width, g.HEIGHT))
    return _OUTLINE.intersected(clip)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a block is painted with, and from how far."""

    paints: Paints
    level: Level
    zoom: float


_STRIPS = {
    "near": _left_strip(6.0),
    "mid": _left_strip(8.0),
    "small": _left_strip(9.0),
    "far": _left_strip(10.0),
    "micro": _left_strip(14.0),
}


def draw_body(painter: QPainter, sight: Sight, face: Face, fill: Fill | None, *, faint: bool) -> None:
    """Draw outline, fill and strip; dashed where the block adds next to nothing."""
    paints, zoom = sight.paints, sight.zoom
    tone = paints.tones[face.family]
    painter.setPen(_NO_PEN)
    painter.setBrush(fill.colour if fill else tone.body)
    painter.drawPath(_OUTLINE)
    painter.setBrush(tone.strip)
    painter.drawPath(_STRIPS[sight.level.name])
    width = max(2.0, 2.0 / zoom) if face.broken else max(1.0, 0.8 / zoom)
    pen = QPen(paints.danger if face.broken else paints.border, width)
    if faint:
        pen.setColor(paints.muted)
        pen.setDashPattern([3.0, 3.0])
    painter.setPen(pen)
    painter.setBrush(_NO_BRUSH)
    painter.drawPath(_OUTLINE)


def draw_words(painter: QPainter, sight: Sight, face: Face, fill: Fill | None, short: str) -> None:
    """Draw what the level of detail has room for; `short`: the symbol before the number of a readout."""
    paints, level = sight.paints, sight.level
    words = words_of(face, level, bool(short), paints)
    ink, muted = inks(paints, fill)
    if level.name == "near":
        colour = ink if fill else paints.tones[face.family].strip
        glyph = QRectF(14, words[0].rect.y() + 2, 16, 16)
        draw_glyph(painter, face.kind, colour, glyph, plain=face.shortcut == "none")
    for word in words:
        painter.setPen(muted if word.muted else ink)
        painter.setFont(paints.fonts[word.font])
        painter.drawText(word.rect, word.flags, word.text)
    if short:
        painter.setFont(paints.number if level.name == "near" else paints.number_mid)
        painter.setPen(muted)
        painter.drawText(number_band(level), LEFT, short)


def inks(paints: Paints, fill: Fill | None) -> tuple[QColor, QColor]:
    """Return the colours of words and of quieter ones."""
    return paints.inks[fill.light] if fill else (paints.text, paints.muted)


def number_band(level: Level) -> QRectF:
    """Return where the number of a readout stands."""
    return QRectF(14, 42, 122, 15 if level.name == "near" else 18)


def draw_ways(painter: QPainter, sight: Sight, shortcut: str, lane: int, *, live: bool) -> None:
    """Draw the way through the block and the one around it, each as wide as its share of the signal.

    `lane` is as `readout.lanes` says, -1 where that is not known; what passes a plain block goes through it.
    """
    paints, zoom = sight.paints, sight.zoom
    shares = widths(lane) if lane >= 0 else None
    if shares is not None or (live and shortcut == "none"):
        width = lane_width(shares[1] if shares else 1.0, zoom)
        colour = paints.residual if shares else paints.plain
        for pen in (QPen(paints.plot, width + max(2.0, min(1.2 / zoom, 6.0))), QPen(colour, width)):
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            painter.drawLine(g.branch_line(width))
    if shortcut != "none":
        width = lane_width(shares[0], zoom) if shares else max(3.0, min(2.2 / zoom, 9.0))
        _draw_arc(painter, paints, shortcut, width, labelled=zoom >= 0.5)


def _draw_arc(painter: QPainter, paints: Paints, shortcut: str, width: float, *, labelled: bool) -> None:
    pen = QPen(paints.residual, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    if shortcut == "A":
        pen.setDashPattern([9.0 / width, 3.0 / width + 1.0])
    painter.setPen(pen)
    painter.setBrush(_NO_BRUSH)
    painter.drawPath(_ARC)
    # The addition, where the arc comes home.
    centre = g.output_anchor()
    painter.setPen(QPen(paints.residual, 2))
    painter.setBrush(paints.panel)
    painter.drawEllipse(centre, 8.0, 8.0)
    painter.drawLine(centre + QPointF(-4, 0), centre + QPointF(4, 0))
    painter.drawLine(centre + QPointF(0, -4), centre + QPointF(0, 4))
    if shortcut in ("A", "projection") and labelled:
        half = 15 if shortcut == "projection" else 9
        box = QRectF(g.WIDTH / 2 - half, g.ARC_TOP - 5, 2 * half, 15)
        painter.setPen(QPen(paints.residual, 1.2))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(paints.text)
        painter.setFont(paints.number)
        painter.drawText(box, CENTRE, "1x1" if shortcut == "projection" else "A")


def draw_ports(painter: QPainter, paints: Paints, ports: tuple[tuple[float, float, bool], ...]) -> None:
    """Draw ports: x, y, and whether a wire is there."""
    painter.setPen(QPen(paints.muted, 1.4))
    for x, y, taken in ports:
        painter.setBrush(paints.muted if taken else paints.panel)
        painter.drawEllipse(QPointF(x, y), PORT_RADIUS, PORT_RADIUS)


def draw_hot_port(painter: QPainter, paints: Paints, place: QPointF, zoom: float) -> None:
    """Draw the port under the mouse, enlarged."""
    radius = max(7.0, 5.0 / zoom)
    painter.setPen(QPen(paints.accent, 2.0))
    painter.setBrush(paints.accent)
    painter.drawEllipse(place, radius, radius)


def draw_broken(painter: QPainter, paints: Paints, zoom: float) -> None:
    """Draw the badge of a block with a problem."""
    radius = max(9.0, min(6.0 / zoom, 20.0))
    centre = QPointF(g.WIDTH - 6, 2)
    painter.setPen(QPen(paints.panel, 2))
    painter.setBrush(paints.danger)
    painter.drawEllipse(centre, radius, radius)
    painter.setPen(paints.window)
    painter.setFont(paints.badge)
    around = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
    painter.drawText(around, CENTRE, "!")


def draw_bypass(painter: QPainter, paints: Paints, zoom: float) -> None:
    """Draw the way that leads through a bypassed block."""
    painter.setPen(QPen(paints.muted, max(3.0, min(2.0 / zoom, 9.0))))
    painter.drawLine(QPointF(0, g.HEIGHT / 2), g.output_anchor())


def draw_halo(painter: QPainter, paints: Paints, zoom: float) -> None:
    """Draw what is around a selected block."""
    painter.setPen(QPen(paints.accent, 4.0 if zoom >= 0.72 else min(3.0 / zoom, 12.0)))
    painter.setBrush(_NO_BRUSH)
    painter.drawRoundedRect(g.BODY.adjusted(-3, -3, 3, 3), g.RADIUS + 3, g.RADIUS + 3)
