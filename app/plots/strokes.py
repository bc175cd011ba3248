"""One graphics item that paints all curves of a plot, each in the way that is quick for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from pyqtgraph.Qt import internals
from PySide6.QtCore import QLineF, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPaintEngine,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
    QTransform,
)
from PySide6.QtWidgets import QWidget

from app.theme import theme

Array = NDArray[np.float64]
_DRAWINGS = (QPaintEngine.Type.SVG, QPaintEngine.Type.Pdf)


@dataclass(frozen=True)
class Line:
    """A line through points (T,), in units of the axes; it breaks where a value is not finite."""

    x: Array
    y: Array
    pen: QPen
    smooth: bool = True
    joined: NDArray[np.bool_] | None = None
    """Whether a point is joined to the next, (T,); None: all."""

    def paint(self, painter: QPainter) -> None:
        """Paint: an opaque line as single pieces, for Qt is slow to outline a long wide line as a whole."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.smooth)
        whole = self.pen.color().alpha() < 255 or painter.paintEngine().type() in _DRAWINGS
        painter.setPen(_on(painter, self.pen))
        if whole:
            painter.setBrush(QBrush(Qt.BrushStyle.NoBrush))
            painter.drawPath(self.path)
        elif len(self.pieces.ndarray()):
            painter.drawLines(*self.pieces.drawargs())

    @cached_property
    def path(self) -> QPainterPath:
        """The line as a path."""
        connect: Any = "finite" if self.joined is None else self._together().astype(np.int32)
        made: QPainterPath = pg.arrayToQPath(self.x, self.y, connect=connect)
        return made

    @cached_property
    def pieces(self) -> Any:
        """The line as an array of QLineF."""
        together = self._together()[:-1]
        made = internals.PrimitiveArray(QLineF, 4)
        made.resize(int(together.sum()))
        table = made.ndarray()
        if len(table):
            table[:, 0], table[:, 1] = self.x[:-1][together], self.y[:-1][together]
            table[:, 2], table[:, 3] = self.x[1:][together], self.y[1:][together]
        return made

    def _together(self) -> NDArray[np.bool_]:
        finite: NDArray[np.bool_] = np.isfinite(self.y)
        together = finite & np.append(finite[1:], np.False_)
        return together if self.joined is None else together & self.joined


@dataclass(frozen=True)
class Band:
    """Upright bars from `low` to `high` beside each other, (B,) each: what a noisy curve covers."""

    left: Array
    right: Array
    low: Array
    high: Array
    brush: QBrush

    def paint(self, painter: QPainter) -> None:
        """Paint as rectangles: seven times quicker than the same area as one outline."""
        if len(self.left):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(Qt.PenStyle.NoPen))
            painter.setBrush(self.brush)
            painter.drawRects(*self._rectangles.drawargs())

    @cached_property
    def _rectangles(self) -> Any:
        made = internals.PrimitiveArray(QRectF, 4)
        made.resize(len(self.left))
        table = made.ndarray()
        table[:, 0], table[:, 1] = self.left, self.low
        table[:, 2], table[:, 3] = self.right - self.left, self.high - self.low
        return made


