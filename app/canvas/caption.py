"""Captions: one line over the first block of each stage, where it can be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from math import inf

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem, QWidget

from app.canvas import geometry as g
from app.canvas.paints import Paints, paints
from app.document import Document
from resviz.arch.graph import Architecture
from resviz.arch.spec import Shape

HEIGHT = 26.0
_WIDTH = 420.0
_STAGE = re.compile(r"stage(\d+)\.")
_FAR, _NEAR = 0.33, 0.47
"""Below the first zoom there is no caption; from the second on it is in smaller type."""


def caption_zooms() -> tuple[float, float]:
    """Return the least zooms at which captions are in small and in large type."""
    return _NEAR * paints().enlarge, _FAR


_LAYERS = 3
"""That a shortcut has at the most (pooling, convolution, batch norm)."""
_FLAGS = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True)
class Stage:
    """What a caption says, and over which left upper corner of a block: that of the stage's first one."""

    name: str
    text: str
    place: tuple[float, float]


def stages_of(document: Document) -> list[Stage]:
    """Return the stages ("stage1.…") of a document, in order."""
    places: dict[str, list[tuple[float, float, str]]] = {}
    shapes: dict[str, set[Shape]] = {}
    known = document.inference.shapes
    for block in document.architecture.blocks.values():
        name = _stage(block.id)
        if not name:
            continue
        x, y = block.position or (0.0, 0.0)
        places.setdefault(name, []).append((y, x, block.id))
        if block.id in known:
            shapes.setdefault(name, set()).add(known[block.id])
    firsts = {name: _first(document.architecture, found) for name, found in places.items()}
    taken = [block.position or (0.0, 0.0) for block in document.architecture.blocks.values()]
    return [
        Stage(name, _text(name, shapes.get(name, set())), _uncovered(place, taken))
        for name, place in firsts.items()
    ]


def _uncovered(place: tuple[float, float], taken: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the place, or one above it, over which no block (a shortcut's layer) covers the caption."""
    x, y = place
    for _ in range(_LAYERS):
        low, high = y + g.ARC_TOP - HEIGHT - 4 - g.HEIGHT, y + g.ARC_TOP - 4
        over = [top for left, top in taken if low < top < high and x - g.WIDTH < left < x + _WIDTH]
        if not over:
            break
        y = min(over)
    return x, y


def _first(architecture: Architecture, places: list[tuple[float, float, str]]) -> tuple[float, float]:
    """Return where the first block stands in reading order that is no layer of a shortcut."""
    y, x, block_id = min(places)
    if _is_on_shortcut(architecture, block_id):
        row = sorted(place for place in places if not _is_on_shortcut(architecture, place[2]))
        y, x, _ = row[0] if row else (y, x, block_id)
    return x, y


def _is_on_shortcut(architecture: Architecture, block_id: str) -> bool:
    """Return whether a block is one of the few layers that lead to a shortcut alone."""
    for _ in range(_LAYERS):
        wires = architecture.outgoing(block_id)
        if len(wires) != 1:
            return False
        if wires[0].target_port == "shortcut":
            return True
        block_id = wires[0].target
    return False


@lru_cache(maxsize=16384)
def _stage(block_id: str) -> str:
    """Return the number of a block's stage, or ""."""
    found = _STAGE.match(block_id)
    return found[1] if found is not None else ""


def _text(name: str, shapes: set[Shape]) -> str:
    shape = next(iter(shapes)) if len(shapes) == 1 else ()
    if len(shape) != 3:
        return f"stage {name}"
    return f"stage {name} · {shape[0]} channels · {shape[1]} × {shape[2]}"


class CaptionItem(QGraphicsItem):
    """Paints one caption; the mouse goes through it."""

    def __init__(self, paints: Paints) -> None:
        super().__init__()
        self.text = ""
        self._paints = paints
        self.setZValue(-1)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def set_stage(self, stage: Stage) -> None:
        """Say what `stage` is, over its first block."""
        self.setPos(QPointF(*stage.place) + QPointF(0, g.ARC_TOP - HEIGHT - 4))
        if stage.text != self.text:
            self.text = stage.text
            self.update()

    def set_paints(self, paints: Paints) -> None:
        """Draw with other colours."""
        self._paints = paints
        self.update()

    def _font(self, zoom: float) -> QFont | None:
        """Return the type that can be read at a zoom, if any."""
        if zoom < _FAR:
            return None
        near = zoom >= _NEAR * self._paints.enlarge
        return self._paints.caption_near if near else self._paints.caption_far

    def right(self, zoom: float) -> float:
        """Return where the line ends as it is seen at a zoom; nowhere if it is not."""
        font = self._font(zoom)
        return -inf if font is None else self.x() + QFontMetricsF(font).horizontalAdvance(self.text)

    def boundingRect(self) -> QRectF:
        """Return all that is painted."""
        return QRectF(0, 0, _WIDTH, HEIGHT)

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Paint the line where the zoom makes it legible."""
        font = self._font(painter.worldTransform().m11())
        if font is None:
            return
        painter.setPen(self._paints.muted)
        painter.setFont(font)
        painter.drawText(self.boundingRect(), _FLAGS, self.text)


class Captions:
    """The captions of a scene."""

    def __init__(self, scene: QGraphicsScene, paints: Paints) -> None:
        self._scene, self._paints = scene, paints
        self._items: dict[str, CaptionItem] = {}

    @property
    def texts(self) -> list[str]:
        """What stands over the stages."""
        return [caption.text for caption in self._items.values()]

    @property
    def top(self) -> float:
        """The upper edge of the highest one; infinite where there is none."""
        return min((caption.pos().y() for caption in self._items.values()), default=inf)

    def right(self, zoom: float) -> float:
        """Return where the one that reaches furthest ends at a zoom; infinitely far left if there is none."""
        return max((caption.right(zoom) for caption in self._items.values()), default=-inf)

    def show(self, document: Document) -> None:
        """Let the captions say and stand where the stages of a document are now."""
        stages = {stage.name: stage for stage in stages_of(document)}
        for name in self._items.keys() - stages:
            self._scene.removeItem(self._items.pop(name))
        for name, stage in stages.items():
            if name not in self._items:
                self._items[name] = CaptionItem(self._paints)
                self._scene.addItem(self._items[name])
            self._items[name].set_stage(stage)

    def set_paints(self, paints: Paints) -> None:
        """Draw with other colours."""
        self._paints = paints
        for caption in self._items.values():
            caption.set_paints(paints)
