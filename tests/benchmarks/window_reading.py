"""Sections of `window.py` about reading: live events beside a worker, re-opening, an hour's soak."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from app.lab.followed import FollowedRun
from app.plots.base import Plot
from resviz.arch.presets import preset
from resviz.runs.series import load
from resviz.runs.store import Run, create_experiment
from resviz.train.recipe import PAPER, with_changes
from tests.benchmarks.streamer import ITERATIONS, VALUES_OF_PROBE, VALUES_OF_STEP, finish, make_runs
from tests.benchmarks.turns import Contender
from tests.benchmarks.window_kit import (
    Figure,
    Heartbeat,
    below,
    experiments,
    open_window,
    resident,
    run_for,
    run_until,
    weighted_quantile,
)

VALUES_PER_SECOND, STEPS_PER_SECOND = 10_000.0, 25.0
_CATCH_UP_S = 3.0


class Streamer:
    """The process that writes the logs; with "nowhere" it works as much and nobody hears it."""

    def __init__(self, runs: Sequence[Run], values: float, steps: float) -> None:
        script = str(Path(__file__).with_name("streamer.py"))
        command = [sys.executable, script, str(values), str(steps), *(str(run.path) for run in runs)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_clean()
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def say(self, word: str) -> None:
        """Send the lines to the log, or nowhere."""
        print(word, file=self._process.stdin, flush=True)

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()
        self._process.wait(20)


@contextlib.contextmanager
def _worker() -> Iterator[Contender | None]:
    """Start a worker of one thread on the last core, this process and its others kept to the rest."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        yield None
        return
    recipe = with_changes(PAPER, {"data": "shapes", "device": "cpu", "precision": "float32"})
    run = create_experiment(
        [preset("resnet-20", input_shape=(3, 32, 32), classes=10)], recipe, out=experiments() / "worker"
    ).runs[0]
    worker = Contender("worker")
    os.sched_setaffinity(0, cores[:-1])
    try:
        worker.launch(
            {"kind": "ours", "runs": [str(run.path)], "cores": cores[-1:], "governed": False},
            _clean() | {"OMP_NUM_THREADS": "1"},
        )
        yield worker
    finally:
        worker.close()
        os.sched_setaffinity(0, cores)


def events(seconds: float, quick: bool) -> list[Figure]:
    """Stream four runs into the window beside a worker; its speed with and without the window, in turns."""
    turns = 3 if quick else 6
    runs = make_runs(experiments() / "streamed")
    gaps: list[np.ndarray] = []
    busy: list[float] = []
    speeds: dict[bool, list[float]] = {True: [], False: []}
    with open_window() as window, _worker() as worker:
        streamer = Streamer(runs, VALUES_PER_SECOND, STEPS_PER_SECOND)
        window.session.take(runs, alone=True)
        run_for(_CATCH_UP_S)
        heart = Heartbeat()
        for number in range(turns):
            for watched in (True, False) if number % 2 == 0 else (False, True):
                streamer.say("log" if watched else "nowhere")
                if watched:
                    run_for(_CATCH_UP_S)
                if worker is not None:
                    worker.begin(seconds / turns)
                if watched:
                    cpu = time.process_time()
                    heart.begin()
                    run_for(seconds / turns)
                    gaps.append(heart.end())
                    busy.append((time.process_time() - cpu) / (seconds / turns))
                else:
                    time.sleep(seconds / turns)
                if worker is not None:
                    worker.finish()
                    speeds[watched].append(worker.rates[-1])
        known = [run.series.iteration for run in window.session.current]
        streamer.close()
    every, work = np.concatenate(gaps).T
    what = f"4 runs, 110 layers, {VALUES_PER_SECOND:,.0f} values/s, {seconds:.0f} s"
    control = f"{len(every):,} beats; streamed up to iteration {min(known):,}"
    figures = [
        below("events", f"{what}: gap p99", float(np.quantile(every, 0.99)), 33, "ms", control=control),
        below("events", "longest gap", float(every.max()), 150, "ms"),
        Figure("events", "gap at a random moment, p99", f"{weighted_quantile(every, 0.99):.1f} ms"),
        Figure(
            "events",
            "the window's own work in a gap (the rest is others')",
            f"p99 {np.quantile(work, 0.99):.1f} ms, longest {work.max():.1f}",
        ),
        Figure("events", "a core's time that the window takes", f"{100 * statistics.median(busy):.1f} %"),
    ]
    if worker is not None:
        share = 100 * statistics.median(a / b for a, b in zip(speeds[True], speeds[False], strict=True))
        with_it, without = (statistics.median(speeds[watched]) for watched in (True, False))
        figures.append(
            Figure(
                "events",
                "speed of a worker on the other core, window open",
                f"{share:.1f} % ({with_it:.0f} images/s)",
                "at least 97 %",
                share >= 97,
                f"{without:.0f} images/s without; {turns} turns each, in turns",
            )
        )
    return figures


