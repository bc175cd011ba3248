"""The measurements that training takes of every layer: their names, their places, and their scales."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.canvas.text import ratio, scientific
from resviz.runs.series import RunSeries

Row = NDArray[np.float64]
ABSENT = "no shortcut, so no"
"""Why a plain block lacks a quantity, before its name."""


@dataclass(frozen=True)
class Quantity:
    """One value for each convolution or block, probed again and again."""

    key: str
    """Its array in `RunSeries`, and its column in tables."""
    title: str
    symbol: str
    short: str
    """The symbol where there is little room: on a block of the canvas."""
    layers: str
    """Which names of `Started` its values belong to: "convolutions", "blocks" or "responses"."""
    layer: str
    """What one of these is called."""
    log: bool
    """Whether it is shown on a logarithmic scale."""
    text: Callable[[float], str]
    """A value as text."""
    explanation: str
    needs_shortcut: bool = False
    """Whether only blocks with a shortcut have it."""
    phase: str = ""
    """Under which statistics it is measured, where that matters."""
    adds_up: bool = False
    """Whether the value of several layers together is the root of the sum of their squares."""
    bounds: tuple[float, float] | None = None
    """Its range where that is known beforehand."""

    def values(self, series: RunSeries) -> NDArray[np.float32]:
        """Return the probes, (T, layers); NaN where there is no value."""
        found: NDArray[np.float32] = getattr(series, self.key)
        return found

    def names(self, series: RunSeries) -> tuple[str, ...]:
        """Return the names of the layers."""
        found: tuple[str, ...] = getattr(series.started, self.layers) if series.started else ()
        return found

    def missing(self, plain: bool) -> str:
        """Return what to say where there is nothing to draw of plain (or residual) runs for good; else ""."""
        if self.needs_shortcut and plain:
            return f"A plain network has {ABSENT} {self.title.lower()}: train its residual twin as well."
        return ""

    def scaled(self, values: NDArray[Any]) -> Row:
        """Return values in the coordinates of their scale: base-ten logarithms where it is logarithmic."""
        wide = values.astype(np.float64)
        if not self.log:
            return wide
        return np.log10(wide, out=np.full(wide.shape, np.nan), where=wide > 0)


GRADIENT = Quantity(
    "gradient_norm",
    "Gradient norm",
    "‖dL/dW‖",
    "∇",
    "convolutions",
    "convolution",
    True,
    scientific,
    "How strong the gradient is in each convolution (L2 norm of dL/dW). A profile that falls or rises over "
    "many decades means that the layers learn at very different rates.",
    adds_up=True,
)
MAGNITUDE = Quantity(
    "residual_magnitude",
    "Residual magnitude",
    "‖F(x)‖ / ‖s(x)‖",
    "F/s",
    "blocks",
    "block",
    False,
    ratio,
    "How much each block changes what passes through it: the length of F(x) against that of the shortcut "
    "s(x), mean over the samples. At 0 a block does nothing, at 1 it adds as much as it was given.",
    needs_shortcut=True,
)
RESPONSE = Quantity(
    "response_std",
    "Response std",
    "std of response",
    "σ",
    "responses",
    "convolution",
    False,
    ratio,
    "Standard deviation of each convolution's output after batch norm, before ReLU or addition (Fig. 7 of "
    "arXiv:1512.03385), with the batch statistics of training.",
    phase="training statistics",
)
UPDATE = Quantity(
    "update_ratio",
    "Update to weight",
    "‖ΔW‖ / ‖W‖",
    "Δ",
    "convolutions",
    "convolution",
    True,
    scientific,
    "How far one step moves each convolution's weights, against their length. Behind a batch norm, SGD with "
    "momentum and weight decay settles at √(2 · rate · decay / (1 + momentum)), whatever the gradient "
    "(arXiv:2006.08419); a rule of thumb says 0.001.",
)
QUANTITIES = {quantity.key: quantity for quantity in (GRADIENT, MAGNITUDE, RESPONSE, UPDATE)}
"""All of them by key."""
