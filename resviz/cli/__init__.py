"""The command line: which command lives in which module, exit codes, errors.

A command's module is imported only when the command is used, so that `info` neither waits for torch nor
needs it. It has `register(command, parser)`, which adds the arguments, and `run(command, args) -> int`, which
does the work and returns the exit code. `args.json` says whether the last line on stdout must be one JSON
object (see `resviz.cli.output`).
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NoReturn

from resviz import __version__
from resviz.errors import ResvizError

COMMANDS: dict[str, tuple[str, str]] = {
    "presets": ("resviz.cli.arch", "list the architectures that have a name"),
    "info": ("resviz.cli.arch", "depth, parameters, multiply-adds, shapes and problems of an architecture"),
    "about": ("resviz.cli.about", "what a kind of block computes, where it comes from and what it costs"),
    "mend": ("resviz.cli.mend", "mend an architecture's problems as far as a machine can, into a new file"),
    "new": ("resviz.cli.arch", "write a preset, or a copy of a file, to a new file"),
    "twin": ("resviz.cli.arch", "write the plain or residual counterpart to a file"),
    "code": ("resviz.cli.arch", "write an architecture as a readable PyTorch module"),
    "onnx": ("resviz.cli.arch", "write an architecture as an ONNX file"),
    "estimate": ("resviz.cli.estimate", "time and memory that training will take here, by a few steps of it"),
    "train": ("resviz.cli.train", "train architectures side by side on the same batches"),
    "recipe": ("resviz.cli.recipe", "write a recipe file to start from"),
    "resume": ("resviz.cli.train", "go on with a paused, stopped or interrupted run or experiment"),
    "fork": ("resviz.cli.fork", "begin a new run where another stands, or where it began, with changes"),
    "demo": ("resviz.cli.demo", "train the built-in demonstration: a plain network and its residual twin"),
    "runs": ("resviz.cli.runs", "list runs and their states"),
    "label": ("resviz.cli.label", "give a run or an experiment a title, tags, a note or a colour"),
    "pause": ("resviz.cli.runs", "pause a running run or experiment: its process waits until resume or stop"),
    "stop": ("resviz.cli.runs", "checkpoint and end a run or experiment"),
    "checkpoint": ("resviz.cli.runs", "write a checkpoint of a running run now"),
    "learning-rate": ("resviz.cli.runs", "change the learning rate of a running run"),
    "export": ("resviz.cli.runs", "write a run's curves and probes to tables"),
    "report": ("resviz.cli.report", "write an experiment's curves, numbers and recipe as one HTML file"),
    "evaluate": ("resviz.cli.explain", "test error of a run's newest checkpoint"),
    "explain": ("resviz.cli.explain", "attribution maps of test pictures from a run's newest checkpoint"),
    "worker": ("resviz.worker", "train run folders in this process (the window starts it)"),
    "explain-worker": ("resviz.cli.explain", "answer requests on stdin (the window starts it)"),
}
"""Command -> (module, one line of help)."""

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_MISTAKE = 2
EXIT_INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """Tells a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_MISTAKE, f"error: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0 for done, 1 for problems found or a failed run, 2 for a person's mistake."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        args = _parser(words).parse_args(words)
        code = importlib.import_module(COMMANDS[args.command][0]).run(args.command, args)
        sys.stdout.flush()
    except ResvizError as error:
        return _complain(str(error))
    except BrokenPipeError:
        # Whoever read our output is gone; the interpreter must not try to flush into the pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return _complain(f"{error.strerror or error}{where}: choose another file or folder, or make room.")
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return int(code)


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return a parser that knows every command by name, but only the arguments of the one asked for."""
    parser = _Parser(prog="resviz", description="See why residual learning works (arXiv:1512.03385).")
    parser.add_argument("--version", action="version", version=f"resviz {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    asked = next((word for word in words if not word.startswith("-")), None)
    if asked is not None and asked not in COMMANDS:
        close = get_close_matches(asked, COMMANDS, 1)
        hint = f"did you mean {close[0]!r}?" if close else "see resviz --help."
        raise ResvizError(f"There is no command {asked!r}: {hint}")
    for name, (module, about) in COMMANDS.items():
        sub = commands.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
        sub.add_argument("--json", action="store_true", help="print one JSON object, last on stdout")
        if name == asked:
            importlib.import_module(module).register(name, sub)
    return parser


def _complain(message: str) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return EXIT_MISTAKE
