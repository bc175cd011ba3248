"""BlockItem: one block on the canvas, one item, with levels of detail."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.canvas import geometry as g
from app.canvas.detail import Level, Word, level_at, words_of
from app.canvas.face import Face
from app.canvas.glyphs import draw_glyph
from app.canvas.marks import Mark, draw_mark
from app.canvas.paints import Fill, Paints
from app.canvas.readout import Board, lane_width, widths

PORTS = 0.3
"""Zoom from which ports are drawn and can be used."""
PORT_RADIUS = 4.5

_NO_PEN, _NO_BRUSH = Qt.PenStyle.NoPen, Qt.BrushStyle.NoBrush
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)
_FLAT = Qt.PenCapStyle.FlatCap
_CORNER = QPointF(g.WIDTH, 0)
_ARC = g.arc_path()
_OUTLINE = QPainterPath()
_OUTLINE.addRoundedRect(g.BODY, g.RADIUS, g.RADIUS)


def _left_strip(width: float) -> QPainterPath:
    clip = QPainterPath()
    clip.addRect(QRectF(0, 0, width, g.HEIGHT))
    return _OUTLINE.intersected(clip)


_STRIPS = {
    "near": _left_strip(6.0),
    "mid": _left_strip(8.0),
    "small": _left_strip(9.0),
    "far": _left_strip(10.0),
}
_STRIP_FAR = _left_strip(14.0)
_NEAR = 0.72


class BlockItem(QGraphicsItem):
    """Draws a `Face` and its row of the `Board`. Holds nothing that the document lacks."""

    def __init__(self, block_id: str, face: Face, paints: Paints, board: Board) -> None:
        super().__init__()
        self.block_id = block_id
        self.row = -1
        """Where the board speaks of this block; -1: nowhere."""
        self.hot_port: str | None = None
        """The port under the mouse or under a wire's end ("out" or an input's name)."""
        self._face = face
        self._paints = paints
        self._board = board
        self._words: dict[tuple[str, bool], tuple[Word, ...]] = {}
        self._inputs: dict[str, QPointF] = {}
        self._shape = QPainterPath()
        self._taken: frozenset[str] = frozenset()
        self._has_output = True
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setZValue(1)

    # What the scene tells

    @property
    def face(self) -> Face:
        """What is drawn."""
        return self._face

    @property
    def readout(self) -> float | None:
        """The live value painted, if any."""
        return self._board.value(self.row)

    @property
    def mark(self) -> Mark:
        """The badge painted."""
        return self._board.mark(self.row)

    def set_face(self, face: Face) -> None:
        """Draw `face` from now on."""
        if face != self._face:
            self._face = face
            self._words.clear()
            self.update()

    def set_paints(self, paints: Paints) -> None:
        """Draw with other colours."""
        self._paints = paints
        self._words.clear()
        self.update()

    def set_ports(self, inputs: dict[str, QPointF], has_output: bool, taken: frozenset[str]) -> None:
        """Take over where the ports are, and which of them (inputs by name, "out") have wires."""
        self._inputs = dict(inputs)
        anchors = list(inputs.values()) + ([g.output_anchor()] if has_output else [])
        shape = QPainterPath()
        shape.setFillRule(Qt.FillRule.WindingFill)
        shape.addRect(g.BODY)
        for anchor in anchors:
            shape.addEllipse(anchor, PORT_RADIUS + 4, PORT_RADIUS + 4)
        self._shape = shape
        self._has_output = has_output
        self._taken = taken
        self.update()

    def set_shortcut_below(self, below: bool) -> None:
        """Put the shortcut's port at the bottom or on top."""
        place = g.input_anchor((), "shortcut", below=below)
        if self._inputs.get("shortcut", place) != place:
            self.set_ports({**self._inputs, "shortcut": place}, self._has_output, self._taken)

    def set_taken(self, taken: frozenset[str]) -> None:
        """Take over which ports have wires."""
        if taken != self._taken:
            self._taken = taken
            self.update()

    def set_hot_port(self, port: str | None) -> None:
        """Enlarge a port."""
        if port != self.hot_port:
            self.hot_port = port
            self.update()

    # Geometry

    def boundingRect(self) -> QRectF:
        """Return all that is painted."""
        return g.BOUNDS

    def shape(self) -> QPainterPath:
        """Return what the mouse can hit: body and ports."""
        return self._shape

    @property
    def inputs(self) -> dict[str, QPointF]:
        """Where the input ports are, relative to the item."""
        return self._inputs

    @property
    def has_output(self) -> bool:
        """Whether there is an output port."""
        return self._has_output

    def anchor(self, port: str, *, is_input: bool) -> QPointF:
        """Return where a port is in the scene."""
        return self.pos() + (self._inputs[port] if is_input else g.output_anchor())

    def body_in_scene(self) -> QRectF:
        """Return the body in the scene."""
        return g.BODY.translated(self.pos())

    # Painting

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Paint at the level of detail that the zoom calls for; from far away the crowd is painted."""
        zoom = painter.worldTransform().m11()
        if self._face.dead:
            painter.setOpacity(0.4)
        tone = self._paints.tones[self._face.family]
        level = level_at(zoom, self._paints.enlarge)
        if self.isSelected():
            halo = 4.0 if zoom >= _NEAR else min(3.0 / zoom, 12.0)
            painter.setPen(QPen(self._paints.accent, halo))
            painter.setBrush(_NO_BRUSH)
            painter.drawRoundedRect(g.BODY.adjusted(-3, -3, 3, 3), g.RADIUS + 3, g.RADIUS + 3)
        painter.setPen(_NO_PEN)
        fill = self._fill()
        painter.setBrush(fill.colour if fill else tone.far if level is None else tone.body)
        painter.drawPath(_OUTLINE)
        painter.setBrush(tone.strip)
        painter.drawPath(_STRIPS.get(level.name, _STRIP_FAR) if level is not None else _STRIP_FAR)
        if level is not None:
            self._paint_words(painter, level, fill)
        self._paint_frame(painter, zoom)
        self._paint_branch(painter, zoom)
        if self._face.shortcut not in ("", "none"):
            self._paint_shortcut(painter, zoom)
        if zoom >= PORTS or self.hot_port:
            self._paint_ports(painter, zoom)
        if self._face.broken:
            self._paint_badge(painter, zoom)
        elif self.row >= 0 and self._board.marks[self.row]:
            draw_mark(painter, self.mark, _CORNER, zoom, self._paints)

    def _paint_frame(self, painter: QPainter, zoom: float) -> None:
        broken = self._face.broken
        width = max(2.0 if broken else 1.0, (2.0 if broken else 0.8) / zoom)
        pen = QPen(self._paints.danger if broken else self._paints.border, width)
        if self.row >= 0 and self._board.faint[self.row]:
            pen.setColor(self._paints.muted)
            pen.setDashPattern([3.0, 3.0])
        painter.setPen(pen)
        painter.setBrush(_NO_BRUSH)
        painter.drawPath(_OUTLINE)

    def _fill(self) -> Fill | None:
        """Return the colour of the live value; None: there is none."""
        step = self._board.colours[self.row] if self.row >= 0 else -1
        if step < 0:
            return None
        return (self._paints.faint_fills if self._board.faint[self.row] else self._paints.fills)[step]

    def _lanes(self) -> tuple[float, float] | None:
        """Return the shares of shortcut and branch in the signal; None: not known."""
        lane = self._board.lanes[self.row] if self.row >= 0 else -1
        return widths(lane) if lane >= 0 else None

    def _paint_words(self, painter: QPainter, level: Level, fill: Fill | None) -> None:
        """Paint what the level of detail has room for; worked out once for each level."""
        paints, numbered = self._paints, fill is not None and level.numbers
        key = level.name, numbered
        words = self._words.get(key)
        if words is None:
            words = self._words[key] = words_of(self._face, level, numbered, paints)
        ink = muted = None
        if fill is not None:
            ink, muted = paints.inks[fill.light]
        if level.name == "near":
            strip = ink or paints.tones[self._face.family].strip
            glyph = QRectF(14, words[0].rect.y() + 2, 16, 16)
            plain = self._face.shortcut == "none"
            draw_glyph(painter, self._face.kind, strip, glyph, plain=plain, lanes=self._lanes())
        for word in words:
            painter.setPen((muted or paints.muted) if word.muted else (ink or paints.text))
            painter.setFont(paints.fonts[word.font])
            painter.drawText(word.rect, word.flags, word.text)
        if numbered:
            near = level.name == "near"
            band = QRectF(14, 42, 122, 15 if near else 20)
            painter.setFont(paints.number if near else paints.number_mid)
            painter.setPen(muted or paints.muted)
            painter.drawText(band, _LEFT, self._board.scale.short)
            painter.setPen(ink or paints.text)
            painter.drawText(band, _RIGHT, self._board.number(self.row))

    def _paint_branch(self, painter: QPainter, zoom: float) -> None:
        """Paint the way through the block, as wide as its share of the signal: all of it in a plain one."""
        lanes = self._lanes()
        if lanes is None and (self._face.shortcut != "none" or self.row < 0):
            return
        width = lane_width(lanes[1] if lanes else 1.0, zoom)
        line = g.branch_line(width)
        for pen in (
            QPen(self._paints.plot, width + max(2.0, min(1.2 / zoom, 6.0))),
            QPen(self._paints.residual if lanes else self._paints.plain, width),
        ):
            pen.setCapStyle(_FLAT)
            painter.setPen(pen)
            painter.drawLine(line)

    def _paint_shortcut(self, painter: QPainter, zoom: float) -> None:
        paints, kind, lanes = self._paints, self._face.shortcut, self._lanes()
        width = lane_width(lanes[0], zoom) if lanes else max(3.0, min(2.2 / zoom, 9.0))
        pen = QPen(paints.residual, width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        if kind == "A":
            pen.setDashPattern([3.0, 2.0])
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
        if kind in ("A", "projection") and zoom >= 0.5:
            box = (
                QRectF(g.WIDTH / 2 - 15, g.ARC_TOP - 5, 30, 15)
                if kind == "projection"
                else QRectF(g.WIDTH / 2 - 9, g.ARC_TOP - 5, 18, 15)
            )
            painter.setPen(QPen(paints.residual, 1.2))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(paints.text)
            painter.setFont(paints.number)
            painter.drawText(box, _CENTRE, "1x1" if kind == "projection" else "A")

    def _paint_ports(self, painter: QPainter, zoom: float) -> None:
        paints = self._paints
        anchors = [(port, place) for port, place in self._inputs.items()]
        if self._has_output and (self._face.shortcut in ("", "none") or self.hot_port == "out"):
            anchors.append(("out", g.output_anchor()))
        for port, place in anchors:
            hot = port == self.hot_port
            painter.setPen(QPen(paints.accent if hot else paints.muted, 2.0 if hot else 1.4))
            painter.setBrush(paints.accent if hot else paints.muted if port in self._taken else paints.panel)
            radius = max(7.0, 5.0 / zoom) if hot else PORT_RADIUS
            painter.drawEllipse(place, radius, radius)

    def _paint_badge(self, painter: QPainter, zoom: float) -> None:
        radius = max(9.0, min(6.0 / zoom, 20.0))
        centre = QPointF(g.WIDTH - 6, 2)
        painter.setPen(QPen(self._paints.panel, 2))
        painter.setBrush(QBrush(self._paints.danger))
        painter.drawEllipse(centre, radius, radius)
        painter.setPen(self._paints.window)
        painter.setFont(self._paints.badge)
        around = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
        painter.drawText(around, _CENTRE, "!")
