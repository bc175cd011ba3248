"""Probes brought to the blocks of the canvas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.plots.quantities import Quantity, Row
from resviz.runs.events import Started
from resviz.runs.series import RunSeries

_PLACES = ("convolutions", "blocks", "responses")


class BlockRows:
    """Which values of a run's probes belong to which blocks; found once, for the names of one start."""

    def __init__(self, started: Started, ids: Sequence[str]) -> None:
        self.ids = tuple(ids)
        self._rows = {block_id: row for row, block_id in enumerate(self.ids)}
        self._columns: dict[str, NDArray[np.int64]] = {}
        self._of: dict[str, NDArray[np.int64]] = {}
        for place in _PLACES:
            rows = [self._row(name) for name in getattr(started, place)]
            self._columns[place] = np.array([n for n, row in enumerate(rows) if row >= 0], np.int64)
            self._of[place] = np.array([row for row in rows if row >= 0], np.int64)

    def _row(self, name: str) -> int:
        """Return the row of the block that a layer is, or belongs to; -1: it is not here."""
        row = self._rows.get(name, -1)
        return row if row >= 0 else self._rows.get(name.rpartition(".")[0], -1)

    def columns(self, place: str, block_id: str) -> list[int]:
        """Return where, among the names of a place of `Started`, those of a block are."""
        row = self._rows.get(block_id, -1)
        found: list[int] = self._columns[place][self._of[place] == row].tolist()
        return found

    def values(self, series: RunSeries, quantity: Quantity, probe: int) -> tuple[Row, NDArray[np.bool_]]:
        """Return the value of each block, and which have one; NaN with one: it is not a number.

        Of a block with several convolutions it is their gradient norm taken together (the root of the sum of
        the squares), or else the root of the mean of the squares.
        """
        of, count = self._of[quantity.layers], len(self.ids)
        probed = quantity.values(series)
        if not probed.size or not len(of):
            return np.full(count, np.nan), np.zeros(count, np.bool_)
        found = probed[probe][self._columns[quantity.layers]].astype(np.float64)
        layers = np.bincount(of, minlength=count)
        squares = np.bincount(of, found * found, count)
        values = np.sqrt(squares / np.maximum(layers, 1) if not quantity.adds_up else squares)
        filled = layers > 0
        values[~filled] = np.nan
        # A plain block has no residual magnitude; a gradient that is none is news.
        return values, filled & ~np.isnan(values) if quantity.needs_shortcut else filled

    def any_of(self, found: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which blocks have a convolution that is among those found."""
        of = self._of["convolutions"]
        hit: NDArray[np.bool_] = np.bincount(of, found[self._columns["convolutions"]], len(self.ids)) > 0
        return hit

    def all_of(self, found: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which blocks have convolutions, all of which are among those found."""
        of = self._of["convolutions"]
        others = np.bincount(of, ~found[self._columns["convolutions"]], len(self.ids))
        whole: NDArray[np.bool_] = (others == 0) & (np.bincount(of, minlength=len(self.ids)) > 0)
        return whole
