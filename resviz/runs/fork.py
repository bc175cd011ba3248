"""Forks: runs that begin where another run stood, or where it began, and go on in their own way."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from resviz.arch.graph import Architecture
from resviz.errors import CheckpointError, RecipeError, RunError
from resviz.runs import checkpoints, events, lines
from resviz.runs.checkpoints import Stored
from resviz.runs.events import Changed, Forked, Noted, RateChanged
from resviz.runs.experiment import Experiment, free_name, write_experiment
from resviz.runs.run import Run, write
from resviz.train import schedule
from resviz.train.recipe import Recipe

_TOLD = {"started", "step", "probe", "evaluation", "learning_rate", "note"}
"""Kinds of events that a fork takes over: what its curves and its learning rate come from."""
_RATE = ("learning_rate", "rate_scaling", "schedule", "one_cycle_peak", "milestones", "decay_factor")
"""Fields that say the learning rate: who changes one wants that rate, not one set by hand before."""
_PICTURES = ("data", "train_limit", "validation_split")
"""Fields that say which pictures are trained on, and which are kept from training."""


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
        stored, flaws = (None, []) if rewind else _stored(run, checkpoint)
        origins[free_name(run.name, origins)] = _Origin.of(run, recipe, stored, flaws)
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
    def of(cls, run: Run, recipe: Recipe, stored: Stored | None, flaws: Sequence[str]) -> _Origin:
        """Gather what a fork of `run` needs.

        Raises:
            RecipeError: the recipe cannot be taken up there.
        """
        before = run.recipe()
        iteration = 0 if stored is None else int(stored.meta["iteration"])
        if stored is None and recipe.seed != before.seed:
            raise RecipeError(
                f"seed: the initialisation of {run.name} is that of seed {before.seed}; leave it, or train a "
                "new run."
            )
        if stored is not None and recipe.residual_init != before.residual_init:
            raise RecipeError(
                "residual_init: it decides how the weights begin, and at a checkpoint they have begun; "
                "rewind to the initialisation instead."
            )
        chosen = [field for field in _PICTURES if getattr(recipe, field) != getattr(before, field)]
        if stored is not None and chosen:
            raise RecipeError(
                f"{chosen[0]}: it decides which pictures are for training and which for testing, and at a "
                "checkpoint training has begun; rewind to the initialisation instead."
            )
        if stored is not None and recipe.iterations <= iteration:
            raise RecipeError(
                f"iterations: {run.name} has {iteration} of them behind it at {stored.name}; "
                "ask for more, or choose an earlier checkpoint."
            )
        where = str(run.path.absolute())
        changes = differences(before, recipe)
        event = Forked(time.time(), iteration, where, stored.name if stored else None, changes)
        notes, rate = list(flaws), None
        factor = 1.0 if stored is None else float(stored.meta.get("rate_factor", 1.0))
        if stored is not None and factor != 1:
            if any(getattr(recipe, field) != getattr(before, field) for field in _RATE):
                stored = stored._replace(meta={**stored.meta, "rate_factor": 1.0})
                end = stored.meta.get("warm_up_end", 0)
                rate = RateChanged(iteration, 1.0, schedule.rate(recipe, iteration, warm_up_end=end))
                notes.append("The learning rate set by hand before no longer applies: the recipe's does.")
            else:
                notes.append(
                    f"The learning rate stays {factor:.3g} times the recipe's, as it was set by hand."
                )
        return cls(run, run.architecture(), recipe, stored, event, tuple(notes), rate)

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


def _stored(run: Run, name: str | None) -> tuple[Stored, list[str]]:
    """Return the named checkpoint, or the newest that is undamaged and a sentence for each that is not.

    Raises:
        RunError: there is none, or none of that name.
        CheckpointError: it is damaged.
    """
    folder = run.checkpoints_path
    known = checkpoints.names(folder)
    if not known:
        raise RunError(f"{run.name} has no checkpoint yet: rewind to its initialisation instead.")
    if name is not None and name not in known:
        raise RunError(f"{run.name} has no checkpoint {name!r}: choose {' or '.join(known)}.")
    flaws: list[str] = []
    if name is None:
        found, flaws = checkpoints.newest_good(folder, checkpoints.read)
    else:
        found = checkpoints.load(folder, name, checkpoints.read)
    if found is None or not isinstance(found.meta.get("iteration"), int):
        raise CheckpointError(
            f"The checkpoint {name or known[-1]} of {run.name} tells no iteration: use another."
        )
    return found, flaws


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
