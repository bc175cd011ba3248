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
from app.plots.bins import Binned, binned
from app.plots.header import Entry, Reading
from app.plots.strokes import Stroke, band, dashes, dots, line, pen
from app.theme import theme
from resviz.runs.series import Curve

_TOPS = (5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0)
_FEW = 40
"""Test points in view, up to which each gets a dot."""


class ErrorPlot(Plot):
    """Errors of all visible runs: training batches faint, their epoch means dashed, test error solid."""

    title = "Error"
    x_label = "iteration"
    y_label = "error (%)"
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
        """Set the ranges; return bands, then lines, of the part in view."""
        box = self.view.getViewBox()
        if not self.zoomed:
            box.setRange(xRange=(0, _right(runs)), yRange=(0, self._top(runs)), padding=0, update=True)
        (begin, end), _ = box.viewRange()
        count = max(32, int(box.size().width() / 2))
        scale, width = self.pixel_scale(), theme().line_width
        under: list[Stroke] = []
        over: list[Stroke] = []
        for run in runs:
            series, colour = run.series, run.colour
            raw = binned(series.train.x, series.train.y, begin, end, count)
            under.append(_raw_stroke(raw, colour))
            x, y = _thinned(series.smoothed_train(), begin, end, count)
            over.append(Stroke(path=dashes(x, y, scale, 3 * width, 2.25 * width), pen=pen(colour, width)))
            x, y = _thinned(series.test, begin, end, count)
            over.append(Stroke(path=line(x, y), pen=pen(colour, width)))
            if len(x) <= _FEW:
                over.append(Stroke(points=dots(x, y), pen=pen(colour, 2.5 * width)))
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
            guide = line(np.array([at, at], float), np.array([low, high]))
            marks.append(Stroke(path=guide, pen=pen(QColor(theme().colours.muted)), smooth=False))
        entries = []
        for run in runs:
            train, test = run.series.smoothed_train(), run.series.test
            readings = []
            for curve, dash in ((train, "dashed"), (test, "solid")):
                index = _index(curve, at)
                if index is None:
                    continue
                readings.append(Reading(dash, f"{curve.y[index]:.1f} %"))  # type: ignore[arg-type]
                if at is not None:
                    spot = dots(curve.x[index : index + 1].astype(float), curve.y[index : index + 1])
                    marks.append(Stroke(points=spot, pen=pen(run.colour, 4 * theme().line_width)))
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

    def _top(self, runs: Sequence[PlotRun]) -> float:
        """Return the top of the range: the last two thirds of each run are in it, as in the paper."""
        if self.whole_action.isChecked():
            return 100.0
        highest = 0.0
        for run in runs:
            for curve in (run.series.smoothed_train(), run.series.test):
                if len(curve):
                    first = int(np.searchsorted(curve.x, curve.x[-1] / 3))
                    highest = max(highest, float(np.max(curve.y[first:])))
        return next((top for top in _TOPS if top >= 1.05 * highest), 100.0)

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


def _raw_stroke(raw: Binned, colour: QColor) -> Stroke:
    if raw.exact:
        return Stroke(path=line(raw.x, raw.mean), pen=pen(colour, 1, 0.3), smooth=len(raw.x) < 400)
    shade = QColor(colour)
    shade.setAlphaF(0.2)
    return Stroke(path=band(raw.x, raw.low, raw.high), brush=QBrush(shade), smooth=False)


def _thinned(
    curve: Curve, begin: float, end: float, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the points to draw of a smooth curve; the first and newest ones exact."""
    part = binned(curve.x, curve.y, begin, end, count)
    if part.exact or not len(part.x):
        return part.x, part.mean
    last = min(len(curve), int(np.searchsorted(curve.x, end, side="right")) + 1) - 1
    first = max(0, int(np.searchsorted(curve.x, begin)) - 1)
    x = np.concatenate(([float(curve.x[first])], part.x[1:-1], [float(curve.x[last])]))
    y = np.concatenate(([curve.y[first]], part.mean[1:-1], [curve.y[last]]))
    return x, y


def _index(curve: Curve, at: int | None) -> int | None:
    """Return the place of the value that holds at an iteration (None: the newest)."""
    if not len(curve):
        return None
    if at is None:
        return len(curve) - 1
    if at > curve.x[-1]:
        return None
    return max(0, int(np.searchsorted(curve.x, at, side="right")) - 1)
