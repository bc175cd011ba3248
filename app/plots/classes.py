"""Test error of each class at the time cursor, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QBrush, QColor, QFontMetricsF

from app.plots.axes import Axis
from app.plots.base import Plot
from app.plots.header import Entry, Reading, fonts
from app.plots.plot_run import PlotRun
from app.plots.strokes import Band, Stroke, upright
from app.plots.strokes import pen as pen_of
from app.plots.timeline import Timeline, index_at
from app.theme import theme

_TOPS = (5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0)
_FILLED = 0.8
"""The share of a class's place that its bars take."""


class ClassPlot(Plot):
    """A group of bars for each class, a bar for each run."""

    title = "Error by class"
    x_label = "class"
    y_label = "test error (%)"
    explanation = "Percent of each class's test pictures that were taken for another, at the time cursor."
    file_stem = "error-by-class"
    empty_text = "Press Train: the test error of each class appears here."
    waiting_text = "Waiting for the first test …"

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline, Axis("bottom"), Axis("left"))

    def has_data(self, run: PlotRun) -> bool:
        """Say whether a run has a test error of any class."""
        return bool(np.isfinite(run.series.class_error_pct).any())

    def state(self) -> tuple[object, ...]:
        """Return what the bars depend on besides the runs."""
        return (self.timeline.at,)

    def names(self, runs: Sequence[PlotRun]) -> tuple[str, ...]:
        """Return the classes of the runs: those of the first that knows them."""
        found = (run.series.started.classes for run in runs if run.series.started is not None)
        return next((names for names in found if names), ())

    def row(self, run: PlotRun) -> NDArray[np.float64]:
        """Return the errors of the classes at the cursor, (classes,)."""
        found: NDArray[np.float64] = run.series.class_error_pct[index_at(run.series.test.x, self.timeline.at)]
        return found

    def draw(self, runs: Sequence[PlotRun]) -> list[Stroke]:
        """Set the ranges; return the bars."""
        rows = [self.row(run) for run in runs]
        count = max((len(row) for row in rows), default=1)
        high = max((float(np.nanmax(row)) for row in rows if np.isfinite(row).any()), default=100.0)
        top = next((top for top in _TOPS if top >= high), 100.0)
        self.view.getViewBox().setRange(xRange=(-0.5, count - 0.5), yRange=(0, top), padding=0)
        self._name_classes(self.names(runs), count)
        width = _FILLED / max(len(runs), 1)
        strokes: list[Stroke] = []
        for place, (run, row) in enumerate(zip(runs, rows, strict=True)):
            left = np.arange(float(len(row))) - _FILLED / 2 + place * width
            height = np.nan_to_num(row)
            strokes.append(Band(left, left + 0.92 * width, 0.0 * height, height, QBrush(run.colour)))
        return strokes

    def _name_classes(self, names: Sequence[str], count: int) -> None:
        """Write the names of the classes where they have room, cut to it, else their numbers."""
        metrics, room = QFontMetricsF(fonts()[1]), self.pixel_scale()[0] - 4
        if names and room > 3 * metrics.averageCharWidth():
            ticks = [(place, _cut(name, metrics, room)) for place, name in enumerate(names)]
        else:
            ticks = [(place, str(place)) for place in range(0, count, max(1, round(count / 10)))]
        self.x_axis.setTicks([ticks])

    def read(self, runs: Sequence[PlotRun]) -> tuple[str, list[Entry], list[Stroke]]:
        """Return the hovered class's errors, or each run's worst class."""
        known = [run for run in runs if self.has_data(run)]
        names = self.names(known)
        count = max((len(self.row(run)) for run in known), default=0)
        marks: list[Stroke] = []
        chosen = None if self.hovered is None or not count else min(max(round(self.hovered), 0), count - 1)
        if chosen is not None:
            low, high = self.view.getViewBox().viewRange()[1]
            marks.append(upright(chosen, low, high, pen_of(QColor(theme().colours.muted))))
        entries = []
        for run in known:
            row = self.row(run)
            at = chosen if chosen is not None else int(np.nanargmax(row)) if np.isfinite(row).any() else None
            text = "–"
            if at is not None and at < len(row) and np.isfinite(row[at]):
                name = names[at] if at < len(names) else f"class {at}"
                text = f"{row[at]:.1f} %" if chosen is not None else f"worst: {name} {row[at]:.1f} %"
            entries.append(Entry(run.name, run.colour, (Reading("none", text),)))
        return self._subtitle(known, names, chosen), entries, marks

    def _subtitle(self, runs: Sequence[PlotRun], names: Sequence[str], chosen: int | None) -> str:
        if chosen is not None:
            return names[chosen] if chosen < len(names) else f"class {chosen}"
        found = {int(run.series.test.x[index_at(run.series.test.x, self.timeline.at)]) for run in runs}
        return f"iteration {max(found):,}" if len(found) == 1 else "newest tests" if found else ""

    def table(self, runs: Sequence[PlotRun]) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
        """Return one row for each run, test and class."""
        rows: list[tuple[Any, ...]] = []
        for run in runs:
            names = self.names([run])
            for iteration, values in zip(
                run.series.test.x.tolist(), run.series.class_error_pct.tolist(), strict=True
            ):
                for index, value in enumerate(values):
                    rows.append((run.name, iteration, names[index] if index < len(names) else index, value))
        return ("run", "iteration", "class", "test_error_pct"), rows


def _cut(name: str, metrics: QFontMetricsF, room: float) -> str:
    """Return as much of a name as has room."""
    return next(
        (name[:end] for end in range(len(name), 2, -1) if metrics.horizontalAdvance(name[:end]) <= room), ""
    )
