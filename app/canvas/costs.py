"""What blocks cost, as readouts: each block's share of the network, in the colours of the live values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from app.canvas.readout import Readouts, ReadoutScale
from app.canvas.text import short_count
from app.document import Document
from resviz.arch.spec import Cost
from resviz.train.memory import size_text

_BYTES = 4
"""Of one value in float32."""


def _bytes(count: int) -> str:
    return (
        f"{size_text(_BYTES * count)} a picture" if _BYTES * count >= 2**20 else f"{_BYTES * count:,} bytes"
    )


@dataclass(frozen=True)
class CostKind:
    """One thing that blocks cost."""

    key: str
    title: str
    short: str
    """For where there is little room: on a block of the canvas."""
    of: Callable[[Cost], int]
    told: Callable[[int], str]
    """All that a network costs, in words."""
    unit: str
    """What is counted."""


COSTS = {
    kind.key: kind
    for kind in (
        CostKind(
            "parameters",
            "Parameters",
            "params",
            lambda c: c.parameters,
            lambda n: f"{n:,} in all",
            "parameters",
        ),
        CostKind(
            "multiply_adds",
            "Multiply-adds",
            "mult-adds",
            lambda c: c.multiply_adds,
            lambda n: f"{short_count(n)} a picture",
            "multiply-adds a picture",
        ),
        CostKind(
            "activations", "Activation memory", "memory", lambda c: c.activations, _bytes, "values a picture"
        ),
    )
}
"""What blocks can be coloured by, by key; in training, values are kept of each picture of a batch."""


def share_text(percent: float) -> str:
    """Return a share: "12 %", "3.2 %", "0.04 %", "0 %"."""
    if percent >= 9.95 or percent < 0.005:
        return f"{percent:.0f} %"
    return f"{percent:.1f} %" if percent >= 0.095 else f"{percent:.2f} %"


def largest_share(document: Document, kind: CostKind) -> float:
    """Return the share of the costliest block, in percent."""
    cost = document.cost
    most = max((kind.of(each) for each in cost.blocks.values()), default=0)
    return 100 * most / max(1, kind.of(cost.total))


def cost_readouts(document: Document, kind: CostKind, high: float) -> Readouts:
    """Return each block's share of what the network costs; `high`: percent that have the last colour."""
    cost = document.cost
    total = kind.of(cost.total)
    counts = np.array([kind.of(each) for each in cost.blocks.values()], np.float64)
    scale = ReadoutScale(
        kind.title,
        kind.short,
        0.0,
        high or 1.0,
        text=share_text,
        name=f"share of {kind.title.lower()}",
    )
    return Readouts(
        tuple(cost.blocks),
        100 * counts / max(1, total),
        scale,
        counts > 0,
        when=kind.told(total),
        tell=partial(_tell, document, kind),
        live=False,
    )


def _tell(document: Document, kind: CostKind, block_id: str) -> tuple[str, ...]:
    cost = document.cost
    own, total = cost.blocks.get(block_id), kind.of(cost.total)
    if own is None or not kind.of(own):
        return ()
    share = share_text(100 * kind.of(own) / max(1, total))
    return (f"{share} of all {kind.title.lower()}",)
