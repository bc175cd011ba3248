"""The newest probes of a run, brought to the blocks of the canvas."""

from __future__ import annotations

import math
from collections.abc import Iterable

from app.canvas.readout import BlockReadout
from resviz.arch.graph import Architecture
from resviz.runs.series import RunSeries

Readouts = dict[str, BlockReadout]


def structure_of(architecture: Architecture) -> object:
    """Return what makes two architectures the same network: blocks and wires, whatever places and name."""
    blocks = {block.id: (block.kind, block.params) for block in architecture.blocks.values()}
    return blocks, architecture.wires


def readouts_of(series: RunSeries, block_ids: Iterable[str], probe: int = -1) -> Readouts:
    """Return a readout for each block that a probe (the newest) speaks of.

    A block's gradient norm is that of all its convolutions together: the root of the sum of their squares.
    """
    if series.started is None or not len(series.probe_iterations):
        return {}
    known = set(block_ids)
    squares: dict[str, float] = {}
    for name, norm in zip(series.started.convolutions, series.gradient_norm[probe].tolist(), strict=True):
        block_id = name if name in known else name.rpartition(".")[0]
        squares[block_id] = squares.get(block_id, 0.0) + norm * norm
    gradients = {block_id: math.sqrt(square) for block_id, square in squares.items() if math.isfinite(square)}
    row = series.residual_magnitude[probe].tolist()
    magnitudes = {
        block_id: value
        for block_id, value in zip(series.started.blocks, row, strict=True)
        if math.isfinite(value)
    }
    return {
        block_id: BlockReadout(gradients.get(block_id), magnitudes.get(block_id))
        for block_id in {**gradients, **magnitudes}
        if block_id in known
    }


def ranges_of(readouts: Iterable[Readouts]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the ranges of gradient norms and residual magnitudes, the same for all networks.

    They are rounded outwards (half decades; quarters), so that colours do not flicker with every probe.
    The range of magnitudes ends at their ninth decile.
    """
    values = [readout for each in readouts for readout in each.values()]
    norms = [math.log10(v.gradient_norm) for v in values if v.gradient_norm]
    magnitudes = [v.residual_magnitude for v in values if v.residual_magnitude is not None]
    low, high = (math.floor(min(norms) * 2) / 2, math.ceil(max(norms) * 2) / 2) if norms else (-4.0, 0.0)
    # One block right after a downsampling can stand out a hundredfold: it must not darken all others.
    typical = sorted(magnitudes)[int(0.9 * (len(magnitudes) - 1))] if magnitudes else 1.0
    top = max(0.25, math.ceil(typical * 4) / 4)
    return (10.0**low, 10.0 ** max(high, low + 0.5)), (0.0, top)
