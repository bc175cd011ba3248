"""What is on screen: which runs are shown, in which colours, and which experiment is in hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QColor

from app.lab.bridge import WorkerBridge
from app.lab.followed import FollowedRun
from app.theme import named_colour, run_colour
from resviz.arch.graph import Architecture
from resviz.errors import RunError
from resviz.runs import labels
from resviz.runs.store import Experiment, Run
from resviz.train.recipe import Recipe

MOST_SHOWN = 64
"""So many runs are shown at once at most: beyond that no curve is to be told from another."""


class Session(QObject):
    """The runs that the window shows; each keeps one colour, in curves, canvas and table alike."""

    runs_changed = Signal()
    """Runs were shown, hidden, renamed or given another colour."""
    current_changed = Signal()
    """Another experiment is in hand."""

    def __init__(self, bridge: WorkerBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.bridge = bridge
        self.shown: list[FollowedRun] = []
        self.current: list[FollowedRun] = []
        """The runs of the experiment that the train panel steers."""
        self._places: dict[Path, int] = {}

    def train(
        self, architectures: Sequence[Architecture], recipe: Recipe, seeds: Sequence[int] | None = None
    ) -> Experiment:
        """Train a new experiment, with each seed where there are several, and show it alone.

        Raises:
            ResvizError: the folder cannot be written.
        """
        experiment = self.bridge.train(architectures, recipe, seeds)
        self.take(experiment.runs, alone=True)
        return experiment

    def resume(self, runs: Iterable[Run]) -> None:
        """Take runs in hand and let them go on.

        Raises:
            ResvizError: a recipe cannot be read.
        """
        self.take(list(runs))
        self.bridge.resume(self.current)

    def take(self, runs: Sequence[Run], *, alone: bool = False) -> None:
        """Show runs, and make them the ones that the train panel steers; `alone` hides all others."""
        followed = [self.bridge.follow(run) for run in runs]
        before, self.current = self.current, followed
        if alone:
            self._drop([other for other in {*self.shown, *before} if other not in followed])
        self._add(followed)
        self.runs_changed.emit()
        self.current_changed.emit()

    def show(self, run: Run) -> FollowedRun:
        """Show a run's curves."""
        followed = self.bridge.follow(run)
        self._add([followed])
        self.runs_changed.emit()
        return followed

    def show_runs(self, runs: Iterable[Run], *, alone: bool = False) -> None:
        """Show the curves of several runs; `alone` takes all others away.

        Raises:
            RunError: they are too many to be told apart.
        """
        chosen = list(dict.fromkeys(runs))
        wanted = {run.path for run in chosen}
        others = [run for run in self.shown if run.path not in wanted]
        count = len(chosen) + (0 if alone else len(others))
        if count > MOST_SHOWN:
            raise RunError(
                f"{count:,} runs are too many to tell apart: show {MOST_SHOWN} at most, or hide others."
            )
        if alone:
            self._drop(others)
        self._add([self.bridge.follow(run) for run in chosen])
        self.runs_changed.emit()

    def hide(self, *paths: Path) -> None:
        """Take runs' curves away; what the train panel steers stays followed."""
        self._drop([run for run in self.shown if run.path in paths])
        self.runs_changed.emit()

    @Slot()
    def hide_all(self) -> None:
        """Take all curves away."""
        self.hide(*[run.path for run in self.shown])

    def read_labels(self) -> None:
        """Take up what a person said of runs by now: titles and colours."""
        for run in self.bridge.followed.values():
            run.read_labels()
        self.runs_changed.emit()

    def forget(self, path: Path) -> None:
        """A run was deleted: it is nowhere any more."""
        self.current = [run for run in self.current if run.path != path]
        self._drop([run for run in self.shown if run.path == path])
        self.bridge.unfollow(path)
        self.runs_changed.emit()
        self.current_changed.emit()

    def is_shown(self, path: Path) -> bool:
        """Say whether a run's curves are on screen."""
        return any(run.path == path for run in self.shown)

    def colour(self, path: Path) -> QColor:
        """Return a shown run's colour, for the palette in force: a person's choice, or one that is free."""
        followed = self.bridge.followed.get(path)
        if followed is not None and followed.labels.colour in labels.WARM + labels.COOL:
            return named_colour(followed.labels.colour)
        return run_colour(self._places.get(path, 0), followed is not None and followed.plain)

    def _add(self, runs: Sequence[FollowedRun]) -> None:
        for run in runs:
            if run in self.shown:
                continue
            taken = {self._place(other, run.plain) for other in self.shown}
            # The colour of last time, unless another run has it by now.
            if self._places.get(run.path) is None or self._places[run.path] in taken:
                self._places[run.path] = next(place for place in range(len(taken) + 1) if place not in taken)
            self.shown.append(run)

    def _place(self, run: FollowedRun, plain: bool) -> int | None:
        """Return which colour of a family a shown run has; None: one of the other family."""
        family = labels.WARM if plain else labels.COOL
        if run.labels.colour in labels.WARM + labels.COOL:
            return family.index(run.labels.colour) if run.labels.colour in family else None
        return self._places[run.path] if run.plain == plain else None

    def _drop(self, runs: Sequence[FollowedRun]) -> None:
        for run in runs:
            if run in self.shown:
                self.shown.remove(run)
            if run not in self.current and not run.active:
                self.bridge.unfollow(run.path)
