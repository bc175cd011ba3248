"""What happened to a run besides steps: the schedule's drops, a person's changes, its fork."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np

from app.plots.bookmark import Bookmark
from app.plots.plot_run import PlotRun
from app.plots.units import Clock
from resviz.runs.series import RunSeries

_FLAT, _DROP = 0.01, 0.67
"""A rate that changes less than that is flat; one that falls below that share of itself has dropped."""


@dataclass(frozen=True)
class Happening:
    """One mark on the time axis."""

    iteration: int
    text: str


class _Drops:
    """Steps of the learning rate, found in what is new of its curve."""

    def __init__(self) -> None:
        self.found: list[tuple[int, float]] = []
        self._mark = Bookmark()

    def follow(self, series: RunSeries) -> None:
        x, rate = series.rate.x, series.rate.y
        if self._mark.voided(series, x):
            self.found, self._mark = [], Bookmark()
        if len(x) == self._mark.taken:
            return
        # A step lies between two flat pieces: the end of a cosine falls steeply, too, and is none.
        first = max(0, self._mark.taken - 3)
        part = rate[first:]
        share = np.divide(part[1:], part[:-1], out=np.ones(max(len(part) - 1, 0)), where=part[:-1] > 0)
        flat = np.abs(share - 1) < _FLAT
        for place in np.flatnonzero(share[1:-1] < _DROP) + 1 if len(share) > 2 else ():
            here = int(x[first + place + 1])
            if flat[place - 1] and flat[place + 1] and (not self.found or self.found[-1][0] < here):
                self.found.append((here, float(part[place + 1])))
        self._mark.move(series, x, len(x))


_known: WeakKeyDictionary[RunSeries, _Drops] = WeakKeyDictionary()


def happenings(series: RunSeries) -> list[Happening]:
    """Return the marks of a run, in order; a drop that a person asked for is told as that."""
    drops = _known.setdefault(series, _Drops())
    drops.follow(series)
    by_hand = {change.iteration: change.learning_rate for change in series.rate_changes}
    # A change is told at the last iteration with the old rate; the first with the new one comes behind it.
    asked = {iteration + shift for iteration in by_hand for shift in (0, 1)}
    marks = [Happening(at, f"rate {rate:.3g}") for at, rate in drops.found if at not in asked]
    marks += [Happening(at, f"rate {rate:.3g} by hand") for at, rate in by_hand.items()]
    if series.forked is not None:
        marks.append(Happening(series.forked.iteration, f"forked from {Path(series.forked.parent).name}"))
    return sorted(marks, key=lambda mark: mark.iteration)


def told_near(runs: Sequence[PlotRun], clock: Callable[[PlotRun], Clock], place: float, reach: float) -> str:
    """Return what happened within `reach` of a place of the time axis, a line each; "" if nothing."""
    found: dict[Happening, list[str]] = {}
    for run in runs:
        for mark in happenings(run.series):
            if abs(float(clock(run).place(np.array([mark.iteration]))[0]) - place) <= reach:
                found.setdefault(mark, []).append(run.name)
    lines = []
    for mark, names in sorted(found.items(), key=lambda each: each[0].iteration):
        who = "" if len(names) == len(runs) else f" ({', '.join(names)})"
        lines.append(f"iteration {mark.iteration:,}: {mark.text}{who}")
    return "\n".join(lines)
