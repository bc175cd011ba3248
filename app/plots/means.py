"""The mean of a noisy curve over epochs of batches, worked out for new points only."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from app.plots.bookmark import Bookmark
from resviz.runs.buffers import Rows
from resviz.runs.series import Curve, RunSeries

Floats = NDArray[np.float64]
_UNKNOWN_EPOCH = 100.0
_SUM, _COUNT, _MEAN = range(3)


class EpochMean:
    """At each point the mean of the finite values of the last epochs, the point itself included."""

    def __init__(self, curve: Callable[[RunSeries], Curve]) -> None:
        """Follow the curve that `curve` takes from a series."""
        self._curve = curve
        self._known: WeakKeyDictionary[RunSeries, tuple[float, Bookmark, Rows]] = WeakKeyDictionary()

    def of(self, series: RunSeries, epochs: float = 1.0) -> Floats:
        """Return the means over the last `epochs`, (T,); NaN where none of these has a finite value.

        Those of the last `epochs` asked for are kept.
        """
        curve = self._curve(series)
        kept, mark, rows = self._known.get(series, (None, Bookmark(), Rows(3, by_column=True)))
        if kept != epochs or mark.voided(series, curve.x):
            mark, rows = Bookmark(), Rows(3, by_column=True)
            self._known[series] = epochs, mark, rows
        if len(curve) > mark.taken:
            self._extend(series, rows, curve, mark.taken, epochs)
            mark.move(series, curve.x, len(curve))
        means: Floats = rows.values[:, _MEAN]
        return means

    def _extend(self, series: RunSeries, rows: Rows, curve: Curve, first: int, epochs: float) -> None:
        x, y = curve.x[first:], curve.y[first:]
        finite = np.isfinite(y)
        start = rows.values[-1] if first else np.zeros(3)
        new = np.empty((len(x), 3))
        new[:, _SUM] = start[_SUM] + np.cumsum(np.where(finite, y, 0.0))
        new[:, _COUNT] = start[_COUNT] + np.cumsum(finite)
        rows.extend(x, np.full(len(x), np.nan), new)
        epoch = series.started.iterations_per_epoch if series.started else _UNKNOWN_EPOCH
        before = np.searchsorted(curve.x, x - epochs * epoch, side="right")
        earlier = np.concatenate((np.zeros((1, 3)), rows.values))[before]
        count = new[:, _COUNT] - earlier[:, _COUNT]
        total = new[:, _SUM] - earlier[:, _SUM]
        rows.values[first:, _MEAN] = np.divide(total, count, out=np.full(len(x), np.nan), where=count > 0)
