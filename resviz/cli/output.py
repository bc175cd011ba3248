"""What every command prints: text for a person, or one JSON object as the last line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from resviz.errors import ResvizError


def answer(args: argparse.Namespace, document: Mapping[str, Any], text: str) -> None:
    """Print `document` as one line of JSON if `--json` was given, `text` otherwise."""
    if args.json:
        sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
    elif text:
        sys.stdout.write(text.rstrip("\n") + "\n")


def add_output(parser: argparse.ArgumentParser, metavar: str, about: str) -> None:
    """Add -o and --force, which `output` reads."""
    about += "; a file that is there is replaced, and that is said, but ARCH itself only with --force"
    parser.add_argument("-o", "--output", metavar=metavar, required=True, help=about)
    parser.add_argument("--force", action="store_true", help="write over the file that is read, too")


@contextmanager
def output(args: argparse.Namespace) -> Iterator[Path]:
    """Give the file to be written, and say on stderr afterwards that it took another one's place.

    Raises:
        ResvizError: it is the file that the architecture is read from.
    """
    path, source = Path(args.output), Path(args.architecture)
    there = path.is_file()
    if there and not args.force and source.exists() and path.samefile(source):
        raise ResvizError(f"{path} is the file that is read: choose another, or add --force to replace it.")
    yield path
    if there:
        print(f"note: replaced {path}", file=sys.stderr)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of text; a column whose values all look like numbers is set flush right."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    right = [all(_numeric(row[i]) for row in rows) for i in range(len(header))]

    def cell(text: str, column: int) -> str:
        return text.rjust(widths[column]) if right[column] else text.ljust(widths[column])

    return "\n".join("  ".join(cell(text, i) for i, text in enumerate(line)).rstrip() for line in lines)


def _numeric(text: str) -> bool:
    return text in {"", "-"} or text.replace(" %", "").replace(",", "").replace(".", "", 1).isdigit()
