"""Training and test error as Fig. 6 of arXiv:1512.03385 draws them, beside where its curves end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtGui import QColor

from app.plots.error import ErrorPlot
from app.plots.plot_run import PlotRun
from app.plots.time_plot import Floats
from resviz.report.paper import END_ERRORS, is_cifar10

_TOP = 20.0
"""Percent at which the figure's axis ends."""


class PaperErrorPlot(ErrorPlot):
    """Errors up to 20 %, with the paper's own at the end of training."""

    title = "Error, as in Fig. 6"
    explanation = (
        f"{ErrorPlot.explanation} Lines across, of runs on CIFAR-10: where the paper's curve of the same "
        "network ends (mean over iterations 60k to 64k)."
    )
    file_stem = "error-fig-6"
    empty_text = (
        "To compare with Fig. 6 of the paper, choose the data CIFAR-10 and the recipe Paper, then press "
        "Train. Runs that were trained so elsewhere are opened by Ctrl+Shift+O."
    )

    def _on_cifar10(self) -> list[PlotRun]:
        return [run for run in self.runs if run.visible and is_cifar10(run.series)]

    def caption(self) -> str:
        """Return what the looks of the curves mean, and why nothing of the paper stands beside them."""
        known = any(run.network in END_ERRORS for run in self._on_cifar10())
        return super().caption() if known else f"{super().caption()}; the paper drew other networks or data"

    def value_range(self, lines: Sequence[tuple[Floats, Floats]]) -> tuple[float, float]:
        """Return the figure's range as soon as a curve on CIFAR-10 comes down to it."""
        ends = [y[-1] for _, y in lines if len(y) and np.isfinite(y[-1])]
        fits = bool(self._on_cifar10()) and min(ends, default=100.0) < _TOP
        return (0.0, _TOP) if fits and not self.whole_action.isChecked() else super().value_range(lines)

    def references(self, runs: Sequence[PlotRun]) -> list[tuple[float, str, QColor]]:
        """Return the paper's own test and training errors at the end, of the networks that it drew."""
        known = [run for run in runs if run.network in END_ERRORS and is_cifar10(run.series)]
        found = [(run, *END_ERRORS[run.network]) for run in known]
        return [
            *((test, f"paper: test {test:g} %", run.colour) for run, _, test in found),
            *((train, f"paper: training {train:g} %", run.colour) for run, train, _ in found),
        ]
