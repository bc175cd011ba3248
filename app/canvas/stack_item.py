"""StackItem: a folded group on the canvas, all of its blocks as one item the size of a block."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from app.canvas import geometry as g
from app.canvas.block_item import PORTS, BlockItem
from app.canvas.detail import LEVELS, level_at
from app.canvas.marks import Mark, draw_mark
from app.canvas.paints import STEPS, Paints
from app.canvas.parts import Sight, draw_body, draw_broken, draw_bypass, draw_halo, draw_hot_port, draw_ways
from app.canvas.readout import Board
from app.canvas.sprites import Stamp
from app.canvas.stack_face import StackFace
from app.canvas.stack_words import BAND, draw_range, draw_stack_words

_CARDS = (10.0, 5.0)
"""How far the cards under the top one show below it, the lowest first."""
_NO_PEN, _NO_BRUSH = Qt.PenStyle.NoPen, Qt.BrushStyle.NoBrush
_IN, _CORNER = QPointF(0, g.HEIGHT / 2), QPointF(g.WIDTH, 0)
_OUTLINE = QPainterPath()
_OUTLINE.addRoundedRect(g.BODY, g.RADIUS, g.RADIUS)
_STRIP, _EDGE, _FRAME = 14.0, 10.0, 3.0
_ALARM = 0.8
"""Where on the range of values those begin that are not numbers."""


class StackItem(BlockItem):
    """Draws a `StackFace` as a stack of cards, and the range of its blocks' rows of the `Board`.

    `block_id` is the first of its blocks. What its ports stand for is `entry` and `exit_id`.
    """

    is_stack = True

    def __init__(self, name: str, face: StackFace, paints: Paints, board: Board) -> None:
        super().__init__("", face, paints, board)
        self.name = name
        """Of the group."""
        self.rows: list[int] = []
        """Where the board speaks of its blocks."""
        self._members: dict[str, None] = {}
        self._exit = ""
        self._stack_face = face

    # What it draws

    @property
    def members(self) -> list[str]:
        """Ids of its blocks, in order since the last look at the network."""
        return list(self._members)

    @property
    def exit_id(self) -> str:
        """The block that a wire from its output port leaves."""
        return self._exit or self.block_id

    @property
    def stack_face(self) -> StackFace:
        """What is drawn."""
        return self._stack_face

    def add_member(self, block_id: str) -> None:
        """Draw one more block."""
        self._members[block_id] = None
        self.block_id = self.block_id or block_id

    def remove_member(self, block_id: str) -> None:
        """Draw one block less."""
        self._members.pop(block_id)
        if self.block_id == block_id:
            self.block_id = next(iter(self._members), "")

    def rename_member(self, old: str, new: str) -> None:
        """Draw a block under another id."""
        self._members = {new if member == old else member: None for member in self._members}
        self.block_id = new if self.block_id == old else self.block_id

    def settle(self, members: list[str], exit_id: str) -> None:
        """Take over the order of its blocks, and which of them is read outside."""
        self._members = dict.fromkeys(members)
        self.block_id, self._exit = members[0], exit_id
        self.find_rows()

    def set_stack_face(self, face: StackFace) -> None:
        """Draw `face` from now on."""
        self._stack_face = face
        self.set_face(face)

    def find_rows(self) -> None:
        """Look up where the board speaks of its blocks."""
        rows = (self._board.rows.get(member, -1) for member in self._members)
        self.rows = [row for row in rows if row >= 0]

    def set_shortcut_below(self, _below: bool) -> None:
        """Do nothing: all that comes in comes in at the left."""

    def anchor(self, _port: str, *, is_input: bool) -> QPointF:
        """Return where wires into it, or out of it, are in the scene."""
        return self.pos() + (_IN if is_input else g.output_anchor())

    # Readouts

    @property
    def filled(self) -> list[int]:
        """The rows of those blocks that have a value."""
        colours = self._board.colours
        return [row for row in self.rows if colours[row] >= 0]

    @property
    def steps(self) -> tuple[int, int] | None:
        """The least and the greatest step of the scale among its blocks; None where none has a value."""
        steps = [self._board.colours[row] for row in self.filled]
        return (min(steps), max(steps)) if steps else None

    @property
    def readout(self) -> float | None:
        """The greatest value among its blocks, if any has one; NaN if one is not a number."""
        readouts, filled = self._board.readouts, self.filled
        return float(np.max(readouts.values[filled])) if readouts is not None and filled else None

    @property
    def mark(self) -> Mark:
        """The worst badge among its blocks."""
        return Mark(max((self._board.marks[row] for row in self.rows), default=0))

    @property
    def lane(self) -> int:
        """How the signal is shared out on average, -1 where that is not known."""
        known = [lane for row in self.rows if (lane := self._board.lanes[row]) >= 0]
        return round(sum(known) / len(known)) if known else -1

    @property
    def faint(self) -> bool:
        """Whether each of its blocks adds next to nothing."""
        return bool(self.rows) and all(self._board.faint[row] for row in self.rows)

    def range_forms(self) -> tuple[str, ...]:
        """Return the values of its blocks as text: "0.01 … 0.35", and shorter; none where there are none.

        What blocks cost adds up.
        """
        readouts, filled = self._board.readouts, self.filled
        if readouts is None or not filled:
            return ()
        values, text = readouts.values[filled], self._board.scale.text
        if not readouts.live:
            total = text(float(values.sum()))
            return (f"{total} together", total)
        known = values[np.isfinite(values)]
        low = text(float(known.min() if len(known) else values[0]))
        high = text(float(values.max()))  # not a number, if one is not
        return (low,) if low == high else (f"{low} … {high}", f"{low}…{high}", f"…{high}")

    def told(self) -> list[str]:
        """Return what hovering tells of the values of its blocks, a line each."""
        readouts, filled = self._board.readouts, self.filled
        if readouts is None or not filled:
            return []
        values, scale = readouts.values[filled], self._board.scale
        ids = [readouts.ids[row] for row in filled]
        finite = np.isfinite(values)
        if not readouts.live:
            return [f"{scale.text(float(values.sum()))} of all {scale.title.lower()}"]
        lines = [f"{scale.title}, {readouts.when}" if readouts.when else scale.title]
        if finite.any():
            known = np.flatnonzero(finite)
            low, high = known[np.argmin(values[known])], known[np.argmax(values[known])]
            lines += [
                f"mean {scale.text(float(np.mean(values[known])))}",
                f"min {scale.text(float(values[low]))} in {ids[low]}",
                f"max {scale.text(float(values[high]))} in {ids[high]}",
            ]
        if not finite.all():
            lines.append(f"not a number in {ids[int(np.flatnonzero(~finite)[0])]}")
        return lines

    # Painting

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Paint at the level of detail that the zoom calls for; from far away the crowd is painted."""
        paints, face, board = self._paints, self._stack_face, self._board
        stamp = Stamp(painter, paints.sprites, board.ratio)
        zoom = stamp.zoom
        level = level_at(zoom, paints.enlarge) or LEVELS[-1]
        sight = Sight(paints, level, zoom)
        steps, lane, faint, mark = self.steps, self.lane, self.faint, self.mark
        if face.dead:
            painter.setOpacity(0.4)
        if self.isSelected():
            draw_halo(painter, paints, zoom)
        stamp.begin()
        stamp.put(
            ("stack", face.family, bool(face.definition), steps, faint, face.broken),
            g.BOUNDS,
            lambda p: self._draw_cards(p, sight, steps, faint=faint),
        )
        live = steps is not None
        stamp.put(
            ("stack words", face, live), g.BODY, lambda p: draw_stack_words(p, paints, level, face, live=live)
        )
        if face.shortcut or zoom >= PORTS:
            self._put_ways(stamp, sight, lane, live=bool(self.rows) and board.live)
        stamp.end()
        if live and level.numbers:
            draw_range(painter, paints, level, face, self.range_forms())
        if face.bypassed:
            painter.setOpacity(1.0)
            draw_bypass(painter, paints, zoom)
        if self.hot_port is not None:
            draw_hot_port(painter, paints, g.output_anchor() if self.hot_port == "out" else _IN, zoom)
        if face.broken:
            draw_broken(painter, paints, zoom)
        elif mark:
            draw_mark(painter, mark, _CORNER, zoom, paints)

    def _draw_cards(
        self, painter: QPainter, sight: Sight, steps: tuple[int, int] | None, *, faint: bool
    ) -> None:
        paints = sight.paints
        tone = paints.tones[self.face.family]
        painter.setPen(QPen(paints.border, max(1.0, 0.8 / sight.zoom)))
        painter.setBrush(tone.far)
        for depth in () if self._stack_face.definition else _CARDS:
            painter.drawRoundedRect(g.BODY.adjusted(depth, depth, -depth, depth), g.RADIUS, g.RADIUS)
        draw_body(painter, sight, self.face, None, faint=faint)
        if self._stack_face.definition:  # a frame inside: a block that is made of blocks
            painter.setPen(QPen(tone.strip, max(1.2, 0.8 / sight.zoom)))
            painter.setBrush(_NO_BRUSH)
            inner = g.BODY.adjusted(_FRAME, _FRAME, -_FRAME, -_FRAME)
            painter.drawRoundedRect(inner, g.RADIUS - _FRAME, g.RADIUS - _FRAME)
        if steps is not None:
            self._draw_band(painter, sight, *steps, faint=faint)

    def _draw_band(self, painter: QPainter, sight: Sight, low: int, high: int, *, faint: bool) -> None:
        """Draw the colours from the least to the greatest value, at the lower edge."""
        fills = sight.paints.faint_fills if faint else sight.paints.fills
        rect = BAND[sight.level.name]
        clip = QPainterPath()
        clip.addRect(rect)
        band = QLinearGradient(rect.topLeft(), rect.topRight())
        last = STEPS - 1 if low < STEPS <= high else high
        end = 1.0 if last == high else _ALARM
        for step in range(low, last + 1):
            band.setColorAt(end * (step - low) / max(last - low, 1), fills[step].colour)
        if last != high:  # some values are not numbers
            band.setColorAt(min(end + 0.001, 1.0), fills[high].colour)
            band.setColorAt(1.0, fills[high].colour)
        painter.setPen(QPen(sight.paints.border, max(1.0, 0.8 / sight.zoom)))
        painter.setBrush(band)
        painter.drawPath(_OUTLINE.intersected(clip))

    def paint_far(self, painter: QPainter, zoom: float) -> None:
        """Paint the colours alone, in the scene: of the least value left, of the greatest right."""
        paints, body, steps = self._paints, self.body_in_scene(), self.steps
        tone = paints.tones[self.face.family]
        painter.save()
        painter.setPen(_NO_PEN)
        if self.isSelected() or self.face.broken:
            edge = body.adjusted(-_EDGE, -_EDGE, _EDGE, _EDGE + _CARDS[0])
            painter.fillRect(edge, paints.accent if self.isSelected() else paints.danger)
        for depth in () if self._stack_face.definition else _CARDS:
            painter.fillRect(body.adjusted(depth, depth, -depth, depth), paints.border)
            painter.fillRect(body.adjusted(depth, depth, -depth, depth - 2.0), tone.body)
        painter.setOpacity(0.4 if self.face.dead else 1.0)
        fills = paints.faint_fills if self.faint else paints.fills
        low, high = (fills[step].colour for step in steps) if steps else (tone.far, tone.far)
        half = body.width() / 2
        painter.fillRect(body.adjusted(0, 0, -half, 0), low)
        painter.fillRect(body.adjusted(half, 0, 0, 0), high)
        painter.fillRect(QRectF(body.x(), body.y(), _STRIP, body.height()), tone.strip)
        painter.translate(self.pos())
        if self.face.shortcut:
            sight = Sight(paints, LEVELS[-1], zoom)
            live = bool(self.rows) and self._board.live
            draw_ways(painter, sight, self.face.shortcut, self.lane, live=live)
        if self.mark and not self.face.broken:
            draw_mark(painter, self.mark, _CORNER, zoom, paints)
        painter.restore()
