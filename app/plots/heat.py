"""A quantity over depth and time: one heat map a run, beside each other, on one scale of colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, inf
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetricsF

from app.plots.axes import Axis
from app.plots.base import Plot
from app.plots.bookmark import Bookmark
from app.plots.extents import colour_range
from app.plots.header import Entry, fonts
from app.plots.mosaic import COLUMNS, Mosaic
from app.plots.plot_run import PlotRun
from app.plots.quantities import Quantity
from app.plots.strokes import Dots, Picture, Stroke, Text, level, pen, upright
from app.plots.time_box import TimeBox, cursor_strokes
from app.plots.timeline import Timeline, index_at
from app.plots.units import LABELS, Clock, Unit, end_of
from app.theme import theme
from resviz.report.depth import places_of, stages
from resviz.report.numbers import count_text, nice_step, power_text
from resviz.runs.series import RunSeries

_NARROW = 168
"""Pixels of width under which heat maps stand below each other rather than beside."""
_GAP = 20.0
"""Pixels between two heat maps."""


_MARGIN = 10.0
"""Pixels at the right, for the marks of transitions."""


class HeatBox(TimeBox):
    """A plotting area whose coordinates are pixels: it tells of gestures, and changes nothing itself."""

    wheeled = Signal(QPointF, float)
    """The wheel was turned at a place: how much more shall be in view, as a factor."""
    pulled = Signal(QPointF, float)
    """What is at a place was dragged so many pixels to the right."""

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        """Scrub, or with Shift move."""
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and axis is None:
            event.accept()
            moved = self.mapToView(event.pos()).x() - self.mapToView(event.lastPos()).x()
            self.pulled.emit(QPointF(self.mapToView(event.buttonDownPos())), moved)
        else:
            super().mouseDragEvent(event, axis)

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        """Tell."""
        event.accept()
        self.wheeled.emit(QPointF(self.mapToView(event.pos())), 1.02 ** (-event.delta() / 8))


@dataclass(frozen=True)
class Panel:
    """Where the heat map of a run stands."""

    run: PlotRun
    place: QRectF
    """In pixels from the lower left corner, y upwards."""
    begin: float
    end: float
    """Iterations at its left and at its right edge."""
    names: tuple[str, ...]

    def x(self, iteration: float) -> float:
        """Return where an iteration is."""
        return self.place.x() + (iteration - self.begin) / (self.end - self.begin) * self.place.width()

    def y(self, layer: float) -> float:
        """Return where the middle of a layer, counted from 1, is."""
        return self.place.y() + (layer - 0.5) / len(self.names) * self.place.height()

    def iteration(self, x: float) -> float:
        """Return the iteration at a place."""
        return self.begin + (x - self.place.x()) / self.place.width() * (self.end - self.begin)

    def layer(self, y: float) -> int:
        """Return the layer at a place, counted from 1."""
        share = (y - self.place.y()) / self.place.height()
        return min(max(int(share * len(self.names)) + 1, 1), len(self.names))


class _Growing:
    """The mosaic of a run, or of a part of it; takes in only what is new."""

    def __init__(self, quantity: Quantity, layers: int, begin: int = 0, width: int = 1) -> None:
        self._quantity = quantity
        self._fresh = layers, begin, width
        self._clear()

    def _clear(self) -> None:
        self.mosaic = Mosaic(*self._fresh)
        self._mark = Bookmark()

    def follow(self, series: RunSeries, until: float = inf) -> Mosaic:
        """Take in the newest probes before an iteration; after a resume that went back, all of them anew."""
        iterations = series.probe_iterations
        if self._mark.voided(series, iterations):
            self._clear()
        begin = self.mosaic.begin
        first = self._mark.taken or (index_at(iterations, begin) if begin else 0)
        end = int(np.searchsorted(iterations, until, side="right"))
        if end > first:
            new = self._quantity.scaled(self._quantity.values(series)[first:end])
            # The newest probe before the part in view stands at its left edge.
            self.mosaic.take(np.maximum(iterations[first:end], begin + 1), new)
            self._mark.move(series, iterations, end)
        return self.mosaic


class HeatMap(Plot):
    """Each run's probes as colours: layers upwards from the input, iterations to the right."""

    waiting_text = "Waiting for the first probe …"

    def __init__(self, timeline: Timeline, quantity: Quantity) -> None:
        self.quantity = quantity
        self.title = f"{quantity.title} over time"
        self.y_label = quantity.layer
        self.explanation = (
            f"{quantity.explanation} Each row is a {quantity.layer}, the input below; time goes to the "
            "right; all runs share one scale of colours. Click or drag: go back in time and choose a layer; "
            "scroll: zoom; Shift and drag: move; double click: everything, live."
        )
        self.file_stem = f"{quantity.key.replace('_', '-')}-over-time"
        self.empty_text = f"Press Train: the {quantity.title.lower()} of every {quantity.layer} appears here."
        self.panels: list[Panel] = []
        self._whole: WeakKeyDictionary[RunSeries, _Growing] = WeakKeyDictionary()
        self._parts: WeakKeyDictionary[RunSeries, tuple[object, _Growing]] = WeakKeyDictionary()
        super().__init__(timeline, Axis("bottom", whole=True), Axis("left", whole=True), HeatBox())
        self.x_axis.bare = self.y_axis.bare = True
        self._dress()
        box = self.view.getViewBox()
        box.scrubbed.connect(self._on_scrubbed)
        box.wheeled.connect(self._on_wheeled)
        box.pulled.connect(self._on_pulled)
        self.view.scene().sigMouseClicked.connect(self._on_clicked)

    def another(self, timeline: Timeline) -> Plot:
        """Return a new plot of the same quantity."""
        return type(self)(timeline, self.quantity)

    def has_data(self, run: PlotRun) -> bool:
        """Say whether a run has a probe with something finite in it."""
        values = self.quantity.values(run.series)
        return bool(values.size) and bool(np.isfinite(values[-1]).any() or np.isfinite(values[0]).any())

    def missing_text(self, shown: Sequence[PlotRun]) -> str:
        """Say what to train where there are only plain networks."""
        return self.quantity.missing(all(run.plain for run in shown)) or super().missing_text(shown)

    def state(self) -> tuple[object, ...]:
        """Return what the picture depends on besides the runs."""
        return self.timeline.span, self.timeline.unit, self.selected

    def _unit(self) -> Unit:
        """Return what the time axes count: minutes would stretch each column differently."""
        return "epochs" if self.timeline.unit == "epochs" else "iterations"

    # Drawing

    def draw(self, runs: Sequence[PlotRun]) -> list[Stroke]:
        """Place the heat maps; return their pictures, names and lines."""
        box = self.view.getViewBox()
        width, height = box.size().width(), box.size().height()
        box.setRange(xRange=(0, width), yRange=(0, height), padding=0)
        self.panels = self._placed(runs, width, height)
        self.low, self.high = colour_range([run.series for run in runs], self.quantity)
        self._tick()
        strokes: list[Stroke] = []
        for panel in self.panels:
            strokes += self._picture(panel) + self._lines(panel)
        return strokes

    def _placed(self, runs: Sequence[PlotRun], width: float, height: float) -> list[Panel]:
        unit = self._unit()
        series = [run.series for run in runs]
        span = self.timeline.span if self.timeline.unit != "minutes" else None
        begin, end = span or (0.0, end_of(series, unit))
        columns = min(max(1, int((width + _GAP) / (_NARROW + _GAP))), max(len(runs), 1))
        rows = -(-len(runs) // columns)
        title = fonts()[1].pixelSize() * 1.5
        margin = _MARGIN if self.quantity.needs_shortcut else 0.0
        wide = (width - (columns - 1) * _GAP - margin) / columns
        high = (height - rows * title) / max(rows, 1)
        panels = []
        for index, run in enumerate(runs):
            row, column = divmod(index, columns)
            left, bottom = column * (wide + _GAP), (rows - 1 - row) * (high + title)
            clock = Clock(run.series, unit)
            ends = clock.iteration(begin), clock.iteration(end)
            names = self.quantity.names(run.series)
            panels.append(Panel(run, QRectF(left, bottom, wide, max(high, 1.0)), *ends, names))
        return panels

    def _mosaic(self, panel: Panel) -> Mosaic:
        """Return the picture of a run: of all of it, or sharper, of what is in view."""
        series, layers = panel.run.series, len(panel.names)
        known = self._whole.get(series)
        if known is None or known.mosaic.layers != layers:
            known = self._whole[series] = _Growing(self.quantity, layers)
        whole = known.follow(series)
        begin = max(0, floor(panel.begin))
        wanted = 1 << (int(panel.end - begin) // COLUMNS).bit_length()
        if wanted >= whole.width or begin >= series.iteration:
            return whole
        key = begin, wanted, layers
        part = self._parts.get(series)
        if part is None or part[0] != key:
            part = self._parts[series] = key, _Growing(self.quantity, layers, begin, wanted)
        return part[1].follow(series, panel.end)

    def _picture(self, panel: Panel) -> list[Stroke]:
        mosaic = self._mosaic(panel)
        blank = QColor(theme().colours.raised).rgb()
        image = mosaic.image(self.low, self.high, blank)
        first = max(panel.begin, mosaic.begin)
        last = min(panel.end, mosaic.begin + mosaic.filled * mosaic.width)
        if last <= first:
            return []
        left, right = panel.x(first), panel.x(last)
        target = QRectF(left, panel.place.y(), right - left, panel.place.height())
        start = (first - mosaic.begin) / mosaic.width
        source = QRectF(start, 0, (last - first) / mosaic.width, len(panel.names))
        return [Picture(target, image, source, mosaic)]

    def _lines(self, panel: Panel) -> list[Stroke]:
        """Return name, frame, stage boundaries, transitions and selected layers of a panel."""
        colours, place = theme().colours, panel.place
        left, right = place.left(), place.right()
        font = fonts()[1]
        fitting = QFontMetricsF(font).elidedText(panel.run.name, Qt.TextElideMode.ElideMiddle, place.width())
        name = Text(left, place.bottom() + 1, fitting, panel.run.colour, font, _ABOVE)
        strokes: list[Stroke] = [name]
        frame = pen(QColor(colours.border))
        strokes += [level(edge, left, right, frame) for edge in (place.top(), place.bottom())]
        strokes += [
            level(panel.y(first - 0.5), left, right, pen(QColor(colours.panel), 1.5))
            for _, first, _ in stages(panel.names)
            if first > 1
        ]
        if self.quantity.needs_shortcut:
            at = np.array([panel.y(layer) for layer in places_of(panel.run.transitions, panel.names)])
            strokes.append(Dots(np.full(len(at), right + 6), at, pen(panel.run.colour, 7), square=True))
        text = pen(QColor(colours.text), 1.5)
        for layer in places_of(self.selected, panel.names):
            half = max(0.5 * place.height() / len(panel.names), 2.0)
            middle = panel.y(layer)
            strokes += [level(middle + side * half, left, right, text) for side in (-1, 1)]
        return strokes

    def _tick(self) -> None:
        """Number the layers beside the first heat map of each row, the iterations below each of the last."""
        counts = {len(panel.names) for panel in self.panels}
        numbered: list[tuple[float, str]] = []
        for panel in self.panels:
            if panel.place.x() == 0:
                depth = len(panel.names)
                step = nice_step(depth * 30 / max(panel.place.height(), 1.0))
                layers = [1, *range(int(step), depth + 1, int(step))] if step > 1 else range(1, depth + 1)
                ends = [1, depth] if len(counts) > 1 else layers
                numbered += [(panel.y(layer), str(layer)) for layer in ends if layer != 2 or step < 2]
        self.y_axis.setTicks([numbered])
        times: list[tuple[float, str]] = []
        unit = self._unit()
        widest = max((panel.place.right() for panel in self.panels), default=0.0)
        lowest = min((panel.place.y() for panel in self.panels), default=0.0)
        for panel in self.panels:
            if panel.place.y() == lowest:
                clock = Clock(panel.run.series, unit)
                begin, end = clock.place(np.array([panel.begin, panel.end])).tolist()
                step = nice_step((end - begin) * 64 / max(panel.place.width(), 1.0))
                shown = np.arange(np.ceil(begin / step - 1e-9) * step, end + step * 1e-6, step).tolist()
                last = panel.place.right() - (0 if panel.place.right() > widest - 1 else 16)
                found = [(panel.x(clock.iteration(t)), count_text(abs(t), end >= 10_000)) for t in shown]
                times += [(x, text) for x, text in found if x <= last]
        self.x_axis.setTicks([times])
        if self.x_label != LABELS[unit]:
            self.x_label = LABELS[unit]
            self._dress()

    def _dress(self) -> None:
        super()._dress()
        self.view.getPlotItem().showGrid(x=False, y=False)

    # Reading

    def read(self, runs: Sequence[PlotRun]) -> tuple[str, list[Entry], list[Stroke]]:
        """Return the value under the mouse, the scale of colours, and the time cursor."""
        colours = theme().colours
        marks: list[Stroke] = []
        subtitle = ""
        panels = self.panels if self.with_data() else []
        for panel in panels:
            low, high = panel.place.top(), panel.place.bottom()
            if self.timeline.at is not None and panel.begin <= self.timeline.at <= panel.end:
                marks += cursor_strokes(panel.x(self.timeline.at), low, high, QColor(colours.accent))
            if self.hovered is not None and panel.place.contains(QPointF(self.hovered, self.hovered_y)):
                subtitle = self._hovered_text(panel)
                muted = pen(QColor(colours.text), 1, 0.5)
                marks.append(upright(self.hovered, low, high, muted))
                marks.append(level(self.hovered_y, panel.place.left(), panel.place.right(), muted))
        entries = []
        if panels:
            text = power_text if self.quantity.log else self.quantity.text
            ramp = text(self.low), text(self.high)
            entries.append(Entry(self.quantity.symbol, QColor(colours.text), ramp=ramp))
        return subtitle, entries, marks

    def _hovered_text(self, panel: Panel) -> str:
        series = panel.run.series
        probe = index_at(series.probe_iterations, max(0, round(panel.iteration(self.hovered or 0.0))))
        layer = panel.layer(self.hovered_y)
        value = float(self.quantity.values(series)[probe][layer - 1])
        text = self.quantity.text(value) if np.isfinite(value) else "–"
        return f"{text}: {panel.names[layer - 1]}, iteration {int(series.probe_iterations[probe]):,}"

    def table(self, runs: Sequence[PlotRun]) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
        """Return one row for each run, probe and layer."""
        rows: list[tuple[Any, ...]] = []
        for run in runs:
            names = self.quantity.names(run.series)
            pairs = zip(
                run.series.probe_iterations.tolist(), self.quantity.values(run.series).tolist(), strict=True
            )
            rows += [
                (run.name, iteration, index, name, float(f"{value:.7g}"))
                for iteration, values in pairs
                for index, (name, value) in enumerate(zip(names, values, strict=True), 1)
            ]
        return ("run", "iteration", "index", "name", self.quantity.key), rows

    # Gestures

    def _panel_at(self, place: QPointF) -> Panel | None:
        """Return the panel under a place, or the nearest across: a drag may leave it."""
        inside = [panel for panel in self.panels if panel.place.top() <= place.y() <= panel.place.bottom()]
        return min(
            inside or self.panels, key=lambda panel: abs(panel.place.center().x() - place.x()), default=None
        )

    @Slot(QPointF)
    def _on_scrubbed(self, place: QPointF) -> None:
        panel = self._panel_at(place)
        if panel is not None:
            self.timeline.go_to(max(1.0, panel.iteration(place.x())))

    @Slot(QPointF, float)
    def _on_wheeled(self, place: QPointF, factor: float) -> None:
        panel = self._panel_at(place)
        if panel is not None:
            begin, end = self._span(panel)
            at = begin + (place.x() - panel.place.x()) / panel.place.width() * (end - begin)
            self._show_span(at - (at - begin) * factor, at + (end - at) * factor)

    @Slot(QPointF, float)
    def _on_pulled(self, place: QPointF, pixels: float) -> None:
        panel = self._panel_at(place)
        if panel is not None:
            begin, end = self._span(panel)
            by = pixels / panel.place.width() * (end - begin)
            self._show_span(begin - by, end - by)

    def _span(self, panel: Panel) -> tuple[float, float]:
        """Return the part in view, in the unit of the time axes."""
        clock = Clock(panel.run.series, self.timeline.unit)
        begin, end = clock.place(np.array([panel.begin, panel.end])).tolist()
        return begin, end

    def _show_span(self, begin: float, end: float) -> None:
        begin = max(0.0, begin)
        if end > begin:
            self.timeline.show_span((begin, end))

    @Slot(object)
    def _on_clicked(self, event: Any) -> None:
        """Select the layer that was clicked; a second click shows everything, live."""
        box, scene = self.view.getViewBox(), QPointF(event.scenePos())
        if event.double():
            self.timeline.show_span(None)
            self.timeline.go_live()
        elif event.button() == Qt.MouseButton.LeftButton and box.sceneBoundingRect().contains(scene):
            place = QPointF(box.mapSceneToView(scene))
            panel = self._panel_at(place)
            if panel is not None and panel.place.contains(place):
                self.layer_clicked.emit(panel.names[panel.layer(place.y()) - 1])


_ABOVE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
