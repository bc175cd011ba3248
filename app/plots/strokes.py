"""One graphics item that paints all curves of a plot, each in the way that is quick for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from pyqtgraph.Qt import internals
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
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
    QPolygonF,
)
from PySide6.QtWidgets import QWidget

from app.plots.kept import Kept
from app.theme import theme

Array = NDArray[np.float64]
_FINER = 8
"""Pixels a cell of a picture in a drawing, each way."""
_DRAWINGS = (QPaintEngine.Type.SVG, QPaintEngine.Type.Pdf)


@dataclass(frozen=True)
class Line:
    """A line through points (T,) whose x does not fall, in units of the axes.

    It breaks where a value is not finite.
    """

    x: Array
    y: Array
    pen: QPen
    smooth: bool = True
    joined: NDArray[np.bool_] | None = None
    """Whether a point is joined to the next, (T,); None: all."""

    def paint(self, painter: QPainter, begin: float = -inf) -> None:
        """Paint what is right of `begin`, at the least: an opaque line as single pieces.

        For Qt is slow to outline a long wide line as a whole.
        """
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.smooth)
        whole = self.pen.color().alpha() < 255 or painter.paintEngine().type() in _DRAWINGS
        painter.setPen(_on(painter, self.pen))
        if whole:
            painter.setBrush(QBrush(Qt.BrushStyle.NoBrush))
            painter.drawPath(self.path)
            return
        pieces = self.pieces(begin)
        table = pieces.ndarray()
        if len(table):
            with _in_pixels(painter) as (scale, offset):
                table[:, 0::2] = table[:, 0::2] * scale[0] + offset[0]
                table[:, 1::2] = table[:, 1::2] * scale[1] + offset[1]
                painter.drawLines(*pieces.drawargs())

    def changed_from(self, before: Stroke) -> float:
        """Return from where on, along x, this looks otherwise than another stroke; infinity: nowhere."""
        if not isinstance(before, Line) or (self.pen, self.smooth) != (before.pen, before.smooth):
            return -inf
        if (self.joined is None) != (before.joined is None):
            return -inf
        columns: list[tuple[NDArray[Any], NDArray[Any]]] = [(self.x, before.x), (self.y, before.y)]
        if self.joined is not None and before.joined is not None:
            columns.append((self.joined, before.joined))
        same = _same(columns)
        if same == len(self.x) == len(before.x):
            return inf
        # The last point that both have begins a piece that only one of them may have.
        return _least(self.x[max(same - 1, 0) :], before.x[max(same - 1, 0) :])

    @cached_property
    def path(self) -> QPainterPath:
        """The line as a path."""
        connect: Any = "finite" if self.joined is None else self._together().astype(np.int32)
        made: QPainterPath = pg.arrayToQPath(self.x, self.y, connect=connect)
        return made

    def pieces(self, begin: float = -inf) -> Any:
        """Return the pieces that reach beyond `begin`, as an array of QLineF."""
        first = max(0, int(self.x.searchsorted(begin)) - 1) if begin > -inf else 0
        x, y = self.x[first:], self.y[first:]
        together = self._together(first)[:-1]
        made = internals.PrimitiveArray(QLineF, 4)
        made.resize(int(together.sum()))
        table = made.ndarray()
        if len(table):
            table[:, 0], table[:, 1] = x[:-1][together], y[:-1][together]
            table[:, 2], table[:, 3] = x[1:][together], y[1:][together]
        return made

    def _together(self, first: int = 0) -> NDArray[np.bool_]:
        """Return whether each point from the `first` on is joined to the next."""
        together: NDArray[np.bool_] = np.isfinite(self.y[first:])
        together[:-1] &= together[1:]
        together[-1:] = False
        if self.joined is not None:
            together &= self.joined[first:]
        return together


@dataclass(frozen=True)
class Band:
    """Upright bars from `low` to `high` beside each other, (B,) each: what a noisy curve covers."""

    left: Array
    right: Array
    low: Array
    high: Array
    brush: QBrush

    def paint(self, painter: QPainter, begin: float = -inf) -> None:
        """Paint what is right of `begin`: as rectangles, seven times quicker than as one outline."""
        first = int(np.searchsorted(self.right, begin))
        if first < len(self.left):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(Qt.PenStyle.NoPen))
            painter.setBrush(self.brush)
            painter.drawRects(*self._rectangles(first).drawargs())

    def changed_from(self, before: Stroke) -> float:
        """Return from where on, along x, this looks otherwise than another stroke; infinity: nowhere."""
        if not isinstance(before, Band) or self.brush != before.brush:
            return -inf
        same = _same(
            [
                (self.left, before.left),
                (self.right, before.right),
                (self.low, before.low),
                (self.high, before.high),
            ]
        )
        if same == len(self.left) == len(before.left):
            return inf
        return _least(self.left[same:], before.left[same:])

    def _rectangles(self, first: int) -> Any:
        made = internals.PrimitiveArray(QRectF, 4)
        made.resize(len(self.left) - first)
        table = made.ndarray()
        table[:, 0], table[:, 1] = self.left[first:], self.low[first:]
        table[:, 2], table[:, 3] = (self.right - self.left)[first:], (self.high - self.low)[first:]
        return made


@dataclass(frozen=True)
class Dots:
    """Dots at points (T,), as wide as the pen; values that are not finite have none."""

    x: Array
    y: Array
    pen: QPen
    square: bool = False

    def paint(self, painter: QPainter, begin: float = -inf) -> None:
        """Paint."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        shaped = QPen(_on(painter, self.pen))
        shaped.setCapStyle(Qt.PenCapStyle.SquareCap if self.square else Qt.PenCapStyle.RoundCap)
        painter.setPen(shaped)
        finite = np.isfinite(self.y)
        with _in_pixels(painter) as (scale, offset):
            xs = (self.x[finite] * scale[0] + offset[0]).tolist()
            ys = (self.y[finite] * scale[1] + offset[1]).tolist()
            painter.drawPoints(QPolygonF([QPointF(x, y) for x, y in zip(xs, ys, strict=True)]))

    def changed_from(self, before: Stroke) -> float:
        """Return infinity where this looks as another stroke does; else it differs everywhere."""
        if not isinstance(before, Dots) or (self.pen, self.square) != (before.pen, before.square):
            return -inf
        same = _same([(self.x, before.x), (self.y, before.y)])
        return inf if same == len(self.x) == len(before.x) else -inf


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
    ground: QColor | None = None
    """What is painted behind the words, so that curves do not run through them; None: nothing."""

    def paint(self, painter: QPainter, begin: float = -inf) -> None:
        """Paint."""
        place = painter.worldTransform().map(QPointF(self.x, self.y))
        painter.save()
        painter.resetTransform()
        painter.setFont(self.font)
        painter.setPen(self.colour)
        size = QFontMetricsF(self.font).size(0, self.text)
        left = place.x() - _SHARES.get(self.where & Qt.AlignmentFlag.AlignHorizontal_Mask, 0.0) * size.width()
        top = place.y() - _SHARES.get(self.where & Qt.AlignmentFlag.AlignVertical_Mask, 0.0) * size.height()
        around = QRectF(left, top, size.width() + 2, size.height())
        if self.ground is not None:
            painter.fillRect(around, self.ground)
        painter.drawText(around, 0, self.text)
        painter.restore()

    def changed_from(self, before: Stroke) -> float:
        """Return infinity where this looks as another stroke does; else it differs everywhere."""
        return inf if isinstance(before, Text) and self == before else -inf


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

    def paint(self, painter: QPainter, begin: float = -inf) -> None:
        """Paint: cells stay sharp where there is room for them, and are averaged where there is not."""
        height = abs(painter.worldTransform().m22()) * self.target.height()
        width = painter.worldTransform().m11() * self.target.width()
        crowded = height < self.source.height() or width < self.source.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, crowded)
        if painter.paintEngine().type() in _DRAWINGS:
            across = 1 if width < self.source.width() else _FINER
            up = 1 if height < self.source.height() else _FINER
            self._paint_drawing(painter, across, up)
        else:
            painter.drawImage(self.target, self.image, self.source)

    def _paint_drawing(self, painter: QPainter, across: int, up: int) -> None:
        """Paint the part alone, in fine pixels: drawings take an image as a whole, and viewers blur it."""
        cells, source = self.source.toAlignedRect() & self.image.rect(), self.source
        part = self.image.copy(cells)
        part = part.scaled(part.width() * across, part.height() * up)
        inside = source.translated(-cells.x(), -cells.y())
        left, right = (round(edge * across) for edge in (inside.left(), inside.right()))
        top, bottom = (round(edge * up) for edge in (inside.top(), inside.bottom()))
        painter.drawImage(self.target, part.copy(left, top, max(right - left, 1), max(bottom - top, 1)))

    def changed_from(self, before: Stroke) -> float:
        """Return that it differs everywhere: its pixels may be others."""
        return -inf


