"""FigureView: what a block computes, drawn as a small graph in the colours of the canvas."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.canvas.glyphs import draw_glyph
from app.canvas.paints import Paints, Tone, paints
from app.canvas.text import shape_text
from app.theme import GRID, theme
from resviz.arch.about import About
from resviz.arch.blocks import CATALOGUE
from resviz.arch.figure import Figure, Step

_NODE, _GAP, _PAD = 44.0, 22.0, 10.0
"""Height of a layer, way between two, and air around the words, in pixels at full size."""
_RISE = 74.0
"""How far above the branch the shortcut runs."""
_PLUS = 13.0
"""Radius of the addition."""
_GLYPH = 16.0
_FEW = 3
"""Up to so many layers have room for their little pictures."""
_LARGEST = 1.25
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)


@dataclass(frozen=True)
class _Node:
    step: Step
    rect: QRectF


class FigureView(QWidget):
    """Draws the figure of one page, as large as its width allows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._about: About | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)
        theme().changed.connect(self.update)

    def show_about(self, about: About) -> None:
        """Draw the figure of a page."""
        self._about = about
        self.setAccessibleName(". ".join(about.figure.lines()))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return a height at which a shortcut has room."""
        rises = self._about is not None and self._about.figure.shortcut is not None
        return QSize(70 * GRID, round(1.9 * _NODE + (_RISE if rises else 0.0) + 2 * GRID))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the figure in the middle."""
        if self._about is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        drawing = _Drawing(self._about, paints())
        room, size = QRectF(self.rect()).adjusted(GRID, GRID, -GRID, -GRID), drawing.size()
        scale = min(room.width() / size.width(), room.height() / size.height(), _LARGEST * _enlarged())
        painter.translate(
            room.center().x() - scale * size.width() / 2, room.center().y() - scale * size.height() / 2
        )
        painter.scale(scale, scale)
        drawing.paint(painter)
        painter.end()


