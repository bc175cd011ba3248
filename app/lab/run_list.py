"""Reads the folders of all experiments for the table, a few milliseconds at a time."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from resviz.errors import ResvizError
from resviz.runs.store import Experiment, Run, RunSummary, list_experiments, summary

_SLICE_SECONDS = 0.008


@dataclass
class Row:
    """One run of the table."""

    run: Run
    data: str = ""
    seed: int | None = None
    summary: RunSummary | None = None
    """None until it was read."""


@dataclass
class Group:
    """One experiment of the table."""

    experiment: Experiment
    rows: list[Row] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """The experiment's directory."""
        return Path(self.experiment.path)


class RunList(QObject):
    """All experiments, newest first; `row_read` as their runs become known, `listed` when the list is new."""

    listed = Signal()
    row_read = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.groups: list[Group] = []
        self._work: Iterator[Row] = iter(())
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._on_turn)

    def refresh(self) -> None:
        """Read the list again; summaries that are known stay until they are read anew."""
        known = {row.run.path: row for group in self.groups for row in group.rows}
        self.groups = [
            Group(experiment, [known.get(run.path, Row(run)) for run in experiment.runs])
            for experiment in list_experiments()
        ]
        self.listed.emit()
        self._work = iter([row for group in self.groups for row in group.rows])
        self._timer.start()

    def look(self) -> None:
        """See what others did: new experiments are listed, runs in training read anew."""
        if {group.path for group in self.groups} != {Path(each.path) for each in list_experiments()}:
            self.refresh()
        elif not self._timer.isActive():
            live = ("running", "paused")
            self._work = iter(
                [row for g in self.groups for row in g.rows if row.summary and row.summary.state in live]
            )
            self._timer.start()

    def close(self) -> None:
        """Stop reading."""
        self._timer.stop()

    def delete(self, path: Path) -> None:
        """Delete a run's or an experiment's folder.

        Raises:
            ResvizError: a worker trains it, or the folder cannot be deleted.
        """
        for group in self.groups:
            runs = [row.run for row in group.rows if path in (group.path, row.run.path)]
            if not runs:
                continue
            if any(run.alive() for run in runs):
                raise ResvizError(f"{path.name} is being trained: stop it first.")
            whole = path == group.path or len(group.rows) == len(runs)
            try:
                shutil.rmtree(group.path if whole else path)
            except OSError as error:
                raise ResvizError(
                    f"Cannot delete {path} ({error.strerror or error}): check the folder."
                ) from error
        self.refresh()

    @Slot()
    def _on_turn(self) -> None:
        end = time.monotonic() + _SLICE_SECONDS
        for row in self._work:
            read_row(row)
            self.row_read.emit(row)
            if time.monotonic() > end:
                return
        self._timer.stop()


def read_row(row: Row) -> None:
    """Read what the table shows of a run; a damaged one says so in its place."""
    try:
        if not row.data:
            recipe = row.run.recipe()
            row.data, row.seed = recipe.data, recipe.seed
        row.summary = summary(row.run)
    except ResvizError as error:
        row.summary = RunSummary(
            name=row.run.name, directory=str(row.run.path), state="failed", message=str(error)
        )


def interrupted(experiments: list[Experiment]) -> list[tuple[Experiment, list[Run]]]:
    """Return the experiments with runs whose worker went away in the middle, and those runs."""
    found = []
    for experiment in experiments:
        runs = []
        for run in experiment.runs:
            try:
                if run.state() == "interrupted":
                    runs.append(run)
            except ResvizError:
                continue
        if runs:
            found.append((experiment, runs))
    return found
