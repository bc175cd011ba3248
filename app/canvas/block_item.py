"""BlockItem: one block on the canvas, one item, with levels of detail."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.canvas import geometry as g
from app.canvas.detail import LEVELS, level_at
from app.canvas.face import Face
from app.canvas.marks import Mark, draw_mark
from app.canvas.paints import Paints
from app.canvas.parts import (
    PORT_RADIUS,
    RIGHT,
    Sight,
    draw_body,
    draw_broken,
    draw_bypass,
    draw_halo,
    draw_hot_port,
    draw_ports,
    draw_ways,
    draw_words,
    inks,
    number_band,
)
from app.canvas.readout import Board
from app.canvas.sprites import Stamp

PORTS = 0.3
"""Zoom from which ports are drawn and can be used."""
_CORNER = QPointF(g.WIDTH, 0)
_FRAMED = g.BODY.adjusted(-6, -6, 6, 6)
"""The body with its frame."""


class BlockItem(QGraphicsItem):
    """Draws a `Face` and its row of the `Board`. Holds nothing that the document lacks."""

    is_stack = False
    """Whether it draws all blocks of a folded group."""

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
        self._ports: tuple[tuple[float, float, bool], ...] = ()
        self._inputs: dict[str, QPointF] = {}
        self._shape = QPainterPath()
        self._taken: frozenset[str] = frozenset()
        self._has_output = True
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setZValue(1)

    @property
    def members(self) -> list[str]:
        """Ids of the blocks that it draws."""
        return [self.block_id]

    @property
    def exit_id(self) -> str:
        """The block that a wire from its output port leaves."""
        return self.block_id

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
            self._look_at_ports()

    def set_paints(self, paints: Paints) -> None:
        """Draw with other colours."""
        self._paints = paints
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
        self._look_at_ports()

    def set_shortcut_below(self, below: bool) -> None:
        """Put the shortcut's port at the bottom or on top."""
        place = g.input_anchor((), "shortcut", below=below)
        if self._inputs.get("shortcut", place) != place:
            self.set_ports({**self._inputs, "shortcut": place}, self._has_output, self._taken)

    def set_taken(self, taken: frozenset[str]) -> None:
        """Take over which ports have wires."""
        if taken != self._taken:
            self._taken = taken
            self._look_at_ports()

    def set_hot_port(self, port: str | None) -> None:
        """Enlarge a port."""
        if port != self.hot_port:
            self.hot_port = port
            self.update()

    def find_rows(self) -> None:
        """Look up where the board speaks of this block."""
        self.row = self._board.rows.get(self.block_id, -1)

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
        paints, face, row, board = self._paints, self._face, self.row, self._board
        stamp = Stamp(painter, paints.sprites, board.ratio)
        zoom = stamp.zoom
        level = level_at(zoom, paints.enlarge) or LEVELS[-1]
        sight = Sight(paints, level, zoom)
        step, lane, faint, mark = (
            (board.colours[row], board.lanes[row], board.faint[row], board.marks[row])
            if row >= 0
            else (-1, -1, False, 0)
        )
        fill = None if step < 0 else (paints.faint_fills if faint else paints.fills)[step]
        if face.dead:
            painter.setOpacity(0.4)
        if self.isSelected():
            draw_halo(painter, paints, zoom)
        stamp.begin()
        stamp.put(
            ("body", face.family, step, faint, face.broken),
            _FRAMED,
            lambda p: draw_body(p, sight, face, fill, faint=faint),
        )
        short = board.scale.short if fill is not None and level.numbers else ""
        stamp.put(
            ("words", face, short, fill.light if fill else None),
            g.BODY,
            lambda p: draw_words(p, sight, face, fill, short),
        )
        if face.shortcut or zoom >= PORTS:
            self._put_ways(stamp, sight, lane, live=row >= 0 and board.live)
        stamp.end()
        if short:
            painter.setFont(paints.number if level.name == "near" else paints.number_mid)
            painter.setPen(inks(paints, fill)[0])
            painter.drawText(number_band(level), RIGHT, board.number(row))
        if face.bypassed:
            painter.setOpacity(1.0)
            draw_bypass(painter, paints, zoom)
        if self.hot_port is not None:
            hot = g.output_anchor() if self.hot_port == "out" else self._inputs[self.hot_port]
            draw_hot_port(painter, paints, hot, zoom)
        if face.broken:
            draw_broken(painter, paints, zoom)
        elif mark:
            draw_mark(painter, Mark(mark), _CORNER, zoom, paints)

    def _put_ways(self, stamp: Stamp, sight: Sight, lane: int, *, live: bool) -> None:
        """Put down ways and ports."""
        shortcut, ports = self._face.shortcut, self._ports if sight.zoom >= PORTS else ()

        def draw(painter: QPainter) -> None:
            if shortcut:
                draw_ways(painter, sight, shortcut, lane, live=live)
            draw_ports(painter, sight.paints, ports)

        stamp.put(("ways", shortcut, lane, live, ports), g.BOUNDS, draw)

    def _look_at_ports(self) -> None:
        """Keep where the ports are that are drawn: not where an addition is."""
        found = [(place.x(), place.y(), port in self._taken) for port, place in self._inputs.items()]
        if self._has_output and self._face.shortcut in ("", "none"):
            found.append((*g.output_anchor().toTuple(), "out" in self._taken))
        self._ports = tuple(found)
        self.update()
