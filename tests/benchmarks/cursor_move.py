"""A move of the time cursor, and a zoom, until everything in a view is repainted: under 33 ms each.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/cursor_move.py

Four runs of 110 layers with 64,000 iterations and 1,530 probes, the views as wide as in a window of
1920x1080. Processor time of the window's thread. The rival has the same error curves in pyqtgraph, with an
InfiniteLine as the cursor.
"""

import statistics
import time

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QApplication

from app.layouts.area import Area
from app.layouts.catalogue import LAYOUTS
from app.plots.plot_run import PlotRun
from app.plots.timeline import Timeline
from app.theme import run_colour, theme
from resviz.runs.events import Evaluated, Probed, Started, Stepped
from resviz.runs.series import RunSeries

RUNS, ITERATIONS, LAYERS, MOVES = 4, 64_000, 110, 30


def due(iteration: int) -> bool:
    """Return whether an iteration is probed: densely at first, as training does."""
    every = 1 if iteration <= 20 else 2 if iteration <= 200 else 10 if iteration <= 2000 else 50
    return iteration % every == 0


def long_series(seed: int) -> RunSeries:
    """Return a run with all that the views show."""
    rng, series = np.random.default_rng(seed), RunSeries()
    convolutions = tuple(f"stage{1 + n // 37}.block{n // 2}.conv{1 + n % 2}" for n in range(LAYERS))
    blocks = tuple(dict.fromkeys(name.rpartition(".")[0] for name in convolutions))
    classes = tuple(f"class {n}" for n in range(10))
    place = (convolutions, blocks, convolutions, classes)
    series.feed([Started(0.0, 0, ITERATIONS, 391.0, 128, seed, "cpu", "float32", 1, *place)])
    errors = np.clip(5 + 70 * np.exp(-np.arange(ITERATIONS) / 9000) + rng.normal(0, 3, ITERATIONS), 0, 100)
    events = []
    for i, error in enumerate(errors.tolist(), 1):
        events.append(Stepped(float(i), i, error / 40, error, 0.1, 2000.0))
        if due(i):
            wide, narrow = (tuple((10 ** rng.normal(-1, 0.5, n)).tolist()) for n in (LAYERS, len(blocks)))
            events.append(Probed(i, wide, narrow, wide, wide, wide))
        if i % 391 == 0:
            events.append(Evaluated(float(i), i, error, error / 40, (error,) * 10))
    series.feed(events)
    return series


def main() -> None:
    """Measure and print."""
    application = QApplication([])
    theme().apply(application)
    runs = [
        PlotRun(f"run {n}", long_series(n), run_colour(n // 2, n % 2 == 0), n % 2 == 0) for n in range(RUNS)
    ]
    timeline = Timeline()
    timeline.supply([run.series for run in runs])

    def measured(change) -> float:
        begin = time.thread_time()
        change()
        for _ in range(3):
            application.processEvents()
        return 1000 * (time.thread_time() - begin)

    for layout in LAYOUTS:
        page = Area(layout, timeline)
        page.set_runs(runs)
        page.resize(1560, 420)
        page.show()
        page.make_plots()
        while any(panel.in_sight and panel.plot is None for panel in page.panels.values()):
            application.processEvents()
        places = np.linspace(100, ITERATIONS - 100, MOVES)
        moves = [measured(lambda at=at: timeline.go_to(at)) for at in places]
        zooms = [
            measured(lambda k=k: timeline.show_span((500.0 * k, ITERATIONS - 500.0 * k)))
            for k in range(MOVES)
        ]
        timeline.show_span(None)
        timeline.go_live()
        print(f"{layout.title}: cursor {_told(moves)}; zoom {_told(zooms)}")
        page.close()
    rival = pg.PlotWidget()
    for run in runs:
        rival.plot(run.series.train.x, run.series.train.y, pen=pg.mkPen(run.colour, width=1))
    line = pg.InfiniteLine()
    rival.addItem(line)
    rival.resize(520, 420)
    rival.show()
    application.processEvents()
    moves = [measured(lambda at=at: line.setValue(at)) for at in places]
    print(f"pyqtgraph, the error alone: cursor {_told(moves)}")


def _told(spent: list[float]) -> str:
    return f"{statistics.median(spent):.1f} ms, p99 {np.quantile(spent, 0.99):.1f}"


if __name__ == "__main__":
    main()
