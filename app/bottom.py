"""The lower half of the window: curves, all runs, and explanations; what is not seen yet is not made yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from app.lab.followed import FollowedRun
from app.lab.session import Session
from app.lab.table import RunsTable
from app.theme import GRID, theme

if TYPE_CHECKING:
    from app.explain.panel import ExplainPanel, ExplainRun
    from app.plots.base import Plot

CURVES, RUNS, EXPLAIN = range(3)


class Bottom(QTabWidget):
    """Three tabs over the session's runs."""

    told = Signal(str)
    failed = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setDocumentMode(True)
        self.tabBar().setDrawBase(False)
        self.plots: dict[str, Plot] = {}
        """The three plots by name; empty until `make_plots`."""
        self._frames: dict[str, QFrame] = {}
        self._marks: dict[str, QFrame] = {}
        """What points at a plot while the lesson speaks of it."""
        self.addTab(self._make_curves(), "Curves")
        self.table = RunsTable(session)
        self.table.told.connect(self.told)
        self.table.failed.connect(self.failed)
        self.table.opened.connect(self._on_opened)
        self.addTab(self.table, "Runs")
        self.explain: ExplainPanel | None = None
        self._explain_page = QWidget()
        page = QVBoxLayout(self._explain_page)
        page.setContentsMargins(0, 0, 0, 0)
        self.addTab(self._explain_page, "Explain")
        self.currentChanged.connect(self._on_tab)
        session.runs_changed.connect(self._on_runs_changed)
        session.bridge.updated.connect(self._on_updated)
        theme().changed.connect(self._on_runs_changed)

    def highlight(self, name: str) -> None:
        """Point at one plot with a small mark at its top ("" for none)."""
        for key, mark in self._marks.items():
            mark.setVisible(key == name)
            mark.raise_()

    def close_workers(self) -> None:
        """End what runs for the tabs."""
        self.table.list.close()
        if self.explain is not None:
            self.explain.close_worker()

    def _make_curves(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, GRID, 0, 0)
        row.setSpacing(GRID)
        for name in ("error", "gradient", "residual"):
            frame = QFrame()
            frame.setProperty("role", "card")
            inside = QVBoxLayout(frame)
            inside.setContentsMargins(1, 1, 1, 1)
            row.addWidget(frame, 1)
            self._frames[name] = frame
            mark = QFrame(frame)
            mark.setProperty("role", "marker")
            mark.setGeometry(2 * GRID, 0, 4 * GRID, 3)
            mark.hide()
            self._marks[name] = mark
        return page

    def make_plots(self) -> None:
        """Put the plots into their frames: after the first paint, for their library takes long to load."""
        if self.plots:
            return
        from app.plots import ErrorPlot, GradientPlot, ResidualPlot  # noqa: PLC0415

        self.plots = {"error": ErrorPlot(), "gradient": GradientPlot(), "residual": ResidualPlot()}
        for name, plot in self.plots.items():
            layout = self._frames[name].layout()
            assert layout is not None
            layout.addWidget(plot)
            plot.saved.connect(self._on_saved)
            plot.save_failed.connect(self.failed)
        self._on_runs_changed()

    def _explain_runs(self) -> list[ExplainRun]:
        from app.explain.panel import ExplainRun  # noqa: PLC0415

        # What is in hand comes first: the panel takes one run of each family.
        runs: Sequence[FollowedRun] = list(dict.fromkeys([*self._session.current, *self._session.shown]))
        return [ExplainRun(run.path, run.name, run.plain, bool(run.series.checkpoints)) for run in runs]

    @Slot(str)
    def _on_saved(self, path: str) -> None:
        self.told.emit(f"Saved {path}.")

    @Slot(int)
    def _on_tab(self, index: int) -> None:
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
        if not self.plots:
            return
        from app.plots import PlotRun  # noqa: PLC0415

        runs = [
            PlotRun(run.name, run.series, self._session.colour(run.path), run.plain)
            for run in self._session.shown
        ]
        for plot in self.plots.values():
            plot.set_runs(runs)
        self._on_updated()

    @Slot()
    def _on_updated(self) -> None:
        if self.explain is not None and self.currentIndex() == EXPLAIN:
            self.explain.set_runs(self._explain_runs())

    @Slot()
    def _on_checkpoint_wanted(self) -> None:
        self._session.bridge.checkpoint(self._session.current)
