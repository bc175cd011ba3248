"""What a time axis can count: iterations, epochs, or minutes of training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from resviz.report.numbers import nice_end
from resviz.runs.series import RunSeries

Unit = Literal["iterations", "epochs", "minutes"]
UNITS: tuple[Unit, ...] = ("iterations", "epochs", "minutes")
LABELS: dict[Unit, str] = {"iterations": "iteration", "epochs": "epoch", "minutes": "minutes of training"}

_LONG = 150.0
"""Minutes above which an axis counts hours."""


def axis_words(unit: Unit, end: float) -> tuple[str, float]:
    """Return what an axis that ends there counts, and the factor from its coordinates to its numbers."""
    return ("hours of training", 1 / 60) if unit == "minutes" and end > _LONG else (LABELS[unit], 1.0)


class Clock:
    """Where a run's iterations lie on an axis, and back."""

    def __init__(self, series: RunSeries, unit: Unit) -> None:
        self._rate = 1.0
        self._knots: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        started = series.started
        if unit == "epochs" and started is not None and started.iterations_per_epoch > 0:
            self._rate = 1.0 / started.iterations_per_epoch
        elif unit == "minutes":
            self._knots = _minutes(series)

    def place(self, iterations: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where iterations lie on the axis."""
        x = np.asarray(iterations, np.float64)
        return x * self._rate if self._knots is None else _stretched(x, *self._knots)

    def iteration(self, place: float) -> float:
        """Return the iteration at a place of the axis, a fraction where it lies between two."""
        if self._knots is None:
            return place / self._rate
        return float(_stretched(np.array([place]), self._knots[1], self._knots[0])[0])


def end_of(series: Sequence[RunSeries], unit: Unit) -> float:
    """Return the end of an axis: the recipe's last iteration once it is near, else a round number ahead."""
    reached = asked = 0.0
    for each in series:
        ends = np.array([each.iteration, each.iterations or 0])
        done, wanted = Clock(each, unit).place(ends).tolist()
        reached, asked = max(reached, done), max(asked, wanted)
    end = nice_end(max(reached * 1.02, 10.0 if unit == "iterations" else 0.1))
    return asked if reached <= asked < end else end


def _minutes(series: RunSeries) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return iterations and the minutes of training they took: tests, pauses and waiting left out."""
    x, speed = series.train.x.astype(np.float64), series.speed.y
    batch = series.started.batch_size if series.started else 0
    images = np.diff(x, prepend=0.0) * batch
    seconds = np.divide(images, speed, out=np.zeros(len(x)), where=speed > 0)
    return np.concatenate(([0.0], x)), np.concatenate(([0.0], np.cumsum(seconds) / 60))


def _stretched(
    x: NDArray[np.float64], knots: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Interpolate between the knots, and go on beyond the last as on the way to it."""
    result = np.interp(x, knots, values)
    beyond = x > knots[-1]
    if beyond.any() and knots[-1] > 0:
        result[beyond] = x[beyond] * (values[-1] / knots[-1])
    return result
