"""Axes: round numbers, iterations in thousands, decades as powers of ten; and ranges that hold still."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont

from app.theme import Colours

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


class Axis(pg.AxisItem):  # type: ignore[misc]
    """An axis whose numbers are plain, thousands as "10k"; or whose coordinates are base-ten logarithms."""

    def __init__(self, orientation: str, *, whole: bool = False, log: bool = False) -> None:
        super().__init__(orientation)
        self.whole, self.log = whole, log
        self.enableAutoSIPrefix(False)

    def dress(self, colours: Colours, font: QFont, label: str) -> None:
        """Set colours, type and the label."""
        self.setPen(QColor(colours.border))
        self.setTickPen(QColor(colours.grid))
        self.setTextPen(QColor(colours.muted))
        self.setStyle(tickFont=font, tickLength=4, tickTextOffset=5, maxTickLevel=1)
        self.setLabel(label, color=colours.muted, **{"font-size": f"{font.pixelSize()}px"})
        self.label.setFont(font)

    def boundingRect(self) -> QRectF:
        """Leave room for the numbers at both ends, which pyqtgraph leaves out where there is a grid."""
        rect = QRectF(super().boundingRect())
        across = self.orientation in ("bottom", "top")
        return rect.adjusted(-20, 0, 20, 0) if across else rect.adjusted(0, -10, 0, 10)

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Return steps of 1, 2, (2.5) or 5 times a power of ten, at least 56 pixels apart (36 upwards)."""
        room = 56.0 if self.orientation in ("bottom", "top") else 36.0
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
        thousands = bool(values) and max(abs(value) for value in values) >= 10_000
        return [count_text(value, thousands) if self.whole else f"{value:.10g}" for value in values]


def power_text(exponent: float) -> str:
    """Return ten to the power as text: "10⁻³", "0.5", "2×10⁴"."""
    whole = round(exponent)
    if -2.01 <= exponent <= 3.01:
        return f"{float(f'{10**exponent:.3g}'):g}"
    if abs(exponent - whole) < 1e-6:
        return "10" + superscript(whole)
    floor = math.floor(exponent)
    return f"{10 ** (exponent - floor):.0f}×10" + superscript(floor)


def superscript(number: int) -> str:
    """Return a whole number as an exponent."""
    return str(number).translate(_SUPERSCRIPT)


def brief(value: float, digits: int = 3) -> str:
    """Return a number with so many digits: "0.0312", "3.12×10⁻⁵"."""
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value:.{digits}g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa}×10{superscript(int(exponent))}"


def count_text(value: float, thousands: bool) -> str:
    """Return a count as text, in thousands ("12.5k") if wanted."""
    return f"{value / 1000:.6g}k" if thousands and value else f"{value:.6g}"


def nice_step(least: float, factors: Sequence[float] = (1, 2, 5, 10)) -> float:
    """Return the smallest of the factors times a power of ten that is not below `least`."""
    if least <= 0 or not math.isfinite(least):
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in factors if factor * power >= least * (1 - 1e-9))


def nice_end(value: float) -> float:
    """Return the end of a range that holds `value`, a third above it at most, so that it moves rarely."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in _STEPS if factor * power >= value * (1 - 1e-9))
