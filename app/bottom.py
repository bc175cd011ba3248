"""The lower half of the window: curves, all runs, and explanations; what is not seen yet is not made yet."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from app.lab.followed import FollowedRun
from app.lab.session import Session
from app.lab.table import RunsTable
from app.plots.plot_run import PlotRun, steady_update
from app.plots.timeline import Timeline
from app.plots.transport import Transport
from app.theme import GRID, theme
from app.views import VIEWS, ViewPage
from resviz.errors import ResvizError
from resviz.report.depth import transitions

if TYPE_CHECKING:
    from app.explain.panel import ExplainPanel, ExplainRun
    from app.plots.base import Plot

CURVES = 0
RUNS, EXPLAIN = len(VIEWS), len(VIEWS) + 1


class Bottom(QTabWidget):
    """Tabs over the session's runs: the views, all runs, explanations. The views share one time cursor."""

    told = Signal(str)
    failed = Signal(str)
    layer_clicked = Signal(str)
    """A layer was clicked in a plot: its name."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.timeline = Timeline(self)
        self.setDocumentMode(True)
        self.tabBar().setDrawBase(False)
        self.pages = [ViewPage(view, self.timeline) for view in VIEWS]
        for page in self.pages:
            page.told.connect(self.told)
            page.failed.connect(self.failed)
            page.layer_clicked.connect(self.layer_clicked)
            self.addTab(page, page.view.title)
        self.table = RunsTable(session)
        self.table.told.connect(self.told)
        self.table.failed.connect(self.failed)
        self.table.opened.connect(self._on_opened)
        self.addTab(self.table, "Runs")
        self.explain: ExplainPanel | None = None
        self._explain_page = QWidget()
        column = QVBoxLayout(self._explain_page)
        column.setContentsMargins(0, 0, 0, 0)
        self.addTab(self._explain_page, "Explain")
        self.transport = Transport(self.timeline)
        self.setCornerWidget(self.transport)
        self._ready = False
        self._known: dict[Path, PlotRun] = {}
        self.currentChanged.connect(self._on_tab)
        session.runs_changed.connect(self._on_runs_changed)
        session.bridge.updated.connect(self._on_updated)
        theme().changed.connect(self._on_runs_changed)
        theme().changed.connect(self._fit_transport)

    @property
    def plots(self) -> dict[str, Plot]:
        """The plots made so far, by name."""
        return {name: plot for page in self.pages for name, plot in page.plots.items()}

    def highlight(self, name: str) -> None:
        """Point at one plot of the first view with a small mark at its top ("" for none)."""
        self.pages[CURVES].highlight(name)

    def set_selected(self, blocks: frozenset[str]) -> None:
        """Mark the layers of the blocks that are selected on the canvas."""
        for page in self.pages:
            page.set_selected(blocks)

    def close_workers(self) -> None:
        """End what runs for the tabs."""
        self.table.list.close()
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
        self.transport.set_room(min(room, 60 * GRID))

    @Slot(int)
    def _on_tab(self, index: int) -> None:
        if index < len(self.pages) and self._ready:
            self.pages[index].make()
        if index == EXPLAIN and self.explain is None:
            from app.explain.panel import ExplainPanel  # noqa: PLC0415

            self.explain = ExplainPanel()
            self.explain.checkpoint_wanted.connect(self._on_checkpoint_wanted)
            layout = self._explain_page.layout()
            assert layout is not None
            layout.addWidget(self.explain)
        if index == EXPLAIN and self.explain is not None:
            self.explain.set_runs(self._explain_runs())

    @Slot()
    def _on_opened(self) -> None:
        self.setCurrentIndex(CURVES)

    @Slot()
    def _on_runs_changed(self) -> None:
        self.timeline.supply([run.series for run in self._session.shown])
        if not self._ready:
            return
        runs = [self._plot_run(run) for run in self._session.shown]
        for page in self.pages:
            page.set_runs(runs)
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
