"""`demo`: the built-in demonstration without the window."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from resviz.cli.chart import PLAIN, RESIDUAL, Gap, Line, draw_curves
from resviz.cli.launch import Launch, Watched, demand_started
from resviz.cli.output import answer
from resviz.cli.progress import ProgressLines
from resviz.errors import RecipeError
from resviz.runs.store import create_experiment
from resviz.train import demonstration

GAP_SECONDS = (30, 60)
_POLL_S = 0.05


def register(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `demo`."""
    parser.add_argument("--seconds", type=float, default=60.0, metavar="N", help="time, start included (60)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="batches and first weights (0)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the experiment's folder")


def run(command: str, args: argparse.Namespace) -> int:
    """Train both networks for `--seconds`; return 0, or 1 if a run failed, 130 after Ctrl-C.

    Raises:
        RecipeError: the time is not positive.
        RunError: the folder cannot be written, or training did not begin.
    """
    if not args.seconds > 0:
        raise RecipeError(f"--seconds must be above 0, not {args.seconds:g}.")
    began, began_at = time.monotonic(), time.time()
    architectures = demonstration.architectures()
    recipe = demonstration.recipe(args.seed)
    experiment = create_experiment(architectures, recipe, name="demonstration", out=args.out)
    gaps: dict[str, float | None] = {}
    marks: list[Gap] = []
    interrupted = False
    bars = ProgressLines()
    with Launch(experiment.runs, recipe.device) as launch:
        plain, residual = launch.watched

        def look(second: float) -> None:
            """Note the gap as it is known now."""
            high, low = plain.series.train_error_pct, residual.series.train_error_pct
            gaps[f"{second:g}"] = high - low if high is not None and low is not None else None
            if high is not None and low is not None:
                marks.append(Gap(second, low, high))

        wanted = [second for second in GAP_SECONDS if second <= args.seconds]
        try:
            while launch.poll() and time.monotonic() - began < args.seconds:
                if wanted and time.monotonic() - began >= wanted[0]:
                    look(wanted.pop(0))
                for line in launch.news():
                    bars.say(line)
                if not launch.refused:
                    bars.show(launch.watched)
                time.sleep(_POLL_S)
        except KeyboardInterrupt:
            interrupted = True
        launch.poll()
        seconds = time.monotonic() - began
        if not interrupted:
            for second in wanted:  # The one due at the very end, or all if training was over sooner.
                look(second)
        launch.stop()
        end = min(args.seconds, round(seconds))
        if f"{end:g}" not in gaps:
            look(end)
        demand_started(launch)
        for line in launch.news():
            bars.say(line)
        bars.show(launch.watched, last=True)
    picture = draw_curves(
        experiment.path / "curves.png",
        [*_lines(plain, "plain", PLAIN, began_at), *_lines(residual, "residual", RESIDUAL, began_at)],
        title=f"{plain.run.name} and its twin {residual.run.name}",
        subtitle="How fast the two learn the built-in pictures on this computer, not how well they end.",
        x_label="seconds since the start",
        x_end=max(args.seconds, seconds),
        gaps=marks,
    )
    started = residual.series.started
    document = {
        "seconds": seconds,
        "device": started.device if started else None,
        "plain": {"train_error_pct": plain.series.train_error_pct},
        "residual": {"train_error_pct": residual.series.train_error_pct},
        "gap_points": gaps,
        "files": [str(picture)],
        "experiment": str(experiment.path),
    }
    answer(args, document, _text(plain, residual, gaps, picture))
    if interrupted:
        return 130
    return 1 if any(each.state in {"failed", "interrupted"} for each in launch.watched) else 0


def _lines(watched: Watched, name: str, colour: tuple[int, int, int], began_at: float) -> list[Line]:
    train, test = watched.series.smoothed_train(), watched.series.test
    return [
        Line(f"{name}, training", colour, True, train.time - began_at, train.y.astype(float)),
        Line(f"{name}, test", colour, False, test.time - began_at, test.y.astype(float)),
    ]


def _text(plain: Watched, residual: Watched, gaps: dict[str, float | None], picture: Path) -> str:
    errors = [
        f"{each.run.name}: training error {each.series.train_error_pct:.1f} %"
        for each in (plain, residual)
        if each.series.train_error_pct is not None
    ]
    distances = [f"Gap after {s} s: {gap:.1f} points" for s, gap in gaps.items() if gap is not None]
    return "\n".join([*errors, *distances, f"Curves: {picture}"])
