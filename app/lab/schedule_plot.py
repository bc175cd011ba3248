"""The learning rate over the iterations, drawn small before anything is trained."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.lab.setting import number_text
from app.theme import GRID, theme

_DECADES = 0.5
"""A schedule whose lowest rate is under so many decades below the highest is drawn on a straight scale."""


class SchedulePlot(QWidget):
    """Draws (iteration, rate) points; what drops by factors on a logarithmic scale, all else on a linear one.

    The mouse reads the rate at its place.
    """

    def __init__(self) -> None:
        super().__init__()
        self._points: list[tuple[int, float]] = []
        self._iterations = 0
        self._begin = 0
        self._hovered: float | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Learning rate over the iterations")
        theme().changed.connect(self.update)

    def show_schedule(self, points: Sequence[tuple[int, float]], iterations: int, begin: int = 0) -> None:
        """Show the rates at points between which they are straight lines, and where training begins."""
        shown = (list(points), iterations, begin)
        if shown != (self._points, self._iterations, self._begin):
            self._points, self._iterations, self._begin = shown
            self.setAccessibleDescription(f"{self._summary()}, {iterations:,} iterations")
            self.update()

    @property
    def logarithmic(self) -> bool:
        """Whether equal factors are drawn as equal heights."""
        rates = [rate for _, rate in self._points]
        return bool(rates) and min(rates) > 0 and self._drops() and _decades(rates) > _DECADES

    def rate_at(self, iteration: float) -> float:
        """Return the rate that is drawn at an iteration."""
        at = min(bisect_right(self._points, (iteration, math.inf)), len(self._points) - 1)
        (left, before), (right, after) = self._points[max(at - 1, 0)], self._points[at]
        share = min(max((iteration - left) / (right - left), 0.0), 1.0) if right > left else 0.0
        return before + share * (after - before)

    def sizeHint(self) -> QSize:
        """Return the size of a plot with one line of numbers below."""
        return QSize(20 * GRID, 5 * GRID + self._small().pixelSize() + GRID // 2)

    def minimumSizeHint(self) -> QSize:
        """Return the same: it is small enough."""
        return QSize(10 * GRID, self.sizeHint().height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read at the mouse."""
        self._hovered = event.position().x()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Stop reading."""
        self._hovered = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw curve, area, and what is read."""
        if not self._points:
            return
        colours, painter = theme().colours, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area, corners = self._area(), [self._place(*point) for point in self._points]
        painter.setPen(QPen(QColor(colours.grid), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        fill = QColor(colours.accent)
        fill.setAlpha(36)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF([area.bottomLeft(), *corners, area.bottomRight()]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.accent), theme().line_width))
        painter.drawPolyline(QPolygonF(corners))
        if self._begin:
            self._veil(painter, area)
        painter.setFont(self._small())
        painter.setPen(QColor(colours.muted))
        below = QRectF(area.left(), area.bottom() + 2, area.width(), self.height() - area.bottom() - 2)
        if self._hovered is None:
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft, self._summary())
            painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{self._iterations:,} iterations")
            return
        share = min(max((self._hovered - area.left()) / max(area.width(), 1.0), 0.0), 1.0)
        iteration = share * self._points[-1][0]
        place = self._place(iteration, self.rate_at(iteration))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, self._reading(iteration))
        painter.setBrush(QColor(colours.accent))
        painter.setPen(QPen(QColor(colours.panel), 1))
        painter.drawEllipse(place, 4, 4)

    def _veil(self, painter: QPainter, area: QRectF) -> None:
        """Put what is done already behind a veil."""
        colours = theme().colours
        at = self._place(self._begin, 0.0 if not self.logarithmic else self._points[0][1]).x()
        veil = QColor(colours.panel)
        veil.setAlpha(170)
        painter.fillRect(QRectF(0, 0, at, area.bottom()), veil)
        painter.setPen(QPen(QColor(colours.muted), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(at, area.top()), QPointF(at, area.bottom()))

    def _area(self) -> QRectF:
        bottom = self._small().pixelSize() + GRID // 2
        return QRectF(0, GRID // 2, self.width(), self.height() - bottom - GRID // 2)

    def _place(self, iteration: float, rate: float) -> QPointF:
        """Return where a point is drawn; the lowest rate of a logarithmic scale stays above the ground."""
        area = self._area()
        rates = [value for _, value in self._points]
        high = max(rates)
        if self.logarithmic:
            low = math.log10(min(rates)) - 0.3
            height = (math.log10(rate) - low) / (math.log10(high) - low)
        else:
            height = rate / high if high > 0 else 0.0
        x = area.left() + area.width() * iteration / max(self._points[-1][0], 1)
        return QPointF(x, area.bottom() - height * (area.height() - 2))

    def _drops(self) -> bool:
        """Say whether the rate keeps one of a few values."""
        return len({rate for _, rate in self._points}) <= 12

    def _summary(self) -> str:
        """Return the rate in words of numbers: "0.1, then 0.01, 0.001", or from where to where."""
        rates = [rate for _, rate in self._points]
        if self._drops():
            kept = list(dict.fromkeys(f"{rate:.3g}" for rate in rates))
            return "rate " + " → ".join(kept)
        parts = [rates[0], max(rates), rates[-1]] if rates[0] < max(rates) else [rates[0], rates[-1]]
        return "rate " + " → ".join(f"{rate:.2g}" for rate in parts)

    def _reading(self, iteration: float) -> str:
        rate = self.rate_at(iteration)
        return f"rate {number_text(float(f'{rate:.3g}'))} at iteration {iteration:,.0f}"

    def _small(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme().font_pixels - 2)
        return font


def _decades(rates: Sequence[float]) -> float:
    return math.log10(max(rates) / min(rates))
