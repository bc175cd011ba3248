"""How far something has read the growing rows of a run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from resviz.runs.events import Started
from resviz.runs.series import RunSeries


class Bookmark:
    """Remembers how many rows were read, and notices when a resume voided some of them."""

    def __init__(self) -> None:
        self.taken = 0
        """Rows read."""
        self._last = -1
        self._start: Started | None = None

    def voided(self, series: RunSeries, iterations: NDArray[np.int64]) -> bool:
        """Return whether what was read has to be read anew: `iterations` are those of all rows now."""
        start = series.started
        went_back = start is not None and start is not self._start and start.iteration < self._last
        shorter = len(iterations) < self.taken
        return self.taken > 0 and (went_back or shorter or int(iterations[self.taken - 1]) != self._last)

    def move(self, series: RunSeries, iterations: NDArray[np.int64], taken: int) -> None:
        """Remember that so many rows were read."""
        self.taken, self._start = taken, series.started
        self._last = int(iterations[taken - 1])
