"""Live readouts: what training measures at a block, and where that lies on the colour scales."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, log10


@dataclass(frozen=True, slots=True)
class BlockReadout:
    """The newest probe values of one block; None where there is none (residual magnitude of a plain one)."""

    gradient_norm: float | None
    residual_magnitude: float | None = None


@dataclass(frozen=True, slots=True)
class ReadoutScale:
    """The ranges of both colour scales: gradient norm on a log scale, residual magnitude on a linear one."""

    gradient_range: tuple[float, float] = (1e-4, 1.0)
    magnitude_range: tuple[float, float] = (0.0, 1.0)

    def gradient(self, value: float) -> float:
        """Return the place of a gradient norm on its scale, 0..1; NaN for what is not a number."""
        if not isfinite(value):
            return float("nan")
        low, high = (log10(max(bound, 1e-30)) for bound in self.gradient_range)
        return _share(log10(max(value, 1e-30)), low, high)

    def magnitude(self, value: float) -> float:
        """Return the place of a residual magnitude on its scale, 0..1; NaN for what is not a number."""
        return _share(value, *self.magnitude_range) if isfinite(value) else float("nan")


def _share(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 0.5
