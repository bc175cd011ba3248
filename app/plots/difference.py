"""Plain minus residual: the degradation as one curve, with its verdict in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtGui import QColor

from app.plots.header import Entry
from app.plots.plot_run import PlotRun
from app.plots.strokes import Stroke
from app.plots.time_plot import Floats, TimePlot, Track
from app.plots.timeline import index_at
from app.theme import theme

_EQUAL = 0.5
"""Points of difference up to which two networks are said to train equally well."""


def twin_of(run: PlotRun, runs: Sequence[PlotRun]) -> PlotRun | None:
    """Return the plain run to compare a residual one with: its twin by name, or else the only plain one."""
    plain = [other for other in runs if other.plain and other.experiment == run.experiment]
    named = [other for other in plain if _bare(other.name) == _bare(run.name)]
    return named[0] if named else plain[0] if len(plain) == 1 else None


def _bare(name: str) -> str:
    return name.removeprefix("plain").removeprefix("resnet")


class DifferencePlot(TimePlot):
    """Training error of each plain network minus that of its residual twin, in points."""

    title = "Twin difference"
    y_label = "plain − residual (points)"
    x_label = "iteration"
    explanation = (
        "Training error (mean over the last epoch of batches) of the plain network minus that of its "
        "residual twin. Above zero the plain one trains worse: the degradation. "
        f"{TimePlot.gestures}"
    )
    file_stem = "twin-difference"
    waiting_text = "Shows where a plain network and its residual twin differ: train both, or show both."
    may_be_log = False

    def has_data(self, run: PlotRun) -> bool:
        """Say whether a run is a residual one that has a twin to compare with."""
        return bool(self.tracks(run))

    def tracks(self, run: PlotRun) -> list[Track]:
        """Return the difference at the iterations that both twins have."""
        plain = None if run.plain else twin_of(run, [other for other in self.runs if other.visible])
        if plain is None:
            return []
        mine, other = run.series.smoothed_train(), plain.series.smoothed_train()
        if not len(mine) or not len(other):
            return []
        end = int(np.searchsorted(mine.x, other.x[-1], side="right"))
        x = mine.x[:end]
        return [Track(x, np.interp(x, other.x, other.y) - mine.y[:end])] if end else []

    def text(self, value: float) -> str:
        """Return "9.1 points"."""
        return f"{value:+.1f} points".replace("-", "−")

    def value_range(self, lines: Sequence[tuple[Floats, Floats]]) -> tuple[float, float]:
        """Return a range around zero and all values, in steps of five points."""
        ends = [(float(y.min()), float(y.max())) for _, y in lines if len(y)]
        low, high = min((a for a, _ in ends), default=0.0), max((b for _, b in ends), default=0.0)
        return 5.0 * math.floor(min(low, 0.0) / 5 * 1.05), 5.0 * max(1, math.ceil(high / 5 * 1.05))

    def references(self, runs: Sequence[PlotRun]) -> list[tuple[float, str, QColor]]:
        """Return the level at which there is no difference."""
        return [(0.0, "equal", QColor(theme().colours.muted))]

    def read(self, runs: Sequence[PlotRun]) -> tuple[str, list[Entry], list[Stroke]]:
        """Return the verdict, and one entry for each pair."""
        _, entries, marks = super().read([run for run in runs if self.has_data(run)])
        return self.verdict(), entries, marks

    def verdict(self) -> str:
        """Return in words what the first pair's difference is, hovered, at the cursor, or newest."""
        for run in self.with_data():
            [track] = self.tracks(run)
            at = self.timeline.at
            if self.hovered is not None:
                at = max(0, round(self.clock(run).iteration(self.hovered)))
            index = index_at(track.x, at)
            points, iteration = float(track.y[index]), int(track.x[index])
            plain = twin_of(run, self.runs)
            name = plain.name if plain is not None else ""
            if abs(points) < _EQUAL:
                return f"{name} and {run.name} train equally well at iteration {iteration:,}"
            word = "worse" if points > 0 else "better"
            return f"{name} trains {abs(points):.1f} points {word} than {run.name} at iteration {iteration:,}"
        return ""
