"""`evaluate`, `explain` and `explain-worker`: what a trained network answers, and why."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.cli.output import answer, table
from resviz.errors import RunError

if TYPE_CHECKING:
    from resviz.explain.subject import RunFiles

_LISTED = 4
"""Runs that a sentence names."""
METHODS = ("integrated_gradients", "grad_cam")


def register(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of one command."""
    if command == "explain-worker":
        return
    about = "folder of a run that has a checkpoint, or of an experiment of one run"
    parser.add_argument("run", metavar="RUN", type=Path, help=about)
    parser.add_argument(
        "--device", default="cpu", metavar="D", help="auto, cpu (default) or cuda: where to compute"
    )
    if command == "explain":
        parser.add_argument("--index", type=int, default=0, metavar="I", help="test picture, counted from 0")
        parser.add_argument(
            "--method", choices=METHODS, default=METHODS[0], help="how (integrated_gradients)"
        )
        parser.add_argument(
            "--target", choices=("predicted", "label"), default="predicted",
            help="the class to explain: the network's own answer or the right one (predicted)",
        )  # fmt: skip
        parser.add_argument("-o", "--out", required=True, metavar="FOLDER", type=Path, help="where to write")


def run(command: str, args: argparse.Namespace) -> int:
    """Do the work; return the exit code.

    Raises:
        ResvizError: the folder holds no run, there is no checkpoint, or the data is missing.
    """
    if command == "explain-worker":
        return _serve()
    files = open_run(the_run(args.run))
    from resviz.explain.subject import Library
    from resviz.train.devices import choose

    subject = Library(choose(args.device)).subject(files, _progress("Loading data"))
    for note in subject.skipped:
        print(f"note: {note}", file=sys.stderr)
    if command == "evaluate":
        from resviz.explain.evaluate import evaluate

        evaluation = evaluate(subject, _progress("Testing"))
        document: dict[str, Any] = {
            "run": subject.run, "checkpoint": subject.checkpoint, "iteration": subject.iteration,
            "averaged": subject.averaged, **asdict(evaluation),
        }  # fmt: skip
        by_class = evaluation.class_error_pct.items()
        rows = [(name, "-" if error is None else f"{error:.2f}") for name, error in by_class]
        text = (
            f"{subject.run} at iteration {subject.iteration:,}: test error {evaluation.test_error_pct:.2f} % "
            f"of {evaluation.pictures:,} pictures, loss {evaluation.test_loss:.4f}"
            f"{' (average of the weights)' if subject.averaged else ''}\n\n"
            + table(("class", "error in %"), rows)
        )
    else:
        from resviz.explain.answers import explain_picture

        document = explain_picture(
            subject, args.index, args.method, args.out, target=args.target, report=_progress("Explaining")
        )
        share = document["probabilities"][document["predicted"]]
        text = (
            f"{subject.run} at iteration {subject.iteration:,} takes test picture {args.index} "
            f"({document['label']}) for {document['predicted']} ({share:.0%}). {document['legend']}\n"
            f"{document['overlay']}\n{document['heatmap']}\n{document['picture']}"
        )
    answer(args, document, text)
    return 0


def the_run(path: Path) -> Path:
    """Return a run's folder: the one given, or the only run of an experiment's.

    Raises:
        RunError: there is none, or there are several, which the sentence lists.
    """
    from resviz.runs.store import find_runs

    runs = find_runs(path)
    if len(runs) > 1:
        listed = ", ".join(str(run.path) for run in runs[:_LISTED])
        more = f" and {len(runs) - _LISTED} more (resviz runs {path})" if len(runs) > _LISTED else ""
        raise RunError(f"{path} holds {len(runs)} runs: give the folder of one of them, {listed}{more}.")
    return runs[0].path


def open_run(path: Path) -> RunFiles:
    """Read what explaining needs of a run's folder.

    Raises:
        RunError: the folder holds no run.
        FormatError, RecipeError: its files are damaged.
    """
    from resviz.runs.store import Run

    run = Run(path)
    if not run.exists():
        raise RunError(f"{path} holds no run: give the folder of a run (resviz runs lists them).")
    architecture, recipe = run.architecture(), run.recipe()
    from resviz.explain.subject import RunFiles

    return RunFiles(
        run.name,
        architecture,
        run.checkpoints_path,
        data=recipe.data,
        data_dir=recipe.data_dir,
        train_limit=recipe.train_limit,
        test_limit=recipe.test_limit,
        validation_split=recipe.validation_split,
        normalise=recipe.normalise,
        residual_init=recipe.residual_init,
        survival_last=recipe.survival_last,
        averaged=recipe.ema_decay > 0,
    )


def _serve() -> int:
    from resviz.explain.server import Server
    from resviz.explain.subject import Library

    # A person waits for answers, but training must not: it goes first.
    with contextlib.suppress(AttributeError, OSError):
        os.nice(5)
    # What a library prints must not get between the answers.
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    Server(sys.stdin.buffer, answers, open_run, Library()).serve()
    return 0


def _progress(what: str) -> Any:
    """Return a report that keeps one line on stderr up to date; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        return None

    def report(share: float) -> None:
        end = "\n" if share >= 1 else ""
        sys.stderr.write(f"\r{what}: {share:4.0%}{end}")
        sys.stderr.flush()

    return report
