"""`runs`, `pause`, `stop`, `checkpoint`, `learning-rate`, `export`: what can be done from anywhere."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from resviz.cli.output import answer, table
from resviz.cli.train import percent
from resviz.errors import RunError
from resviz.runs import labels, search
from resviz.runs.events import Checkpoint, Command, Pause, SetLearningRate, Stop
from resviz.runs.experiment import free_name
from resviz.runs.exports import FORMATS, export
from resviz.runs.store import (
    Run,
    RunSummary,
    experiment_of,
    experiments_root,
    find_runs,
    list_experiments,
    summary,
)

_ANSWER_S = 30.0
"""How long to wait until the workers have obeyed: a step of a large network can take that long."""
_POLL_S = 0.05
_FILTER = (
    "only runs of which each of these words tells something; a word may look in one place: "
    f"{', '.join(f'{field}:' for field in search.FIELDS)}, such as 'tag:final state:failed'"
)


def register(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a command."""
    about = "a run's or an experiment's folder"
    if command == "runs":
        about += ", or a folder of such"
        parser.add_argument("directory", nargs="?", metavar="DIR", type=Path, help=about)
        parser.add_argument("--filter", default="", metavar="TEXT", help=_FILTER)
        parser.epilog = (
            f"The keys of --json: runs, a list with {', '.join(RunSummary.__struct_fields__)} of each."
        )
        return
    if command == "export":
        parser.add_argument("directories", nargs="+", metavar="RUN", type=Path, help=about)
        parser.add_argument(
            "--to", choices=FORMATS, default="csv", help="csv, parquet (pyarrow) or TensorBoard's event files"
        )
        parser.add_argument("-o", "--output", type=Path, required=True, metavar="PATH", help="folder")
        return
    parser.add_argument("directory", metavar="DIR", type=Path, help=about)
    if command == "learning-rate":
        parser.add_argument("rate", type=float, metavar="RATE", help="from the next iteration on")


def run(command: str, args: argparse.Namespace) -> int:
    """Run a command; return 0."""
    if command == "runs":
        return _list(args)
    if command == "export":
        return _export(args)
    runs = find_runs(args.directory)
    match command:
        case "pause":
            states = _tell(runs, Pause(), lambda r: r.state() != "running")
        case "stop":
            states = _tell(runs, Stop(), lambda r: not r.alive())
        case "checkpoint":
            states = _tell(runs, Checkpoint(), None)
        case _:
            if not 0 < args.rate < 1e4:
                raise RunError(f"A learning rate of {args.rate:g} cannot be used: give a number above 0.")
            states = _tell(runs, SetLearningRate(args.rate), None)
    state = states[0] if len(set(states)) == 1 else ", ".join(states)
    answer(args, {"state": state}, state)
    return 0


def _tell(runs: Sequence[Run], command: Command, obeyed: Callable[[Run], bool] | None) -> list[str]:
    """Send a command to the runs that are being trained, wait until it is obeyed, return the runs' states.

    Raises:
        RunError: nobody trains any of the runs.
    """
    alive = [run for run in runs if run.alive()]
    if not alive:
        which = f"{runs[0].name} is" if len(runs) == 1 else "These runs are"
        state = runs[0].state()
        raise RunError(f"{which} not being trained now (state {state}): start with `resviz resume` first.")
    for each in alive:
        each.send(command)
    end = time.monotonic() + _ANSWER_S
    while obeyed is not None and not all(obeyed(each) for each in alive) and time.monotonic() < end:
        time.sleep(_POLL_S)
    return [each.state() for each in alive]


def _list(args: argparse.Namespace) -> int:
    if args.directory is None:
        runs = [each for experiment in list_experiments() for each in experiment.runs]
    else:
        runs = find_runs(args.directory)
    empty = f"There are no runs in {experiments_root()} yet: start with `resviz train` or `resviz demo`."
    summaries = [summary(each) for each in runs]
    if args.filter.strip():
        summaries = _matching(runs, summaries, args.filter)
        empty = f"No run matches {args.filter!r}: use fewer words, or leave out --filter." if runs else empty
        unknown = search.unknown_fields(args.filter)
        if runs and not summaries and unknown:
            empty += f" There is no field {unknown[0]!r}; there are {', '.join(search.FIELDS)}."
    rows = [
        [
            s.title or s.name,
            s.state,
            f"{s.iterations}/{s.iterations_asked or '?'}",
            percent(s.train_error_pct),
            percent(s.test_error_pct),
            s.directory,
        ]
        for s in summaries
    ]
    header = ["run", "state", "iterations", "train error", "test error", "folder"]
    if any(s.tags for s in summaries):
        header.insert(1, "tags")
        for row, s in zip(rows, summaries, strict=True):
            row.insert(1, ", ".join(s.tags))
    if any(s.parent for s in summaries):
        header.append("forked from")
        for row, s in zip(rows, summaries, strict=True):
            row.append(f"{s.parent} at {s.forked_at}" if s.parent else "")
    text = table(header, rows) if rows else empty
    for s in summaries:
        if s.labels_problem:
            print(f"note: {s.labels_problem}", file=sys.stderr)
    answer(args, {"runs": [msgspec.to_builtins(s) for s in summaries]}, text)
    return 0


def _matching(runs: Sequence[Run], summaries: Sequence[RunSummary], text: str) -> list[RunSummary]:
    """Return the summaries of the runs that a person asked for."""
    query = search.Query.of(text)
    found = []
    for each, known in zip(runs, summaries, strict=True):
        experiment = experiment_of(each)
        of_experiment = labels.NONE if experiment is None else labels.known(experiment.path)[0]
        written = labels.known(each.path)[0]
        about = {
            **search.lasting(each),
            **search.said(written, of_experiment, experiment),
            "state": known.state,
        }
        if query.finds(search.folded(about)):
            found.append(known)
    return found


def _export(args: argparse.Namespace) -> int:
    runs = list(dict.fromkeys(run for folder in args.directories for run in find_runs(folder)))
    taken: dict[str, None] = {}
    files: list[Path] = []
    missing = []
    for each in runs:
        name = free_name(each.name, taken)
        taken[name] = None
        folder = args.output if len(runs) == 1 else args.output / name
        written = export(each, args.to, folder)
        files += written
        if args.to != "tensorboard" and not any(file.stem == "residual_magnitude" for file in written):
            missing.append(f"{each.name}: no residual_magnitude.{args.to}, for a plain network has none.")
    answer(args, {"files": [str(file) for file in files]}, "\n".join([*map(str, files), *missing]))
    return 0
