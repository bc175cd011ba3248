"""Residual magnitude over depth: how much each block changes what passes through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from app.plots.axes import Axis, nice_end
from app.plots.base import PlotRun
from app.plots.profile import Profile, Row

ABSENT = "no shortcut, so no residual magnitude"


class ResidualPlot(Profile):
    """Mean of |F(x)|/|s(x)| of each block y = s(x) + F(x) at the newest probe; a plain network has none."""

    title = "Residual magnitude"
    brief_absence = "no shortcut"
    quantity = "residual_magnitude"
    x_label = "block, from the input"
    y_label = "‖F(x)‖ / ‖s(x)‖"
    explanation = (
        "How much each block changes what passes through it: the length of F(x) against that of the shortcut "
        "s(x), mean over the samples. At 0 a block does nothing, at 1 it adds as much as it was given."
    )
    file_stem = "residual-magnitude"
    empty_text = "Press Train: how much each block changes what passes through it appears here."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Axis("left"), parent)

    def values(self, run: PlotRun) -> NDArray[np.float32]:
        """Return the residual magnitudes, (T, blocks)."""
        return run.series.residual_magnitude

    def names(self, run: PlotRun) -> tuple[str, ...]:
        """Return the ids of the blocks."""
        return run.series.started.blocks if run.series.started else ()

    def scaled(self, row: NDArray[Any]) -> Row:
        """Return the values themselves."""
        return row.astype(np.float64)

    def y_range(self, rows: Sequence[Row]) -> tuple[float, float]:
        """Return zero to a round number above all values."""
        finite = np.concatenate([row[np.isfinite(row)] for row in rows] or [np.zeros(0)])
        return 0.0, nice_end(float(finite.max()) * 1.02) if len(finite) else 1.0

    def digest(self, row: NDArray[Any]) -> str:
        """Return the mean over the blocks."""
        finite = row[np.isfinite(row)]
        return f"mean {finite.mean():.2f}" if len(finite) else "–"

    def absence(self, run: PlotRun) -> str:
        """Return why a run has nothing to draw."""
        probed = len(run.series.probe_iterations) > 0
        return ABSENT if run.plain or probed else "no probe yet"

    def missing_text(self, shown: Sequence[PlotRun]) -> str:
        """Say what to train where there are only plain networks."""
        if all(run.plain for run in shown):
            return f"A plain network has {ABSENT}: train its residual twin as well."
        return self.waiting_text
