"""The lower half of the window: curves, all runs, and explanations; what is not seen yet is not made yet."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from app.explain.panel import ExplainPanel, ExplainRun
from app.lab.fields import set_property
from app.lab.followed import FollowedRun
from app.lab.session import Session
from app.lab.table import RunsTable
from app.plots import ErrorPlot, GradientPlot, PlotRun, ResidualPlot
from app.plots.base import Plot
from app.theme import GRID, theme

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
        self.plots: dict[str, Plot] = {
            "error": ErrorPlot(),
            "gradient": GradientPlot(),
            "residual": ResidualPlot(),
        }
        self._frames: dict[str, QFrame] = {}
        self.addTab(self._make_curves(), "Curves")
        self.table = RunsTable(session)
        self.table.told.connect(self.told)
        self.table.failed.connect(self.failed)
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
        """Point at one plot ("" for none)."""
        for key, frame in self._frames.items():
            set_property(frame, "role", "notice" if key == name else "card")

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
        for name, plot in self.plots.items():
            frame = QFrame()
            frame.setProperty("role", "card")
            inside = QVBoxLayout(frame)
            inside.setContentsMargins(1, 1, 1, 1)
            inside.addWidget(plot)
            row.addWidget(frame, 1)
            self._frames[name] = frame
            plot.saved.connect(lambda path: self.told.emit(f"Saved {path}."))
            plot.save_failed.connect(self.failed)
        return page

    def _explain_runs(self) -> list[ExplainRun]:
        # What is in hand comes first: the panel takes one run of each family.
        runs: Sequence[FollowedRun] = list(dict.fromkeys([*self._session.current, *self._session.shown]))
        return [ExplainRun(run.path, run.name, run.plain, bool(run.series.checkpoints)) for run in runs]

    @Slot(int)
    def _on_tab(self, index: int) -> None:
        if index == EXPLAIN and self.explain is None:
            self.explain = ExplainPanel()
            self.explain.checkpoint_wanted.connect(self._on_checkpoint_wanted)
            layout = self._explain_page.layout()
            assert layout is not None
            layout.addWidget(self.explain)
        if index == EXPLAIN and self.explain is not None:
            self.explain.set_runs(self._explain_runs())

    @Slot()
    def _on_runs_changed(self) -> None:
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
