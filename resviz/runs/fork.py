"""Forks: runs that begin where another run stood, or where it began, and go on in their own way."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from resviz.arch.graph import Architecture
from resviz.errors import RecipeError, RunError
from resviz.runs import checkpoints, events, lines
from resviz.runs.checkpoints import Stored
from resviz.runs.events import Changed, Forked, Noted, RateChanged
from resviz.runs.experiment import Experiment, free_name, write_experiment
from resviz.runs.origin import REWOUND, Beginning, stored, take_up
from resviz.runs.run import Run, write
from resviz.train import schedule
from resviz.train.circumstances import Circumstances
from resviz.train.objections import objection
from resviz.train.recipe import Recipe

_TOLD = {"started", "step", "probe", "evaluation", "learning_rate", "note"}
"""Kinds of events that a fork takes over: what its curves and its learning rate come from."""


def fork(
    runs: Sequence[Run],
    *,
    checkpoint: str | None = None,
    rewind: bool = False,
    recipes: Sequence[Recipe] | None = None,
    name: str | None = None,
    out: str | os.PathLike[str] | None = None,
) -> Experiment:
    """Write a new experiment with a fork of each run; the runs themselves stay as they are.

    A fork from a checkpoint begins with a copy of it, and its log with what the parent's told up to there, so
    that its curves are whole. One from the initialisation begins at iteration 0 with the same weights, for
    these depend on the seed alone. Each log says so first (`Forked`).

    Args:
        runs: the parents; several are compared as before, in lockstep.
        checkpoint: name of the checkpoint to begin with; None: each run's newest that is undamaged.
        rewind: begin with the initialisation instead.
        recipes: of the forks, one for each run; None: the parents'.
        name: shown and used for the folder; None: made from the parents' names.
        out: the experiment's folder, or, where it holds something else already, the folder in which to
            make it; None: a new folder in the person's data.

    Raises:
        RunError: nothing to fork, no such checkpoint, or the folder cannot be used.
        CheckpointError: the checkpoint is damaged.
        RecipeError: the recipe cannot be taken up there.
        DiskFullError: there is no room for the copies.
    """
    if not runs:
        raise RunError("There is no run to fork: choose at least one.")
    if rewind and checkpoint is not None:
        raise RunError(f"A fork begins at {checkpoint} or at the initialisation, not at both: choose one.")
    origins: dict[str, _Origin] = {}
    for run, recipe in zip(runs, recipes or [run.recipe() for run in runs], strict=True):
        found, beginning = (None, REWOUND) if rewind else stored(run, checkpoint)
        origins[free_name(run.name, origins)] = _Origin.of(run, recipe, found, beginning)
    plan = {key: (origin.architecture, origin.recipe) for key, origin in origins.items()}
    title = name or _title(list(origins.values()))
    return write_experiment(plan, title, out, fill=lambda run: origins[run.name].fill(run))


def differences(before: Recipe, after: Recipe) -> tuple[str, ...]:
    """Return each field that differs as "learning_rate: 0.1 -> 0.01"; values as `with_changes` reads them."""
    pairs = [(field, getattr(before, field), getattr(after, field)) for field in Recipe.__struct_fields__]
    return tuple(f"{field}: {_text(old)} -> {_text(new)}" for field, old, new in pairs if old != new)


class _Origin(NamedTuple):
    """Where one fork begins."""

    parent: Run
    architecture: Architecture
    recipe: Recipe
    stored: Stored | None
    event: Forked
    notes: tuple[str, ...]
    """Sentences that a person should read before training; last in the log."""
    rate: RateChanged | None
    """The learning rate from here on, if one set by hand before is given up."""

    @classmethod
    def of(cls, run: Run, recipe: Recipe, found: Stored | None, beginning: Beginning) -> _Origin:
        """Gather what a fork of `run` needs.

        Raises:
            RecipeError: the recipe cannot be taken up there.
        """
        before, architecture = run.recipe(), run.architecture()
        circumstances = Circumstances.of([architecture])
        taken = take_up(run.name, before, recipe, beginning)
        wrong = objection(recipe, circumstances, begun=True)
        if wrong and not objection(before, circumstances, begun=True):
            raise RecipeError(wrong)
        where, iteration = str(run.path.absolute()), beginning.iteration
        event = Forked(time.time(), iteration, where, beginning.name, differences(before, recipe))
        rate = None
        if found is not None:
            found = found._replace(meta={**found.meta, **taken.changed})
            if "rate_factor" in taken.changed:
                end = taken.start.warm_up_end
                rate = RateChanged(iteration, 1.0, schedule.rate(recipe, iteration, warm_up_end=end))
        notes, factor = taken.notes, taken.start.factor
        if factor != 1:
            notes += (f"The learning rate stays {factor:.3g} times the recipe's, as it was set by hand.",)
        return cls(run, architecture, recipe, found, event, notes, rate)

    def fill(self, run: Run) -> None:
        """Write the checkpoint and the log that the fork begins with."""
        log = [events.encode(self.event)]
        if self.stored is not None:
            checkpoints.save(run.checkpoints_path, *self.stored)
            log += [line + b"\n" for line in _history(self.parent, self.event.iteration, self.stored.name)]
            if self.rate is not None:
                log.append(events.encode(self.rate))
            sentence = (
                f"Begins at iteration {self.event.iteration} of {self.parent.name}: resume it to train."
            )
            log.append(events.encode(Changed(time.time(), self.event.iteration, "stopped", sentence)))
        log += [events.encode(Noted(time.time(), self.event.iteration, note)) for note in self.notes]
        write(run.events_path, b"".join(log))


class _Head(msgspec.Struct):
    """The part of an event that says whether it belongs into the history."""

    event: str
    iteration: int
    name: str | None = None
    progress: float | None = None


def _history(run: Run, iteration: int, name: str) -> Iterator[bytes]:
    """Yield the lines of a run's log that tell of the time up to a checkpoint.

    What came behind the writing of it is not in the checkpoint even if it was at the same iteration (a
    person's change of the learning rate). A log that does not tell of the writing counts as a whole.
    """
    heads: list[tuple[_Head, bytes]] = []
    end = 0
    for line in lines.LineTail(run.events_path).read():
        try:
            head = msgspec.json.decode(line, type=_Head)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        heads.append((head, line))
        if head.event == "checkpoint" and head.name == name:
            end = len(heads)
    for head, line in heads[: end or None]:
        kept = head.event in _TOLD and head.progress is None
        if head.iteration <= iteration and (kept or (head.event == "checkpoint" and head.name == name)):
            yield line


def _title(origins: Sequence[_Origin]) -> str:
    names = " and ".join(dict.fromkeys(origin.parent.name for origin in origins))
    at = {origin.event.iteration for origin in origins}
    if origins[0].stored is None:
        return f"{names} rewound"
    return f"{names} from {at.pop()}" if len(at) == 1 else f"{names} forked"


def _text(value: object) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value)
