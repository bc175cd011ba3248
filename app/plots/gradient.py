"""Gradient norm over depth: what the layers near the input still learn from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from app.plots.axes import LogAxis, brief
from app.plots.base import PlotRun
from app.plots.profile import Profile, Row


class GradientPlot(Profile):
    """L2 norm of dL/dW of each convolution at the newest probe, on a logarithmic scale."""

    title = "Gradient norm"
    quantity = "gradient_norm"
    x_label = "convolution, from the input"
    y_label = "‖dL/dW‖"
    explanation = (
        "How strong the gradient is in each convolution (L2 norm of dL/dW), input on the left. Thick: the "
        "newest probe; faint: the first. A line that falls or rises over many decades means that the layers "
        "learn at very different rates."
    )
    file_stem = "gradient-norm"
    empty_text = "Press Train: the gradient norm of every convolution appears here."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(LogAxis("left"), parent)

    def values(self, run: PlotRun) -> NDArray[np.float32]:
        """Return the gradient norms, (T, convolutions)."""
        return run.series.gradient_norm

    def names(self, run: PlotRun) -> tuple[str, ...]:
        """Return the names of the convolutions."""
        return run.series.started.convolutions if run.series.started else ()

    def scaled(self, row: NDArray[Any]) -> Row:
        """Return base-ten logarithms; NaN for a norm of zero."""
        values = row.astype(np.float64)
        return np.log10(values, out=np.full(values.shape, np.nan), where=values > 0)

    def y_range(self, rows: Sequence[Row]) -> tuple[float, float]:
        """Return half decades around all values, two decades at least."""
        finite = np.concatenate([row[np.isfinite(row)] for row in rows] or [np.zeros(0)])
        if not len(finite):
            return -3.0, 1.0
        low, high = math.floor(2 * finite.min() - 0.1) / 2, math.ceil(2 * finite.max() + 0.1) / 2
        return (low, high) if high - low >= 2 else (high - 2, high)

    def digest(self, row: NDArray[Any]) -> str:
        """Return how the first convolution's norm compares with the last one's."""
        finite = row[np.isfinite(row) & (row > 0)]
        return f"first/last {brief(float(finite[0] / finite[-1]), 2)}" if len(finite) else "–"
