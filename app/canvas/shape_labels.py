"""ShapeLabels: what shape each wire carries, written beside it where it covers neither blocks nor arcs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.canvas import geometry as g
from app.canvas.block_item import BlockItem
from app.canvas.detail import Level, level_at
from app.canvas.items import Items
from app.canvas.paints import Paints, paints
from app.canvas.text import shape_text, short_shape
from app.canvas.wire_item import WireItem
from app.document import Document
from resviz.arch.graph import Wire

_EVERYWHERE = QRectF(-1e6, -1e6, 2e6, 2e6)
_LEVELS = ("near", "mid", "small")
"""Levels of detail at which labels can be read beside the blocks."""
_CELL = 256.0
"""Side of the squares in which what stands in the way is looked up."""
_BESIDE, _PAD = 3.0, 3.0
"""Pixels between a block and a label under it, and around its words."""
_Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
_CARDS = 10.0
"""How far the cards of a stack show below it."""
_SHOULDERS: tuple[_Box, ...] = ((0, -12, g.WIDTH, 0), (22, g.ARC_TOP, g.WIDTH - 22, -12))
"""What an arc covers, about, above its block."""


def are_readable(zoom: float) -> bool:
    """Return whether there are labels at a zoom."""
    level = level_at(zoom, paints().enlarge)
    return level is not None and level.name in _LEVELS


@dataclass(frozen=True, slots=True)
class Label:
    """Words at a place, and the line that leads to them from the wire (None: they stand on it)."""

    wire: Wire
    text: str
    rect: QRectF
    leader: tuple[QPointF, QPointF] | None


class ShapeLabels(QGraphicsItem):
    """Paints all labels of a scene; the mouse goes through it.

    Near, every wire has its label. From further away those that only repeat what came in along a row are left
    out, and from far away all are.
    """

    def __init__(self, blocks: Items, wires: Mapping[Wire, WireItem], paints: Paints) -> None:
        super().__init__()
        self._blocks, self._wires, self.paints = blocks, wires, paints
        self._document: Document | None = None
        self._labels: dict[str, list[Label]] = {}
        """By level of detail, since it was last touched."""
        self._lifted: frozenset[Wire] = frozenset()
        self.setZValue(0.5)  # over wires, under blocks
        self.setVisible(False)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def show_for(self, document: Document | None) -> None:
        """Show the shapes of a document; None: nothing."""
        self._document = document
        self.touch()
        self.setVisible(document is not None)

    def touch(self) -> None:
        """Blocks or wires came, went, moved or changed."""
        if self._labels or self._lifted:
            self._labels, self._lifted = {}, frozenset()
            self.update()

    def lift(self, wires: Collection[Wire]) -> None:
        """Wires follow blocks that are dragged: they have no labels meanwhile."""
        self._lifted = frozenset(wires)

    def labels(self, level: Level) -> list[Label]:
        """Return the labels at a level of detail."""
        if self._document is None or level.name not in _LEVELS:
            return []
        if level.name not in self._labels:
            self._labels[level.name] = list(self._place(self._document, level))
        return self._labels[level.name]

    def boundingRect(self) -> QRectF:
        """Return a place that no network leaves: to measure it anew with every change would cost more."""
        return _EVERYWHERE

    def shape(self) -> QPainterPath:
        """Return nothing: what the mouse means are blocks and wires."""
        return QPainterPath()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Paint those that are seen."""
        zoom = painter.worldTransform().m11()
        level = level_at(zoom, self.paints.enlarge)
        if level is None:
            return
        seen = option.exposedRect
        paints = self.paints
        painter.setFont(paints.fonts[level.line])
        ground = paints.plot
        leader = QPen(paints.faint, max(1.0, 0.8 / zoom))
        for label in self.labels(level):
            if label.wire in self._lifted or not seen.intersects(label.rect):
                continue
            if label.leader is not None:
                painter.setPen(leader)
                painter.drawLine(*label.leader)
            painter.fillRect(label.rect, ground)
            painter.setPen(paints.muted)
            painter.drawText(label.rect, Qt.AlignmentFlag.AlignCenter, label.text)

    # Where they stand

    def _place(self, document: Document, level: Level) -> Iterator[Label]:
        metrics = self.paints.metrics[level.line]
        taken = _Taken(self._blocks)
        repeat = level.name == "near"
        for wire, item in self._wires.items():
            text = self._text(document, wire, item, repeat=repeat, whole=repeat)
            if not text:
                continue
            width, height = metrics.horizontalAdvance(text) + 2 * _PAD, metrics.capHeight() + 2 * _PAD
            for centre, leader in self._places(item, width, height):
                rect = QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height)
                if taken.take(rect):
                    yield Label(wire, text, rect, leader)
                    break

    def _text(self, document: Document, wire: Wire, item: WireItem, *, repeat: bool, whole: bool) -> str:
        """Return what a wire says; "" where it carries nothing on, or only repeats what came before."""
        shapes = document.inference.shapes
        shape = shapes.get(wire.source)
        if shape is None or not item.isVisible() or item.look == "dead":
            return ""
        if not repeat and _is_hop(item.path):
            before = document.architecture.incoming(wire.source).get("in")
            if before is not None and shapes.get(before.source) == shape:
                return ""
        return shape_text(shape).replace(" ", "") if whole else short_shape(shape)

    def _places(
        self, item: WireItem, width: float, height: float
    ) -> Iterator[tuple[QPointF, tuple[QPointF, QPointF] | None]]:
        """Yield where a label may stand, the best place first, and the line that leads there."""
        path = item.path
        start, end = path.elementAt(0), path.elementAt(path.elementCount() - 1)
        if _is_hop(path):
            middle = QPointF((start.x + end.x) / 2, start.y)
            if end.x - start.x >= width + 16:
                yield middle, None
            under = start.y + g.HEIGHT / 2 + _BESIDE
            below = QPointF(middle.x(), under + height / 2)
            yield below, (middle, QPointF(middle.x(), under))
            over = start.y - g.HEIGHT / 2 - _BESIDE
            yield QPointF(middle.x(), over - height / 2), (middle, QPointF(middle.x(), over))
            return
        level = _longest_level(path)
        if level is not None:
            near, far = level
            step = (width / 2 + 12) * (1 if far.x() > near.x() else -1)
            places = [QPointF(near.x() + step, near.y()), QPointF(far.x() - step, far.y())]
            middle = (near + far) / 2
            for place in (middle, *places) if item.is_shortcut else (*places, middle):
                yield place, None
        for share in (0.5, 0.35, 0.65):
            yield path.pointAtPercent(share), None


