"""One graphics item that paints all curves of a plot from ready paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPolygonF

Array = NDArray[Any]


@dataclass(frozen=True)
class Stroke:
    """One thing to paint, in the coordinates of the axes; pens are as wide in pixels at any zoom."""

    path: QPainterPath | None = None
    points: QPolygonF | None = None
    pen: QPen | None = None
    brush: QBrush | None = None
    smooth: bool = True


class Strokes(pg.GraphicsObject):  # type: ignore[misc]
    """Paints strokes in their order; the plot replaces them all at once."""

    def __init__(self) -> None:
        super().__init__()
        self.strokes: Sequence[Stroke] = ()

    def show_strokes(self, strokes: Sequence[Stroke]) -> None:
        """Replace what is painted."""
        self.strokes = strokes
        self.update()

    def boundingRect(self) -> QRectF:
        """Everything that is in view: the paths are cut to it already."""
        return QRectF(self.viewRect())

    def viewTransformChanged(self) -> None:
        """Follow the view."""
        self.prepareGeometryChange()

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint the strokes."""
        for stroke in self.strokes:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, stroke.smooth)
            painter.setPen(stroke.pen or QPen(Qt.PenStyle.NoPen))
            painter.setBrush(stroke.brush or QBrush(Qt.BrushStyle.NoBrush))
            if stroke.path is not None:
                painter.drawPath(stroke.path)
            if stroke.points is not None:
                painter.drawPoints(stroke.points)


def pen(colour: QColor, width: float = 1.0, alpha: float = 1.0) -> QPen:
    """Return a pen with round ends, `width` pixels wide at any zoom."""
    shade = QColor(colour)
    shade.setAlphaF(alpha)
    made = QPen(shade, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    made.setCosmetic(True)
    return made


def line(x: Array, y: Array) -> QPainterPath:
    """Return a line through the points; it breaks where a value is not finite."""
    path: QPainterPath = pg.arrayToQPath(x, y, connect="finite")
    return path


def dashes(x: Array, y: Array, scale: tuple[float, float], on: float, off: float) -> QPainterPath:
    """Return a dashed line through the points, as lines of `on` pixels with gaps of `off`.

    Qt's own dashes cost several times as much on a curve of many points, and restart at every bend of it.

    Args:
        x: rising, (T,); points that are not finite are left out.
        y: (T,).
        scale: pixels a unit, of x and of y.
        on: length of a dash, pixels.
        off: length of a gap, pixels.
    """
    finite = np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(x) < 2:
        return QPainterPath()
    way = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x) * scale[0], np.diff(y) * scale[1]))))
    total, period = float(way[-1]), on + off
    if not 0 < total < 1e6:
        return line(x, y)
    starts = np.arange(0.0, total, period)
    ends = np.minimum(starts + on, total)
    bends = way[(way % period > 0) & (way % period < on)]
    place = np.concatenate((starts, bends, ends))
    kind = np.concatenate((np.zeros(len(starts)), np.ones(len(bends)), np.full(len(ends), 2.0)))
    order = np.lexsort((kind, place))
    place = place[order]
    joined = (kind[order] != 2).astype(np.int32)
    path: QPainterPath = pg.arrayToQPath(
        np.interp(place, way, x), np.interp(place, way, y), connect=joined
    )
    return path


def band(x: Array, low: Array, high: Array) -> QPainterPath:
    """Return the area between two lines; places where a value is not finite are left out."""
    finite = np.isfinite(low) & np.isfinite(high)
    x, low, high = x[finite], low[finite], high[finite]
    if len(x) < 2:
        return QPainterPath()
    path: QPainterPath = pg.arrayToQPath(np.concatenate((x, x[::-1])), np.concatenate((high, low[::-1])))
    path.closeSubpath()
    return path


def dots(x: Array, y: Array) -> QPolygonF:
    """Return the points whose values are finite."""
    pairs = zip(x.tolist(), y.tolist(), np.isfinite(y).tolist(), strict=True)
    return QPolygonF([QPointF(a, b) for a, b, finite in pairs if finite])
