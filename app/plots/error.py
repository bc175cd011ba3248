"""Training error (dashed) and test error (solid) over iterations, as in Figs. 1 and 6 of arXiv:1512.03385."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtGui import QAction, QColor
from PySide6.QtWidgets import QMenu

from app.plots.means import EpochMean
from app.plots.plot_run import PlotRun
from app.plots.seeds import SeedPlot
from app.plots.time_plot import Floats, TimePlot, Track
from app.plots.timeline import Timeline
from resviz.report.paper import END_ERRORS, is_cifar10
from resviz.runs.series import RunSeries

_ERRORS = EpochMean(attrgetter("train"))
_TOPS = (5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0)


class ErrorPlot(SeedPlot):
    """Errors of all visible runs: training batches faint, their epoch means dashed, test error solid."""

    title = "Error"
    x_label = "iteration"
    y_label = "error (%)"
    explanation = (
        "Percent of wrong answers. Dashed: on the training batches, mean over the last epoch unless the menu "
        f"says otherwise; solid: on the test set; faint: each batch. {TimePlot.gestures}"
    )
    file_stem = "error"
    smooths = True

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self.view.getViewBox().setLimits(yMin=-3, yMax=102)

    def add_actions(self, menu: QMenu) -> None:
        """Add the choices of range."""
        super().add_actions(menu)
        self.whole_action = QAction("Show 0 to 100 %", menu, checkable=True)
        self.whole_action.toggled.connect(self._on_whole_toggled)
        menu.insertAction(self.log_action, self.whole_action)

    def tracks(self, run: PlotRun) -> list[Track]:
        """Return training and test error."""
        train, test = run.series.train, run.series.test
        return [
            self.smoothed(train, partial(_smooth, run.series), "dashed"),
            Track(test.x, test.y, dotted=True),
        ]

    def text(self, value: float) -> str:
        """Return "12.3 %"."""
        return f"{value:.1f} %"

    def caption(self) -> str:
        """Return what the looks of the curves mean."""
        return "training dashed, test solid"

    def value_range(self, lines: Sequence[tuple[Floats, Floats]]) -> tuple[float, float]:
        """Return zero to a top above the last two thirds of each curve, as in the paper's figures."""
        if self.whole_action.isChecked():
            return 0.0, 100.0
        known = [(x, y) for x, y in lines if len(x)]
        highest = max((float(np.nanmax(y[x >= x[0] + (x[-1] - x[0]) / 3])) for x, y in known), default=100.0)
        return 0.0, next((top for top in _TOPS if top >= 1.05 * highest), 100.0)

    def references(self, runs: Sequence[PlotRun]) -> list[tuple[float, str, QColor]]:
        """Return the paper's own test errors at the end, of the networks that it drew."""
        known = (run for run in runs if run.network in END_ERRORS and is_cifar10(run.series))
        ends = ((run, END_ERRORS[run.network][1]) for run in known)
        return [(end, f"paper {end:g} %", run.colour) for run, end in ends]

    def table(self, runs: Sequence[PlotRun]) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
        """Return one row for each run and iteration that has a value."""
        columns = ("run", "iteration", "train_error_pct", "train_error_epoch_mean_pct", "test_error_pct")
        rows: list[tuple[Any, ...]] = []
        for run in runs:
            train, smooth, test = run.series.train, run.series.smoothed_train(), run.series.test
            tests = dict(zip(test.x.tolist(), test.y.tolist(), strict=True))
            known = zip(train.x.tolist(), train.y.tolist(), smooth.y.tolist(), strict=True)
            lines = {x: (run.name, x, y, round(s, 6), tests.get(x)) for x, y, s in known}
            for x, y in tests.items():
                lines.setdefault(x, (run.name, x, None, None, y))
            rows += [lines[x] for x in sorted(lines)]
        return columns, rows

    @Slot(bool)
    def _on_whole_toggled(self, on: bool) -> None:
        self.show_everything()


def _smooth(series: RunSeries, epochs: float) -> Floats:
    """Return the training error averaged over the last epochs; of one, the mean that everything tells."""
    return series.smoothed_train().y if epochs == 1 else _ERRORS.of(series, epochs)
