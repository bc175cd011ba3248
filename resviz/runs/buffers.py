"""Growing numpy buffers: rows in order of iteration, the later word about an iteration winning."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Rows:
    """Rows of `width` values, each with its iteration and its time; iterations rise strictly.

    Appending is amortised O(1): capacity doubles. Arrays given out are views of the present buffers: read
    them at once, copy what should stay.
    """

    def __init__(
        self, width: int, dtype: type[np.floating[Any]] = np.float64, *, by_column: bool = False
    ) -> None:
        """Make an empty table; `by_column` keeps each column contiguous rather than each row."""
        self.width = width
        self.dtype = dtype
        self.size = 0
        self._by_column = by_column
        self._x = np.empty(0, np.int64)
        self._time = np.empty(0, np.float64)
        self._values = self._empty(0)

    @property
    def x(self) -> Ints:
        """Iterations, (T,)."""
        return self._x[: self.size]

    @property
    def time(self) -> Floats:
        """Seconds since 1970 (UTC), (T,); NaN where an event carries none."""
        return self._time[: self.size]

    @property
    def values(self) -> NDArray[Any]:
        """Values, (T, width)."""
        return self._values[: self.size]

    def extend(self, x: Ints, time: Floats, values: NDArray[Any]) -> int:
        """Append rows; rows of the same or later iterations that are already there give way.

        Returns:
            The index of the first row that is new.
        """
        if not len(x):
            return self.size
        first = self.size
        if (first and x[0] <= self._x[first - 1]) or (len(x) > 1 and not bool((x[1:] > x[:-1]).all())):
            for index in range(len(x)):
                first = min(first, self.drop_after(int(x[index]) - 1))
                self._append(x[index : index + 1], time[index : index + 1], values[index : index + 1])
        else:
            self._append(x, time, values)
        return first

    def restore(self, x: Ints, time: Floats, values: NDArray[Any]) -> None:
        """Take over rows that another table had, arrays of its own, in place of what is here."""
        self.size, self.width = len(x), values.shape[1]
        self._x, self._time, self._values = x, time, values

    def drop_after(self, iteration: int) -> int:
        """Remove all rows of later iterations; return how many rows are left."""
        self.size = int(np.searchsorted(self.x, iteration, side="right"))
        return self.size

    def _append(self, x: Ints, time: Floats, values: NDArray[Any]) -> None:
        end = self.size + len(x)
        if end > len(self._x):
            capacity = max(64, 2 * len(self._x), end)
            grown_x, grown_time = np.empty(capacity, np.int64), np.empty(capacity, np.float64)
            grown_values = self._empty(capacity)
            grown_x[: self.size], grown_time[: self.size] = self.x, self.time
            grown_values[: self.size] = self.values
            self._x, self._time, self._values = grown_x, grown_time, grown_values
        self._x[self.size : end] = x
        self._time[self.size : end] = time
        self._values[self.size : end] = values
        self.size = end

    def _empty(self, capacity: int) -> NDArray[Any]:
        if self._by_column:
            return np.empty((self.width, capacity), self.dtype).T
        return np.empty((capacity, self.width), self.dtype)


class Curve:
    """One column of a table: iterations, values, times. The arrays are views: read them at once."""

    def __init__(self, rows: Rows, column: int = 0) -> None:
        self._rows = rows
        self._column = column

    def __len__(self) -> int:
        return self._rows.size

    @property
    def x(self) -> Ints:
        """Iterations, (T,)."""
        return self._rows.x

    @property
    def y(self) -> Floats:
        """Values, (T,), in the unit that the curve's owner says."""
        column: Floats = self._rows.values[:, self._column]
        return column

    @property
    def time(self) -> Floats:
        """Seconds since 1970 (UTC), (T,)."""
        return self._rows.time

    @property
    def last(self) -> float | None:
        """The newest value; None: there is none, or it is not a number."""
        if not self._rows.size:
            return None
        value = float(self.y[-1])
        return None if math.isnan(value) else value
