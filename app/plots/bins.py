"""Long curves as few points: bins of iterations, with the lowest, highest and newest value of each."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Bins:
    """The part of a curve that is in view, in few bins; where it has few points, each is a bin of its own.

    Bins begin at multiples of 2^n or 3 x 2^n iterations, so that a growing or moving curve does not shimmer;
    the newest one, still incomplete, is there too. Nothing is kept from one picture to the next, because it
    need not be: only the ends of bins are looked up, and numpy finds the lowest and highest of 64,000 points
    in a fiftieth of a millisecond.
    """

    def __init__(self, x: Ints, begin: float, end: float, count: int) -> None:
        """Lay the bins.

        Args:
            x: iterations, rising, (T,).
            begin: first iteration in view; the point before it counts too, so that a line reaches the edge.
            end: last iteration in view; so does the point after it.
            count: bins that the width of the picture can show; up to twice as many points stay as they are.
        """
        # Looked up as whole numbers: for a fraction numpy would turn all iterations into fractions first.
        self.first = max(0, int(x.searchsorted(ceil(begin))) - 1)
        self.last = min(len(x), int(x.searchsorted(floor(end), side="right")) + 1)
        part = x[self.first : self.last]
        size = len(part)
        self.width = 1
        """Iterations a bin."""
        self.exact = size <= 2 * max(count, 1)
        """Whether each point is a bin of its own."""
        if self.exact:
            self.starts: Ints = np.arange(size)
        else:
            span = int(part[-1] - part[0]) / max(count, 1)
            power = 1 << max(0, int(np.floor(np.log2(max(span, 1)))))
            self.width = next(w for w in (power, power * 3 // 2, 2 * power) if w >= span)
            begin = int(part[0])
            edges = np.arange(begin // self.width * self.width, int(part[-1]) + 1, self.width)
            if int(part[-1]) - begin == size - 1:  # No iteration is left out: a place is a difference.
                self.starts = np.maximum(edges - begin, 0)
            else:
                starts = part.searchsorted(edges)
                full = np.append(starts[1:] > starts[:-1], starts[-1] < size)
                self.starts = starts[full]
        self.ends: Ints = np.append(self.starts[1:], size) - 1 if size else self.starts
        """Place of each bin's last point, from `first`."""
        self.x: Array = part[self.ends].astype(np.float64)
        """Iteration of each bin's last point, (B,)."""
        self.left: Array = part[self.starts].astype(np.float64)
        """Iteration of each bin's first point, (B,)."""

    def newest(self, y: NDArray[Any]) -> Array:
        """Return the last value of each bin, (B,): points of the curve itself, its newest one included."""
        return y[self.first : self.last][self.ends].astype(np.float64)

    def lowest(self, y: NDArray[Any]) -> Array:
        """Return the lowest value of each bin, (B,); NaN where it has nothing else."""
        return self._reduced(np.fmin, y)

    def highest(self, y: NDArray[Any]) -> Array:
        """Return the highest value of each bin, (B,); NaN where it has nothing else."""
        return self._reduced(np.fmax, y)

    def _reduced(self, function: np.ufunc, y: NDArray[Any]) -> Array:
        if not len(self.starts):
            return np.zeros(0)
        result: Array = function.reduceat(y[self.first : self.last], self.starts).astype(np.float64)
        return result
