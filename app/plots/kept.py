"""A picture of what a graphics item paints, kept until it paints something else or somewhere else."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, inf

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap, QTransform
from PySide6.QtWidgets import QWidget

MARGIN = 8.0
"""Pixels that a line reaches beyond its points: half its width, and its square ends."""


class Kept:
    """Paints an item once on the screen, and copies it from then on.

    What is not the screen (a picture to save) gets the item itself.
    """

    def __init__(self) -> None:
        self.there = False
        """Whether there is a picture."""
        self._key: object = None
        self._pixmap = QPixmap()
        self._place = QRect()
        self._transform = QTransform()

    def forget(self) -> None:
        """Have everything painted anew."""
        self.there = False

    def strip(self, begin: float) -> QRectF:
        """Return the part of the picture right of `begin`, a place of the item's x axis, and a little more.

        In the coordinates of the widget. It is cut between two pixels of the device, which so stay sharp.
        """
        whole, ratio = QRectF(self._place), self._pixmap.devicePixelRatio()
        pixels = self._transform.map(QPointF(begin, 0.0)).x() - whole.left() - MARGIN
        cut = floor(max(0.0, pixels) * ratio) / ratio
        return whole.adjusted(min(cut, whole.width()), 0, 0, 0)

    def paint(
        self,
        painter: QPainter,
        rect: QRectF,
        paint: Callable[[QPainter, float], None],
        changed: float = inf,
    ) -> None:
        """Paint an item.

        Args:
            painter: in the item's coordinates.
            rect: all that the item paints.
            paint: paints what is right of a place of the item's x axis, at the least.
            changed: from where on, along x, the picture is not right any more; infinity: all is right.
        """
        device = painter.device()
        if not isinstance(device, QWidget):
            paint(painter, -inf)
            return
        transform, ratio = painter.worldTransform(), device.devicePixelRatio()
        place = transform.mapRect(rect).toAlignedRect()
        key = transform, ratio, place
        if not self.there or self._key != key:
            self._take_place(place, ratio)
            self.there, self._key, self._transform = True, key, transform
            self._paint_into(paint, -inf)
        elif changed < inf:
            self._paint_into(paint, changed)
        painter.save()
        painter.resetTransform()
        painter.drawPixmap(self._place.topLeft(), self._pixmap)
        painter.restore()

    def _take_place(self, place: QRect, ratio: float) -> None:
        size = place.size() * ratio
        if self._pixmap.size() != size or self._pixmap.devicePixelRatio() != ratio:
            self._pixmap = QPixmap(size)
            self._pixmap.setDevicePixelRatio(ratio)
        self._pixmap.fill(Qt.GlobalColor.transparent)
        self._place = place

    def _paint_into(self, paint: Callable[[QPainter, float], None], changed: float) -> None:
        corner: QPoint = -self._place.topLeft()
        own = QPainter(self._pixmap)
        begin = changed
        if changed > -inf:
            strip = self.strip(changed)
            part = strip.translated(corner)
            own.setClipRect(part)
            own.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            own.fillRect(part, Qt.GlobalColor.transparent)
            own.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
            # What ends left of the strip reaches into it.
            back, _ = self._transform.inverted()
            begin = back.map(QPointF(strip.left() - MARGIN, 0.0)).x()
        own.setWorldTransform(self._transform * QTransform.fromTranslate(corner.x(), corner.y()))
        paint(own, begin)
        own.end()
