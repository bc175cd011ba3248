"""Long curves as few points: lowest, highest and mean value of each bin of iterations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Binned:
    """What to draw of a curve, (B,) each; where the curve is short enough, its own points."""

    x: Array
    low: Array
    high: Array
    mean: Array
    exact: bool
    """The points are the curve's own: low, high and mean are the same."""


def binned(x: NDArray[np.int64], y: NDArray[Any], begin: float, end: float, count: int) -> Binned:
    """Return the part of a curve between `begin` and `end` in at most about `count` bins.

    Bins begin at multiples of a power of two iterations, so that a growing or moving curve does not
    shimmer; the newest one, still incomplete, is there too.
    Not incremental, because it need not be: numpy passes over 64,000 points in a fiftieth of a millisecond.

    Args:
        x: iterations, rising, (T,).
        y: values, (T,); NaN counts only where a bin has nothing else.
        begin: first iteration that is seen; the point before it is kept, so that the line reaches the edge.
        end: last iteration that is seen; so is the point after it.
        count: bins that the width of the picture can show.
    """
    first = max(0, int(np.searchsorted(x, begin)) - 1)
    last = min(len(x), int(np.searchsorted(x, end, side="right")) + 1)
    part, values = x[first:last], y[first:last]
    if len(part) <= 2 * max(count, 1):
        where, same = part.astype(np.float64), values.astype(np.float64)
        return Binned(where, same, same, same, True)
    span = int(part[-1] - part[0]) / max(count, 1)
    width = 1 << max(0, int(np.ceil(np.log2(max(span, 1)))))
    edges = np.arange(int(part[0]) // width * width, int(part[-1]) + 1, width)
    starts = np.unique(np.searchsorted(part, edges))
    starts = starts[starts < len(part)]
    sizes = np.diff(starts, append=len(part))
    present = ~np.isnan(values)
    if present.all():
        mean = np.add.reduceat(values, starts) / sizes
    else:
        total = np.add.reduceat(np.where(present, values, 0.0), starts)
        number = np.add.reduceat(present.astype(np.int64), starts)
        mean = np.divide(total, number, out=np.full(len(starts), np.nan), where=number > 0)
    return Binned(
        np.add.reduceat(part, starts) / sizes,
        np.fmin.reduceat(values, starts),
        np.fmax.reduceat(values, starts),
        mean,
        False,
    )
