"""Axes: round numbers, iterations in thousands, decades as powers of ten; and ranges that hold still."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont

from app.theme import Colours
from resviz.report.numbers import count_text, nice_step, power_text


class Axis(pg.AxisItem):  # type: ignore[misc]
    """An axis whose numbers are plain, thousands as "10k"; or whose coordinates are base-ten logarithms."""

    def __init__(self, orientation: str, *, whole: bool = False, log: bool = False) -> None:
        super().__init__(orientation)
        self.whole, self.log = whole, log
        self.bare = False
        """Whether it has no line."""
        self._size = 12
        """Pixels of its type."""
        self._given: object = None
        """The ticks that were set last."""
        self.enableAutoSIPrefix(False)

    def dress(self, colours: Colours, font: QFont, label: str) -> None:
        """Set colours, type and the label."""
        self.setPen(QColor(0, 0, 0, 0) if self.bare else QColor(colours.border))
        self.setTickPen(QColor(colours.grid))
        self.setTextPen(QColor(colours.muted))
        self._size = font.pixelSize()
        self.setStyle(tickFont=font, tickLength=4, tickTextOffset=5, maxTickLevel=1)
        self.setLabel(label, color=colours.muted, **{"font-size": f"{font.pixelSize()}px"})
        self.label.setFont(font)

    def boundingRect(self) -> QRectF:
        """Leave room for the numbers at both ends, which pyqtgraph leaves out where there is a grid."""
        rect = QRectF(super().boundingRect())
        across = self.orientation in ("bottom", "top")
        room = round(self._size * (1.7 if across else 0.8))
        return rect.adjusted(-room, 0, room, 0) if across else rect.adjusted(0, -room, 0, room)

    def setTicks(self, ticks: Sequence[Sequence[tuple[float, str]]] | None) -> None:
        """Take these ticks; the same again cost nothing."""
        if ticks != self._given:
            self._given = ticks
            super().setTicks(ticks)

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Return steps of 1, 2, (2.5) or 5 times a power of ten, at least 56 pixels apart (36 upwards)."""
        across = self.orientation in ("bottom", "top")
        room = max(56.0, 3.7 * self._size) if across else max(36.0, 2.0 * self._size)
        least = (high - low) / max(1.0, size / room)
        return [(max(nice_step(least), 1.0) if self.whole else nice_step(least, (1, 2, 2.5, 5, 10)), 0.0)]

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """Return round numbers; of logarithms the decades (fewer where they crowd), else 2 and 5 besides."""
        if not self.log:
            found: list[tuple[float, list[float]]] = super().tickValues(low, high, size)
            return found
        low, high = min(low, high), max(low, high)
        stride = max(1, math.ceil((high - low) / max(1.0, size / 26.0)))
        decades = [
            float(k) for k in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1) if k % stride == 0
        ]
        between: list[float] = []
        if high - low <= 3 and size / max(high - low, 0.1) > 90:
            between = [
                k + math.log10(m)
                for k in range(math.floor(low), math.ceil(high))
                for m in (2, 5)
                if low <= k + math.log10(m) <= high
            ]
        return [(1.0, decades), (0.3, between)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return the numbers: of logarithms powers of ten, or plain numbers from 0.01 to 1000."""
        if self.log:
            return [power_text(value) for value in values]
        values = [value * scale for value in values]
        thousands = bool(values) and max(abs(value) for value in values) >= 10_000
        return [count_text(value, thousands) if self.whole else f"{value:.10g}" for value in values]