Stroke = Line | Band | Dots | Text | Picture


class Strokes(pg.GraphicsObject):  # type: ignore[misc]
    """Paints strokes in their order; the plot replaces them all at once.

    On the screen they are painted once and kept as a picture, so that what moves above them (cursor, hovered
    values) costs nothing of theirs; and where only their right end has changed, only that is painted anew.
    """

    def __init__(self, *, kept: bool = False) -> None:
        super().__init__()
        self.strokes: Sequence[Stroke] = ()
        self._view = QRectF()
        self._kept = Kept() if kept else None
        self._changed = inf
        """From where on, along x, the kept picture is not right."""
        self._pictured: tuple[QRectF, QRectF] | None = None
        """The range and the place of the view box when the picture was last right."""

    def show_strokes(self, strokes: Sequence[Stroke]) -> None:
        """Replace what is painted."""
        changed = changed_from(strokes, self.strokes)
        self.strokes = strokes
        view = self.getViewWidget()
        if view is None or changed == inf:
            return
        self._changed = min(self._changed, changed)
        if self._kept is None or not self._kept.there or self._pictured != self._looked_at():
            # The view as a whole: Qt drops an item's own update that falls into a change of its transform.
            view.viewport().update()
        else:
            view.viewport().update(self._kept.strip(self._changed).toAlignedRect())

    @property
    def painted(self) -> bool:
        """Whether what is on the screen is what is to be painted."""
        return self._changed == inf and self._pictured == self._looked_at()

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
        if self._kept is None:
            self._paint_strokes(painter, -inf)
            return
        if self._changed == -inf:
            self._kept.forget()
        self._kept.paint(painter, self._view, self._paint_strokes, self._changed)
        if isinstance(painter.device(), QWidget):
            self._changed, self._pictured = inf, self._looked_at()

    def _paint_strokes(self, painter: QPainter, begin: float) -> None:
        for stroke in self.strokes:
            stroke.paint(painter, begin)

    def _looked_at(self) -> tuple[QRectF, QRectF] | None:
        box = self.getViewBox()
        return None if box is None else (QRectF(box.viewRect()), QRectF(box.sceneBoundingRect()))


