"""Exploding and dead layers: which convolutions of a probe are, by which rule, and how that is said."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.canvas.text import scientific
from resviz.runs.series import RunSeries

Bools = NDArray[np.bool_]

FAR_ABOVE, LONGER = 100.0, 1.0
"""A gradient explodes that is so many times the network's median, and so many times its weights' length.

The first alone would call a healthy last layer exploding when most others are starved: so it is in plain-110
from the sixth step on, where the median is next to nothing.
"""
OVERTURNED = 1.0
"""So does a layer that one step moves by more than the length of its weights.

Measured in 300 iterations of the demonstration (plain-56-w8, resnet-56-w8) and of both networks of 20 layers:
the first step moves 12 convolutions of plain-56 by up to 9.3 times their length, later ones none by more than
0.9; in the other networks no step is above 0.06, and no gradient above 5.3 times the median.
"""
STILL, LEFT_BEHIND = 1e-4, 1e-2
"""A layer is dead whose gradient is so small against its weights, and against what the strongest layer gets.

‖dL/dW‖ / ‖W‖ is what turns weights behind a batch norm, whatever their length. The first alone would call all
layers dead of a network that has learnt all it can, the second alone the last layers of one whose first ones
explode. In those trainings healthy networks stay above 1.8e-3 and 7e-2; the first 8 to 24 convolutions of
plain-56 are below both from iteration 9 on, their huge first step having made their weights long.
"""
SILENT = 1e-3
"""So is one whose response has no larger standard deviation (healthy: 0.3 to 26), which passes nothing on."""


def exploding(series: RunSeries, probe: int) -> Bools:
    """Return which convolutions explode, (convolutions,)."""
    gradient, update = series.gradient_norm[probe], series.update_ratio[probe]
    finite = np.isfinite(gradient)
    median = float(np.median(gradient[finite])) if finite.any() else 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        # Where the log has no weights the gradient alone has to do.
        long = ~(gradient / series.weight_norm[probe] <= LONGER)
        far = long & (gradient > FAR_ABOVE * median) if median > 0 else np.zeros_like(finite)
        found: Bools = ~finite | (update > OVERTURNED) | far
    return found


def dead(series: RunSeries, probe: int) -> Bools:
    """Return which convolutions are dead, (convolutions,), but for those that a step left out.

    Stochastic depth leaves blocks out: these have no gradient, and no response either.
    """
    gradient, response = series.gradient_norm[probe], _responses(series, probe)
    with np.errstate(invalid="ignore", divide="ignore"):
        pull = gradient.astype(np.float64) / series.weight_norm[probe]
        strongest = np.nanmax(pull) if np.isfinite(pull).any() else 0.0
        starved = (pull < STILL) & (pull < LEFT_BEHIND * strongest)
        left_out = (gradient == 0) & np.isnan(response)
        found: Bools = ((gradient == 0) | starved | (response < SILENT)) & ~left_out
    return found


def _responses(series: RunSeries, probe: int) -> NDArray[np.float64]:
    """Return the response std of each convolution; inf for those that no batch norm follows."""
    started, response = series.started, series.response_std
    found = np.full(series.gradient_norm.shape[1], np.inf)
    if started is None or not response.size or response.shape[1] != len(started.responses):
        return found
    if started.responses == started.convolutions:
        found[:] = response[probe]
        return found
    deviations = dict(zip(started.responses, response[probe].tolist(), strict=True))
    return np.array([deviations.get(name, np.inf) for name in started.convolutions], np.float64)


def why_exploding(series: RunSeries, probe: int, convolution: int) -> str:
    """Return in one sentence why a convolution is called exploding."""
    gradient, update = series.gradient_norm[probe], float(series.update_ratio[probe, convolution])
    name, value = _name(series, convolution), float(gradient[convolution])
    if not np.isfinite(value):
        return f"Exploding: the gradient of {name} is not a finite number."
    if update > OVERTURNED:
        return f"Exploding: this step moved the weights of {name} by {update:.1f} times their length."
    times = value / float(np.nanmedian(gradient))
    return f"Exploding: the gradient of {name} is {times:,.0f} times the median of the network."


def why_dead(series: RunSeries, probe: int, convolution: int) -> str:
    """Return in one sentence why a convolution is called dead."""
    name, value = _name(series, convolution), float(series.gradient_norm[probe, convolution])
    if float(_responses(series, probe)[convolution]) < SILENT:
        return f"Dead: {name} answers every picture alike, its response std is about zero."
    if value == 0:
        return f"Dead: no gradient reaches {name}."
    weights = float(series.weight_norm[probe, convolution])
    return (
        f"Dead: the gradient of {name} is {scientific(value / weights)} of its weights' length, "
        "too little to turn them."
    )


def _name(series: RunSeries, convolution: int) -> str:
    return series.started.convolutions[convolution].rpartition(".")[2] if series.started else "a layer"
