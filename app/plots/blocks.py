"""A probe brought to the blocks of the canvas."""

from __future__ import annotations

import math
from collections.abc import Iterable

from app.plots.quantities import Quantity
from resviz.runs.series import RunSeries


def block_values(
    series: RunSeries, quantity: Quantity, probe: int, block_ids: Iterable[str]
) -> dict[str, float]:
    """Return the value of each block that a probe speaks of; NaN where it is not a number.

    Of a block with several convolutions it is their gradient norm taken together (the root of the sum of the
    squares), or else the root of the mean of the squares.
    """
    values = quantity.values(series)
    if not values.size:
        return {}
    known = set(block_ids)
    found: dict[str, list[float]] = {}
    for name, value in zip(quantity.names(series), values[probe].tolist(), strict=True):
        block_id = name if name in known else name.rpartition(".")[0]
        # A plain block has no residual magnitude; a gradient that is none is news.
        if block_id in known and not (quantity.needs_shortcut and math.isnan(value)):
            found.setdefault(block_id, []).append(value)
    return {
        block_id: each[0]
        if len(each) == 1
        else math.sqrt(math.fsum(value * value for value in each) / (1 if quantity.adds_up else len(each)))
        for block_id, each in found.items()
    }
