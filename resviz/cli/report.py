"""`report`: one HTML file of an experiment, or of any runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from resviz.cli.output import answer
from resviz.errors import RunError
from resviz.report.page import write_report
from resviz.runs.store import Run, find_runs, is_experiment


def register(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `report`."""
    about = "an experiment's folder, or runs' folders to be told of together"
    parser.add_argument("directories", nargs="+", metavar="DIR", type=Path, help=about)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.html", help="file to write")
    parser.add_argument("--title", default="", help="instead of the experiment's name")


def run(command: str, args: argparse.Namespace) -> int:
    """Write the report; return 0.

    Raises:
        ResvizError: there is no run, none has begun, or the file cannot be written.
    """
    for folder in args.directories:
        if folder.is_dir() and not (Run(folder).exists() or is_experiment(folder)):
            raise RunError(f"{folder} is neither a run nor an experiment: give the folder of one.")
    runs = list(dict.fromkeys(run for folder in args.directories for run in find_runs(folder)))
    path = write_report(runs, args.output, args.title)
    answer(args, {"file": str(path)}, str(path))
    return 0
