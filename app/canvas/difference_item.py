"""DifferenceItem: what is not the same in the network of the other pane, marked over a scene's blocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.canvas import geometry as g
from app.canvas.block_item import BlockItem
from app.canvas.difference_signs import Differs, Look, draw_difference, draw_ghost
from app.canvas.items import Items
from app.canvas.paints import Paints
from app.canvas.readout import Board
from app.canvas.sprites import Stamp
from app.document import Document
from resviz.arch.composites import RESIDUAL_KINDS
from resviz.arch.graph import Position


@dataclass(frozen=True, slots=True)
class Ghost:
    """What only the other network has: a name to show, where it stands there, and what is told of it."""

    name: str
    place: Position
    told: str


@dataclass(frozen=True, slots=True)
class Marked:
    """What differs, by block, with the sentence that says it; and what is missing."""

    blocks: Mapping[str, tuple[Differs, str]]
    ghosts: Sequence[Ghost] = ()


NOTHING = Marked({})

SIGNED = 0.3
"""Zoom from which there are signs; below, colours alone."""
_FAR_AWAY = 2000.0
"""How far beyond the others a marked block can be dragged and keep its ring meanwhile, in scene pixels."""
_ROOM = 60.0
"""What is painted around a block at the most."""
_PIECE = g.BODY.adjusted(-30, -40, 30, 20)
_FRAME = 12.0
"""Between a block and its frame from far away."""
_GAP = (g.PITCH_X - g.WIDTH) / 2
_ARC, _TURNS = g.arc_path(), 4
_POINTS = [_ARC.pointAtPercent(step / _TURNS) for step in range(_TURNS + 1)]
_PIECES = [QLineF(start, end) for start, end in pairwise(_POINTS)]
"""An arc from far away."""


class DifferenceItem(QGraphicsItem):
    """Paints the marks of a whole scene; the mouse goes through it."""

    def __init__(self, document: Document, items: Items, board: Board, paints: Paints) -> None:
        super().__init__()
        self.paints = paints
        self._document, self._items, self._board = document, items, board
        self._marked = NOTHING
        self._ghosts: list[tuple[Ghost, QRectF]] = []
        """What is missing, and where it is shown."""
        self._bounds = QRectF()
        self._far: _Far | None = None
        """What is painted from far away; None: to be looked up anew."""
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setZValue(2)
        self.setVisible(False)

    @property
    def marked(self) -> Marked:
        """What is marked."""
        return self._marked

    def show_marked(self, marked: Marked) -> None:
        """Mark other blocks."""
        if marked == NOTHING == self._marked:
            return
        self._marked = marked
        blocks = self._document.architecture.blocks.values()
        taken = _Taken(block.position for block in blocks if block.position is not None)
        self._ghosts = [
            (ghost, _slit(ghost.place) if ghost.place in taken else g.BODY.translated(*ghost.place))
            for ghost in marked.ghosts
        ]
        bounds = taken.area() | self.missing_area()
        self.prepareGeometryChange()
        self._bounds = bounds.adjusted(-_FAR_AWAY, -_FAR_AWAY, _FAR_AWAY, _FAR_AWAY)
        self.setVisible(marked != NOTHING)
        self.touch()

    def touch(self) -> None:
        """Blocks moved, came or went."""
        if self.isVisible():
            self._far = None
            self.update()

    def missing_area(self) -> QRectF:
        """Return the rectangle around all that is missing."""
        area = QRectF()
        for _, place in self._ghosts:
            area |= place
        return area

    def told(self, block_id: str) -> str:
        """Return how a block differs, "" if it does not."""
        found = self._marked.blocks.get(block_id)
        return found[1] if found is not None else ""

    def told_at(self, place: QPointF) -> str:
        """Return what is missing at a place of the scene, "" for nothing."""
        for ghost, area in self._ghosts:
            if area.contains(place):
                return ghost.told
        return ""

    def boundingRect(self) -> QRectF:
        """Return all that is painted, also while blocks are dragged."""
        return self._bounds

    def shape(self) -> QPainterPath:
        """Return nothing: what the mouse means are the blocks themselves."""
        return QPainterPath()

    def _marked_items(self) -> Iterator[tuple[BlockItem, Differs]]:
        """Return the items to mark; one that draws several blocks that differ in several ways is changed."""
        found: dict[BlockItem, Differs] = {}
        for block_id, (differs, _) in self._marked.blocks.items():
            item = self._items.get(block_id)
            if item is not None and item.isVisible():
                same = found.get(item, differs) is differs
                found[item] = differs if same else Differs.CHANGED
        yield from found.items()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Paint rings, arcs and signs; from far away what is of one colour at once, without the signs."""
        transform = painter.worldTransform()
        zoom = transform.m11()
        if zoom < SIGNED:
            self._paint_far(painter, zoom)
            return
        seen: QRectF = option.exposedRect.adjusted(-_ROOM, -_ROOM, _ROOM, _ROOM)
        for item, differs in self._marked_items():
            body = item.body_in_scene()
            if seen.intersects(body):
                look = Look(differs, differs is Differs.SHORTCUT and item.face.kind in RESIDUAL_KINDS)
                painter.setWorldTransform(QTransform(transform).translate(body.x(), body.y()))
                stamp = Stamp(painter, self.paints.sprites, self._board.ratio)
                stamp.begin()
                stamp.put(look, _PIECE, partial(self._draw, look, zoom))
                stamp.end()
        painter.setWorldTransform(transform)
        for ghost, area in self._ghosts:
            if seen.intersects(area):
                draw_ghost(painter, ghost.name, area, self.paints, zoom)

    def _draw(self, look: Look, zoom: float, painter: QPainter) -> None:
        draw_difference(painter, look, self.paints, zoom)

    def _paint_far(self, painter: QPainter, zoom: float) -> None:
        if self._far is None:
            self._far = self._look()
        width = min(2.2 / zoom, 16.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen, frames in (
            (QPen(self.paints.good, width), self._far.only),
            (QPen(self.paints.warning, width), self._far.changed),
            (QPen(self.paints.good, width, Qt.PenStyle.DashLine), self._far.missing),
        ):
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRects(frames)
        painter.setPen(QPen(self.paints.warning, width))
        painter.drawLines(self._far.arcs)

    def _look(self) -> _Far:
        only: list[QRectF] = []
        changed: list[QRectF] = []
        arcs: list[QLineF] = []
        for item, differs in self._marked_items():
            body = item.body_in_scene()
            if differs is Differs.SHORTCUT and item.face.kind in RESIDUAL_KINDS:
                corner = body.topLeft()
                arcs += [piece.translated(corner) for piece in _PIECES]
            else:
                frames = only if differs is Differs.ONLY_HERE else changed
                frames.append(body.adjusted(-_FRAME, -_FRAME, _FRAME, _FRAME))
        return _Far(only, changed, [area for _, area in self._ghosts], arcs)


@dataclass(frozen=True)
class _Far:
    """What is painted from far away."""

    only: list[QRectF]
    changed: list[QRectF]
    missing: list[QRectF]
    arcs: list[QLineF]


def _slit(place: Position) -> QRectF:
    """Return the place of a missing block whose own is taken: the gap before that."""
    return QRectF(place[0] - _GAP - 8, place[1] - 4, 16, g.HEIGHT + 8)


class _Taken:
    """Which places of the canvas are taken; looked up among thousands of blocks."""

    def __init__(self, places: Iterable[Position]) -> None:
        self._cells: dict[tuple[int, int], list[Position]] = defaultdict(list)
        for place in places:
            self._cells[int(place[0] // g.WIDTH), int(place[1] // g.HEIGHT)].append(place)

    def __contains__(self, place: Position) -> bool:
        x, y = place
        column, row = int(x // g.WIDTH), int(y // g.HEIGHT)
        near = ((column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
        return any(
            abs(left - x) < g.WIDTH and abs(top - y) < g.HEIGHT
            for cell in near
            for left, top in self._cells.get(cell, ())
        )

    def area(self) -> QRectF:
        """Return the rectangle around all cells with something in them."""
        if not self._cells:
            return QRectF()
        columns, rows = zip(*self._cells, strict=True)
        left, top = min(columns) * g.WIDTH, min(rows) * g.HEIGHT
        return QRectF(left, top, (max(columns) + 2) * g.WIDTH - left, (max(rows) + 2) * g.HEIGHT - top)
