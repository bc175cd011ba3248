"""Align and distribute: where blocks go so that they stand in one line, or evenly. Pure geometry."""

from __future__ import annotations

from collections.abc import Mapping

from app.canvas import geometry as g
from resviz.arch.graph import Position

ALIGNMENTS = {
    "left": (0, 0.0),
    "centre": (0, 0.5),
    "right": (0, 1.0),
    "top": (1, 0.0),
    "middle": (1, 0.5),
    "bottom": (1, 1.0),
}
"""By name: the axis that becomes one line (0: x, 1: y), and where that is between the outermost blocks."""
_SIZE, _PITCH = (g.WIDTH, g.HEIGHT), (g.PITCH_X, g.PITCH_Y)


def aligned(places: Mapping[str, Position], name: str) -> dict[str, Position]:
    """Return where blocks stand in one line, on the grid; those that would cover others move along it."""
    if not places:
        return {}
    axis, share = ALIGNMENTS[name]
    along = 1 - axis
    values = [place[axis] for place in places.values()]
    line = _snapped(min(values) + share * (max(values) - min(values)))
    found: dict[str, Position] = {}
    edge = float("-inf")
    for block_id in sorted(places, key=lambda b: (places[b][along], places[b][axis])):
        value = places[block_id][along]
        if value < edge + _SIZE[along]:
            value = edge + _PITCH[along]
        edge = value
        found[block_id] = (line, value) if axis == 0 else (value, line)
    return found


def distributed(places: Mapping[str, Position], axis: int) -> dict[str, Position]:
    """Return where blocks stand at equal distances along x (0) or y (1), on the grid, in the order they have.

    The first one stays. Where they would cover each other they spread out.
    """
    if not places:
        return {}
    ids = sorted(places, key=lambda b: places[b][axis])
    first, last = places[ids[0]][axis], places[ids[-1]][axis]
    step = _snapped((last - first) / max(len(ids) - 1, 1))
    if step < _SIZE[axis]:
        step = _PITCH[axis]
    found: dict[str, Position] = {}
    for number, block_id in enumerate(ids):
        value, other = first + number * step, places[block_id][1 - axis]
        found[block_id] = (value, other) if axis == 0 else (other, value)
    return found


def _snapped(value: float) -> float:
    return round(value / g.SNAP) * g.SNAP