def reopen(quick: bool) -> list[Figure]:
    """Open an experiment of four finished runs of 64,000 iterations: for the first time, and again."""
    iterations = 12_800 if quick else ITERATIONS
    runs = make_runs(experiments() / "finished")
    for number, run in enumerate(runs):
        finish(run, number, iterations)
    size = (
        max(sum(file.stat().st_size for file in run.path.rglob("*") if file.is_file()) for run in runs) / 1e6
    )
    other = make_runs(experiments() / "other")
    began = time.perf_counter()
    for run in runs:
        _plain_reading(run.events_path)
    rival = time.perf_counter() - began
    began = time.perf_counter()
    for run in runs:
        load(run.events_path)
    ours = time.perf_counter() - began
    first: dict[str, list[float]] = {"for the first time": [], "again": []}
    whole: dict[str, list[float]] = {"for the first time": [], "again": []}
    gap = np.zeros(2)
    with open_window() as window:
        for number in range(3 if quick else 6):
            window.session.take(other, alone=True)
            run_for(0.3)
            gc.collect()
            kind = "again" if number else "for the first time"
            heart = Heartbeat()
            heart.begin()
            plot = window.bottom.plots["error"]
            drawn, began = plot.redraws, time.perf_counter()
            window.session.take(runs, alone=True)
            followed = window.session.current
            run_until(lambda: bool(plot.with_data()) and plot.redraws > drawn and plot.curves.painted, 60)  # noqa: B023
            first[kind].append(time.perf_counter() - began)
            run_until(lambda: _all_there(followed, iterations, window), 60)  # noqa: B023
            whole[kind].append(time.perf_counter() - began)
            gap = np.maximum(gap, heart.end().max(axis=0))
            run_for(0.5)
    figures = []
    for kind, curves in first.items():
        what = f"4 runs of {iterations:,} iterations {kind}"
        figures += [
            below("reopen", f"{what}: first curves", statistics.median(curves), 0.5, "s"),
            below("reopen", f"{what}: everything", statistics.median(whole[kind]), 2.0, "s"),
        ]
    control = f"json, lists, numpy.array at the end {rival:.1f} s"
    return [
        *figures,
        Figure("reopen", "longest gap meanwhile", f"{gap[0]:.0f} ms, own work {gap[1]:.0f}"),
        Figure("reopen", "the four logs into series, at once", f"{ours:.2f} s", control=control),
        below("reopen", "such a run on disk, without checkpoints", size, 20, "MB"),
    ]


def _all_there(runs: Sequence[FollowedRun], iterations: int, window: object) -> bool:
    """Say whether all runs are read to their end, and the plots in sight show it."""
    if not all(run.series.iteration == iterations and run.series.state == "finished" for run in runs):
        return False
    shown = [plot for plot in window.bottom.plots.values() if plot.isVisible()]
    return all(_shows(plot) for plot in shown)


def _shows(plot: Plot) -> bool:
    """Say whether a plot has painted its runs as they are now."""
    news = ((id(run.series), run.series.revision, run.visible) for run in plot.runs)
    return plot.curves.painted and all(each in (plot._drawn or ()) for each in news)


def _plain_reading(path: Path) -> None:
    """Read a log as most programs would."""
    found: dict[str, list[object]] = {}
    with path.open() as file:
        for line in file:
            for key, value in json.loads(line).items():
                found.setdefault(key, []).append(value)
    for key in ("loss", "train_error_pct", "gradient_norm", "residual_magnitude", "response_std"):
        np.array(found[key], float)


def soak(seconds: float, quick: bool) -> list[Figure]:
    """Stream an hour's worth into the window, quicker; open and close an experiment 200 times."""
    hour = 3600.0
    speed = hour / seconds
    runs = make_runs(experiments() / "streamed")
    with open_window() as window:
        streamer = Streamer(runs, VALUES_PER_SECOND * speed, STEPS_PER_SECOND * speed)
        window.session.take(runs, alone=True)
        followed = window.session.current
        run_for(max(3.0, 0.1 * seconds))
        gc.collect()
        before, held = resident(), _held(followed)
        run_for(seconds)
        gc.collect()
        after, holds = resident(), _held(followed)
        streamer.close()
        data = holds - held
        values = sum(_values(run) for run in followed) / 1e6
    finished = make_runs(experiments() / "finished")
    for number, run in enumerate(finished):
        finish(run, number, 2_000)
    other = make_runs(experiments() / "other")
    times = 40 if quick else 200
    marks = []
    with open_window() as window:
        for number in range(times + times // 5):
            window.session.take(finished, alone=True)
            opened = window.session.current
            run_until(lambda: all(run.status == "finished" for run in opened), 30)  # noqa: B023
            run_for(0.02)
            window.session.take(other, alone=True)
            run_for(0.02)
            if number in (times // 5 - 1, times + times // 5 - 1):
                gc.collect()
                run_for(0.2)
                marks.append(resident())
    what = f"an hour of 10,000 values/s in {seconds / 60:.1f} min ({values:.1f} million kept)"
    return [
        below(
            "soak",
            f"{what}: memory beyond the values",
            after - before - data,
            30,
            "MB",
            control=f"values: {data:.1f} MB",
        ),
        Figure("soak", "all memory that this took", f"{after - before:.1f} MB"),
        below("soak", f"{times} times opened and closed: memory", marks[1] - marks[0], 20, "MB"),
    ]


def _held(runs: Sequence[FollowedRun]) -> float:
    """Return the bytes of the arrays, MB: rows that are there, not room kept for more."""
    tables = (table for run in runs for table in run.series.tables.values())
    return sum(t.x.nbytes + t.time.nbytes + t.values.nbytes for t in tables) / 1e6


def _values(run: FollowedRun) -> int:
    series = run.series
    return VALUES_OF_STEP * len(series.train) + VALUES_OF_PROBE * len(series.probe_iterations)


def _clean() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
