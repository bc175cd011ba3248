"""Over which values a quantity of a run extends, over all its layers and iterations, kept up to date."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from app.plots.bookmark import Bookmark
from app.plots.quantities import Quantity, Row
from resviz.report.numbers import nice_end
from resviz.runs.series import RunSeries

_LOW, _STEPS, _DECADES = -12.0, 20, 24
"""The histogram of magnitudes: where it begins, bins a decade, decades."""


class Extent:
    """Lowest and highest value, and a histogram of magnitudes. Only probes not seen yet are looked at."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self.low, self.high = math.inf, -math.inf
        """In the coordinates of the scale."""
        self.counts: NDArray[np.int64] = np.zeros(_STEPS * _DECADES, np.int64)
        self._mark = Bookmark()

    def follow(self, series: RunSeries, quantity: Quantity) -> None:
        """Take in the newest probes; after a resume that went back, all of them anew."""
        iterations = series.probe_iterations
        if self._mark.voided(series, iterations):
            self._clear()
        if len(iterations) == self._mark.taken:
            return
        new = quantity.values(series)[self._mark.taken :]
        self._mark.move(series, iterations, len(iterations))
        finite = new[np.isfinite(new) & ((new > 0) | (not quantity.log))].astype(np.float64)
        if not len(finite):
            return
        scaled = np.log10(finite) if quantity.log else finite
        self.low, self.high = min(self.low, float(scaled.min())), max(self.high, float(scaled.max()))
        place = (np.log10(np.maximum(np.abs(finite), 10.0**_LOW)) - _LOW) * _STEPS
        self.counts += np.bincount(
            np.minimum(place.astype(np.int64), len(self.counts) - 1), minlength=len(self.counts)
        )


_known: WeakKeyDictionary[RunSeries, dict[str, Extent]] = WeakKeyDictionary()


def _of(series: Iterable[RunSeries], quantity: Quantity) -> list[Extent]:
    found = []
    for each in series:
        extent = _known.setdefault(each, {}).setdefault(quantity.key, Extent())
        extent.follow(each, quantity)
        found.append(extent)
    return [extent for extent in found if extent.low <= extent.high]


def axis_range(
    series: Sequence[RunSeries], quantity: Quantity, rows: Iterable[Row] = ()
) -> tuple[float, float]:
    """Return a range, rounded outwards, that holds still while the cursor moves through all iterations.

    A logarithmic one holds all values; a linear one leaves out the highest hundredth, unless in `rows`.
    """
    if quantity.bounds is not None:
        return quantity.bounds
    if not quantity.log:
        finite = [float(np.nanmax(row)) for row in rows if np.isfinite(row).any()]
        return 0.0, max(colour_range(series, quantity)[1], nice_end(1.02 * max(finite, default=0.0)))
    found = _of(series, quantity)
    if not found:
        return -3.0, 1.0
    high = math.ceil(2 * max(extent.high for extent in found) + 0.1) / 2
    low = math.floor(2 * min(extent.low for extent in found) - 0.1) / 2
    return max(min(low, high - 2), high - 14), high


def colour_range(
    series: Iterable[RunSeries], quantity: Quantity, rows: Iterable[Row] = ()
) -> tuple[float, float]:
    """Return the range of the colours, the same for all runs: all values but for the outermost hundredths.

    It is rounded outwards (half decades; round numbers), so that colours hold still while values come in, and
    holds all of `rows`.
    """
    if quantity.bounds is not None:
        return quantity.bounds
    finite = [scaled[np.isfinite(scaled)] for scaled in map(quantity.scaled, rows)]
    shown = [float(end) for row in finite if len(row) for end in (row.min(), row.max())]
    found = _of(series, quantity)
    if not found:
        return (-4.0, 0.0) if quantity.log else (0.0, 1.0)
    shares = np.cumsum(sum(extent.counts / max(extent.counts.sum(), 1) for extent in found)) / len(found)
    low = _LOW + float(np.searchsorted(shares, 0.01)) / _STEPS
    high = _LOW + float(np.searchsorted(shares, 0.99) + 1) / _STEPS
    if not quantity.log:
        return 0.0, nice_end(max([10.0**high, *shown]))
    low, high = math.floor(min([low, *shown]) * 2) / 2, math.ceil(max([high, *shown]) * 2) / 2
    return low, max(high, low + 1.0)
