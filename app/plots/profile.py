"""A quantity over depth: one value for each layer, at the iteration of the time cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetricsF

from app.plots.axes import Axis
from app.plots.base import Plot
from app.plots.extents import axis_range
from app.plots.header import Entry, Reading, fonts
from app.plots.plot_run import PlotRun
from app.plots.quantities import ABSENT, Quantity
from app.plots.strokes import Dots, Line, Stroke, Text, faded, level, pen, upright
from app.plots.timeline import Timeline, index_at
from app.theme import theme
from resviz.report.depth import places_of, stages
from resviz.report.numbers import brief

_FEW = 4
"""Runs, up to which the first probes are drawn too."""
_DOT = 0.012
"""Share of the axis that half a dot needs at its ends."""
_WIDE = 38
"""Widths of a letter from which the legend has room to name a layer."""


class Profile(Plot):
    """Values over depth: the probe at the cursor as a line, the first one faint beneath it."""

    waiting_text = "Waiting for the first probe …"

    def __init__(self, timeline: Timeline, quantity: Quantity) -> None:
        self.quantity = quantity
        self.title = quantity.title
        self.x_label = f"{quantity.layer}, from the input"
        self.y_label = quantity.symbol
        self.explanation = (
            f"{quantity.explanation} Input on the left. Thick: at the time cursor; faint: the first probe."
        )
        if quantity.needs_shortcut:
            self.explanation += " Squares below: blocks whose shortcut has to change the shape."
        self.file_stem = quantity.key.replace("_", "-")
        self.empty_text = f"Press Train: the {quantity.title.lower()} of every {quantity.layer} appears here."
        self.stage_axis = Axis("top")
        self.stage_axis.bare = True
        super().__init__(timeline, Axis("bottom", whole=True), Axis("left", log=quantity.log))
        self.view.scene().sigMouseClicked.connect(self._on_clicked)

    # What is shown

    def names(self, run: PlotRun) -> tuple[str, ...]:
        """Return the names of the layers."""
        return self.quantity.names(run.series)

    def row(self, run: PlotRun, probe: int | None = None) -> NDArray[np.float32]:
        """Return the values of a probe (None: of that at the cursor), (layers,)."""
        if probe is None:
            probe = index_at(run.series.probe_iterations, self.timeline.at)
        found: NDArray[np.float32] = self.quantity.values(run.series)[probe]
        return found

    def references(self, runs: Sequence[PlotRun]) -> Sequence[tuple[float, str, QColor]]:
        """Return levels to compare with: value, a few words, colour."""
        return ()

    def digest(self, run: PlotRun) -> str:
        """Return a profile in a few characters, for the legend."""
        row = self.row(run)
        if self.quantity.log:
            known = np.flatnonzero(np.isfinite(row) & (row > 0))
            if not len(known):
                return "–"
            ends = f"first/last {brief(float(row[known[0]] / row[known[-1]]), 2)}"
            least = self.names(run)[known[np.argmin(row[known])]]
            return f"{ends}, least at {least}" if self.header.width() >= _WIDE * theme().font_pixels else ends
        finite = row[np.isfinite(row)]
        return f"mean {finite.mean():.2f}" if len(finite) else "–"

    def another(self, timeline: Timeline) -> Plot:
        """Return a new plot of the same quantity."""
        return type(self)(timeline, self.quantity)

    def has_data(self, run: PlotRun) -> bool:
        """Say whether a run has a probe with something finite in it."""
        values = self.quantity.values(run.series)
        return bool(values.size) and bool(np.isfinite(values[-1]).any() or np.isfinite(values[0]).any())

    def state(self) -> tuple[object, ...]:
        """Return what the curves depend on besides the runs."""
        return self.timeline.at, self.selected

    # Drawing

    def draw(self, runs: Sequence[PlotRun]) -> list[Stroke]:
        """Set the ranges; return stage lines, first probes, probes at the cursor."""
        scaled = self.quantity.scaled
        profiles = [(run, scaled(self.row(run, 0)), scaled(self.row(run))) for run in runs]
        depth = max((len(now) for _, _, now in profiles), default=1)
        both = len(runs) <= _FEW
        rows = [row for _, first, now in profiles for row in (now, first)[: 1 + both]]
        low, high = axis_range([run.series for run in runs], self.quantity, rows)
        if self.quantity.log:  # A level to compare with says most where the values miss it by far.
            levels = scaled(np.array([value for value, _, _ in self.references(runs)]))
            low, high = min([low, *(levels - 0.2)]), max([high, *(levels + 0.2)])
        # The dots of the first and of the last layer are whole.
        side = 0.5 + _DOT * depth
        self.view.getViewBox().setRange(xRange=(1 - side, depth + side), yRange=(low, high), padding=0)
        lines, words = self._reference_strokes(runs, low, high)
        strokes: list[Stroke] = [*self._stage_strokes(runs, low, high), *lines]
        width, gap = theme().line_width, self.pixel_scale()[0]
        over: list[Stroke] = []
        for run, first, now in profiles:
            x = np.arange(1, len(now) + 1, dtype=float)
            if both and len(run.series.probe_iterations) > 1:
                strokes.append(Line(x, first, pen(faded(run.colour, 0.45), 1.25)))
            over.append(Line(x, now, pen(run.colour, width)))
            if gap >= 5 * width or np.isfinite(now).sum() < 3:
                over.append(Dots(x, now, pen(run.colour, 2.5 * width)))
            over += self._selected_strokes(run, now)
        return strokes + over + words

    def _reference_strokes(
        self, runs: Sequence[PlotRun], low: float, high: float
    ) -> tuple[list[Stroke], list[Stroke]]:
        """Return lines at the levels to compare with, and their words, which no curve may run through."""
        (left, right), font = self.view.getViewBox().viewRange()[0], fonts()[1]
        where = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        ground = QColor(theme().colours.panel)
        ground.setAlphaF(0.8)
        lines: list[Stroke] = []
        words: list[Stroke] = []
        for value, text, colour in self.references(runs):
            y = float(self.quantity.scaled(np.array([value]))[0])
            if low <= y <= high:
                lines.append(level(y, left, right, pen(colour, 1.5, 0.8)))
                words.append(Text(right, y, f" {text} ", colour, font, where, ground))
        return lines, words

    def _selected_strokes(self, run: PlotRun, row: NDArray[np.float64]) -> list[Stroke]:
        """Return a ring around the value of each selected layer."""
        places = np.array(places_of(self.selected, self.names(run)), float)
        if not len(places):
            return []
        values, width = row[places.astype(int) - 1], theme().line_width
        return [
            Dots(places, values, pen(QColor(theme().colours.text), 6 * width)),
            Dots(places, values, pen(run.colour, 4 * width)),
        ]

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
            row = self.row(run)
            if layer is None:
                entries.append(Entry(run.name, run.colour, (Reading("none", self.digest(run)),)))
                continue
            value = float(row[layer - 1]) if layer <= len(row) else float("nan")
            reading = (Reading("none", brief(value) if np.isfinite(value) else "–"),)
            entries.append(Entry(run.name, run.colour, reading))
            if np.isfinite(value):
                look = pen(run.colour, 4 * theme().line_width)
                marks.append(
                    Dots(np.array([float(layer)]), self.quantity.scaled(row[layer - 1 : layer]), look)
                )
        entries += self._absent([run for run in runs if run not in known])
        return self._subtitle(known, layer), entries, marks

    def absence(self, run: PlotRun) -> str:
        """Return why a run has nothing to draw."""
        probed = len(run.series.probe_iterations) > 0
        lacks = self.quantity.needs_shortcut and (run.plain or probed)
        return f"{ABSENT} {self.quantity.title.lower()}" if lacks else "no probe yet"

    def missing_text(self, shown: Sequence[PlotRun]) -> str:
        """Say what to train where there are only plain networks."""
        return self.quantity.missing(all(run.plain for run in shown)) or super().missing_text(shown)

    def table(self, runs: Sequence[PlotRun]) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
        """Return one row for each run and layer, of the first probe and of that at the cursor."""
        rows: list[tuple[Any, ...]] = []
        for run in runs:
            when = run.series.probe_iterations
            for probe in dict.fromkeys((0, index_at(when, self.timeline.at))):
                pairs = zip(self.names(run), self.row(run, probe).tolist(), strict=True)
                rows += [
                    (run.name, int(when[probe]), index, name, float(f"{value:.7g}"))
                    for index, (name, value) in enumerate(pairs, 1)
                ]
        return ("run", "iteration", "index", "name", self.quantity.key), rows

    # Inside

    def _subtitle(self, runs: Sequence[PlotRun], layer: int | None) -> str:
        if not runs:
            return ""
        if layer is not None:
            named = max(runs, key=lambda run: len(self.names(run)))
            return f"{self.names(named)[layer - 1]} ({layer} of {len(self.names(named))})"
        probed = [run.series.probe_iterations for run in runs]
        found = {int(each[index_at(each, self.timeline.at)]) for each in probed}
        when = f"iteration {max(found):,}" if len(found) == 1 else "newest probes"
        phase = f"{self.quantity.phase}; " if self.quantity.phase else ""
        return f"{phase}{when}; faint: the first probe" if len(runs) <= _FEW else f"{phase}{when}"

    def _absent(self, runs: Sequence[PlotRun]) -> list[Entry]:
        """Return one entry for all runs that lack data for the same reason."""
        reasons: dict[str, list[PlotRun]] = {}
        for run in runs:
            reasons.setdefault(self.absence(run), []).append(run)
        entries = []
        for reason, found in reasons.items():
            kind = "plain runs" if all(run.plain for run in found) else "runs"
            name = found[0].name if len(found) == 1 else f"{len(found)} {kind}"
            short = "no shortcut" if reason.startswith(ABSENT) else "no probe"
            entries.append(Entry(name, found[0].colour, note=reason, brief_note=short))
        return entries

    def _stage_strokes(self, runs: Sequence[PlotRun], low: float, high: float) -> list[Stroke]:
        """Return a line where each stage begins, named above; short ticks where the networks differ."""
        strokes: list[Stroke] = []
        if self.quantity.needs_shortcut:
            at = low + (high - low) * 0.02
            for run in runs:
                places = np.array(places_of(run.transitions, self.names(run)), float)
                strokes.append(Dots(places, np.full(len(places), at), pen(run.colour, 9, 0.8), square=True))
        all_stages = {run.name: stages(self.names(run)) for run in runs}
        if len({tuple(found) for found in all_stages.values()}) <= 1:
            found = next(iter(all_stages.values()), [])
            self._name_stages(found)
            look = pen(QColor(theme().colours.grid))
            return [*(upright(first - 0.5, low, high, look) for _, first, _ in found if first > 1), *strokes]
        self.stage_axis.setTicks([[]])
        short = low + (high - low) * 0.05
        return strokes + [
            upright(first - 0.5, low, short, pen(run.colour, 1.5))
            for run in runs
            for _, first, _ in all_stages[run.name]
            if first > 1
        ]

    def _name_stages(self, found: Sequence[tuple[str, int, int]]) -> None:
        """Write the names of the stages; only their numbers where the names would run into each other."""
        metrics, scale = QFontMetricsF(fonts()[1]), self.pixel_scale()[0]
        tight = any(
            metrics.horizontalAdvance(f"{name} ") > (last - first + 1) * scale for name, first, last in found
        )
        ticks = [((first + last) / 2, name.split()[-1] if tight else name) for name, first, last in found]
        self.stage_axis.setTicks([ticks])

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
        self.stage_axis.setStyle(tickLength=0, tickTextOffset=2, tickAlpha=0)
        self.stage_axis.setHeight(round(text.pixelSize() * 1.5))
        self.stage_axis.setGrid(False)

    def _on_clicked(self, event: Any) -> None:
        """Select the layer that was clicked."""
        box, place = self.view.getViewBox(), QPointF(event.scenePos())
        runs = self.with_data()
        if event.button() != Qt.MouseButton.LeftButton or not runs:
            return
        if box.sceneBoundingRect().contains(place):
            names = max((self.names(run) for run in runs), key=len)
            self.layer_clicked.emit(names[min(max(round(box.mapSceneToView(place).x()), 1), len(names)) - 1])
