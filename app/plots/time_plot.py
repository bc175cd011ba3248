"""Curves over time, with the time cursor, linked zoom, and marks of what happened."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Slot
from PySide6.QtGui import QAction, QActionGroup, QBrush, QColor, QFontMetricsF, QKeyEvent
from PySide6.QtWidgets import QMenu

from app.plots.axes import Axis
from app.plots.base import Plot
from app.plots.bins import Bins
from app.plots.happenings import happenings, told_near
from app.plots.header import Dash, Entry, Reading, fonts
from app.plots.plot_run import PlotRun
from app.plots.smoothing import smoothing_menu, smoothing_note
from app.plots.strokes import Band, Dots, Line, Stroke, Text, dashes, level, pen, upright
from app.plots.time_box import TimeBox, cursor_strokes
from app.plots.timeline import Timeline, index_at
from app.plots.units import LABELS, UNITS, Clock, Unit, axis_words, end_of
from app.theme import theme
from resviz.report.numbers import nice_end
from resviz.runs.series import Curve

Floats = NDArray[np.float64]
_RIGHT_TOP = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
_FEW_RUNS = 4
"""Runs, up to which the single batches are drawn too."""
_SNAP = 5
"""Pixels from the right end within which the cursor is live."""
FEW = 40
"""Test points in view, up to which each gets a dot."""


@dataclass(frozen=True)
class Track:
    """One curve of a run."""

    x: NDArray[np.int64]
    """Iterations, rising, (T,)."""
    y: Floats
    dash: Dash = "solid"
    raw: Floats | None = None
    """What `y` is a mean of, (T,): drawn faint beneath."""
    dotted: bool = False
    """Whether each point gets a dot where they are few."""
    colour: QColor | None = None
    """Its colour, where it is not the run's."""
    name: str = ""
    """What it is, where a run has several curves of one look."""


