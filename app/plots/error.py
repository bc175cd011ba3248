"""Training error (dashed) and test error (solid) over iterations, as in Figs. 1 and 6 of arXiv:1512.03385."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Slot
from PySide6.QtGui import QAction, QBrush, QColor
from PySide6.QtWidgets import QMenu, QWidget

from app.plots.axes import Axis, nice_end
from app.plots.base import Plot, PlotRun
from app.plots.bins import Bins
from app.plots.header import Dash, Entry, Reading
from app.plots.strokes import Band, Dots, Line, Stroke, dashes, pen, upright
from app.theme import theme
from resviz.runs.series import Curve

_TOPS = (5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0)
_FEW_RUNS = 4
"""Runs, up to which the single batches are drawn too."""
_FEW = 40
"""Test points in view, up to which each gets a dot."""


class ErrorPlot(Plot):
    """Errors of all visible runs: training batches faint, their epoch means dashed, test error solid."""

    title = "Error"
    x_label = "iteration"
    y_label = "error (%)"
    explanation = (
        "Percent of wrong answers. Dashed: on the training batches, mean over the last epoch; solid: on the "
        "test set; faint: each batch. Scroll or drag to zoom, double click to follow the data again."
    )
    file_stem = "error"

    def __init__(self, parent: QWidget | None = None) -> None:
        self.zoomed = False
        """Whether the person chose the ranges; else they follow the data."""
        super().__init__(Axis("bottom", whole=True), Axis("left"), parent)
        box = self.view.getViewBox()
        box.setMouseEnabled(True, True)
        box.setLimits(xMin=0, yMin=-2, yMax=102)
        box.sigRangeChangedManually.connect(self._on_zoomed)
        box.sigRangeChanged.connect(self._on_range_changed)
        self.view.scene().sigMouseClicked.connect(self._on_clicked)

    def add_actions(self, menu: QMenu) -> None:
        """Add the choices of range."""
        self.fit_action = QAction("Follow the data", menu)
        self.fit_action.setToolTip("Undo zooming (double click)")
        self.fit_action.setEnabled(False)
        self.fit_action.triggered.connect(self.show_everything)
        self.whole_action = QAction("Show 0 to 100 %", menu, checkable=True)
        self.whole_action.toggled.connect(self._on_whole_toggled)
        menu.addActions([self.fit_action, self.whole_action])

    def has_data(self, run: PlotRun) -> bool:
        """Say whether a run has a training or test error yet."""
        return len(run.series.train) > 0 or len(run.series.test) > 0

    @Slot()
    def show_everything(self) -> None:
        """Let the ranges follow the data again."""
        self.zoomed = False
        self.fit_action.setEnabled(False)
        self.mark_dirty()

    # Drawing

    def draw(self, runs: Sequence[PlotRun]) -> list[Stroke]:
        """Set the ranges; return single batches, then lines, of the part in view."""
        box = self.view.getViewBox()
        if not self.zoomed:
            box.setRange(xRange=(0, _right(runs)), padding=0)
        begin, end = box.viewRange()[0]
        count = max(32, int(box.size().width() / 2))
        parts = [
            (run, Bins(run.series.train.x, begin, end, count), Bins(run.series.test.x, begin, end, count))
            for run in runs
        ]
        if not self.zoomed:
            lines = [
                (bins.x, bins.newest(curve.y))
                for run, *both in parts
                for bins, curve in zip(both, (run.series.smoothed_train(), run.series.test), strict=True)
            ]
            box.setRange(yRange=(0, 100.0 if self.whole_action.isChecked() else _top(lines)), padding=0)
        scale, width = self.pixel_scale(), theme().line_width
        under: list[Stroke] = []
        over: list[Stroke] = []
        for run, train, test in parts:
            series, look = run.series, pen(run.colour, width)
            if len(runs) <= _FEW_RUNS:
                under.append(_batches(series.train, train, run.colour))
            smooth = train.newest(series.smoothed_train().y)
            over.append(dashes(train.x, smooth, look, scale=scale, on=3 * width, off=2.25 * width))
            over.append(Line(test.x, test.newest(series.test.y), look))
            if len(test.x) <= _FEW:
                over.append(Dots(test.x, test.newest(series.test.y), pen(run.colour, 2.5 * width)))
        return under + over

    def read(self, runs: Sequence[PlotRun]) -> tuple[str, list[Entry], list[Stroke]]:
        """Return the errors at the hovered iteration, or the newest ones."""
        subtitle = "training dashed, test solid"
        marks: list[Stroke] = []
        at: int | None = None
        if self.hovered is not None:
            at = max(0, round(self.hovered))
            subtitle = f"at iteration {at:,}"
            low, high = self.view.getViewBox().viewRange()[1]
            marks.append(upright(at, low, high, pen(QColor(theme().colours.muted))))
        entries = []
        for run in runs:
            train, test = run.series.smoothed_train(), run.series.test
            readings = []
            dash: Dash
            for curve, dash in ((train, "dashed"), (test, "solid")):
                index = _index(curve, at)
                if index is None:
                    continue
                readings.append(Reading(dash, f"{curve.y[index]:.1f} %"))
                if at is not None:
                    spot = slice(index, index + 1)
                    look = pen(run.colour, 4 * theme().line_width)
                    marks.append(Dots(curve.x[spot].astype(np.float64), curve.y[spot].copy(), look))
            if run.series.diverged and at is None:
                readings.append(Reading("none", "diverged"))
            note = "" if readings else "no iterations yet" if not self.has_data(run) else ""
            entries.append(Entry(run.name, run.colour, tuple(readings), note))
        return subtitle, entries, marks

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

    # Inside

    @Slot()
    def _on_zoomed(self) -> None:
        self.zoomed = True
        self.fit_action.setEnabled(True)

    @Slot()
    def _on_range_changed(self) -> None:
        if not self._busy:
            self.mark_dirty()

    @Slot(object)
    def _on_clicked(self, event: Any) -> None:
        if event.double() and self.zoomed:
            self.show_everything()

    @Slot(bool)
    def _on_whole_toggled(self, on: bool) -> None:
        self.show_everything()


def _right(runs: Sequence[PlotRun]) -> float:
    """Return the end of the range: the recipe's last iteration once it is near, else a round number ahead."""
    reached = max((run.series.iteration for run in runs), default=1)
    asked = max((run.series.iterations or 0 for run in runs), default=0)
    end = nice_end(max(reached * 1.02, 10))
    return float(asked) if reached <= asked < end else end


