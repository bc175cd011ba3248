"""Where runs live: an experiment's folder holds `experiment.json` and one folder a run.

A run's folder holds `architecture.json`, `recipe.json`, `events.jsonl` and `commands.jsonl` (append only),
`checkpoints/` and `log.txt`; `labels.json` where a person gave it a title, tags, a note or a colour, as
beside `experiment.json`. Nothing in it has to be where it was: copying the folder moves the run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from resviz.arch.graph import Architecture
from resviz.errors import RunError
from resviz.runs import labels
from resviz.runs.experiment import (
    Experiment,
    ExperimentFile,
    data_root,
    experiment_of,
    experiments_root,
    find_runs,
    free_name,
    is_experiment,
    list_experiments,
    write_experiment,
)
from resviz.runs.fork import fork
from resviz.runs.run import CommandTail, EventLog, Run, settled
from resviz.runs.summary import RunSummary, summary
from resviz.train.recipe import Recipe

__all__ = [
    "CommandTail",
    "EventLog",
    "Experiment",
    "ExperimentFile",
    "Run",
    "RunSummary",
    "create_experiment",
    "data_root",
    "experiment_of",
    "experiments_root",
    "find_runs",
    "fork",
    "is_experiment",
    "list_experiments",
    "settled",
    "summary",
]


def create_experiment(
    architectures: Sequence[Architecture],
    recipe: Recipe,
    *,
    name: str | None = None,
    out: str | os.PathLike[str] | None = None,
    seeds: Sequence[int] | None = None,
) -> Experiment:
    """Write an experiment: one run for each architecture and seed (None: the recipe's).

    Args:
        architectures: one or more; equal names get a number.
        recipe: of all runs, apart from the seed.
        name: shown and used for the folder; None: made from the architectures' names.
        out: the experiment's folder, or, where it holds something else already, the folder in which to
            make it; None: a new folder in the person's data.
        seeds: one run an architecture for each.

    Raises:
        RunError: nothing to run, or the folder is read-only, full or holds an experiment already.
    """
    if not architectures:
        raise RunError("There is no architecture to train: choose at least one.")
    used = (recipe.seed,) if seeds is None else tuple(dict.fromkeys(seeds))
    plan: dict[str, tuple[Architecture, Recipe]] = {}
    titles: dict[str, str] = {}
    for architecture in architectures:
        for seed in used:
            suffix = f"-seed{seed}" if len(used) > 1 else ""
            run_name = free_name(architecture.name, plan, suffix)
            plan[run_name] = (architecture, msgspec.structs.replace(recipe, seed=seed))
            if len(used) > 1:
                titles[run_name] = f"{architecture.name} seed {seed}"
    title = name or " and ".join(dict.fromkeys(a.name for a in architectures))

    def label(run: Run) -> None:
        if run.name in titles:
            labels.change(run.path, title=titles[run.name])

    return write_experiment(plan, title, out, fill=label)
