"""What every command prints: text for a person, or one JSON object as the last line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


def answer(args: argparse.Namespace, document: Mapping[str, Any], text: str) -> None:
    """Print `document` as one line of JSON if `--json` was given, `text` otherwise."""
    if args.json:
        sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
    elif text:
        sys.stdout.write(text.rstrip("\n") + "\n")


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
