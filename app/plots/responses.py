"""Layer responses as in Fig. 7 of arXiv:1512.03385: in the order of depth, and sorted by size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from app.plots.plot_run import PlotRun
from app.plots.profile import Profile
from app.plots.quantities import RESPONSE, Quantity
from app.plots.timeline import Timeline
from resviz.report.paper import MEAN_RESPONSES, is_cifar10


class Responses(Profile):
    """Standard deviation of the responses over depth, with the paper's means."""

    def __init__(self, timeline: Timeline, quantity: Quantity = RESPONSE) -> None:
        super().__init__(timeline, quantity)

    def references(self, runs: Sequence[PlotRun]) -> list[tuple[float, str, QColor]]:
        """Return the paper's mean over the layers, of the networks that it drew."""
        known = (run for run in runs if run.network in MEAN_RESPONSES and is_cifar10(run.series))
        return [(MEAN_RESPONSES[run.network], "", run.colour) for run in known]

    def digest(self, run: PlotRun) -> str:
        """Return the mean, beside the paper's."""
        digest = super().digest(run)
        known = run.network in MEAN_RESPONSES and is_cifar10(run.series)
        return f"{digest} (paper {MEAN_RESPONSES[run.network]:g})" if known else digest


class SortedResponses(Responses):
    """The same from the largest to the smallest: there it is plain which network responds less."""

    def __init__(self, timeline: Timeline, quantity: Quantity = RESPONSE) -> None:
        super().__init__(timeline, quantity)
        self.title = self.header.title = "Response std, sorted"
        self.x_label = "rank, largest first"
        self.file_stem = "response-std-sorted"
        self._dress()

    def names(self, run: PlotRun) -> tuple[str, ...]:
        """Return the ranks."""
        return _ranks(len(super().names(run)))

    def row(self, run: PlotRun, probe: int | None = None) -> NDArray[np.float32]:
        """Return the values of a probe from the largest on, what is not finite last, (layers,)."""
        row = super().row(run, probe)
        return row[np.argsort(-np.where(np.isfinite(row), row, -np.inf), kind="stable")]


@cache
def _ranks(count: int) -> tuple[str, ...]:
    return tuple(f"rank {rank}" for rank in range(1, count + 1))
