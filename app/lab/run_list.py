"""Reads the folders of all experiments for the table, a few milliseconds at a time."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.lab.cells import data_name, experiment_title
from resviz.errors import ResvizError
from resviz.runs import labels, search
from resviz.runs.labels import NONE, Labels
from resviz.runs.store import Experiment, Run, RunSummary, list_experiments, summary

_SLICE_SECONDS = 0.008


@dataclass
class Row:
    """One run of the table."""

    run: Run
    group: Group
    lasting: dict[str, str] = field(default_factory=dict)
    """What training does not change: data, network, recipe, seed; empty until it was read."""
    summary: RunSummary | None = None
    """None until it was read."""
    labels: Labels = NONE
    labels_problem: str = ""
    """Why what a person said of it cannot be read, one sentence."""
    _folded: tuple[str, dict[str, str]] | None = None

    @property
    def path(self) -> Path:
        """The run's directory."""
        return self.run.path

    @property
    def title(self) -> str:
        """What it is called."""
        return self.labels.title or self.run.name

    @property
    def data(self) -> str:
        """What it trains on."""
        return self.lasting.get("data", "")

    def read_labels(self) -> None:
        """Take up what a person said of it by now."""
        self.labels, self.labels_problem = labels.known(self.run.path)
        self.forget_about()

    def forget_about(self) -> None:
        """What it can be found by is to be gathered anew."""
        self._folded = None

    def read(self) -> None:
        """Read what the table shows of it; a damaged one says so in its place."""
        try:
            if not self.data:
                self.lasting = search.lasting(self.run)
                if not self.data:
                    self.run.recipe()  # It cannot be read: raises the sentence that says why.
            self.summary = summary(self.run)
        except ResvizError as error:
            self.summary = RunSummary(
                name=self.run.name, directory=str(self.run.path), state="failed", message=str(error)
            )
        self.read_labels()

    def about(self, state: str) -> dict[str, str]:
        """Return what it can be found by, folded; `state`: as the table shows it."""
        if self._folded is None or self._folded[0] != state:
            about = {
                "name": self.run.name,
                **self.lasting,
                **search.said(self.labels, self.group.labels, self.group.experiment),
                "data": f"{self.data}\n{data_name(self.data)}",
                "state": f"{state}\ntraining" if state == "running" else state,
            }
            self._folded = state, search.folded(about)
        return self._folded[1]


@dataclass
class Group:
    """One experiment of the table."""

    experiment: Experiment
    rows: list[Row] = field(default_factory=list)
    labels: Labels = NONE
    labels_problem: str = ""
    title: str = ""
    """What it is called; its name is told from its equals by the number of its folder."""

    @property
    def path(self) -> Path:
        """The experiment's directory."""
        return self.experiment.path

    def read_labels(self) -> None:
        """Take up what a person said of it by now."""
        self.labels, self.labels_problem = labels.known(self.path)
        self.title = self.labels.title or experiment_title(self.experiment.name, self.path.name)
        for row in self.rows:
            row.forget_about()


class RunList(QObject):
    """All experiments, newest first; `listed` when the list is new, `rows_read` as runs become known."""

    listed = Signal()
    rows_read = Signal(list)

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
        self.groups = []
        for experiment in list_experiments():
            group = Group(experiment)
            group.read_labels()
            for run in experiment.runs:
                row = known.get(run.path) or Row(run, group)
                row.group = group
                row.read_labels()
                group.rows.append(row)
            self.groups.append(group)
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

    def delete(self, paths: Sequence[Path]) -> None:
        """Delete the folders of runs and of experiments.

        Raises:
            ResvizError: a worker trains one of them (then none is deleted), or a folder cannot be deleted.
        """
        gone: list[Path] = []
        for group in self.groups:
            runs = [row.run for row in group.rows if {group.path, row.run.path} & set(paths)]
            for run in runs:
                if run.alive():
                    raise ResvizError(f"{run.title} is being trained: stop it first.")
            whole = group.path in paths or (runs and len(group.rows) == len(runs))
            gone += [group.path] if whole else [run.path for run in runs]
        try:
            for path in gone:
                shutil.rmtree(path)
        except OSError as error:
            raise ResvizError(
                f"Cannot delete {path} ({error.strerror or error}): check the folder."
            ) from error
        finally:
            self.refresh()

    @Slot()
    def _on_turn(self) -> None:
        end = time.monotonic() + _SLICE_SECONDS
        read: list[Row] = []
        for row in self._work:
            row.read()
            read.append(row)
            if time.monotonic() > end:
                break
        else:
            self._timer.stop()
        self.rows_read.emit(read)


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
