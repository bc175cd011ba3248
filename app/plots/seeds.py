"""Runs that differ by their seeds only, drawn as their mean and what they cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtGui import QAction, QBrush, QColor
from PySide6.QtWidgets import QMenu

from app.plots.bins import Bins
from app.plots.header import Entry, Reading
from app.plots.plot_run import PlotRun
from app.plots.strokes import Band, Dots, Line, Stroke, dashes, faded, pen
from app.plots.time_plot import FEW, Floats, TimePlot, Track
from app.plots.units import Clock
from app.theme import theme
from resviz.runs.seeds import Spread, spread

_FAINT, _SHADE = 0.35, 0.22
"""How much is left of the colour of a single run, and how dense a band is."""


def seed_groups(runs: Sequence[PlotRun]) -> list[list[PlotRun]]:
    """Return the runs, by twos and more, that differ by their seeds only; of two with one seed the longer."""
    found: dict[str, dict[int, PlotRun]] = {}
    for run in runs:
        if run.repeats and run.seed is not None:
            seeds = found.setdefault(run.repeats, {})
            other = seeds.get(run.seed)
            if other is None or run.series.iteration > other.series.iteration:
                seeds[run.seed] = run
    return [list(seeds.values()) for seeds in found.values() if len(seeds) > 1]


class SeedPlot(TimePlot):
    """Curves over time that can be joined over seeds, on a switch that all such plots share."""

    def add_actions(self, menu: QMenu) -> None:
        """Add the switch."""
        super().add_actions(menu)
        self.seeds_action = QAction("Mean and range over seeds", menu, checkable=True)
        self.seeds_action.setToolTip("Runs of one network and recipe as their mean and what they cover")
        self.seeds_action.toggled.connect(self.timeline.join_seeds)
        menu.insertAction(self.fit_action, self.seeds_action)
        menu.aboutToShow.connect(self._show_switch)
        self._show_switch()

    def state(self) -> tuple[object, ...]:
        """Return what the curves depend on besides the runs."""
        return *super().state(), self.timeline.seeds

    def draw(self, runs: Sequence[PlotRun]) -> list[Stroke]:
        """Return the curves; those of runs that are joined faint, under their means and bands."""
        groups = self._groups(runs)
        joined = {id(run) for group in groups for run in group}
        single = [
            replace(run, colour=faded(run.colour, _FAINT)) if id(run) in joined else run for run in runs
        ]
        strokes = super().draw(single)
        return strokes + [stroke for group in groups for stroke in self._group_strokes(group)]

    def read(self, runs: Sequence[PlotRun]) -> tuple[str, list[Entry], list[Stroke]]:
        """Return the values at a place: of runs that are joined mean, range, and of how many seeds."""
        subtitle, entries, marks = super().read(runs)
        groups = self._groups([run for run in runs if self.has_data(run)])
        if not groups:
            return subtitle, entries, marks
        joined = {id(run) for group in groups for run in group}
        kept = [entry for run, entry in zip(runs, entries, strict=True) if id(run) not in joined]
        if subtitle == self.caption():
            subtitle = f"{subtitle}; line: mean over seeds, band: lowest to highest".removeprefix("; ")
        return subtitle, [self._entry(group, groups) for group in groups] + kept, marks

    def _groups(self, runs: Sequence[PlotRun]) -> list[list[PlotRun]]:
        return seed_groups(runs) if self.timeline.seeds else []

    def _joined_tracks(self, group: Sequence[PlotRun]) -> list[list[Track]]:
        """Return the curves of a group, those of one kind together."""
        return [list(tracks) for tracks in zip(*(self.tracks(run) for run in group), strict=True)]

    def _group_strokes(self, group: Sequence[PlotRun]) -> list[Stroke]:
        """Return band and mean of each kind of curve, of the part in view."""
        box, width, colour = self.view.getViewBox(), 1.25 * theme().line_width, group[0].colour
        (begin, end), pixels = box.viewRange()[0], max(32, int(box.size().width() / 2))
        clock = Clock(group[0].series, self.timeline.unit)
        first, last = clock.iteration(begin), clock.iteration(end)
        strokes: list[Stroke] = []
        for tracks in self._joined_tracks(group):
            curves = []
            for track in tracks:
                bins = Bins(track.x, first, last, pixels)
                curves.append((bins.x, bins.newest(track.y)))
            found = spread(curves)
            if np.isnan(found.mean).all():
                continue
            x, y, look = clock.place(found.x), self._scaled(found.mean), pen(colour, width)
            strokes.insert(0, self._band(x, found, colour, pixels))
            if tracks[0].dash == "dashed":
                strokes.append(dashes(x, y, look, scale=self.pixel_scale(), on=3 * width, off=2.25 * width))
            else:
                strokes.append(Line(x, y, look))
            if tracks[0].dotted and len(x) <= FEW:
                strokes.append(Dots(x, y, pen(colour, 2.5 * width)))
        return strokes

    def _band(self, x: Floats, found: Spread, colour: QColor, pixels: int) -> Band:
        """Return what the curves cover, in bars narrow enough to look like one area."""
        shade = QColor(colour)
        shade.setAlphaF(_SHADE)
        edges = np.linspace(x[0], x[-1], pixels + 1)
        middles = (edges[1:] + edges[:-1]) / 2
        low = self._floored(np.interp(middles, x, found.low))
        high = self._scaled(np.interp(middles, x, found.high))
        seen = np.isfinite(high) & np.isfinite(np.interp(middles, x, found.low))
        return Band(edges[:-1][seen], edges[1:][seen], low[seen], high[seen], QBrush(shade))

    def _entry(self, group: Sequence[PlotRun], groups: Sequence[Sequence[PlotRun]]) -> Entry:
        """Return the legend of a group: mean and range of each kind of curve."""
        at = self.timeline.at
        if self.hovered is not None:
            at = max(0, round(self.clock(group[0]).iteration(self.hovered)))
        readings, count = [], 0
        for tracks in self._joined_tracks(group):
            curves = [(track.x, track.y) for track in tracks if len(track.x)]
            if len(curves) < 2:
                continue
            # The newest place that all of them have: a mean of fewer is of other seeds.
            place = min(int(x[-1]) for x, _ in curves) if at is None else at
            found = spread(curves, np.array([place]))
            if found.seeds[0] > 1:
                count = max(count, int(found.seeds[0]))
                low, high = (self.text(float(end[0])).split(" ")[0] for end in (found.low, found.high))
                name = f"{tracks[0].name} " if tracks[0].name else ""
                text = f"{name}{self.text(float(found.mean[0]))} ({low} to {high})"
                readings.append(Reading(tracks[0].dash, text))
        name = group[0].network or group[0].name
        if sum(name == (other[0].network or other[0].name) for other in groups) > 1:
            name = group[0].name  # Two recipes of one network.
        seeds = f"{len(group)} seeds" if count in (0, len(group)) else f"{count} of {len(group)} seeds"
        return Entry(f"{name}, {seeds}", group[0].colour, tuple(readings))

    def _show_switch(self) -> None:
        self.seeds_action.setChecked(self.timeline.seeds)
