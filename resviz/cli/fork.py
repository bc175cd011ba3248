"""`fork`: begin new runs where others stand, or where they began."""

from __future__ import annotations

import argparse
import sys
from itertools import takewhile
from pathlib import Path

from resviz.cli.output import answer
from resviz.cli.recipe import add_set, changes_of, check_name
from resviz.runs.events import Forked, Noted
from resviz.runs.origin import start_of
from resviz.runs.series import Tail
from resviz.runs.store import Run, find_runs, fork
from resviz.train.circumstances import Circumstances
from resviz.train.describe import cautions, words
from resviz.train.recipe import with_changes


def register(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `fork`."""
    parser.add_argument(
        "directory", metavar="RUN", type=Path, help="a run's folder, or an experiment's to fork all its runs"
    )
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument(
        "--checkpoint",
        metavar="NAME",
        help="begin at this one, such as iteration-1200 (the newest undamaged one). A run keeps the two "
        "newest automatic checkpoints, and all that `resviz checkpoint` asked for",
    )
    begin.add_argument(
        "--rewind", action="store_true", help="begin at the initialisation, with equal weights"
    )
    parser.add_argument(
        "--iterations",
        type=int,
        metavar="N",
        help="train on up to N iterations in all, short for --set iterations=N; milestones stay as they are",
    )
    add_set(parser, listed=True)
    parser.add_argument("--out", type=Path, metavar="DIR", help="the new experiment's folder")
    parser.add_argument("--name", help="the new experiment's name")


def run(command: str, args: argparse.Namespace) -> int:
    """Write the new experiment and say what it will do and how to train it; return 0.

    Raises:
        ResvizError: there is nothing to fork, or the recipe cannot be changed so.
    """
    check_name(args.name)
    parents = find_runs(args.directory)
    given = [] if args.iterations is None else ["iterations"]
    changes = changes_of(args.changes, given)
    if args.iterations is not None:
        changes["iterations"] = str(args.iterations)
    experiment = fork(
        parents,
        checkpoint=args.checkpoint,
        rewind=args.rewind,
        recipes=[with_changes(parent.recipe(), changes) for parent in parents],
        name=args.name,
        out=args.out,
    )
    origins = [(each, _origin(each)) for each in experiment.runs]
    document = {
        "experiment": str(experiment.path),
        "runs": [
            {
                "name": each.name,
                "directory": str(each.path),
                "parent": origin.parent,
                "checkpoint": origin.checkpoint,
                "iterations": origin.iteration,
                "changes": origin.changes,
            }
            for each, origin in origins
        ],
    }
    told: list[str] = []
    for each, origin in origins:
        begin = f"{each.name} begins at {origin.checkpoint or 'the initialisation'} of {origin.parent}"
        plan, doubts = _plan(each, origin)
        told += [begin, *(f"  {line}" for line in (*origin.changes, *plan))]
        for note in (*_notes(each), *(f"Caution: {doubt}" for doubt in doubts)):
            print(f"{each.name}: {note}", file=sys.stderr)
    answer(args, document, "\n".join([*told, f"Train with: python -m resviz resume {experiment.path}"]))
    return 0


def _plan(run: Run, origin: Forked) -> tuple[list[str], list[str]]:
    """Return what a fork will do from where it begins, and what is to be thought over."""
    recipe, start = run.recipe(), start_of(run, origin.iteration)
    known = Circumstances.of([run.architecture()])
    return words(recipe, known, start), cautions(recipe, known, start)


def _origin(run: Run) -> Forked:
    """Return where a run that was just forked comes from."""
    return next(event for event in Tail(run.events_path).read() if isinstance(event, Forked))


def _notes(run: Run) -> list[str]:
    """Return what the log of a run that was just forked ends with: sentences to read before training."""
    last = takewhile(lambda event: isinstance(event, Noted), reversed(Tail(run.events_path).read()))
    return [event.message for event in last if isinstance(event, Noted)][::-1]
