"""What all plots share: frame, theme, timer, empty state, hover, and saving."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFontMetricsF,
    QHideEvent,
    QKeyEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from app.plots.axes import Axis
from app.plots.header import Entry, Header, fonts
from app.plots.pace import pace
from app.plots.plot_run import PlotRun
from app.plots.saving import Saver
from app.plots.strokes import Stroke, Strokes
from app.plots.timeline import Timeline
from app.theme import GRID, icon, recoloured, theme

_LOOK_MS = 30
"""Between two looks whether there is something new to draw."""
SHORT = 250
"""Pixels of height under which a plot leaves out the label of its x axis, in favour of the curves."""


class View(pg.PlotWidget):  # type: ignore[misc]
    """The plotting area; says when the mouse leaves it."""

    left = Signal()

    def leaveEvent(self, event: QEvent) -> None:
        """Tell."""
        super().leaveEvent(event)
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the keys to the plot: there is nothing to scroll."""
        event.ignore()


_ENDED = ("finished", "stopped", "failed", "interrupted")
_BY_KEYS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageUp: -20, Qt.Key.Key_PageDown: 20}


class Plot(QWidget):
    """A titled plot of runs. Redraws by itself as often as `pace` allows, if it is visible and has news."""

    layer_clicked = Signal(str)
    """A layer was clicked: its name."""

    title = ""
    x_label = ""
    y_label = ""
    explanation = ""
    """What the plot shows and how to read it, as a tool tip of its title."""
    file_stem = "plot"
    empty_text = "Press Train: the curves appear here."
    waiting_text = "Waiting for the first iterations …"
    ended_text = (
        "Nothing of this was recorded before these runs ended: train again, or show others under Runs."
    )
    hidden_text = "All runs are hidden: show one in the table of runs."

    def __init__(self, timeline: Timeline, x_axis: Axis, y_axis: Axis, box: pg.ViewBox | None = None) -> None:
        """Lay the plot out; `box`: the plotting area, if it takes gestures of its own."""
        super().__init__()
        self.timeline = timeline
        self.runs: list[PlotRun] = []
        self.selected: frozenset[str] = frozenset()
        """Blocks selected on the canvas."""
        self.redraws = 0
        """How often the curves were drawn."""
        self.hovered: float | None = None
        """Place of the mouse on the x axis."""
        self.hovered_y = 0.0
        """And on the y axis."""
        self._drawn: tuple[object, ...] | None = None
        self._drawn_at = 0.0
        self._busy = False
        self.header = Header(self.title, self)
        self.view = View(self, viewBox=box, axisItems={"bottom": x_axis, "left": y_axis})
        self.x_axis, self.y_axis = x_axis, y_axis
        self.curves, self.marks = Strokes(kept=True), Strokes()
        self._prepare_view()
        self.empty = QLabel(self.empty_text, self.view)
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.menu = QMenu(self)
        self.add_actions(self.menu)
        self.saver = Saver(self, self.menu)
        self.button = QToolButton(self)
        self.button.setProperty("role", "quiet")
        self.button.setToolTip("Save or copy this plot")
        self.button.setAccessibleName(f"Menu of the plot {self.title}")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setMenu(self.menu)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, GRID, GRID // 2)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.view, 1)
        self.setAutoFillBackground(True)
        self.header.setToolTip(self.explanation)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._on_timeout)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._follow_cursor)
        timeline.moved.connect(self._on_cursor_moved)
        timeline.zoomed.connect(self._on_cursor_moved)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.view.setFocusProxy(self)
        theme().changed.connect(self._on_theme_changed)
        self._dress()

    # What a plot defines

    def draw(self, runs: Sequence[PlotRun]) -> Sequence[Stroke]:
        """Set the ranges and return what to paint; `runs` are visible and have data."""
        raise NotImplementedError

    def read(self, runs: Sequence[PlotRun]) -> tuple[str, list[Entry], Sequence[Stroke]]:
        """Return subtitle, legend, and marks at the hovered place."""
        raise NotImplementedError

    def has_data(self, run: PlotRun) -> bool:
        """Say whether there is something to draw of a run."""
        raise NotImplementedError

    def table(self, runs: Sequence[PlotRun]) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        """Return column names and rows of the numbers shown."""
        raise NotImplementedError

    def add_actions(self, menu: QMenu) -> None:
        """Add the plot's own choices to its menu."""

    def state(self) -> tuple[object, ...]:
        """Return what the curves depend on besides the runs."""
        return ()

    def another(self, timeline: Timeline) -> Plot:
        """Return a new plot of the same kind."""
        return type(self)(timeline)  # type: ignore[call-arg]

    def adopt(self, other: Plot) -> None:
        """Make the same choices as another plot of this kind, and show the same runs."""
        for mine, theirs in zip(self.menu.actions(), other.menu.actions(), strict=False):
            if mine.isCheckable() and mine.actionGroup() is None:
                mine.setChecked(theirs.isChecked())
        self.selected = other.selected
        self.set_runs([replace(run, colour=recoloured(run.colour)) for run in other.runs])

    # Use

    def set_runs(self, runs: Sequence[PlotRun]) -> None:
        """Show these runs; the curves follow their series by themselves."""
        self.runs = list(runs)
        self.mark_dirty()

    def set_selected(self, blocks: frozenset[str]) -> None:
        """Mark the layers of these blocks."""
        if blocks != self.selected:
            self.selected = blocks
            if self.isVisible() and not self.refresh():
                self._update_marks()

    def mark_dirty(self) -> None:
        """Have everything drawn anew, at once if visible."""
        self._drawn = None
        if self.isVisible():
            self.refresh()

    def refresh(self) -> bool:
        """Draw if something changed since the last time; return whether it had to be."""
        now = self._now()
        if now == self._drawn:
            return False
        self._drawn, self._drawn_at = now, time.monotonic()
        runs = self.with_data()
        self._show_state(some=bool(runs))
        self._busy = True  # Setting a range tells of itself; that is no reason to draw again.
        self.curves.show_strokes(self.draw(runs))
        self._busy = False
        self._update_marks()
        self.redraws += 1
        return True

    def _now(self) -> tuple[object, ...]:
        """Return all that the curves depend on."""
        size = self.view.getViewBox().size()  # Which settles only after the axes were first shown.
        news = ((id(run.series), run.series.revision, run.visible) for run in self.runs)
        return size.width(), size.height(), *self.state(), *news

    def with_data(self) -> list[PlotRun]:
        """Return the visible runs that have something to draw."""
        return [run for run in self.runs if run.visible and self.has_data(run)]

    def pixel_scale(self) -> tuple[float, float]:
        """Return pixels a unit of x and of y."""
        box = self.view.getViewBox()
        (left, right), (low, high) = box.viewRange()
        size = box.size()
        return size.width() / max(right - left, 1e-12), size.height() / max(high - low, 1e-12)

    # Inside

    def _prepare_view(self) -> None:
        item = self.view.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        box = item.getViewBox()
        box.disableAutoRange()
        box.setMouseEnabled(False, False)
        box.setDefaultPadding(0)
        item.addItem(self.curves, ignoreBounds=True)
        item.addItem(self.marks, ignoreBounds=True)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.view.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self.view.scene().sigMouseMoved.connect(self._on_mouse_moved)
        self.view.left.connect(self._on_mouse_left)

    def _dress(self) -> None:
        colours, (_, text) = theme().colours, fonts()
        self.view.setBackground(colours.panel)
        palette = self.palette()
        palette.setColor(palette.ColorRole.Window, QColor(colours.panel))
        self.setPalette(palette)
        short = self.height() < SHORT
        self.header.roomy = not short
        self._x_words = self._fitting_label()
        self.x_axis.dress(colours, text, self._x_words)
        self.x_axis.showLabel(not short)
        self.y_axis.dress(colours, text, self.y_label)
        self.x_axis.setHeight(round(text.pixelSize() * (1.3 if short else 2.6) + 6))
        # "2×10⁻⁴" is longer than "12.5k".
        self.y_axis.setWidth(round(text.pixelSize() * (5.2 if self.y_axis.log else 4.2) + 4))
        self.view.getPlotItem().showGrid(x=False, y=True, alpha=0.55)
        self.view.getPlotItem().layout.setContentsMargins(
            2, GRID, max(2 * GRID, round(1.3 * text.pixelSize())), 2
        )
        self.button.setIcon(icon("more"))
        self.header.fit()
        self.header.update()

    def _show_state(self, *, some: bool) -> None:
        """Show axes and curves, or say why there is nothing to draw."""
        shown = [run for run in self.runs if run.visible]
        text = ""
        if not self.runs:
            text = self.empty_text
        elif not shown:
            text = self.hidden_text
        elif not some:
            text = self.missing_text(shown)
        self.empty.setText(text)
        self.empty.setVisible(bool(text))
        item = self.view.getPlotItem()
        for axis in (self.x_axis, self.y_axis):
            axis.setVisible(not text)
        item.getViewBox().setVisible(not text)

    def missing_text(self, shown: Sequence[PlotRun]) -> str:
        """Return what to say where runs are shown of which there is nothing to draw (yet)."""
        ended = all(run.series.started and run.series.state in _ENDED for run in shown)
        return self.ended_text if ended else self.waiting_text

    def _update_marks(self) -> None:
        subtitle, entries, marks = self.read([run for run in self.runs if run.visible])
        self.header.show_texts(subtitle, entries)
        self.marks.show_strokes(marks)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw at once and from now on."""
        super().showEvent(event)
        self._place()
        self.refresh()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest."""
        self._timer.stop()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the button in its corner; show the label of the x axis where there is room."""
        super().resizeEvent(event)
        if (self.height() < SHORT) == self.header.roomy or self._x_words != self._fitting_label():
            self._dress()
        self._place()

    def _fitting_label(self) -> str:
        """Return the label of the x axis, as much of it as has room."""
        if self.height() < SHORT:
            return ""
        text = fonts()[1]
        room = self.width() - 4.2 * text.pixelSize() - 6 * GRID
        whole = QFontMetricsF(text).horizontalAdvance(self.x_label) <= room
        return self.x_label if whole else self.x_label.partition(",")[0]

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the plot's menu."""
        self.menu.popup(event.globalPos())

    def _place(self) -> None:
        size = self.button.sizeHint()
        left = self.width() - size.width() - GRID // 2
        self.button.setGeometry(left, GRID // 2, size.width(), size.height())
        self.button.raise_()
        self.empty.setGeometry(self.view.rect().adjusted(3 * GRID, 0, -3 * GRID, 0))

    @Slot()
    def _on_timeout(self) -> None:
        first = not self.curves.strokes  # Nobody waits for the first curves.
        if self._now() != self._drawn and (first or pace.allows(self._drawn_at)):
            self._place()
            self.refresh()

    @Slot()
    def _on_theme_changed(self) -> None:
        self._dress()
        self.mark_dirty()

    @Slot(object)
    def _on_mouse_moved(self, place: QPointF) -> None:
        box = self.view.getViewBox()
        inside = box.isVisible() and box.sceneBoundingRect().contains(place)
        at = box.mapSceneToView(place)
        self.hovered, self.hovered_y = float(at.x()) if inside else None, float(at.y())
        self._update_marks()

    @Slot()
    def _on_cursor_moved(self) -> None:
        """Follow the cursor once a turn of the event loop, however often it moves in one."""
        if self.isVisible():
            self._soon.start()

    @Slot()
    def _follow_cursor(self) -> None:
        if not self.refresh():
            self._update_marks()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show who came here by keys where they are."""
        super().focusInEvent(event)
        self.header.marked = event.reason() in _BY_KEYS
        self.header.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show it no more."""
        super().focusOutEvent(event)
        self.header.marked = False
        self.header.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the time cursor."""
        key, far = Qt.Key(event.key()), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in _STEPS:
            self.timeline.step(_STEPS[key] * (10 if far else 1))
        elif key == Qt.Key.Key_Home:
            self.timeline.go_to_start()
        elif key == Qt.Key.Key_End:
            self.timeline.go_live()
        elif key == Qt.Key.Key_Space:
            self.timeline.toggle()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _on_mouse_left(self) -> None:
        if self.hovered is not None:
            self.hovered = None
            self._update_marks()
