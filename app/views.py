"""The views of training: which plots stand beside each other, and in which shares of the width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.plots.plot_run import PlotRun
from app.plots.timeline import Timeline
from app.theme import GRID

if TYPE_CHECKING:
    from app.plots.base import Plot

# The plots' library takes long to load: nothing here imports it until a view is made.


@dataclass(frozen=True)
class View:
    """One view."""

    title: str
    shares: tuple[int, ...]
    """Width of each plot against the others'."""
    names: tuple[str, ...]
    make: Callable[[Timeline], Sequence[Plot]]
    """Returns the plots, in the order of their names."""


def _overview(timeline: Timeline) -> Sequence[Plot]:
    from app.plots.error import ErrorPlot  # noqa: PLC0415
    from app.plots.profile import Profile  # noqa: PLC0415
    from app.plots.quantities import GRADIENT, MAGNITUDE  # noqa: PLC0415

    return ErrorPlot(timeline), Profile(timeline, GRADIENT), Profile(timeline, MAGNITUDE)


def _responses(timeline: Timeline) -> Sequence[Plot]:
    from app.plots.responses import Responses, SortedResponses  # noqa: PLC0415

    return Responses(timeline), SortedResponses(timeline)


def _updates(timeline: Timeline) -> Sequence[Plot]:
    from app.plots.heat import HeatMap  # noqa: PLC0415
    from app.plots.quantities import UPDATE  # noqa: PLC0415
    from app.plots.updates import Updates  # noqa: PLC0415

    return Updates(timeline), HeatMap(timeline, UPDATE)


def _training(timeline: Timeline) -> Sequence[Plot]:
    from app.plots.measures import LossPlot, RatePlot, SpeedPlot  # noqa: PLC0415

    return LossPlot(timeline), RatePlot(timeline), SpeedPlot(timeline)


def _twins(timeline: Timeline) -> Sequence[Plot]:
    from app.plots.classes import ClassPlot  # noqa: PLC0415
    from app.plots.difference import DifferencePlot  # noqa: PLC0415

    return DifferencePlot(timeline), ClassPlot(timeline)


def _pair(quantity: str, timeline: Timeline) -> Sequence[Plot]:
    from app.plots.heat import HeatMap  # noqa: PLC0415
    from app.plots.profile import Profile  # noqa: PLC0415
    from app.plots.quantities import QUANTITIES  # noqa: PLC0415

    return Profile(timeline, QUANTITIES[quantity]), HeatMap(timeline, QUANTITIES[quantity])


VIEWS = (
    View("Curves", (1, 1, 1), ("error", "gradient", "residual"), _overview),
    View("Gradients", (2, 3), ("gradient profile", "gradient heat"), partial(_pair, "gradient_norm")),
    View("Residuals", (2, 3), ("residual profile", "residual heat"), partial(_pair, "residual_magnitude")),
    View("Responses", (1, 1), ("responses", "sorted responses"), _responses),
    View("Updates", (2, 3), ("update profile", "update heat"), _updates),
    View("Training", (1, 1, 1), ("loss", "rate", "speed"), _training),
    View("Twins", (1, 1), ("difference", "classes"), _twins),
)


class ViewPage(QWidget):
    """The plots of one view in frames; they are made when the view is first seen."""

    told = Signal(str)
    failed = Signal(str)
    layer_clicked = Signal(str)
    """A layer was clicked in a plot: its name."""

    def __init__(self, view: View, timeline: Timeline) -> None:
        super().__init__()
        self.view, self._timeline = view, timeline
        self.plots: dict[str, Plot] = {}
        """The plots by name; empty until `make`."""
        self._runs: Sequence[PlotRun] = ()
        self._selected: frozenset[str] = frozenset()
        self._frames: dict[str, QFrame] = {}
        self.marks: dict[str, QFrame] = {}
        """What points at a plot while the lesson speaks of it."""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, GRID, 0, 0)
        row.setSpacing(GRID)
        for name, share in zip(view.names, view.shares, strict=True):
            frame = QFrame()
            frame.setProperty("role", "card")
            inside = QVBoxLayout(frame)
            inside.setContentsMargins(1, 1, 1, 1)
            row.addWidget(frame, share)
            self._frames[name] = frame
            mark = QFrame(frame)
            mark.setProperty("role", "marker")
            mark.setGeometry(2 * GRID, 0, 4 * GRID, 3)
            mark.hide()
            self.marks[name] = mark

    def make(self) -> None:
        """Put the plots into their frames, unless they are there."""
        if self.plots:
            return
        self.plots = dict(zip(self.view.names, self.view.make(self._timeline), strict=True))
        for name, plot in self.plots.items():
            layout = self._frames[name].layout()
            assert layout is not None
            layout.addWidget(plot)
            plot.saver.saved.connect(self._on_saved)
            plot.saver.failed.connect(self.failed)
            plot.layer_clicked.connect(self.layer_clicked)
            plot.set_selected(self._selected)
            plot.set_runs(self._runs)

    def set_runs(self, runs: Sequence[PlotRun]) -> None:
        """Show these runs."""
        self._runs = runs
        for plot in self.plots.values():
            plot.set_runs(runs)

    def set_selected(self, blocks: frozenset[str]) -> None:
        """Mark the layers of these blocks."""
        self._selected = blocks
        for plot in self.plots.values():
            plot.set_selected(blocks)

    def highlight(self, name: str) -> None:
        """Point at one plot with a small mark at its top ("" for none)."""
        for key, mark in self.marks.items():
            mark.setVisible(key == name)
            mark.raise_()

    @Slot(str)
    def _on_saved(self, path: str) -> None:
        self.told.emit(f"Saved {path}.")
