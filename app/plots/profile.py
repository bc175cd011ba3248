"""What gradient norm and residual magnitude share: one value for each layer, at the newest probe."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from app.plots.axes import Axis, brief
from app.plots.base import Plot, PlotRun
from app.plots.header import Entry, Reading, fonts
from app.plots.strokes import Dots, Line, Stroke, pen, upright
from app.theme import theme

Row = NDArray[np.float64]
_FEW = 4
"""Runs, up to which the first probes are drawn too."""


class Profile(Plot):
    """Values over depth: the newest probe as a line, the first one faint beneath it."""

    quantity = "value"
    brief_absence = "no probe"
    """Why a run has nothing to draw, where there is little room."""
    waiting_text = "Waiting for the first probe …"

    def __init__(self, y_axis: Axis, parent: QWidget | None = None) -> None:
        self.stage_axis = Axis("top")
        super().__init__(Axis("bottom", whole=True), y_axis, parent)

    # What a profile defines

    def values(self, run: PlotRun) -> NDArray[np.float32]:
        """Return the probes, (T, layers)."""
        raise NotImplementedError

    def names(self, run: PlotRun) -> tuple[str, ...]:
        """Return the names of the layers."""
        raise NotImplementedError

    def scaled(self, row: NDArray[Any]) -> Row:
        """Return values in the coordinates of the axis."""
        raise NotImplementedError

    def y_range(self, rows: Sequence[Row]) -> tuple[float, float]:
        """Return the range of the axis that holds `rows`, in its coordinates."""
        raise NotImplementedError

    def digest(self, row: NDArray[Any]) -> str:
        """Return a profile in a few characters, for the legend."""
        raise NotImplementedError

    # Drawing

    def has_data(self, run: PlotRun) -> bool:
        """Say whether a run has a probe with something finite in it."""
        values = self.values(run)
        return bool(values.size) and bool(np.isfinite(values[-1]).any() or np.isfinite(values[0]).any())

    def draw(self, runs: Sequence[PlotRun]) -> list[Stroke]:
        """Set the ranges; return stage lines, first probes, newest probes."""
        ends = ((run, self.values(run)) for run in runs)
        profiles = [(run, self.scaled(values[0]), self.scaled(values[-1])) for run, values in ends]
        depth = max((len(newest) for _, _, newest in profiles), default=1)
        both = len(runs) <= _FEW
        rows = [row for _, first, newest in profiles for row in (newest, first)[: 1 + both]]
        low, high = self.y_range(rows)
        self.view.getViewBox().setRange(xRange=(0.5, depth + 0.5), yRange=(low, high), padding=0)
        strokes = self._stage_strokes(runs, low, high)
        width, gap = theme().line_width, self.pixel_scale()[0]
        over: list[Stroke] = []
        for run, first, newest in profiles:
            x = np.arange(1, len(newest) + 1, dtype=float)
            if both and len(self.values(run)) > 1:
                strokes.append(Line(x, first, pen(run.colour, 1.25, 0.45)))
            over.append(Line(x, newest, pen(run.colour, width)))
            if gap >= 5 * width or np.isfinite(newest).sum() < 3:
                over.append(Dots(x, newest, pen(run.colour, 2.5 * width)))
        return strokes + over

    def read(self, runs: Sequence[PlotRun]) -> tuple[str, list[Entry], list[Stroke]]:
        """Return the values of the hovered layer, or each run's digest."""
        known = [run for run in runs if self.has_data(run)]
        depth = max((len(self.names(run)) for run in known), default=0)
        layer = None if self.hovered is None or not known else min(max(round(self.hovered), 1), depth)
        marks: list[Stroke] = []
        if layer is not None:
            low, high = self.view.getViewBox().viewRange()[1]
            marks.append(upright(layer, low, high, pen(QColor(theme().colours.muted))))
        entries = []
        for run in known:
            row = self.values(run)[-1]
            if layer is None:
                entries.append(Entry(run.name, run.colour, (Reading("none", self.digest(row)),)))
                continue
            value = float(row[layer - 1]) if layer <= len(row) else float("nan")
            reading = (Reading("none", brief(value) if np.isfinite(value) else "–"),)
            entries.append(Entry(run.name, run.colour, reading))
            if np.isfinite(value):
                look = pen(run.colour, 4 * theme().line_width)
                marks.append(Dots(np.array([float(layer)]), self.scaled(row[layer - 1 : layer]), look))
        entries += self._absent([run for run in runs if run not in known])
        return self._subtitle(known, layer), entries, marks

    def absence(self, run: PlotRun) -> str:
        """Return why a run has nothing to draw."""
        return "no probe yet"

    def table(self, runs: Sequence[PlotRun]) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
        """Return one row for each run and layer, of the first and of the newest probe."""
        rows: list[tuple[Any, ...]] = []
        for run in runs:
            values, when = self.values(run), run.series.probe_iterations
            for probe in dict.fromkeys((0, len(when) - 1)):
                pairs = zip(self.names(run), values[probe].tolist(), strict=True)
                rows += [
                    (run.name, int(when[probe]), index, name, float(f"{value:.7g}"))
                    for index, (name, value) in enumerate(pairs, 1)
                ]
        return ("run", "iteration", "index", "name", self.quantity), rows

    # Inside

    def _subtitle(self, runs: Sequence[PlotRun], layer: int | None) -> str:
        if not runs:
            return ""
        if layer is not None:
            named = max(runs, key=lambda run: len(self.names(run)))
            return f"{self.names(named)[layer - 1]} ({layer} of {len(self.names(named))})"
        newest = {int(run.series.probe_iterations[-1]) for run in runs}
        when = f"iteration {max(newest):,}" if len(newest) == 1 else "newest probes"
        return f"{when}; faint: the first probe" if len(runs) <= _FEW else when

    def _absent(self, runs: Sequence[PlotRun]) -> list[Entry]:
        """Return one entry for all runs that lack data for the same reason."""
        reasons: dict[str, list[PlotRun]] = {}
        for run in runs:
            reasons.setdefault(self.absence(run), []).append(run)
        entries = []
        for reason, found in reasons.items():
            kind = "plain runs" if all(run.plain for run in found) else "runs"
            name = found[0].name if len(found) == 1 else f"{len(found)} {kind}"
            entries.append(Entry(name, found[0].colour, note=reason, brief_note=self.brief_absence))
        return entries

    def _stage_strokes(self, runs: Sequence[PlotRun], low: float, high: float) -> list[Stroke]:
        """Return a line where each stage begins, named above; short ticks where the networks differ."""
        all_stages = {run.name: stages(self.names(run)) for run in runs}
        if len({tuple(found) for found in all_stages.values()}) <= 1:
            found = next(iter(all_stages.values()), [])
            self.stage_axis.setTicks([[((first + last) / 2, name) for name, first, last in found]])
            grid = QColor(theme().colours.grid)
            return [upright(first - 0.5, low, high, pen(grid)) for _, first, _ in found if first > 1]
        self.stage_axis.setTicks([[]])
        short = low + (high - low) * 0.05
        return [
            upright(first - 0.5, low, short, pen(run.colour, 1.5))
            for run in runs
            for _, first, _ in all_stages[run.name]
            if first > 1
        ]

    def _prepare_view(self) -> None:
        super()._prepare_view()
        item = self.view.getPlotItem()
        item.setAxisItems({"top": self.stage_axis})
        item.showAxis("top")

    def _dress(self) -> None:
        super()._dress()
        colours, (_, text) = theme().colours, fonts()
        self.stage_axis.dress(colours, text, "")
        self.stage_axis.showLabel(False)
        self.stage_axis.setPen(QColor(0, 0, 0, 0))
        self.stage_axis.setStyle(tickLength=0, tickTextOffset=2, tickAlpha=0)
        self.stage_axis.setHeight(round(text.pixelSize() * 1.5))
        self.stage_axis.setGrid(False)


def stages(names: Sequence[str]) -> list[tuple[str, int, int]]:
    """Return the stages as (name as shown, first, last), counted from 1: "stage1.block2" is in "stage 1"."""
    found, index = [], 1
    for part, group in groupby(name.split(".")[0] for name in names):
        size = len(list(group))
        if part.startswith("stage") and part[5:].isdigit():
            found.append((f"stage {part[5:]}", index, index + size - 1))
        index += size
    return found
