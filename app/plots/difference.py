"""Plain minus residual: the degradation as one curve, with its verdict in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtGui import QColor

from app.plots.header import Entry
from app.plots.plot_run import PlotRun
from app.plots.strokes import Stroke
from app.plots.time_plot import Floats, TimePlot, Track
from app.plots.timeline import Timeline, index_at
from app.theme import theme
from resviz.report.twins import difference, twin_of, verdict


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
    ended_text = waiting_text
    may_be_log = False

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self.header.wordy = True

    def has_data(self, run: PlotRun) -> bool:
        """Say whether a run is a residual one that has a twin to compare with."""
        return bool(self.tracks(run))

    def tracks(self, run: PlotRun) -> list[Track]:
        """Return the difference at the iterations that both twins have."""
        plain = None if run.plain else twin_of(run, [other for other in self.runs if other.visible])
        if plain is None:
            return []
        x, y = difference(plain.series, run.series)
        return [Track(x, y)] if len(x) else []

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
            return verdict(plain.name if plain is not None else "", run.name, points, iteration)
        return ""
