"""The error plot against pyqtgraph's own curves of all points: an update of eight runs of 64,000 iterations.

`python tests/benchmarks/plot_update.py` prints, for one update (new data, ranges, painting) of a plot of
1200 x 600 pixels, the medians and their ratio, both measured in turns. The rival draws the same training
errors as `PlotDataItem`s one pixel wide, without antialiasing, the quickest that pyqtgraph does. Times are
those of the processor: other programs on the machine disturb them less.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":  # The folder of the project, to be run from anywhere.
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["XDG_CONFIG_HOME"] = tempfile.gettempdir()
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QApplication

from app.plots.error import ErrorPlot
from app.plots.plot_run import PlotRun
from app.plots.timeline import Timeline
from app.theme import run_colour, theme
from resviz.runs.events import Evaluated, Started, Stepped
from resviz.runs.series import RunSeries

RUNS, POINTS, UPDATES = 8, 64_000, 21


def long_series(seed: int) -> RunSeries:
    """Return a run of `POINTS` iterations of noisy errors."""
    rng, series = np.random.default_rng(seed), RunSeries()
    mean = 5 + 4 * seed + 70 * np.exp(-np.arange(POINTS) / 9000)
    batches, tests = (mean + rng.normal(0, 3, POINTS)).tolist(), (mean + rng.normal(2, 0.8, POINTS)).tolist()
    names = (("c",), ("b",), ("c",))
    series.feed([Started(0.0, 0, 2 * POINTS, 391.0, 128, seed, "cpu", "float32", 1, *names)])
    series.feed(Stepped(float(i), i, 1.0, error, 0.1, 1.0) for i, error in enumerate(batches, 1))
    series.feed(Evaluated(float(i), i, tests[i], None) for i in range(391, POINTS, 391))
    return series


def main() -> None:
    """Measure and print."""
    application = QApplication([])
    theme().apply(application)
    series = [long_series(seed) for seed in range(RUNS)]
    colours = [run_colour(seed // 2, bool(seed % 2)) for seed in range(RUNS)]
    plot, rival = ErrorPlot(Timeline()), pg.PlotWidget()
    plot.set_runs([PlotRun(f"run {n}", s, colours[n], bool(n % 2)) for n, s in enumerate(series)])
    curves = [rival.plot(pen=pg.mkPen(colour, width=1)) for colour in colours]
    for widget in (plot, rival):
        widget.resize(1200, 600)
        widget.show()
    plot._timer.stop()
    application.processEvents()

    def update_plot() -> None:
        plot.refresh()
        plot.header.repaint()
        plot.view.viewport().repaint()

    def update_rival() -> None:
        for curve, one in zip(curves, series, strict=True):
            curve.setData(one.train.x, one.train.y)
        rival.viewport().repaint()

    spent: dict[str, list[float]] = {"plot": [], "rival": []}
    for _ in range(UPDATES):
        for one in series:
            one.feed([Stepped(1e6, one.iteration + 1, 1.0, 20.0, 0.1, 1.0)])
        for name, update in (("plot", update_plot), ("rival", update_rival)):
            begin = time.thread_time()
            update()
            spent[name].append(1000 * (time.thread_time() - begin))
    ours, theirs = statistics.median(spent["plot"]), statistics.median(spent["rival"])
    print(f"{RUNS} runs of {POINTS:,} points: ErrorPlot {ours:.1f} ms, pyqtgraph {theirs:.1f} ms")
    print(f"ratio {ours / theirs:.2f} (training mean and test error, wide, smooth, against raw hairlines)")


if __name__ == "__main__":
    main()
