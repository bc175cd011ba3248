"""`mend`: mend an architecture's problems, as far as a machine can."""

from __future__ import annotations

import argparse

from resviz.arch.files import save
from resviz.arch.mends import mended
from resviz.cli.opening import opened
from resviz.cli.output import add_output, answer, output


def register(_command: str, parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.add_argument("architecture", metavar="ARCH", help="a file (or a preset) with problems, see `info`")
    about = "where to write the mended architecture (JSON)"
    wish = "also delete blocks that are wired to nothing or lead nowhere"
    parser.add_argument("--delete", action="store_true", help=wish)
    add_output(parser, "FILE", about)


def run(_command: str, args: argparse.Namespace) -> int:
    """Mend all that can be mended and write the result; return 1 where problems are left.

    Raises:
        ResvizError: an unusable file, or nowhere to write.
    """
    with output(args) as file:
        result = mended(opened(args.architecture), deleting=args.delete)
        save(result.architecture, file)
    name = result.architecture.name
    done = [mend.sentence for mend in result.done]
    left = [{"block": p.block, "message": p.message, "mend": p.mend} for p in result.left]
    lines = [*done, f"{name}: {file}"]
    lines += [f"left: {p.block or name}: {p.message} {p.mend}" for p in result.left]
    answer(args, {"file": str(file), "name": name, "done": done, "problems": left}, "\n".join(lines))
    return 1 if left else 0
