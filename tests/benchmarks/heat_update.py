"""A heat map takes in a new probe: the time must not depend on how many there are already.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/heat_update.py

Two maps of 110 layers, one with 100 probes and one with 6,400, take in one probe each in turn: the picture
alone, and everything up to the repainted widget. The rival paints all probes anew each time, as an image item
that is given an array does.
"""

import statistics
import time

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QApplication

from app.plots.heat import HeatMap
from app.plots.mosaic import Mosaic
from app.plots.plot_run import PlotRun
from app.plots.quantities import GRADIENT
from app.plots.timeline import Timeline
from app.theme import run_colour, theme
from resviz.runs.events import Probed, Started
from resviz.runs.series import RunSeries

LAYERS, COUNTS, UPDATES, EVERY = 110, (100, 6400), 200, 10


def probe(series: RunSeries, rng: np.random.Generator) -> None:
    """Add a probe."""
    values = tuple((10 ** rng.normal(-2, 1, LAYERS)).tolist())
    series.feed([Probed(series.iteration + EVERY, values, (None,), values)])


def main() -> None:
    """Measure and print."""
    application = QApplication([])
    theme().apply(application)
    rng = np.random.default_rng(0)
    names = tuple(f"stage1.block{n}.conv1" for n in range(LAYERS))
    plots, rivals, mosaics = {}, {}, {}
    for count in COUNTS:
        series = RunSeries()
        series.feed([Started(0.0, 0, 10**6, 391.0, 128, 0, "cpu", "float32", 1, names, ("b",), names)])
        for _ in range(count):
            probe(series, rng)
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
    application.processEvents()
    spent: dict[tuple[str, int], list[float]] = {}

    def measure(name: str, count: int, work) -> None:
        begin = time.perf_counter()
        work()
        spent.setdefault((name, count), []).append(1000 * (time.perf_counter() - begin))

    for _ in range(UPDATES):
        for count in COUNTS:
            plot, (rival, image), mosaic = plots[count], rivals[count], mosaics[count]
            series = plot.runs[0].series
            probe(series, rng)

            def add() -> None:
                mosaic.take(series.probe_iterations[-1:], GRADIENT.scaled(series.gradient_norm[-1:]))  # noqa: B023
                mosaic.image(-4, 0, 0)  # noqa: B023

            def update() -> None:
                plot.refresh()  # noqa: B023
                plot.view.viewport().repaint()  # noqa: B023

            def rival_update() -> None:
                image.setImage(GRADIENT.scaled(series.gradient_norm), levels=(-4, 0))  # noqa: B023
                rival.viewport().repaint()  # noqa: B023

            for name, work in (("picture", add), ("whole plot", update), ("rival", rival_update)):
                measure(name, count, work)
    for name in ("picture", "whole plot", "rival"):
        few, many = (statistics.median(spent[name, count]) for count in COUNTS)
        print(f"{name}: {few:.2f} ms at {COUNTS[0]} probes, {many:.2f} ms at {COUNTS[1]}: {many / few:.2f}x")


if __name__ == "__main__":
    main()
