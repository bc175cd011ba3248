"""`about`: the page of a kind of block."""

from __future__ import annotations

import argparse
import textwrap

import msgspec

from resviz.arch.about import About, about_kind
from resviz.arch.blocks import CATALOGUE
from resviz.arch.typeset import plain, prose
from resviz.cli.output import answer, table

_WIDTH = 100


def register(_command: str, parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    about = "basic, bottleneck, conv, add, ...; without one, all kinds are listed"
    parser.add_argument("kind", metavar="KIND", nargs="?", help=about)


def run(_command: str, args: argparse.Namespace) -> int:
    """Print a page, or what pages there are.

    Raises:
        UnknownBlockError: there is no such kind.
    """
    if args.kind is None:
        rows = [[kind.name, kind.title, kind.source] for kind in CATALOGUE.values()]
        answer(args, {"kinds": list(CATALOGUE)}, table(["kind", "title", "source"], rows))
        return 0
    page = about_kind(args.kind.lower().replace("-", "_"))
    answer(args, _facts(page), _wrapped(page.text()))
    return 0


def _facts(page: About) -> dict[str, object]:
    return {
        "kind": page.kind,
        "title": page.title,
        "doc": page.doc,
        "equations": [plain(equation) for equation in page.equations],
        "figure": page.figure.lines(),
        "source": page.source,
        "paper": prose(page.paper),
        "parameters": msgspec.to_builtins(page.settings),
        "shape": page.shape,
        "cost": [
            {"name": cost.name, "formula": plain(cost.formula), "example": cost.value} for cost in page.costs
        ],
        "symbols": {plain(name): meaning for name, meaning in page.symbols},
    }


def _wrapped(text: str) -> str:
    lines = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()))
        wrapped = textwrap.wrap(line, _WIDTH, subsequent_indent=indent, break_long_words=False)
        lines += wrapped or [""]
    return "\n".join(lines)
