"""Numbers as plots write them, and round numbers for the ends and steps of axes."""

from __future__ import annotations

import math
from collections.abc import Sequence

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


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
    """Return a number with so many digits: "0.0312", "3.12×10⁻⁵"; what is no number is a dash."""
    if not math.isfinite(value):
        return "–"
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
