"""Where a fork begins, and what its recipe makes of the state that it takes up there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from resviz.errors import CheckpointError, RecipeError, RunError
from resviz.runs import checkpoints
from resviz.runs.checkpoints import Stored
from resviz.runs.run import Run
from resviz.train.recipe import Recipe
from resviz.train.schedule import INITIALISATION, Start

_RATE = ("learning_rate", "rate_scaling", "schedule", "one_cycle_peak", "milestones", "decay_factor")
"""Fields that say the learning rate: who changes one wants that rate, not one set by hand before."""
_PICTURES = ("data", "train_limit", "validation_split")
"""Fields that say which pictures are trained on, and which are kept from training."""
OPTIMISER_ANEW = "optimiser_anew"
"""Entry of a checkpoint's JSON: what it remembers for the optimiser means something else in this recipe."""


class Beginning(NamedTuple):
    """A checkpoint without its tensors, or the initialisation.

    Attributes:
        name: the checkpoint's; None: the initialisation.
        meta: what its JSON says.
        flaws: a sentence for each newer checkpoint that is damaged.
    """

    name: str | None = None
    meta: Mapping[str, Any] = {}
    flaws: tuple[str, ...] = ()

    @property
    def iteration(self) -> int:
        """Finished iterations."""
        return 0 if self.name is None else int(self.meta["iteration"])

    @property
    def factor(self) -> float:
        """The learning rate set by hand, in proportion to the recipe's."""
        return float(self.meta.get("rate_factor", 1.0))


REWOUND = Beginning()


def stored(run: Run, name: str | None) -> tuple[Stored, Beginning]:
    """Return the named checkpoint of a run, None: its newest that is undamaged.

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
    return found, Beginning(found.name, found.meta, tuple(flaws))


def start_of(run: Run, iteration: int) -> Start:
    """Return where a run goes on that has so many iterations behind it and a checkpoint of that moment."""
    if not iteration:
        return INITIALISATION
    try:
        meta = checkpoints.read_meta(run.checkpoints_path, f"iteration-{iteration}")
    except checkpoints.FlawError:
        meta = {}
    return Start(iteration, float(meta.get("rate_factor", 1.0)), meta.get("warm_up_end", 0))


class Taken(NamedTuple):
    """How a recipe goes on from a beginning.

    Attributes:
        start: for the schedule, and for words about it.
        changed: entries of the checkpoint's JSON that the fork has otherwise.
        notes: sentences that a person should read before training.
    """

    start: Start
    changed: Mapping[str, object]
    notes: tuple[str, ...]


def take_up(name: str, before: Recipe, recipe: Recipe, beginning: Beginning) -> Taken:
    """Return what becomes of a run's state when another recipe takes it up.

    Args:
        name: the run's.
        before: its recipe.
        recipe: the fork's.
        beginning: where the fork begins.

    Raises:
        RecipeError: the recipe cannot be taken up there.
    """
    if beginning.name is None:
        if recipe.seed != before.seed:
            raise RecipeError(
                f"seed: the initialisation of {name} is that of seed {before.seed}; leave it, or train a "
                "new run."
            )
        return Taken(INITIALISATION, {}, ())
    _check(name, before, recipe, beginning)
    changed: dict[str, object] = {}
    notes = list(beginning.flaws)
    factor = beginning.factor
    if factor != 1 and any(getattr(recipe, field) != getattr(before, field) for field in _RATE):
        factor = changed["rate_factor"] = 1.0
        notes.append("The learning rate set by hand before no longer applies: the recipe's does.")
    warm_up_end = beginning.meta.get("warm_up_end", 0)
    if warm_up_end is not None and recipe.warm_up == "on" != before.warm_up:
        notes.append("There is no warm-up: training has begun already.")
    note, anew = _optimiser(before, recipe)
    notes += [note] if note else []
    if anew:
        changed[OPTIMISER_ANEW] = True
    return Taken(Start(beginning.iteration, factor, warm_up_end), changed, tuple(notes))


def _check(name: str, before: Recipe, recipe: Recipe, beginning: Beginning) -> None:
    if recipe.residual_init != before.residual_init:
        raise RecipeError(
            "residual_init: it decides how the weights begin, and at a checkpoint they have begun; "
            "rewind to the initialisation instead."
        )
    chosen = [field for field in _PICTURES if getattr(recipe, field) != getattr(before, field)]
    if chosen:
        raise RecipeError(
            f"{chosen[0]}: it decides which pictures are for training and which for testing, and at a "
            "checkpoint training has begun; rewind to the initialisation instead."
        )
    if recipe.iterations <= beginning.iteration:
        raise RecipeError(
            f"iterations: {name} has {beginning.iteration:,} of them behind it at {beginning.name}; "
            "ask for more, or choose an earlier checkpoint."
        )


def _optimiser(before: Recipe, recipe: Recipe) -> tuple[str, bool]:
    """Return what becomes of what the optimiser remembers, "" where all goes on, and whether to drop it.

    Momentum is a sum of gradients, whatever its factor, the rate or Nesterov's look-ahead. AdamW's averages
    are corrected for their beginning by the betas and the number of steps, so that other betas would
    misread them.
    """
    if recipe.optimiser != before.optimiser:
        if recipe.optimiser == "adamw":
            return "AdamW begins anew: SGD's momentum is no average of gradients and their squares.", False
        began = "SGD begins anew: " if recipe.momentum else "SGD has no momentum: "
        return f"{began}AdamW's averages are left behind.", False
    if recipe.optimiser == "adamw":
        if recipe.adam_betas != before.adam_betas:
            return "AdamW's averages begin anew, for they are of other betas.", True
        return "", False
    if not before.momentum and recipe.momentum:
        return "The momentum begins at 0: there was none before.", False
    if before.momentum and not recipe.momentum:
        return "The momentum gathered so far is left behind.", False
    if recipe.momentum != before.momentum or recipe.nesterov != before.nesterov:
        return "The momentum gathered so far is kept.", False
    return "", False