class TimePlot(Plot):
    """Curves of all visible runs over iterations, epochs or minutes."""

    may_be_log = True
    smooths = False
    """Whether there are noisy curves, which may be averaged."""
    gestures = "Click or drag: go back in time; double click: live again; scroll: zoom; Shift and drag: move."

    def __init__(self, timeline: Timeline) -> None:
        self.held = False
        """Whether the person chose the range of values; else it follows what is in view."""
        super().__init__(timeline, Axis("bottom", whole=True), Axis("left"), TimeBox())
        box = self.view.getViewBox()
        box.setMouseEnabled(True, True)
        box.setLimits(xMin=0)
        box.scrubbed.connect(self._on_scrubbed)
        box.sigRangeChanged.connect(self._on_range_changed)
        self.view.scene().sigMouseClicked.connect(self._on_clicked)

    # What a plot of this kind defines

    def tracks(self, run: PlotRun) -> Sequence[Track]:
        """Return the curves of a run."""
        raise NotImplementedError

    def text(self, value: float) -> str:
        """Return a value as the legend reads it."""
        raise NotImplementedError

    def value_range(self, lines: Sequence[tuple[Floats, Floats]]) -> tuple[float, float]:
        """Return the range of values for the part in view: (places, values) of each curve; linear scale."""
        ends = [(float(np.nanmin(y)), float(np.nanmax(y))) for _, y in lines if np.isfinite(y).any()]
        return 0.0, nice_end(1.05 * max((high for _, high in ends), default=0.0))

    def caption(self) -> str:
        """Return what the looks of the curves mean."""
        return ""

    def references(self, runs: Sequence[PlotRun]) -> Sequence[tuple[float, str, QColor]]:
        """Return levels to compare with: value, a few words, colour."""
        return ()

    def smoothed(
        self, curve: Curve, mean: Callable[[float], Floats], dash: Dash = "solid", name: str = ""
    ) -> Track:
        """Return a noisy curve as the person wants it: averaged over epochs, or as it is."""
        epochs = self.timeline.smoothing
        if not epochs:
            return Track(curve.x, curve.y, dash, name=name)
        return Track(curve.x, mean(epochs), dash, raw=curve.y, name=name)

    def clock(self, run: PlotRun) -> Clock:
        """Return where a run's iterations lie on the time axis."""
        return Clock(run.series, self.timeline.unit)

    def has_data(self, run: PlotRun) -> bool:
        """Say whether a run has a point yet."""
        return any(len(track.x) for track in self.tracks(run))

    def adopt(self, other: Plot) -> None:
        """Make the same choices, the range of values included."""
        super().adopt(other)
        if isinstance(other, TimePlot) and other.held:
            self.held = True
            self._busy = True
            self.view.getViewBox().setRange(yRange=other.view.getViewBox().viewRange()[1], padding=0)
            self._busy = False

    # Choices

    @property
    def log(self) -> bool:
        """Whether the axis of values is logarithmic."""
        return self.y_axis.log

    @property
    def zoomed(self) -> bool:
        """Whether the person chose a range; else they follow the data."""
        return self.held or self.timeline.span is not None

    def add_actions(self, menu: QMenu) -> None:
        """Add the choices of range, scale and unit."""
        self.fit_action = QAction("Follow the data", menu)
        self.fit_action.setToolTip("Undo zooming (double click)")
        self.fit_action.triggered.connect(self.show_everything)
        self.log_action = QAction("Logarithmic", menu, checkable=True)
        self.log_action.toggled.connect(self._on_log_toggled)
        menu.addAction(self.fit_action)
        if self.may_be_log:
            menu.addAction(self.log_action)
        units = QActionGroup(menu)
        menu.addSeparator()
        self.unit_actions: dict[Unit, QAction] = {}
        for unit in UNITS:
            action = QAction(f"Against {LABELS[unit]}", menu, checkable=True)
            action.triggered.connect(partial(self.timeline.count_in, unit))
            self.unit_actions[unit] = units.addAction(action)
            menu.addAction(action)
        if self.smooths:
            menu.addSeparator()
            menu.addMenu(smoothing_menu(self.timeline, menu))
        menu.aboutToShow.connect(self._on_menu)
        self._on_menu()

    @Slot()
    def show_everything(self) -> None:
        """Let the ranges follow the data again."""
        self.held = False
        self.timeline.show_span(None)
        self.mark_dirty()

    def state(self) -> tuple[object, ...]:
        """Return what the curves depend on besides the runs."""
        return self.timeline.span, self.timeline.unit, self.timeline.smoothing, self.log

    # Drawing

    def draw(self, runs: Sequence[PlotRun]) -> list[Stroke]:
        """Set the ranges; return single batches, then lines, of the part in view."""
        unit, box = self.timeline.unit, self.view.getViewBox()
        self.fit_action.setEnabled(self.zoomed)
        clocks = {id(run): Clock(run.series, unit) for run in runs}
        begin, end = self.timeline.span or (0.0, end_of([run.series for run in runs], unit))
        self._label_time(end)
        box.setRange(xRange=(begin, end), padding=0)
        count = max(32, int(box.size().width() / 2))
        parts: list[tuple[PlotRun, Track, Bins, Floats]] = []
        for run in runs:
            clock = clocks[id(run)]
            first, last = clock.iteration(begin), clock.iteration(end)
            for track in self.tracks(run):
                bins = Bins(track.x, first, last, count)
                parts.append((run, track, bins, clock.place(bins.x)))
        lines = [(x, self._scaled(bins.newest(track.y))) for _, track, bins, x in parts]
        if not self.held:
            box.setRange(yRange=self._log_range(lines) if self.log else self.value_range(lines), padding=0)
        under: list[Stroke] = self._happening_strokes(runs, clocks) + self._reference_strokes(runs)
        over: list[Stroke] = []
        width = theme().line_width
        for (run, track, bins, x), (_, y) in zip(parts, lines, strict=True):
            colour = track.colour or run.colour
            if track.raw is not None and len(runs) <= _FEW_RUNS:
                under.append(self._batches(track.raw, bins, clocks[id(run)], colour))
            look = pen(colour, width)
            if track.dash == "dashed":
                over.append(dashes(x, y, look, scale=self.pixel_scale(), on=3 * width, off=2.25 * width))
            else:
                over.append(Line(x, y, look))
            if track.dotted and len(x) <= FEW:
                over.append(Dots(x, y, pen(colour, 2.5 * width)))
        return under + over

    def _scaled(self, values: Floats) -> Floats:
        """Return values in the coordinates of the axis."""
        if not self.log:
            return values
        return np.log10(values, out=np.full(values.shape, np.nan), where=values > 0)

    def _log_range(self, lines: Sequence[tuple[Floats, Floats]]) -> tuple[float, float]:
        ends = [(float(np.nanmin(y)), float(np.nanmax(y))) for _, y in lines if np.isfinite(y).any()]
        low, high = min((a for a, _ in ends), default=-1.0), max((b for _, b in ends), default=1.0)
        # A little more, so that no curve runs along an edge.
        return math.floor(2 * low - 0.1) / 2, math.ceil(2 * high + 0.1) / 2

    def _batches(self, raw: Floats, bins: Bins, clock: Clock, colour: QColor) -> Stroke:
        """Return the single batches, faint: as a line where they are few, else as what they cover."""
        if bins.exact:
            look = pen(colour, 1, 0.35)
            return Line(clock.place(bins.x), self._scaled(bins.newest(raw)), look, smooth=len(bins.x) < 400)
        shade = QColor(colour)
        shade.setAlphaF(0.15)
        low, high, newest = bins.lowest(raw), bins.highest(raw), bins.newest(raw)
        # Each bar reaches to where the curve came from, so that bars of few points have no gaps between them.
        low[1:], high[1:] = np.fmin(low[1:], newest[:-1]), np.fmax(high[1:], newest[:-1])
        left = clock.place(bins.left)
        right = np.append(left[1:], clock.place(bins.x[-1:]))
        return Band(left, right, self._floored(low), self._scaled(high), QBrush(shade))

    def _floored(self, low: Floats) -> Floats:
        """Return lower ends in the coordinates of the axis; zero lies at the foot of a logarithmic one."""
        scaled = self._scaled(low)
        return np.where(np.isfinite(scaled), scaled, self.view.getViewBox().viewRange()[1][0])

    def _happening_strokes(self, runs: Sequence[PlotRun], clocks: dict[int, Clock]) -> list[Stroke]:
        """Return a line where something happened, with its words at the top; what runs share once."""
        colours, (_, font) = theme().colours, fonts()
        (left, right), (low, high) = self.view.getViewBox().viewRange()
        shared: dict[tuple[float, str], list[PlotRun]] = {}
        for run in runs:
            for each in happenings(run.series):
                place = float(clocks[id(run)].place(np.array([each.iteration]))[0])
                shared.setdefault((place, each.text), []).append(run)
        marks = sorted(
            ((mark, found) for mark, found in shared.items() if left <= mark[0] <= right),
            key=lambda each: each[0],
        )
        edges = [left, *(place for (place, _), _ in marks), right]
        metrics, scale = QFontMetricsF(font), self.pixel_scale()[0]
        strokes: list[Stroke] = []
        for index, ((place, text), found) in enumerate(marks, 1):
            colour = found[0].colour if len(found) == 1 < len(runs) else QColor(colours.muted)
            strokes.append(upright(place, low, high, pen(colour, 1, 0.55)))
            wide = (metrics.horizontalAdvance(text) + 6) / scale
            if edges[index + 1] - place >= wide:  # else the words would run into the next mark
                strokes.append(Text(place, high, f" {text}", colour, font))
            elif place - edges[index - 1] >= wide * (2 if index > 1 else 1):
                strokes.append(Text(place, high, f"{text} ", colour, font, _RIGHT_TOP))
        return strokes

    def _reference_strokes(self, runs: Sequence[PlotRun]) -> list[Stroke]:
        """Return a faint line across at each level to compare with, and its words where they have room."""
        (left, right), (low, high) = self.view.getViewBox().viewRange()
        strokes: list[Stroke] = []
        where = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        taken: list[float] = []
        for value, words, colour in self.references(runs):
            y = float(self._scaled(np.array([value]))[0])
            if low <= y <= high:
                strokes.append(level(y, left, right, pen(colour, 1, 0.4)))
                place = y * self.pixel_scale()[1]
                if all(abs(place - other) > fonts()[1].pixelSize() * 1.3 for other in taken):
                    taken.append(place)
                    strokes.append(Text(right, y, f"{words} ", colour, fonts()[1], where))
        return strokes

    # Reading

    def read(self, runs: Sequence[PlotRun]) -> tuple[str, list[Entry], list[Stroke]]:
        """Return the values at the hovered place, at the cursor, or the newest ones."""
        timeline, colours = self.timeline, theme().colours
        low, high = self.view.getViewBox().viewRange()[1]
        marks: list[Stroke] = []
        looks = self.caption(), smoothing_note(timeline) if self.smooths else ""
        subtitle = "; ".join(filter(None, looks)) if runs else ""
        if self.hovered is not None:
            marks.append(upright(self.hovered, low, high, pen(QColor(colours.muted))))
        entries = []
        places: dict[float, QColor] = {}
        for run in runs:
            clock = self.clock(run)
            at = timeline.at
            if self.hovered is not None:
                at = max(0, round(clock.iteration(self.hovered)))
            if at is not None:
                subtitle = f"at iteration {at:,}"
            if timeline.at is not None:
                place = float(clock.place(np.array([timeline.at]))[0])
                places[place] = QColor(colours.accent) if place in places or not places else run.colour
            readings, dots = self._readings(run, clock, at)
            marks += dots
            if run.series.diverged and at is None:
                readings.append(Reading("none", "diverged"))
            note = "" if readings or self.has_data(run) else "no iterations yet"
            entries.append(Entry(run.name, run.colour, tuple(readings), note))
        for place, colour in places.items():
            marks += cursor_strokes(place, low, high, colour)
        return subtitle, entries, marks

    def _readings(self, run: PlotRun, clock: Clock, at: int | None) -> tuple[list[Reading], list[Stroke]]:
        """Return the values of a run's curves at an iteration, and a dot on each."""
        readings, dots = [], list[Stroke]()
        for track in self.tracks(run):
            if not len(track.x) or (at is not None and not track.x[0] <= at <= track.x[-1]):
                continue
            index = index_at(track.x, at)
            value = float(track.y[index])
            name = f"{track.name} " if track.name else ""
            if not math.isfinite(value) and not np.isfinite(track.y).any():
                continue
            told = self.text(value) if math.isfinite(value) else "–"
            readings.append(Reading(track.dash, f"{name}{told}", track.colour))
            if at is not None:
                look = pen(track.colour or run.colour, 4 * theme().line_width)
                x = clock.place(track.x[index : index + 1])
                dots.append(Dots(x, self._scaled(track.y[index : index + 1].copy()), look))
        return readings, dots

    def table(self, runs: Sequence[PlotRun]) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
        """Return one row for each point of each curve."""
        rows: list[tuple[Any, ...]] = []
        for run in runs:
            for track in self.tracks(run):
                kind = track.name or self.title.lower()
                pairs = zip(track.x.tolist(), track.y.tolist(), strict=True)
                rows += [(run.name, kind, x, float(f"{y:.7g}")) for x, y in pairs]
        return ("run", "curve", "iteration", "value"), rows

    # Inside

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom around the time cursor by + and -, show everything by 0; else move the cursor."""
        if event.text() in ("+", "=", "-"):
            self._zoom(1.25 if event.text() == "-" else 0.8)
        elif event.text() == "0":
            self.show_everything()
        else:
            super().keyPressEvent(event)

    def _zoom(self, factor: float) -> None:
        runs = self.with_data()
        if runs:
            begin, end = self.timeline.span or self.view.getViewBox().viewRange()[0]
            lead = max(runs, key=lambda run: run.series.iteration)
            at = float(self.clock(lead).place(np.array([self.timeline.shown]))[0])
            at = min(max(at, begin), end)
            self.timeline.show_span((max(0.0, at - (at - begin) * factor), at + (end - at) * factor))

    @Slot(object)
    def _on_mouse_moved(self, place: QPointF) -> None:
        """Say, too, what happened where the mouse is."""
        super()._on_mouse_moved(place)
        near = ""
        if self.hovered is not None:
            reach = _SNAP / self.pixel_scale()[0]
            near = told_near(self.with_data(), self.clock, self.hovered, reach)
        self.view.setToolTip(near)

    def _label_time(self, end: float) -> None:
        """Let the axis say what it counts."""
        label, factor = axis_words(self.timeline.unit, end)
        if label != self.x_label:
            self.x_label = label
            self.x_axis.setScale(factor)
            self.x_axis.whole = self.timeline.unit == "iterations"
            self._dress()

    @Slot(QPointF)
    def _on_scrubbed(self, place: QPointF) -> None:
        runs = self.with_data()
        if runs:
            lead = max(runs, key=lambda run: run.series.iteration)
            # The last few pixels are the right end: nobody can point at a single one.
            reach = place.x() + _SNAP / self.pixel_scale()[0]
            clock = Clock(lead.series, self.timeline.unit)
            live = clock.iteration(reach) >= lead.series.iteration
            self.timeline.go_to(lead.series.iteration if live else clock.iteration(max(place.x(), 0.0)))

    @Slot(object, object, object)
    def _on_range_changed(
        self, _box: object, ranges: Sequence[Sequence[float]], axes: Sequence[bool]
    ) -> None:
        """Take a change that is not our own as the person's choice."""
        if not self._busy:
            begin, end = ranges[0]
            self.held = self.held or axes[1]
            if axes[0]:
                self.timeline.show_span((begin, end))
            self.mark_dirty()

    @Slot(object)
    def _on_clicked(self, event: Any) -> None:
        if event.double():
            self.show_everything()
            self.timeline.go_live()

    @Slot(bool)
    def _on_log_toggled(self, on: bool) -> None:
        self.y_axis.log, self.held = on, False
        self.mark_dirty()

    @Slot()
    def _on_menu(self) -> None:
        self.unit_actions[self.timeline.unit].setChecked(True)
