"""Runs that differ by their seeds only: which they are, and mean and spread of their curves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from resviz.arch.graph import Architecture
from resviz.train.recipe import Recipe

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_NO_MATTER = {
    "name": "", "seed": 0, "device": "auto", "data_dir": None, "checkpoint_seconds": 60.0,
}  # fmt: skip
"""Fields of a recipe in which repetitions may differ: what is trained is the same, but for the seed."""


class Spread(NamedTuple):
    """What several curves say together, (T,) each; NaN where fewer than two of them tell."""

    x: Floats
    """Iterations, rising."""
    mean: Floats
    low: Floats
    """The lowest of the curves."""
    high: Floats
    """The highest of them."""
    seeds: Ints
    """How many have a value there."""


def repeats(architecture: Architecture, recipe: Recipe) -> str:
    """Return a text that is equal for runs of one network and one recipe, whatever their seeds."""
    blocks = sorted((b.id, b.kind, sorted(b.params.items())) for b in architecture.blocks.values())
    wires = sorted((w.source, w.target, w.source_port, w.target_port) for w in architecture.wires)
    same = msgspec.structs.replace(recipe, **_NO_MATTER)
    return hashlib.sha256(msgspec.json.encode([blocks, wires, same])).hexdigest()


def spread(curves: Sequence[tuple[NDArray[Any], NDArray[Any]]], x: NDArray[Any] | None = None) -> Spread:
    """Return mean, lowest and highest of curves on one grid of iterations.

    Between two of its points a curve is a straight line; outside of them, and beside a value that is not
    finite, it tells nothing.

    Args:
        curves: iterations (rising) and values of each, (T,).
        x: the grid, rising; None: every iteration at which one of them has a point.
    """
    if x is None:
        points = [np.asarray(each, np.float64) for each, _ in curves]
        x = np.unique(np.concatenate(points)) if points else np.zeros(0)
    grid = np.asarray(x, np.float64)
    table = np.full((max(len(curves), 1), len(grid)), np.nan)
    for row, (at, values) in zip(table, curves, strict=False):
        if len(at):
            row[:] = np.interp(grid, at, values.astype(np.float64), left=np.nan, right=np.nan)
    table[~np.isfinite(table)] = np.nan
    known = ~np.isnan(table)
    count = known.sum(axis=0)
    several = count >= 2
    total = np.where(known, table, 0.0).sum(axis=0)
    mean = np.divide(total, count, out=np.full(len(grid), np.nan), where=several)
    low = np.where(several, np.where(known, table, np.inf).min(axis=0), np.nan)
    high = np.where(several, np.where(known, table, -np.inf).max(axis=0), np.nan)
    # A mean of equal values may come to lie beside them by a rounding.
    return Spread(grid, np.clip(mean, low, high), low, high, count)