class _Drawing:
    """One figure at full size, its upper left corner at the origin."""

    def __init__(self, about: About, look: Paints) -> None:
        self._figure: Figure = about.figure
        self._look = look
        self._bold, self._small = _font(13, True), _font(11)
        unit = about.group == "Residual units"
        self._family = ("residual" if self._figure.shortcut is not None else "plain") if unit else ""
        self._glyphs = len(self._figure.branch) + len(self._figure.after) <= _FEW
        self._reads = shape_text(about.reads[0]) if about.reads else ""
        self._gives = shape_text(about.gives) if about.gives and about.kind != "output" else ""
        self._line = (_RISE if self._figure.shortcut is not None else 0.0) + _NODE / 2
        self._place()

    def _place(self) -> None:
        """Give everything its place from left to right."""
        figure, metrics = self._figure, QFontMetricsF(self._bold)
        start_width = max(metrics.horizontalAdvance(start) for start in figure.starts)
        x = self._start_end = start_width + 6
        x += _GAP
        self._branch: list[_Node] = []
        for number, step in enumerate(figure.branch):
            if number == figure.fork:
                self._fork = x - _GAP / 2
            x = self._put(self._branch, step, x)
        if len(figure.branch) <= figure.fork:
            self._fork = x - _GAP / 2
        self._plus: QPointF | None = None
        if figure.shortcut is not None:
            own = len(figure.starts) > 1
            x = max(x, self._start_end + self._shortcut_width() + (_GAP if own else 2 * _GAP))
            self._plus = QPointF(x + _PLUS, self._line)
            x += 2 * _PLUS + _GAP
        self._after: list[_Node] = []
        for step in figure.after:
            x = self._put(self._after, step, x)
        self._end = x
        self._width = x + metrics.horizontalAdvance(figure.end) + 4
        self._over: list[_Node] = []
        if self._plus is not None and figure.shortcut:
            begin = self._fork if len(figure.starts) == 1 else self._start_end
            left = (begin + self._plus.x() - self._shortcut_width() + _GAP) / 2
            for step in figure.shortcut:
                left = self._put(self._over, step, left, rise=_RISE)
        small = QFontMetricsF(self._small)
        words = small.horizontalAdvance(self._reads) + small.horizontalAdvance(self._gives) + 2 * _GAP
        self._shift = max(0.0, words - self._width) / 2

    def _put(self, row: list[_Node], step: Step, x: float, rise: float = 0.0) -> float:
        width = self._width_of(step)
        row.append(_Node(step, QRectF(x, self._line - rise - _NODE / 2, width, _NODE)))
        return x + width + _GAP

    def _width_of(self, step: Step) -> float:
        name = QFontMetricsF(self._bold).horizontalAdvance(step.name)
        note = QFontMetricsF(self._small).horizontalAdvance(step.note)
        return max(name, note) + 2 * _PAD + (_GLYPH + 6 if self._glyphs else 0.0)

    def _shortcut_width(self) -> float:
        return sum(self._width_of(step) + _GAP for step in self._figure.shortcut or ())

    def size(self) -> QRectF:
        """Return what it takes."""
        return QRectF(0, 0, self._width + 2 * self._shift, self._line + _NODE / 2 + 22)

    def paint(self, painter: QPainter) -> None:
        """Draw ways, layers, ends and shapes."""
        look, figure = self._look, self._figure
        painter.setFont(self._small)
        painter.setPen(look.muted)
        below = QRectF(0, self._line + _NODE / 2 + 4, self._width + 2 * self._shift, 18)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), self._reads)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignRight), self._gives)
        painter.translate(self._shift, 0)
        at = self._start_end
        for node in self._branch:
            self._arrow(painter, QPointF(at, self._line), node.rect.left(), look.wire)
            at = node.rect.right()
        if self._plus is not None:
            self._arrow(painter, QPointF(at, self._line), self._plus.x() - _PLUS, look.wire)
            at = self._plus.x() + _PLUS
        for node in self._after:
            self._arrow(painter, QPointF(at, self._line), node.rect.left(), look.wire)
            at = node.rect.right()
        self._arrow(painter, QPointF(at, self._line), self._end - 4, look.wire)
        if self._plus is not None:
            self._paint_shortcut(painter, self._plus)
        for node in (*self._branch, *self._over, *self._after):
            self._paint_node(painter, node)
        painter.setFont(self._bold)
        painter.setPen(look.text)
        for number, start in enumerate(figure.starts):
            y = self._line - (_RISE if number else 0.0)
            painter.drawText(QRectF(0, y - 12, self._start_end - 6, 24), _CENTRE, start)
        painter.drawText(QRectF(self._end, self._line - 12, self._width - self._end, 24), _CENTRE, figure.end)

    def _paint_shortcut(self, painter: QPainter, plus: QPointF) -> None:
        look = self._look
        own = len(self._figure.starts) > 1
        top = self._line - _RISE
        painter.setPen(QPen(look.residual, 2.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        path = QPainterPath()
        if own:
            path.moveTo(self._start_end, top)
        else:
            path.moveTo(self._fork, self._line)
            path.lineTo(self._fork, top + 12)
            path.quadTo(self._fork, top, self._fork + 12, top)
        path.lineTo(plus.x() - 12, top)
        path.quadTo(plus.x(), top, plus.x(), top + 12)
        path.lineTo(plus.x(), plus.y() - _PLUS - 6)
        painter.drawPath(path)
        head = QPainterPath(QPointF(plus.x(), plus.y() - _PLUS))
        head.lineTo(plus.x() - 4.5, plus.y() - _PLUS - 8)
        head.lineTo(plus.x() + 4.5, plus.y() - _PLUS - 8)
        painter.fillPath(head, look.residual)
        if not own:
            painter.setBrush(look.residual)
            painter.drawEllipse(QPointF(self._fork, self._line), 2.5, 2.5)
        if not self._over and not own:
            painter.setFont(self._small)
            painter.setPen(look.residual)
            middle = QRectF(self._fork, top + 3, plus.x() - self._fork, 18)
            painter.drawText(middle, _CENTRE, "identity")
        painter.setPen(QPen(look.residual, 2.2))
        painter.setBrush(look.tones["residual"].body)
        painter.drawEllipse(plus, _PLUS, _PLUS)
        painter.drawLine(QPointF(plus.x() - 6, plus.y()), QPointF(plus.x() + 6, plus.y()))
        painter.drawLine(QPointF(plus.x(), plus.y() - 6), QPointF(plus.x(), plus.y() + 6))

    def _paint_node(self, painter: QPainter, node: _Node) -> None:
        look, tone = self._look, self._tone(node.step.kind)
        outline = QPainterPath()
        outline.addRoundedRect(node.rect, 7, 7)
        strip = QPainterPath()
        strip.addRect(QRectF(node.rect.left(), node.rect.top(), 4, node.rect.height()))
        painter.fillPath(outline, tone.body)
        painter.fillPath(outline.intersected(strip), tone.strip)
        painter.setPen(QPen(look.border, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(outline)
        words = node.rect.adjusted(4, 0, 0, 0)
        if self._glyphs:
            place = QRectF(words.left() + 6, words.center().y() - _GLYPH / 2, _GLYPH, _GLYPH)
            draw_glyph(painter, node.step.kind, tone.strip, place)
            words.setLeft(place.right())
        first = words.adjusted(0, 4, 0, -_NODE / 2) if node.step.note else words
        painter.setFont(self._bold)
        painter.setPen(look.text)
        painter.drawText(first, _CENTRE, node.step.name)
        painter.setFont(self._small)
        painter.setPen(look.muted)
        painter.drawText(words.adjusted(0, _NODE / 2 - 2, 0, -3), _CENTRE, node.step.note)

    def _tone(self, kind: str) -> Tone:
        weighs = bool(CATALOGUE[kind].depth)
        return self._look.tones[(self._family or "weights") if weighs else "none"]

    def _arrow(self, painter: QPainter, begin: QPointF, end: float, colour: QColor) -> None:
        painter.setPen(QPen(colour, 1.8))
        painter.drawLine(begin, QPointF(end - 6, begin.y()))
        head = QPainterPath(QPointF(end, begin.y()))
        head.lineTo(end - 8, begin.y() - 4.5)
        head.lineTo(end - 8, begin.y() + 4.5)
        painter.fillPath(head, colour)


def _enlarged() -> float:
    """Return how much larger things are in presentation mode."""
    return min(theme().font_pixels / 13, 1.6)


def _font(pixels: int, bold: bool = False) -> QFont:
    font = QFont(paints().title)
    font.setPixelSize(pixels)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return font
