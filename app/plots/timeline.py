"""The one time cursor: which iteration all plots and both networks show, and how a run is replayed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QSettings, QTimer, Signal, Slot

from app.plots.units import Unit
from resviz.runs.series import RunSeries

SPEEDS = (1, 4, 16, 64)
"""Probes at each step of a replay."""
FRAME_MS = 50
_SEEDS_KEY = "plots/seeds"


class Timeline(QObject):
    """An iteration that is looked at, or "live": the newest there is, whatever it is by now.

    It also holds what time plots share besides: the unit of their x axes, the part of them in view, and how
    much noisy curves are smoothed.
    """

    moved = Signal()
    """Another iteration is looked at, or the newest from now on."""
    played = Signal(bool)
    """A replay began or ended."""
    zoomed = Signal()
    """Another part of the time axes is in view, they have another unit, or curves are smoothed otherwise."""
    supplied = Signal()
    """There are other runs to look at."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.at: int | None = None
        """The iteration looked at; None: live."""
        self.speed = SPEEDS[0]
        """Probes at each step of a replay."""
        self.unit: Unit = "iterations"
        """What the time axes count."""
        self.span: tuple[float, float] | None = None
        """The part of the time axes that a person chose to see, in their unit; None: everything."""
        self.seeds = QSettings().value(_SEEDS_KEY, False, type=bool) is True
        """Whether runs that differ by their seeds only are drawn as their mean and what they cover."""
        self.smoothing = 1.0
        """Epochs over which noisy curves are averaged; 0: not at all."""
        self._series: Sequence[RunSeries] = ()
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._on_frame)

    def copy(self) -> Timeline:
        """Return another one that looks at the same iteration, unit, part and runs, and goes its own way."""
        made = Timeline()
        made.at, made.unit, made.span, made._series = self.at, self.unit, self.span, self._series
        return made

    # Reading

    @property
    def live(self) -> bool:
        """Whether the newest iteration is shown, and the next one as it comes."""
        return self.at is None

    @property
    def playing(self) -> bool:
        """Whether a replay goes on."""
        return self._timer.isActive()

    @property
    def stops(self) -> NDArray[np.int64]:
        """Iterations at which there is something to see, rising: the probes of the run that has most.

        A run without probes stops at its steps.
        """
        probed = [series.probe_iterations for series in self._series]
        best = max(probed, key=len, default=np.zeros(0, np.int64))
        if len(best):
            return best
        return max((series.train.x for series in self._series), key=len, default=best)

    @property
    def going(self) -> bool:
        """Whether any run is in training, so that there will be newer iterations."""
        return any(series.state in ("running", "paused") for series in self._series)

    @property
    def newest(self) -> int:
        """The newest iteration of any run."""
        return max((series.iteration for series in self._series), default=0)

    @property
    def shown(self) -> int:
        """The iteration that is shown."""
        return self.newest if self.at is None else self.at

    def join_seeds(self, on: bool) -> None:
        """Draw runs that differ by their seeds only together, or each for itself; that is remembered."""
        if on != self.seeds:
            self.seeds = on
            QSettings().setValue(_SEEDS_KEY, on)
            self.zoomed.emit()

    # Moving

    def supply(self, series: Sequence[RunSeries]) -> None:
        """Look at these runs from now on; the cursor stays where it can."""
        self._series = list(series)
        if self.at is not None and self.at >= self.newest:
            self.go_live()
        self.supplied.emit()

    def go_to(self, iteration: float) -> None:
        """Look at an iteration; at the right end, follow live."""
        self.play(False)
        self._move(iteration)

    @Slot()
    def go_live(self) -> None:
        """Follow the newest iteration."""
        self.play(False)
        self._set(None)

    @Slot()
    def go_to_start(self) -> None:
        """Look at the first probe."""
        stops = self.stops
        if len(stops):
            self.go_to(int(stops[0]))

    def step(self, count: int) -> None:
        """Go so many probes later, or earlier."""
        self.play(False)
        self._step(count)

    def play(self, on: bool) -> None:
        """Begin or end a replay; from the right end it begins at the left one."""
        if on == self.playing:
            return
        stops = self.stops
        if on and not len(stops):
            return
        if on:
            if self.at is None or self.at >= stops[-1]:
                self._move(int(stops[0]))
            self._timer.start()
        else:
            self._timer.stop()
        self.played.emit(on)

    @Slot()
    def toggle(self) -> None:
        """Begin or end a replay."""
        self.play(not self.playing)

    @Slot()
    def next_speed(self) -> None:
        """Replay at the next speed; after the highest comes the lowest."""
        self.speed = SPEEDS[(SPEEDS.index(self.speed) + 1) % len(SPEEDS)]

    # What time plots share

    def show_span(self, span: tuple[float, float] | None) -> None:
        """Show a part of the time axes in all plots; None: everything."""
        if span != self.span:
            self.span = span
            self.zoomed.emit()

    def count_in(self, unit: Unit) -> None:
        """Let the time axes count in another unit."""
        if unit != self.unit:
            self.unit, self.span = unit, None
            self.zoomed.emit()

    def smooth_over(self, epochs: float) -> None:
        """Average noisy curves over so many epochs."""
        if epochs != self.smoothing:
            self.smoothing = epochs
            self.zoomed.emit()

    # Inside

    def _move(self, iteration: float) -> None:
        self._set(None if round(iteration) >= self.newest else max(1, round(iteration)))

    def _set(self, at: int | None) -> None:
        if at != self.at:
            self.at = at
            self.moved.emit()

    def _step(self, count: int) -> None:
        stops = self.stops
        if not len(stops):
            return
        place = index_at(stops, self.at) + count
        if place >= len(stops):
            self._set(None)
        elif not (self.at is None and count >= 0):
            self._move(int(stops[max(0, place)]))

    @Slot()
    def _on_frame(self) -> None:
        self._step(self.speed)
        if self.at is None:
            self.play(False)


def index_at(iterations: NDArray[np.int64], at: int | None) -> int:
    """Return the place of the newest value at an iteration (None: of all); the first where all come later."""
    if at is None:
        return len(iterations) - 1
    return max(0, int(np.searchsorted(iterations, at, side="right")) - 1)