@dataclass(frozen=True)
class Dots:
    """Dots at points (T,), as wide as the pen; values that are not finite have none."""

    x: Array
    y: Array
    pen: QPen
    square: bool = False

    def paint(self, painter: QPainter) -> None:
        """Paint."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        shaped = QPen(_on(painter, self.pen))
        shaped.setCapStyle(Qt.PenCapStyle.SquareCap if self.square else Qt.PenCapStyle.RoundCap)
        painter.setPen(shaped)
        finite = np.isfinite(self.y)
        pairs = zip(self.x[finite].tolist(), self.y[finite].tolist(), strict=True)
        painter.drawPoints(QPolygonF([QPointF(x, y) for x, y in pairs]))


@dataclass(frozen=True)
class Text:
    """A few words beside a point, in units of the axes; as large at any zoom."""

    x: float
    y: float
    text: str
    colour: QColor
    font: QFont
    where: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
    """Which corner or edge of the words is at the point."""

    def paint(self, painter: QPainter) -> None:
        """Paint."""
        place = painter.worldTransform().map(QPointF(self.x, self.y))
        painter.save()
        painter.resetTransform()
        painter.setFont(self.font)
        painter.setPen(self.colour)
        size = QFontMetricsF(self.font).size(0, self.text)
        left = place.x() - _SHARES.get(self.where & Qt.AlignmentFlag.AlignHorizontal_Mask, 0.0) * size.width()
        top = place.y() - _SHARES.get(self.where & Qt.AlignmentFlag.AlignVertical_Mask, 0.0) * size.height()
        painter.drawText(QRectF(left, top, size.width() + 2, size.height()), 0, self.text)
        painter.restore()


_SHARES = {
    Qt.AlignmentFlag.AlignHCenter: 0.5,
    Qt.AlignmentFlag.AlignVCenter: 0.5,
    Qt.AlignmentFlag.AlignRight: 1.0,
    Qt.AlignmentFlag.AlignBottom: 1.0,
}


@dataclass(frozen=True)
class Picture:
    """A part of an image over a rectangle of the axes; its first row is at the lower edge."""

    target: QRectF
    image: QImage
    source: QRectF
    owner: object
    """Keeps the memory of the pixels."""

    def paint(self, painter: QPainter) -> None:
        """Paint: cells stay sharp where there is room for them, and are averaged where there is not."""
        height = abs(painter.worldTransform().m22()) * self.target.height()
        width = painter.worldTransform().m11() * self.target.width()
        crowded = height < self.source.height() or width < self.source.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, crowded)
        painter.drawImage(self.target, self.image, self.source)


Stroke = Line | Band | Dots | Text | Picture


class Strokes(pg.GraphicsObject):  # type: ignore[misc]
    """Paints strokes in their order; the plot replaces them all at once.

    On the screen they are painted once and kept as a picture, so that what moves above them (cursor, hovered
    values) costs nothing of theirs.
    """

    def __init__(self, *, kept: bool = False) -> None:
        super().__init__()
        self.strokes: Sequence[Stroke] = ()
        self._view = QRectF()
        self._kept = kept
        self._picture: tuple[object, QPoint, QPixmap] | None = None

    def show_strokes(self, strokes: Sequence[Stroke]) -> None:
        """Replace what is painted."""
        self.strokes, self._picture = strokes, None
        # The view as a whole: Qt drops an item's own update that falls into a change of its view's transform.
        view = self.getViewWidget()
        if view is not None:
            view.viewport().update()

    def boundingRect(self) -> QRectF:
        """Everything that is in view: the strokes are cut to it already."""
        return self._view

    def viewRangeChanged(self) -> None:
        """Follow the view: Qt must hear of it before the rectangle changes, or it looks in the old place."""
        box = self.getViewBox()
        if box is not None:
            self.prepareGeometryChange()
            self._view = QRectF(box.viewRect())

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint the strokes, on the screen from the picture of them."""
        device = painter.device()
        if not self._kept or not isinstance(device, QWidget):
            self._paint_strokes(painter)
            return
        transform, ratio = painter.worldTransform(), device.devicePixelRatio()
        place = transform.mapRect(self._view).toAlignedRect()
        key = transform, ratio, place
        picture = self._picture
        if picture is None or picture[0] != key:
            pixmap = QPixmap(place.size() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            own = QPainter(pixmap)
            own.setWorldTransform(transform * QTransform.fromTranslate(-place.x(), -place.y()))
            self._paint_strokes(own)
            own.end()
            picture = self._picture = key, place.topLeft(), pixmap
        painter.save()
        painter.resetTransform()
        painter.drawPixmap(picture[1], picture[2])
        painter.restore()

    def _paint_strokes(self, painter: QPainter) -> None:
        for stroke in self.strokes:
            stroke.paint(painter)


def _on(painter: QPainter, look: QPen) -> QPen:
    """Return a pen that is as wide on fine screens: Qt counts cosmetic pens in the device's pixels."""
    ratio = painter.device().devicePixelRatio()
    if ratio == 1:
        return look
    scaled = QPen(look)
    scaled.setWidthF(look.widthF() * ratio)
    return scaled


def pen(colour: QColor, width: float = 1.0, alpha: float = 1.0) -> QPen:
    """Return a pen `width` pixels wide at any zoom; its square ends close the joints of single pieces."""
    shade = QColor(colour)
    shade.setAlphaF(alpha)
    made = QPen(shade, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.RoundJoin)
    made.setCosmetic(True)
    return made


def faded(colour: QColor, share: float) -> QColor:
    """Return a colour mixed into the panel's: a see-through line of many bends takes Qt long."""
    panel = QColor(theme().colours.panel)
    pairs = ((colour.red(), panel.red()), (colour.green(), panel.green()), (colour.blue(), panel.blue()))
    return QColor(*(round(share * over + (1 - share) * under) for over, under in pairs))


def dashes(x: Array, y: Array, look: QPen, *, scale: tuple[float, float], on: float, off: float) -> Line:
    """Return a dashed line through the points: lines of `on` pixels, gaps of `off`.

    Qt's own dashes cost several times as much on a curve of many points.

    Args:
        x: rising, (T,); points whose value is not finite are left out.
        y: (T,).
        look: a pen that is not dashed itself.
        scale: pixels a unit, of x and of y.
        on: length of a dash, pixels.
        off: length of a gap, pixels.
    """
    look = QPen(look)
    look.setCapStyle(Qt.PenCapStyle.FlatCap)
    finite = np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(x) < 2:
        return Line(x, y, look)
    way = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x) * scale[0], np.diff(y) * scale[1]))))
    total, period = float(way[-1]), on + off
    if not 0 < total < 1e5:
        return Line(x, y, look)
    starts = np.arange(0.0, total, period)
    ends = np.minimum(starts + on, total)
    inside = way % period
    bends = way[(inside > 0) & (inside < on)]
    place = np.concatenate((starts, bends, ends))
    is_end = np.zeros(len(place), bool)
    is_end[-len(ends) :] = True
    order = np.argsort(place, kind="stable")
    place = place[order]
    return Line(np.interp(place, way, x), np.interp(place, way, y), look, joined=~is_end[order])


def upright(x: float, low: float, high: float, look: QPen) -> Line:
    """Return a line straight up."""
    return Line(np.array([x, x]), np.array([low, high]), look, smooth=False)


def level(y: float, left: float, right: float, look: QPen) -> Line:
    """Return a line straight across."""
    return Line(np.array([left, right]), np.array([y, y]), look, smooth=False)
