"""`demo`: the built-in demonstration without the window."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from resviz.cli.chart import Line, draw_curves
from resviz.cli.launch import Launch, Watched, demand_started
from resviz.cli.output import answer
from resviz.cli.progress import ProgressLines
from resviz.errors import RecipeError
from resviz.runs.store import create_experiment
from resviz.train import demonstration

GAP_SECONDS = (30, 60)
_POLL_S = 0.05
_PLAIN = ((240, 145, 60), (176, 72, 0))
_BEGAN = time.monotonic()


def register(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `demo`."""
    parser.add_argument("--seconds", type=float, default=60.0, metavar="N", help="stop N seconds from now (60)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="batches and first weights (0)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the experiment's folder")


def run(command: str, args: argparse.Namespace) -> int:
    """Train both networks for `--seconds`; return 0, or 1 if a run failed, 130 after Ctrl-C."""
    if not args.seconds > 0:
        raise RecipeError(f"--seconds must be above 0, not {args.seconds:g}.")
    recipe = demonstration.recipe(args.seed)
    experiment = create_experiment(demonstration.architectures(), recipe, name="demonstration", out=args.out)
    gaps: dict[str, float | None] = {}
    wanted = [second for second in GAP_SECONDS if second <= args.seconds]
    interrupted = False
    bars = ProgressLines()
    with Launch(experiment.runs, recipe.device) as launch:
        plain, residual = launch.watched
        try:
            while launch.poll() and _elapsed() < args.seconds:
                if wanted and _elapsed() >= wanted[0]:
                    gaps[str(wanted.pop(0))] = _gap(plain, residual)
                bars.show(launch.watched)
                time.sleep(_POLL_S)
        except KeyboardInterrupt:
            interrupted = True
        launch.poll()
        seconds = _elapsed()
        # The last one may be due at the very end; where training was over sooner, its last state holds.
        gaps |= {str(second): _gap(plain, residual) for second in wanted if not interrupted}
        launch.stop()
        bars.show(launch.watched, last=True)
    demand_started(launch.watched)
    picture = experiment.path / "curves.png"
    draw_curves(picture, _lines(plain, residual, seconds), title="Plain and residual twin, 44 layers", gaps=gaps)
    ...
