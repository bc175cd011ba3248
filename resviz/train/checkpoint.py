"""Everything that decides how training goes on, into a checkpoint and back.

What is not in here is a pure function of (seed, iteration): batches, augmentation, dropout, the schedule.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import torch
from torch import Tensor

from resviz.errors import CheckpointError
from resviz.nn.state import Checkpoint, newest_good, part, prune, save_checkpoint, with_prefix
from resviz.runs.origin import OPTIMISER_ANEW
from resviz.train.step import Step


class Progress(msgspec.Struct, kw_only=True):
    """Where a run stands, apart from its tensors."""

    iteration: int = 0
    """Finished iterations."""
    warm_up_end: int | None = 0
    """Iteration at which the warm-up ended; 0 if there is none, None while it lasts."""
    rate_factor: float = 1.0
    """A person's change of the learning rate, in proportion to the schedule."""
    window_wrong: float = 0.0
    """Wrong answers up to the last decision about the warm-up."""
    evaluated: int = 0
    """Iteration of the last finished evaluation; 0 if there was none."""
    told: int = 0
    """Iteration of the newest point of the training curve; with it the totals at that iteration."""
    told_loss: float = 0.0
    told_wrong: float = 0.0
    kept: tuple[int, ...] = ()
    """Iterations at which a person asked for a checkpoint: those stay, to fork from or to look at."""


def tensors_of(step: Step) -> dict[str, Tensor]:
    """Return what a checkpoint holds: "model/…", "totals", and the states of the recipe's options."""
    tensors = {**with_prefix("model", step.network.state_dict()), "totals": step.totals}
    tensors |= step.optimiser.state()
    if step.average is not None:
        tensors |= step.average.state()
    if step.scale is not None:
        tensors |= with_prefix("loss_scale", step.scale.state())
    return tensors


def changed_by_forward(step: Step) -> dict[str, Tensor]:
    """Return copies of those of `tensors_of` that an iteration changes before its update."""
    buffers = with_prefix("model", dict(step.network.named_buffers()))
    return {name: tensor.clone() for name, tensor in {**buffers, "totals": step.totals}.items()}


def save(folder: Path, tensors: dict[str, Tensor], progress: Progress, before: Progress | None = None) -> str:
    """Write the checkpoint of this iteration, and return its name.

    All others are deleted but those that a person asked for, and the one before, which is known to be good,
    as a damaged one would not be.

    Args:
        folder: of the checkpoints, made if missing.
        tensors: those of `tensors_of`.
        progress: where the run stands.
        before: where it stood at the checkpoint before, written or restored; None: there is none.

    Raises:
        CheckpointError: the folder is read-only or full.
    """
    name = _name(progress.iteration)
    save_checkpoint(folder, name, tensors, msgspec.to_builtins(progress))
    if before is None or before.iteration != progress.iteration:  # Else it has taken its place.
        wanted = {name, *map(_name, progress.kept)}
        prune(folder, keep=wanted if before is None else wanted | {_name(before.iteration)})
    return name


def restore(folder: Path, step: Step) -> tuple[Progress | None, list[str]]:
    """Load the newest undamaged checkpoint into `step`.

    A fork's first checkpoint may be of another optimiser: what it does not have, or what the fork is not to
    take up, begins anew.

    Returns:
        where the run stands (None: there is no checkpoint), and a sentence for each damaged one it skipped.

    Raises:
        CheckpointError: it belongs to another architecture, or all there are are damaged.
    """
    checkpoint, skipped = newest_good(folder)
    if checkpoint is None:
        return None, skipped
    return _into(checkpoint, step, folder), skipped


def _name(iteration: int) -> str:
    return f"iteration-{iteration}"


def _into(checkpoint: Checkpoint, step: Step, folder: Path) -> Progress:
    try:
        progress = msgspec.convert(checkpoint.meta, Progress)
        step.network.load_state_dict(part("model", checkpoint.tensors), strict=True)
        with torch.no_grad():
            step.totals.copy_(checkpoint.tensors["totals"])
        if not checkpoint.meta.get(OPTIMISER_ANEW) and _has(checkpoint, step.optimiser.state()):
            step.optimiser.restore(checkpoint.tensors)
        if step.average is not None:
            if _has(checkpoint, step.average.state()):
                step.average.restore(checkpoint.tensors)
            else:
                step.average.begin()
        if step.scale is not None and (state := part("loss_scale", checkpoint.tensors)):
            step.scale.restore(state)
    except (RuntimeError, KeyError, msgspec.ValidationError):
        raise CheckpointError(
            f"The checkpoint {checkpoint.name} in {folder} belongs to another network: "
            "remove the folder, or put the run's own architecture back."
        ) from None
    return progress


def _has(checkpoint: Checkpoint, state: dict[str, Tensor]) -> bool:
    """Return whether there is anything of the state in a checkpoint."""
    return not checkpoint.tensors.keys().isdisjoint(state)
