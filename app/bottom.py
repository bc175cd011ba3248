"""The lower half of the window: layouts of plots, all runs, explanations; what is not seen is not made."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Signal, Slot
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QTabWidget, QToolButton, QVBoxLayout, QWidget

from app.lab.followed import FollowedRun
from app.lab.session import Session
from app.lab.table import RunsTable
from app.layouts.area import Area
from app.layouts.catalogue import LAYOUTS
from app.layouts.panel import Panel
from app.plots.plot_run import PlotRun, steady_update
from app.plots.timeline import Timeline
from app.plots.transport import Transport
from app.theme import GRID, theme
from resviz.errors import ResvizError
from resviz.report.depth import transitions

if TYPE_CHECKING:
    from app.explain.panel import ExplainPanel, ExplainRun
    from app.plots.base import Plot

RUNS, EXPLAIN = len(LAYOUTS), len(LAYOUTS) + 1


class Bottom(QTabWidget):
    """Tabs over the session's runs: layouts of plots that share one time cursor, all runs, explanations."""

    told = Signal(str)
    failed = Signal(str)
    layer_clicked = Signal(str)
    """A layer was clicked in a plot: its name."""
    arranged = Signal()
    """Other plots are open, or another tab is in front."""
    alone_wanted = Signal(object)
    """A plot is wanted over the whole window: its panel."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.timeline = Timeline(self)
        self.setDocumentMode(True)
        self.tabBar().setDrawBase(False)
        self.areas = [Area(layout, self.timeline) for layout in LAYOUTS]
        for area in self.areas:
            area.told.connect(self.told)
            area.failed.connect(self.failed)
            area.layer_clicked.connect(self.layer_clicked)
            area.arranged.connect(self.arranged)
            area.alone_wanted.connect(self.alone_wanted)
            self.setTabToolTip(self.addTab(area, area.layout_.title), area.layout_.about)
        self.area = self.areas[self._remembered()]
        """The layout in front, or that was last."""
        self.table = RunsTable(session)
        self.table.told.connect(self.told)
        self.table.failed.connect(self.failed)
        self.table.opened.connect(self._on_opened)
        self.table.wanted.connect(self._on_table_wanted)
        self.addTab(self.table, "Runs")
        self.explain: ExplainPanel | None = None
        self._explain_page = QWidget()
        column = QVBoxLayout(self._explain_page)
        column.setContentsMargins(0, 0, 0, 0)
        self.addTab(self._explain_page, "Explain")
        self.transport = Transport(self.timeline)
        self.plots_button = QToolButton()
        """Opens the menu of plots."""
        self.plots_button.setProperty("role", "tiny")
        self.plots_button.setText("Plots")
        self.plots_button.setToolTip("Open, close and reset the plots of this layout")
        self.plots_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        corner = QWidget()
        row = QHBoxLayout(corner)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        row.addWidget(self.plots_button)
        row.addWidget(self.transport)
        self.setCornerWidget(corner)
        self.setCurrentWidget(self.area)
        self._ready = False
        self._known: dict[Path, PlotRun] = {}
        self.currentChanged.connect(self._on_tab)
        session.runs_changed.connect(self._on_runs_changed)
        session.bridge.updated.connect(self._on_updated)
        theme().changed.connect(self._on_runs_changed)
        theme().changed.connect(self._fit_transport)

    @property
    def plots(self) -> dict[str, Plot]:
        """The plots made so far of the layout in front (or last there), by key."""
        return self.area.plots

    def show_plots(self) -> None:
        """Bring the last layout in front, unless one is."""
        self.setCurrentWidget(self.area)

    def toggle_plot(self, key: str) -> None:
        """Open a plot in the layout in front, or close it."""
        covered = self.currentWidget() is not self.area
        self.show_plots()
        if not (covered and key in self.area.open):
            self.area.toggle(key)

    @Slot()
    def reset_layout(self) -> None:
        """Put the plots of the layout back where they are given."""
        self.show_plots()
        self.area.arrange()
        self.told.emit(f"{self.area.layout_.title}: all plots are where they were at first.")

    def panel_to_show(self) -> Panel | None:
        """Return the panel that has the keyboard or the mouse, else the first in sight."""
        if self.currentWidget() is not self.area:
            return None
        seen = [panel for panel in self.area.panels.values() if panel.in_sight and panel.plot is not None]
        for panel in seen:
            if panel.underMouse() or (panel.plot is not None and panel.plot.hasFocus()):
                return panel
        return seen[0] if seen else None

    @Slot()
    def save_picture(self) -> None:
        """Ask how to save the plot in use, or all plots beside it."""
        plot = self._plot_in_use()
        if plot is not None:
            plot.saver.ask()

    @Slot()
    def copy_picture(self) -> None:
        """Put the plot in use on the clipboard."""
        plot = self._plot_in_use()
        if plot is not None:
            plot.saver.copy()

    def _plot_in_use(self) -> Plot | None:
        panel = self.panel_to_show()
        if panel is not None:
            return panel.plot
        for plot in self.area.plots.values():
            if plot.isVisible():  # Alone over the whole window.
                return plot
        self.failed.emit("No plot is in sight: choose a layout first, such as Overview.")
        return None

    def set_plots_menu(self, menu: QMenu) -> None:
        """Open this menu beside the tabs, too."""
        self.plots_button.setMenu(menu)

    def highlight(self, name: str) -> None:
        """Point at one plot with a small mark at its top ("" for none)."""
        for area in self.areas:
            area.highlight(name)

    def set_selected(self, blocks: frozenset[str]) -> None:
        """Mark the layers of the blocks that are selected on the canvas."""
        for area in self.areas:
            area.set_selected(blocks)

    def save_layouts(self) -> None:
        """Remember where plots stand, and which layout is in front."""
        for area in self.areas:
            area.save()
        QSettings().setValue("layouts/current", self.area.layout_.key)

    @staticmethod
    def _remembered() -> int:
        """Return the layout that was last in front."""
        key = QSettings().value("layouts/current")
        return next((place for place, layout in enumerate(LAYOUTS) if layout.key == key), 0)

    def close_workers(self) -> None:
        """End what runs for the tabs."""
        self.table.list.close()
        self.table.writing.close()
        if self.explain is not None:
            self.explain.close_worker()

    def make_plots(self) -> None:
        """Make the plots in sight: after the first paint, for their library takes long to load."""
        self._ready = True
        self._on_runs_changed()
        self._on_tab(self.currentIndex())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the controls of the time cursor what the tabs leave."""
        self._fit_transport()
        super().resizeEvent(event)

    def _explain_runs(self) -> list[ExplainRun]:
        from app.explain.panel import ExplainRun  # noqa: PLC0415

        # What is in hand comes first: the panel takes one run of each family.
        runs: Sequence[FollowedRun] = list(dict.fromkeys([*self._session.current, *self._session.shown]))
        return [ExplainRun(run.path, run.name, run.plain, bool(run.series.checkpoints)) for run in runs]

    @Slot()
    def _fit_transport(self) -> None:
        room = self.width() - self.tabBar().sizeHint().width() - 2 * GRID
        button = self.plots_button.sizeHint().width() + GRID // 2
        # Where the tabs leave little, the time cursor comes first: the menu bar has the menu of plots, too.
        crowded = room - button < self.transport.whole_width
        self.plots_button.setVisible(not crowded)
        self.transport.set_room(
            min(room - button * (not crowded), round(60 * GRID * theme().font_pixels / 13))
        )

    @Slot(int)
    def _on_tab(self, index: int) -> None:
        if index < len(self.areas):
            self.area = self.areas[index]
            if self._ready:
                self.area.make_plots()
        if index == EXPLAIN and self.explain is None:
            from app.explain.panel import ExplainPanel  # noqa: PLC0415

            self.explain = ExplainPanel()
            self.explain.checkpoint_wanted.connect(self._on_checkpoint_wanted)
            layout = self._explain_page.layout()
            assert layout is not None
            layout.addWidget(self.explain)
        if index == EXPLAIN and self.explain is not None:
            self.explain.set_runs(self._explain_runs())
        self.arranged.emit()

    @Slot()
    def _on_table_wanted(self) -> None:
        self.setCurrentWidget(self.table)

    @Slot()
    def _on_opened(self) -> None:
        self.show_plots()

    @Slot()
    def _on_runs_changed(self) -> None:
        self.timeline.supply([run.series for run in self._session.shown])
        if not self._ready:
            return
        runs = [self._plot_run(run) for run in self._session.shown]
        for area in self.areas:
            area.set_runs(runs)
        self._on_updated()

    def _plot_run(self, run: FollowedRun) -> PlotRun:
        """Return a run as plots show it; what its files say of it is read once."""
        if run.path not in self._known:
            plotted = PlotRun(run.name, run.series, QColor(), run.plain, experiment=str(run.path.parent))
            plotted.folder, plotted.seed, plotted.repeats = run.run.name, run.seed, run.repeats
            if run.architecture is not None:
                plotted.network, plotted.transitions = run.architecture.name, transitions(run.architecture)
            with contextlib.suppress(ResvizError):
                plotted.steady_update = steady_update(run.run.recipe())
            self._known[run.path] = plotted
        known = self._known[run.path]
        return replace(known, name=run.name, series=run.series, colour=self._session.colour(run.path))

    @Slot()
    def _on_updated(self) -> None:
        if self.explain is not None and self.currentIndex() == EXPLAIN:
            self.explain.set_runs(self._explain_runs())

    @Slot()
    def _on_checkpoint_wanted(self) -> None:
        self._session.bridge.checkpoint(self._session.current)
