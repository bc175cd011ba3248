"""Plain against residual: which run is another's twin, how far they are apart, and that in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from resviz.runs.series import RunSeries

_EQUAL = 0.5
"""Points of difference up to which two networks are said to train equally well."""


class Named(Protocol):
    """What twins are known by."""

    @property
    def name(self) -> str:
        """The run's name, as shown."""

    @property
    def folder(self) -> str:
        """The name of the run's own folder: the one shown may be anything; "": as shown."""

    @property
    def plain(self) -> bool:
        """Whether the network has no shortcuts."""

    @property
    def experiment(self) -> str:
        """Folder of the experiment."""


AnyRun = TypeVar("AnyRun", bound=Named)


def twin_of(run: AnyRun, runs: Sequence[AnyRun]) -> AnyRun | None:
    """Return the plain run to compare a residual one with: its twin by name, or else the only plain one."""
    plain = [other for other in runs if other.plain and other.experiment == run.experiment]
    named = [other for other in plain if _bare(other) == _bare(run)]
    return named[0] if named else plain[0] if len(plain) == 1 else None


def _bare(run: Named) -> str:
    return (run.folder or run.name).removeprefix("plain").removeprefix("resnet")


def difference(plain: RunSeries, residual: RunSeries) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return iterations that both have, and there plain minus residual training error, points, (T,) each."""
    mine, other = residual.smoothed_train(), plain.smoothed_train()
    if not len(mine) or not len(other):
        return np.zeros(0, np.int64), np.zeros(0)
    end = int(np.searchsorted(mine.x, other.x[-1], side="right"))
    x = mine.x[:end]
    return x, np.interp(x, other.x, other.y) - mine.y[:end]


def verdict(plain: str, residual: str, points: float, iteration: int) -> str:
    """Return in words how a plain network stands against its twin.

    Args:
        plain: its name.
        residual: its twin's.
        points: training error of the plain one minus that of the residual one.
        iteration: at which.
    """
    if abs(points) < _EQUAL:
        return f"{plain} and {residual} train equally well at iteration {iteration:,}"
    word = "worse" if points > 0 else "better"
    return f"{plain} trains {abs(points):.1f} points {word} than {residual} at iteration {iteration:,}"