class _Taken:
    """What stands in the way of labels, looked up by squares of the paper."""

    def __init__(self, blocks: Iterable[BlockItem]) -> None:
        self._cells: dict[tuple[int, int], list[_Box]] = defaultdict(list)
        for item in blocks:
            if item.isVisible():
                x, y = item.x(), item.y()
                self._add((x, y, x + g.WIDTH, y + g.HEIGHT + (_CARDS if item.is_stack else 0.0)))
                if item.face.shortcut not in ("", "none"):
                    for left, top, right, bottom in _SHOULDERS:
                        self._add((x + left, y + top, x + right, y + bottom))

    def take(self, rect: QRectF) -> bool:
        """Take a place if it is free; return whether it was."""
        box = rect.left(), rect.top(), rect.right(), rect.bottom()
        left, top, right, bottom = box
        for cell in _cells(box):
            for other in self._cells.get(cell, ()):
                if left < other[2] and right > other[0] and top < other[3] and bottom > other[1]:
                    return False
        self._add(box)
        return True

    def _add(self, box: _Box) -> None:
        for cell in _cells(box):
            self._cells[cell].append(box)


def _cells(box: _Box) -> list[tuple[int, int]]:
    left, top, right, bottom = (int(each // _CELL) for each in box)
    return [(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]


def _is_hop(path: QPainterPath) -> bool:
    """Return whether a wire is one straight line from left to right."""
    return path.elementCount() == 2


def _longest_level(path: QPainterPath) -> tuple[QPointF, QPointF] | None:
    """Return the ends of the longest level line of a path, in its direction; None where it has none."""
    best: tuple[QPointF, QPointF] | None = None
    length = 24.0
    before = path.elementAt(0)
    for number in range(1, path.elementCount()):
        element = path.elementAt(number)
        if element.isLineTo() and abs(element.y - before.y) < 0.5 and abs(element.x - before.x) > length:
            length = abs(element.x - before.x)
            best = QPointF(before.x, before.y), QPointF(element.x, element.y)
        before = element
    return best
