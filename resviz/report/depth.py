"""The layers of a network by name: stages, the block that a layer belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby

from resviz.arch.composites import RESIDUAL_KINDS
from resviz.arch.graph import Architecture
from resviz.arch.shapes import infer


def stages(names: Sequence[str]) -> list[tuple[str, int, int]]:
    """Return the stages as (name as shown, first, last), counted from 1: "stage1.block2" is in "stage 1"."""
    return list(_stages(tuple(names)))


@lru_cache(maxsize=128)
def _stages(names: tuple[str, ...]) -> tuple[tuple[str, int, int], ...]:
    """Return the stages; kept, for plots ask for the same ones at each move of the time cursor."""
    found, index = [], 1
    for part, group in groupby(name.split(".")[0] for name in names):
        size = len(list(group))
        if part.startswith("stage") and part[5:].isdigit():
            found.append((f"stage {part[5:]}", index, index + size - 1))
        index += size
    return tuple(found)


def places_of(blocks: Iterable[str], names: Sequence[str]) -> list[int]:
    """Return where, counted from 1, the layers of these blocks are among `names`."""
    wanted = frozenset(blocks)
    return [
        place
        for place, name in enumerate(names, 1)
        if wanted and (name in wanted or name.rpartition(".")[0] in wanted)
    ]


def transitions(architecture: Architecture) -> frozenset[str]:
    """Return the residual units whose shortcut has to change the shape of what it carries."""
    shapes = infer(architecture).shapes
    units = (block for block in architecture.blocks.values() if block.kind in RESIDUAL_KINDS)
    sources = {
        unit.id: [wire.source for wire in architecture.incoming(unit.id).values()]
        for unit in units
        if unit.params["shortcut"] != "none"
    }
    return frozenset(
        name for name, found in sources.items() if found and shapes.get(name) != shapes.get(found[0])
    )