def changed_from(strokes: Sequence[Stroke], before: Sequence[Stroke]) -> float:
    """Return from where on, along x, strokes look otherwise than others did; infinity: nowhere."""
    if len(strokes) != len(before):
        return -inf
    pairs = zip(strokes, before, strict=True)
    return min((stroke.changed_from(other) for stroke, other in pairs), default=inf)


def _same(columns: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> int:
    """Return up to which point all pairs of arrays are the same, what is no number included."""
    first = min(min(len(one), len(other)) for one, other in columns)
    for one, other in columns:
        differs = one[:first] != other[:first]
        if one.dtype.kind == "f":
            differs &= ~(np.isnan(one[:first]) & np.isnan(other[:first]))
        place = int(differs.argmax()) if first else 0
        if first and differs[place]:
            first = place
    return first


def _least(one: Array, other: Array) -> float:
    return min(float(part.min()) for part in (one, other) if len(part))


@contextmanager
def _in_pixels(painter: QPainter) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Let a painter count in pixels inside a `with` block; yield scale and offset of the axes' units.

    Qt outlines wide lines four times as slowly where it has to stretch their places.
    """
    transform = painter.worldTransform()
    painter.resetTransform()
    try:
        yield (transform.m11(), transform.m22()), (transform.dx(), transform.dy())
    finally:
        painter.setWorldTransform(transform)


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
