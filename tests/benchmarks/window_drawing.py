"""Sections of `window.py` about drawing: live curves, the time cursor and zoom, heat maps."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import pyqtgraph as pg

from app.layouts.catalogue import LAYOUTS
from app.plots.error import ErrorPlot
from app.plots.heat import HeatMap
from app.plots.mosaic import Mosaic
from app.plots.plot_run import PlotRun
from app.plots.quantities import GRADIENT
from app.plots.timeline import Timeline
from app.theme import run_colour
from resviz.runs.events import Evaluated, Probed, Started, Stepped
from resviz.runs.series import RunSeries
from tests.benchmarks.streamer import finish, make_runs
from tests.benchmarks.window_kit import (
    Figure,
    application,
    below,
    experiments,
    open_window,
    run_for,
    run_until,
    told,
)

RUNS, POINTS, LAYERS, COUNTS, EVERY = 8, 64_000, 110, (100, 6_400), 10


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


def curves(quick: bool) -> list[Figure]:
    """Measure a live update of eight runs against pyqtgraph's plain curves of the same training errors.

    An update: a new point each, ranges, painting; 1200 x 600 pixels. The rival draws hairlines without
    antialiasing, the quickest that pyqtgraph does. Processor time of the thread.
    """
    app = application()
    series = [long_series(seed) for seed in range(RUNS)]
    colours = [run_colour(seed // 2, bool(seed % 2)) for seed in range(RUNS)]
    plot, rival = ErrorPlot(Timeline()), pg.PlotWidget()
    plot.set_runs([PlotRun(f"run {n}", s, colours[n], bool(n % 2)) for n, s in enumerate(series)])
    lines = [rival.plot(pen=pg.mkPen(colour, width=1)) for colour in colours]
    for widget in (plot, rival):
        widget.resize(1200, 600)
        widget.show()
    plot._timer.stop()
    app.processEvents()

    def update_plot() -> None:
        plot.refresh()
        app.processEvents()

    def update_rival() -> None:
        for line, one in zip(lines, series, strict=True):
            line.setData(one.train.x, one.train.y)
        app.processEvents()

    spent: dict[str, list[float]] = {"plot": [], "rival": []}
    for _ in range(11 if quick else 41):
        for one in series:
            one.feed([Stepped(1e6, one.iteration + 1, 1.0, 20.0, 0.1, 1.0)])
        for name, update in (("plot", update_plot), ("rival", update_rival)):
            spent[name].append(_thread_ms(update))
            for _ in range(
                3
            ):  # What the rival's range that follows its data has painted twice is not counted.
                app.processEvents()
    ours, theirs = statistics.median(spent["plot"]), statistics.median(spent["rival"])
    plot.close()
    rival.close()
    control = f"pyqtgraph setData {theirs:.1f} ms"
    what = f"{RUNS} runs of {POINTS:,} points, live update"
    ratio = Figure(
        "curves", f"{what}, ratio", f"{ours / theirs:.2f}", "at most 0.20", ours / theirs <= 0.2, control
    )
    return [below("curves", what, ours, 10, "ms", control=control), ratio]


def cursor(quick: bool) -> list[Figure]:
    """Measure moves of the time cursor and zooms in the whole window, until everything is repainted."""
    figures = []
    app = application()
    runs = make_runs(experiments() / "finished")
    for number, run in enumerate(runs):
        finish(run, number, 6_400 if quick else POINTS)
    with open_window() as window:
        window.session.take(runs, alone=True)
        followed = window.session.current
        run_until(lambda: all(run.status == "finished" for run in followed), 120)
        timeline, last = window.bottom.timeline, followed[0].series.iteration
        count = 12 if quick else 60

        def measured(change: Callable[[], None]) -> float:
            def whole() -> None:
                change()
                for _ in range(4):
                    app.processEvents()

            return _thread_ms(whole)

        for index, layout in enumerate(LAYOUTS):
            window.bottom.setCurrentIndex(index)
            panels = window.bottom.area.panels
            run_until(lambda: all(panel.plot or not panel.in_sight for panel in panels.values()), 20)  # noqa: B023
            run_for(0.3)
            # In an order in which neighbours are far apart: nothing can be left as it was.
            places = np.random.default_rng(0).permutation(np.linspace(100, last - 100, count)).tolist()
            moves = [measured(lambda at=at: timeline.go_to(at)) for at in places]
            spans = [(last * 0.4 * share, last - last * 0.4 * share) for share in np.linspace(0.02, 1, count)]
            zooms = [measured(lambda span=span: timeline.show_span(span)) for span in spans]
            timeline.show_span(None)
            timeline.go_live()
            for what, spent in (("cursor", moves), ("zoom", zooms)):
                met = statistics.median(spent) < 33 and float(np.quantile(spent, 0.99)) < 66
                target = "median under 33 ms, p99 under 66"
                figures.append(Figure("cursor", f"{layout.title}, {what}", told(spent), target, met))
        control = _plain_cursor([run.series for run in followed], places, measured)
    return [*figures[:1], Figure("cursor", "the errors alone in pyqtgraph, cursor", control), *figures[1:]]


def _plain_cursor(series: list[RunSeries], places: list[float], measured: Callable[..., float]) -> str:
    rival = pg.PlotWidget()
    for each in series:
        rival.plot(each.train.x, each.train.y, pen=pg.mkPen("w", width=1))
    line = pg.InfiniteLine()
    rival.addItem(line)
    rival.resize(520, 420)
    rival.show()
    application().processEvents()
    spent = [measured(lambda at=at: line.setValue(at)) for at in places]
    rival.close()
    return told(spent)


def heat(quick: bool) -> list[Figure]:
    """Measure what a new column costs at 100 columns and at 6,400: the picture alone, and the whole plot.

    The rival paints all probes anew each time, as an image item that is given an array does.
    """
    app = application()
    rng = np.random.default_rng(0)
    names = tuple(f"stage1.block{n}.conv1" for n in range(LAYERS))
    plots, rivals, mosaics = {}, {}, {}

    def probe(series: RunSeries) -> None:
        values = tuple((10 ** rng.normal(-2, 1, LAYERS)).tolist())
        series.feed([Probed(series.iteration + EVERY, values, (None,), values)])

    for count in COUNTS:
        series = RunSeries()
        series.feed([Started(0.0, 0, 10**6, 391.0, 128, 0, "cpu", "float32", 1, names, ("b",), names)])
        for _ in range(count):
            probe(series)
        plot = HeatMap(Timeline(), GRADIENT)
        plot.set_runs([PlotRun("run", series, run_colour(0, True), True)])
        plot.resize(900, 300)
        plot.show()
        plot._timer.stop()
        rival = pg.PlotWidget()
        rival.addItem(image := pg.ImageItem())
        rival.resize(900, 300)
        rival.show()
        plots[count], rivals[count], mosaics[count] = plot, (rival, image), Mosaic(LAYERS)
        mosaics[count].take(series.probe_iterations, GRADIENT.scaled(series.gradient_norm))
        mosaics[count].image(-4, 0, 0)
    app.processEvents()
    spent: dict[tuple[str, int], list[float]] = {}
    for _ in range(40 if quick else 200):
        for count in COUNTS:
            plot, (rival, image), mosaic = plots[count], rivals[count], mosaics[count]
            series = plot.runs[0].series
            probe(series)

            def add(mosaic: Mosaic = mosaic, series: RunSeries = series) -> None:
                mosaic.take(series.probe_iterations[-1:], GRADIENT.scaled(series.gradient_norm[-1:]))
                mosaic.image(-4, 0, 0)

            def update(plot: HeatMap = plot) -> None:
                plot.refresh()
                plot.view.viewport().repaint()

            def rival_update(
                image: pg.ImageItem = image, series: RunSeries = series, rival: object = rival
            ) -> None:
                image.setImage(GRADIENT.scaled(series.gradient_norm), levels=(-4, 0))
                rival.viewport().repaint()

            for name, work in (("picture", add), ("whole plot", update), ("rival", rival_update)):
                spent.setdefault((name, count), []).append(_thread_ms(work))
    found = {key: statistics.median(values) for key, values in spent.items()}
    for widget in (*plots.values(), *(rival for rival, _ in rivals.values())):
        widget.close()
    few, many = COUNTS
    control = f"image item {found['rival', few]:.1f} and {found['rival', many]:.1f} ms"
    return [
        Figure(
            "heat",
            f"{LAYERS} layers, new column, {name}",
            f"{found[name, few]:.2f} ms at {few:,}, {found[name, many]:.2f} at {many:,}: "
            f"{found[name, many] / found[name, few]:.2f}",
            "does not depend: at most 1.15",
            found[name, many] / found[name, few] <= 1.15,
            control,
        )
        for name in ("picture", "whole plot")
    ]


def _thread_ms(work: Callable[[], None]) -> float:
    began = time.thread_time()
    work()
    return 1000 * (time.thread_time() - began)
