"""The learning rate over the iterations, drawn small before anything is trained."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.lab.setting import number_text
from app.theme import GRID, theme
from resviz.train.schedule import Curve

_DECADES = 0.5
"""A schedule whose lowest rate is under so many decades below the highest is drawn on a straight scale."""


class SchedulePlot(QWidget):
    """Draws rates over iterations; what drops by factors on a logarithmic scale, all else on a linear one.

    Ends of both axes are named. Where a warm-up is drawn to end is marked as a guess, and where a fork begins
    by a dashed line. The mouse reads the rate at its place.
    """

    def __init__(self) -> None:
        super().__init__()
        self._points: list[tuple[int, float]] = []
        self._rates: list[float] = []
        self._logarithmic = False
        self._iterations = 0
        self._begin = 0
        self._guess: int | None = None
        self._hovered: float | None = None
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Learning rate over the iterations")
        theme().changed.connect(self.update)

    def show_schedule(self, curve: Curve, iterations: int, begin: int = 0) -> None:
        """Show a curve, and where training begins."""
        points = list(zip(curve.iterations, curve.rates, strict=True))
        shown = (points, iterations, begin, curve.warm_up_end)
        if shown != (self._points, self._iterations, self._begin, self._guess):
            self._points, self._iterations, self._begin, self._guess = shown
            rates = self._rates = [rate for _, rate in points]
            self._logarithmic = bool(
                rates and min(rates) > 0 and self._drops() and _decades(rates) > _DECADES
            )
            told = [self._summary(), f"{iterations:,} iterations", *self._marks().values()]
            self.setAccessibleDescription(", ".join(told))
            self.update()

    @property
    def guess(self) -> int | None:
        """Where a warm-up is drawn to end; None: there is none."""
        return self._guess

    @property
    def logarithmic(self) -> bool:
        """Whether equal factors are drawn as equal heights."""
        return self._logarithmic

    def rate_at(self, iteration: float) -> float:
        """Return the rate that is drawn at an iteration."""
        at = min(bisect_right(self._points, (iteration, math.inf)), len(self._points) - 1)
        (left, before), (right, after) = self._points[max(at - 1, 0)], self._points[at]
        share = min(max((iteration - left) / (right - left), 0.0), 1.0) if right > left else 0.0
        return before + share * (after - before)

    def sizeHint(self) -> QSize:
        """Return the preferred width, and the height at the present one (see `Sentence`)."""
        return QSize(20 * GRID, self.heightForWidth(self.width()))

    def minimumSizeHint(self) -> QSize:
        """Return the same height: it is small enough."""
        return QSize(10 * GRID, self.sizeHint().height())

    def heightForWidth(self, width: int) -> int:
        """Return a height that grows with the width."""
        return 4 * GRID + self._line() + max(0, width - 34 * GRID) // 5

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for another height where the width is another one."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

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
        area = self._area()
        corners = self._places(area, self._points)
        painter.setPen(QPen(QColor(colours.grid), 1))
        painter.drawPolyline([area.topLeft(), area.bottomLeft(), area.bottomRight()])
        fill = QColor(colours.accent)
        fill.setAlpha(36)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        ground = [QPointF(corner.x(), area.bottom()) for corner in (corners[0], corners[-1])]
        painter.drawPolygon(QPolygonF([ground[0], *corners, ground[1]]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.accent), theme().line_width))
        painter.drawPolyline(QPolygonF(corners))
        painter.setFont(self._small())
        self._mark(painter, area)
        self._label(painter, area)
        if self._hovered is None:
            return
        at = self._read_at(area)
        (place,) = self._places(area, [(at, self.rate_at(at))])
        painter.setBrush(QColor(colours.accent))
        painter.setPen(QPen(QColor(colours.panel), 1))
        painter.drawEllipse(place, 4, 4)

    def _marks(self) -> dict[int, str]:
        """Return what is marked by a line: iterations and words."""
        marks = {self._begin: "fork begins"} if self._begin else {}
        if self._guess is not None:
            marks[self._guess] = "warm-up ends: a guess"
        return marks

    def _mark(self, painter: QPainter, area: QRectF) -> None:
        """Draw where a fork begins, and where a warm-up may end."""
        colours, metrics = theme().colours, painter.fontMetrics()
        for number, (iteration, words) in enumerate(self._marks().items()):
            x = self._x(area, min(iteration, self._points[-1][0]))
            painter.setPen(QPen(QColor(colours.muted), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            width = metrics.horizontalAdvance(words)
            left = x + 4 if x + 4 + width <= area.right() else x - 4 - width
            bottom = area.bottom() - 4 - number * self._line()
            ground = QColor(colours.panel)
            ground.setAlpha(200)  # Or the curve would strike the words through.
            left = max(left, area.left())
            painter.fillRect(QRectF(left, bottom - metrics.ascent(), width, metrics.height()), ground)
            painter.setPen(QColor(colours.muted))
            painter.drawText(QPointF(left, bottom), words)

    def _label(self, painter: QPainter, area: QRectF) -> None:
        """Name the axes' ends; in place of the lower ones stands what the mouse reads."""
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        painter.setPen(QColor(theme().colours.muted))
        below = QRectF(area.left(), area.bottom() + 2, area.width(), self._line())
        if self._hovered is None:
            painter.drawText(below, left, "0")
            painter.drawText(below, right, f"{self._iterations:,} iterations")
        else:
            painter.drawText(below, right, self._reading(self._read_at(area)))
        beside = QRectF(0, area.top() - 2, area.left() - 4, area.height() + 2)
        high, low = self._ends()
        painter.drawText(beside, right | Qt.AlignmentFlag.AlignTop, high)
        painter.drawText(beside, right | Qt.AlignmentFlag.AlignBottom, low)

    def _ends(self) -> tuple[str, str]:
        """Return what stands at the ends of the rates' axis."""
        rates = self._rates
        return f"rate {_short(max(rates))}", _short(min(rates)) if self.logarithmic else "0"

    def _read_at(self, area: QRectF) -> float:
        """Return the iteration under the mouse."""
        share = ((self._hovered or 0.0) - area.left()) / max(area.width(), 1.0)
        return min(max(share * self._points[-1][0], self._points[0][0]), self._points[-1][0])

    def _area(self) -> QRectF:
        metrics = QFontMetricsF(self._small())
        left = max(metrics.horizontalAdvance(text) for text in self._ends()) + GRID // 2
        top = GRID // 2
        return QRectF(left, top, self.width() - left - 2, self.height() - top - self._line())

    def _x(self, area: QRectF, iteration: float) -> float:
        return area.left() + area.width() * iteration / max(self._points[-1][0], 1)

    def _places(self, area: QRectF, points: Sequence[tuple[float, float]]) -> list[QPointF]:
        """Return where points are drawn; the lowest rate of a logarithmic scale stays above the ground."""
        high, low = max(self._rates), min(self._rates)
        tall = area.height() - 2
        places = []
        for iteration, rate in points:
            if self._logarithmic:
                ground = math.log10(low) - 0.3
                height = (math.log10(rate) - ground) / (math.log10(high) - ground)
            else:
                height = rate / high if high > 0 else 0.0
            places.append(QPointF(self._x(area, iteration), area.bottom() - height * tall))
        return places

    def _drops(self) -> bool:
        """Say whether the rate keeps one of a few values."""
        return len(set(self._rates)) <= 12

    def _summary(self) -> str:
        """Return the rate in words of numbers: "0.1, then 0.01, 0.001", or from where to where."""
        rates = self._rates
        if self._drops():
            kept = list(dict.fromkeys(f"{rate:.3g}" for rate in rates))
            return "rate " + " → ".join(kept)
        parts = [rates[0], max(rates), rates[-1]] if rates[0] < max(rates) else [rates[0], rates[-1]]
        return "rate " + " → ".join(f"{rate:.2g}" for rate in parts)

    def _reading(self, iteration: float) -> str:
        rate = self.rate_at(iteration)
        return f"rate {number_text(float(f'{rate:.3g}'))} at iteration {iteration:,.0f}"

    def _line(self) -> int:
        return self._small().pixelSize() + GRID // 2

    def _small(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme().font_pixels - 2)
        return font


def _short(rate: float) -> str:
    return number_text(float(f"{rate:.2g}"))


def _decades(rates: Sequence[float]) -> float:
    return math.log10(max(rates) / min(rates))
