"""A run as reports tell of it: what its folder holds, read once."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from resviz.arch.graph import Architecture
from resviz.arch.twin import is_plain
from resviz.errors import ResvizError, RunError
from resviz.report.paper import END_ERRORS, is_cifar10
from resviz.runs import labels
from resviz.runs.events import RunState
from resviz.runs.run import Run
from resviz.runs.series import RunSeries, load
from resviz.train.recipe import Recipe


@dataclass(frozen=True)
class Subject:
    """One run. A damaged architecture or recipe is None: the curves are worth telling without it."""

    run: Run
    name: str
    """As shown: its title, with its experiment's name where several are called the same."""
    series: RunSeries
    state: RunState
    plain: bool
    colour: str
    """A person's choice, or the first of its family that is free: one of `labels.WARM` or `COOL`."""
    number: int
    """Which of all runs it is."""
    architecture: Architecture | None
    recipe: Recipe | None

    @property
    def experiment(self) -> str:
        """Folder of the experiment: twins are looked for within it."""
        return str(self.run.path.absolute().parent)

    @property
    def folder(self) -> str:
        """Name of the run's own folder."""
        return self.run.name

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
    said = {run: labels.known(run.path)[0] for run in runs}
    titles = [run.title for run in runs]
    taken = [each.colour for each in said.values() if each.colour]
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
        shared = titles.count(run.title) > 1
        name = f"{run.title} ({_where(run, runs)})" if shared else run.title
        colour = said[run].colour
        family = labels.WARM if plain else labels.COOL
        if colour not in labels.WARM + labels.COOL:
            used = sum(other.plain == plain for other in found)
            colour = next((each for each in family if each not in taken), family[used % len(family)])
            taken.append(colour)
        found.append(Subject(run, name, series, run.state(), plain, colour, len(found), architecture, recipe))
    if not found:
        raise RunError("None of these runs has begun, so there is nothing to report: train them first.")
    return found


def _where(run: Run, runs: Sequence[Run]) -> str:
    """Return what tells a run from others of its title: its experiment's folder, or within one its own."""
    home = run.path.absolute().parent
    alike = [other for other in runs if other.title == run.title and other.path.absolute().parent == home]
    return run.name if len(alike) > 1 else home.name
