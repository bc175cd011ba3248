"""`label`: what a person says of a run or of an experiment."""

from __future__ import annotations

import argparse
from pathlib import Path

from resviz.cli.output import answer
from resviz.errors import RunError
from resviz.runs import labels
from resviz.runs.labels import Labels
from resviz.runs.store import Experiment, Run


def register(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `label`."""
    parser.add_argument("directory", metavar="RUN", type=Path, help="a run's or an experiment's folder")
    parser.add_argument("--title", help="shown in place of the name; '' takes it away")
    parser.add_argument(
        "--tag", action="append", metavar="TAG", help="add a tag; may be given often, or with commas"
    )
    parser.add_argument("--untag", action="append", metavar="TAG", help="take a tag away")
    parser.add_argument("--note", help="a few sentences; '' takes it away")
    colours = ", ".join(labels.WARM + labels.COOL)
    parser.add_argument("--colour", metavar="COLOUR", help=f"of its curves: {colours} or automatic")
    parser.epilog = (
        "Without options it shows what is there. The keys of --json: directory, title, tags, note, colour."
    )


def run(command: str, args: argparse.Namespace) -> int:
    """Change or show the labels; return 0.

    Raises:
        RunError: the folder is neither a run nor an experiment, or a value cannot be used.
        FormatError: the labels or the experiment are damaged or newer.
    """
    folder: Path = args.directory
    if not Run(folder).exists():
        if not folder.is_dir():
            raise RunError(f"There is no folder {folder}: give the folder of a run or of an experiment.")
        Experiment.open(folder)
        if args.colour is not None:
            raise RunError("A colour belongs to a run: give the folder of one.")
    tags = None
    if args.tag or args.untag:
        gone = {tag.casefold() for tag in labels.clean_tags(args.untag or ())}
        known = labels.read(folder).tags
        lacking = gone - {tag.casefold() for tag in known}
        if lacking:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise RunError(f"--untag {min(lacking)}: {folder.absolute().name} has no such tag; {has}.")
        before = [tag for tag in known if tag.casefold() not in gone]
        tags = (*before, *(args.tag or ()))
    found = labels.change(folder, title=args.title, tags=tags, note=args.note, colour=args.colour)
    document = {
        "directory": str(folder), "title": found.title, "tags": found.tags, "note": found.note,
        "colour": found.colour,
    }  # fmt: skip
    answer(args, document, _text(found) or f"{folder.absolute().name} has no labels yet: see --help.")
    return 0


def _text(found: Labels) -> str:
    lines = (
        ("title", found.title), ("tags", ", ".join(found.tags)), ("note", found.note),
        ("colour", found.colour),
    )  # fmt: skip
    return "\n".join(f"{key}: {value}" for key, value in lines if value)