def _top(lines: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> float:
    """Return the top of the range: the last two thirds of each line are in it, as in the paper's figures."""
    highest = max((float(np.max(y[x >= x[-1] / 3])) for x, y in lines if len(x)), default=100.0)
    return next((top for top in _TOPS if top >= 1.05 * highest), 100.0)


def _batches(curve: Curve, bins: Bins, colour: QColor) -> Stroke:
    """Return the single batches, faint: as a line where they are few, else as what they cover."""
    if bins.exact:
        return Line(bins.x, bins.newest(curve.y), pen(colour, 1, 0.35), smooth=len(bins.x) < 400)
    shade = QColor(colour)
    shade.setAlphaF(0.15)
    low, high, newest = bins.lowest(curve.y), bins.highest(curve.y), bins.newest(curve.y)
    # Each bar reaches to where the curve came from, so that bars of few points have no gaps between them.
    low[1:], high[1:] = np.fmin(low[1:], newest[:-1]), np.fmax(high[1:], newest[:-1])
    return Band(bins.left, np.append(bins.left[1:], bins.x[-1]), low, high, QBrush(shade))


def _index(curve: Curve, at: int | None) -> int | None:
    """Return the place of the value that holds at an iteration (None: the newest)."""
    if not len(curve):
        return None
    if at is None:
        return len(curve) - 1
    if at > curve.x[-1]:
        return None
    return max(0, int(np.searchsorted(curve.x, at, side="right")) - 1)
