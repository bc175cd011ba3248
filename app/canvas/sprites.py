"""Sprites: pieces of blocks painted once for a zoom, then put down again and again.

A block of one colour looks like any other of that colour, and its words stay when the colour changes: to put
down three pictures takes a fraction of the time of painting their shapes and letters.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from math import ceil, floor

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap, QTransform

Draw = Callable[[QPainter], None]
Piece = tuple[QPixmap, int, int]
"""A picture, and where its corner is from the origin, in pixels of the device."""

_MOST_BYTES = 96 * 1024 * 1024
_PLAIN = QTransform()
_HINTS = QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing


class Sprites:
    """Keeps the pieces; those not used for longest go first."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Piece] = {}
        self._bytes = 0

    def piece(self, key: Hashable, scale: float, rect: QRectF, draw: Draw) -> Piece:
        """Return a picture of what `draw` paints in `rect`, of `scale` pixels a scene pixel."""
        whole = key, scale
        found = self._kept.pop(whole, None)
        if found is None:
            found = _painted(scale, rect, draw)
            self._bytes += _bytes(found)
        self._kept[whole] = found
        while self._bytes > _MOST_BYTES and len(self._kept) > 1:
            self._bytes -= _bytes(self._kept.pop(next(iter(self._kept))))
        return found


class Stamp:
    """Puts pieces down where a painter's item is, on whole pixels; on paper, draws what they are of."""

    def __init__(self, painter: QPainter, sprites: Sprites, ratio: float | None) -> None:
        """Begin; `ratio`: pixels of the device for a pixel of the painter, None: paper has none."""
        self._painter, self._sprites, self._ratio = painter, sprites, ratio
        self._transform = painter.worldTransform()
        self.zoom = self._transform.m11()
        self._x = round(self._transform.dx() * (ratio or 1.0))
        self._y = round(self._transform.dy() * (ratio or 1.0))

    def begin(self) -> None:
        """Draw in pixels of the screen."""
        if self._ratio is not None:
            self._painter.setWorldTransform(_PLAIN)

    def put(self, key: Hashable, rect: QRectF, draw: Draw) -> None:
        """Put a piece down: what `draw` paints in `rect`, in scene pixels relative to the item."""
        ratio = self._ratio
        if ratio is None:
            draw(self._painter)
            return
        pixmap, left, top = self._sprites.piece(key, self.zoom * ratio, rect, draw)
        pixmap.setDevicePixelRatio(ratio)
        self._painter.drawPixmap(QPointF((self._x + left) / ratio, (self._y + top) / ratio), pixmap)

    def end(self) -> None:
        """Draw in scene pixels again, as before."""
        if self._ratio is not None:
            self._painter.setWorldTransform(self._transform)


def _bytes(piece: Piece) -> int:
    return 4 * piece[0].width() * piece[0].height()


def _painted(scale: float, rect: QRectF, draw: Draw) -> Piece:
    left, top = floor(rect.left() * scale), floor(rect.top() * scale)
    width, height = ceil(rect.right() * scale) - left, ceil(rect.bottom() * scale) - top
    pixmap = QPixmap(max(width, 1), max(height, 1))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHints(_HINTS)
    painter.translate(-left, -top)
    painter.scale(scale, scale)
    draw(painter)
    painter.end()
    return pixmap, left, top
