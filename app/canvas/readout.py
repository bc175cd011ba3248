"""Live readouts: where a value that training measures at a block lies on the scale of colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, log10

from app.canvas.text import scientific


@dataclass(frozen=True, slots=True)
class ReadoutScale:
    """What the colours of the blocks mean."""

    title: str = "value"
    short: str = ""
    """A symbol, for where there is little room."""
    low: float = 0.0
    high: float = 1.0
    """Values of the first and of the last colour; of a logarithmic scale their base-ten logarithms."""
    log: bool = False
    text: Callable[[float], str] = scientific
    """A value as text."""

    def place(self, value: float) -> float:
        """Return the place of a value on the scale, 0..1; NaN for what is not a number."""
        if not isfinite(value):
            return float("nan")
        if self.high <= self.low:
            return 0.5
        scaled = log10(max(value, 1e-30)) if self.log else value
        return min(max((scaled - self.low) / (self.high - self.low), 0.0), 1.0)

    @property
    def ends(self) -> tuple[str, str]:
        """The values at both ends as text."""
        low, high = (10.0**self.low, 10.0**self.high) if self.log else (self.low, self.high)
        return self.text(low), self.text(high)
