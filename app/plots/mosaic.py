"""A picture of layers over iterations that grows: a new probe costs the same whatever is there already."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from app.theme import scale_colour

COLUMNS = 1024
"""Columns of a picture. When they are full, each two become one: half of them are free again."""
_SHADES = 256


class Mosaic:
    """Cells of (layers, columns); a column is the mean of the probes in its iterations.

    A probe stands for all iterations until the next one. The picture has a fixed size, so that taking in
    a probe, and doubling the width of the columns once in a while, cost the same for the first and the
    millionth probe.
    """

    def __init__(self, layers: int, begin: int = 0, width: int = 1) -> None:
        """Make an empty picture.

        Args:
            layers: rows.
            begin: the iteration before the first column.
            width: iterations a column, at first.
        """
        self.layers, self.begin, self.width = layers, begin, width
        self.filled = 0
        """Columns that have values."""
        self._sums: NDArray[np.float64] = np.zeros((layers, COLUMNS))
        self._counts: NDArray[np.int32] = np.zeros((layers, COLUMNS), np.int32)
        self._pixels: NDArray[np.uint32] = np.zeros((layers, COLUMNS), np.uint32)
        self._painted = 0
        """Columns whose pixels are right, from the left."""
        self._look: object = None

    def take(self, iterations: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Take in the next probes.

        Args:
            iterations: rising, later than all before, (T,).
            values: in the coordinates of the colours, (T, layers); NaN where there is none.
        """
        if not len(iterations):
            return
        while (int(iterations[-1]) - 1 - self.begin) // self.width >= COLUMNS:
            self._halve()
        columns = (iterations - 1 - self.begin) // self.width
        starts = np.flatnonzero(np.diff(columns, prepend=-1))
        places = columns[starts]
        finite = np.isfinite(values)
        self._sums[:, places] += np.add.reduceat(np.where(finite, values, 0.0), starts, axis=0).T
        self._counts[:, places] += np.add.reduceat(finite, starts, axis=0, dtype=np.int32).T
        self._painted = min(self._painted, int(places[0]))
        # Columns between two probes show the earlier one.
        known = places if not self.filled else np.concatenate(([self.filled - 1], places))
        gap = np.setdiff1d(np.arange(int(known[0]), int(places[-1])), known)
        source = known[np.searchsorted(known, gap) - 1]
        counts = self._counts[:, source]
        self._sums[:, gap] = self._sums[:, source] / np.maximum(counts, 1)
        self._counts[:, gap] = counts > 0
        self.filled = max(self.filled, int(places[-1]) + 1)
        self._painted = min(self._painted, int(gap[0]) if len(gap) else self._painted)

    def _halve(self) -> None:
        half = COLUMNS // 2
        for table in (self._sums, self._counts):
            table[:, :half] = table[:, ::2] + table[:, 1::2]
            table[:, half:] = 0
        self.filled = (self.filled + 1) // 2
        self.width *= 2
        self._painted = 0

    def means(self, first: int = 0) -> NDArray[np.float64]:
        """Return the filled columns from the `first` on, (layers, columns); NaN where there is no value."""
        columns = slice(first, self.filled)
        sums, counts = self._sums[:, columns], self._counts[:, columns]
        means: NDArray[np.float64] = np.divide(
            sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0
        )
        return means

    def image(self, low: float, high: float, blank: int) -> QImage:
        """Return the picture, the first layer as its first row; only new columns are painted.

        Args:
            low: value of the first colour.
            high: value of the last one.
            blank: 0xffRRGGBB of cells without a value.
        """
        if self._look != (low, high, blank):
            self._look, self._painted = (low, high, blank), 0
        means = self.means(self._painted)
        shade = np.clip((means - low) * ((_SHADES - 1) / max(high - low, 1e-12)), 0, _SHADES - 1)
        known = np.isfinite(means)
        colours = _palette()[np.where(known, shade, 0).astype(np.int64)]
        self._pixels[:, self._painted : self.filled] = np.where(known, colours, np.uint32(blank))
        self._painted = self.filled
        return QImage(self._pixels.data, COLUMNS, self.layers, 4 * COLUMNS, QImage.Format.Format_RGB32)


_shades: list[NDArray[np.uint32]] = []


def _palette() -> NDArray[np.uint32]:
    """Return the colours of the scale as pixels; they are the same in both themes."""
    if not _shades:
        colours = (scale_colour(step / (_SHADES - 1)).rgb() for step in range(_SHADES))
        _shades.append(np.fromiter(colours, np.uint32, _SHADES))
    return _shades[0]
