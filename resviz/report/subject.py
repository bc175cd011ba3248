"""A run as reports tell of it: what its folder holds, read once."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from resviz.arch.graph import Architecture
from resviz.arch.twin import is_plain
from resviz.errors import ResvizError, RunError
from resviz.report.paper import END_ERRORS, is_cifar10
from resviz.runs.events import RunState
from resviz.runs.run import Run
from resviz.runs.series import RunSeries, load
from resviz.train.recipe import Recipe


@dataclass(frozen=True)
class Subject:
    """One run. A damaged architecture or recipe is None: the curves are worth telling without it."""

    run: Run
    name: str
    """As shown: the run's own, with its experiment's where several share it."""
    series: RunSeries
    state: RunState
    plain: bool
    place: int
    """Which of the plain, or of the residual runs it is: that gives it its colour."""
    number: int
    """Which of all runs it is."""
    architecture: Architecture | None
    recipe: Recipe | None

    @property
    def experiment(self) -> str:
        """Folder of the experiment: twins are looked for within it."""
        return str(self.run.path.absolute().parent)

    @property
    def network(self) -> str:
        """Name of the architecture; "" where it cannot be read."""
        return self.architecture.name if self.architecture is not None else ""

    @property
    def paper(self) -> tuple[float, float] | None:
        """Errors, percent, in training and test, that the paper's own network ended with; None: not known."""
        return END_ERRORS.get(self.network) if is_cifar10(self.series) else None


def subjects(runs: Sequence[Run]) -> list[Subject]:
    """Read runs; those that never began are left out.

    Raises:
        RunError: none has begun.
    """
    found: list[Subject] = []
    names = [run.name for run in runs]
    for run in runs:
        series = load(run.events_path)
        if series.started is None:
            continue
        architecture, recipe = None, None
        with contextlib.suppress(ResvizError):
            architecture = run.architecture()
        with contextlib.suppress(ResvizError):
            recipe = run.recipe()
        plain = is_plain(architecture) if architecture is not None else run.name.startswith("plain")
        shared = names.count(run.name) > 1
        name = f"{run.name} ({run.path.absolute().parent.name})" if shared else run.name
        place = sum(other.plain == plain for other in found)
        found.append(Subject(run, name, series, run.state(), plain, place, len(found), architecture, recipe))
    if not found:
        raise RunError("None of these runs has begun, so there is nothing to report: train them first.")
    return found
