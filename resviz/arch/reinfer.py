"""After an edit: shapes, problems, costs and readings of what it changed; the rest is as it was.

`infer`, `cost_of` and `ruler` say what is right. These say the same of a network that was judged before, and
look only where something may be different: down the network as far as shapes, depths or readings change, up
it as far as blocks begin or cease to lead to the output.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from heapq import heapify, heappop, heappush
from itertools import takewhile
from typing import TypeVar

from resviz.arch.cost import NetworkCost, block_cost, cost_of, depth_at, summed_cost
from resviz.arch.field import Reading, reading_at, ruler
from resviz.arch.graph import Architecture
from resviz.arch.shapes import Fault, Inference, infer, judge, summed, use_of

Changed = frozenset[str] | None
"""Blocks of which something may be different, gone ones too; None: all."""

_MOST = 0.5
"""Of the blocks; where a larger share was touched, looking at all in one go is quicker."""
_Known = TypeVar("_Known")


def infer_again(
    architecture: Architecture, before: Inference, touched: Collection[str]
) -> tuple[Inference, Changed]:
    """Return what `infer` does, and of which blocks it may be different from `before`.

    Args:
        architecture: after the edit.
        before: the inference before the edit; it is left as it is.
        touched: ids of all blocks that came, went or were renamed (the old id and the new), whose parameters
            or bypass changed, or where a wire came or went.
    """
    rank = architecture.rank
    ends = any(architecture.of_kind("output"))
    if ends != bool(before.useful) or len(touched) > _MOST * len(rank):
        return infer(architecture), None
    here, gone = _sorted_out(architecture, touched)
    useful, idle, used = _uses(architecture, before, here, gone)
    shapes, inputs, found = dict(before.shapes), dict(before.inputs), dict(before.found)
    for block_id in gone:
        for known in (shapes, inputs, found):
            known.pop(block_id, None)

    def look(block_id: str) -> bool:
        read, shape, problems = judge(architecture, block_id, shapes, idle=block_id in idle)
        _keep(inputs, block_id, read)
        _keep(found, block_id, problems or None)
        return _keep(shapes, block_id, shape)

    # What an addition says names what feeds it, and depends on how many others that feeds.
    readers = [wire.target for block_id in here for wire in architecture.fed_by(block_id)]
    seen = _onward(architecture, [*here, *readers, *used], look)
    after = summed(architecture, shapes, inputs, found, useful=useful, idle=idle)
    return after, frozenset(seen.union(gone, used, _second_ends(before), _second_ends(after)))


def cost_again(
    architecture: Architecture, inference: Inference, before: NetworkCost, changed: Changed
) -> NetworkCost:
    """Return what `cost_of` does; `changed`: where the inference may be another than it was for `before`."""
    if changed is None:
        return cost_of(architecture, inference)
    here, gone = _sorted_out(architecture, changed)
    blocks, depths = dict(before.blocks), dict(before.depths)
    for block_id in gone:
        blocks.pop(block_id, None)
        depths.pop(block_id, None)
    blocks.update((block_id, block_cost(architecture, inference, block_id)) for block_id in here)

    def look(block_id: str) -> bool:
        return _keep(depths, block_id, depth_at(architecture, block_id, depths))

    _onward(architecture, here, look)
    return summed_cost(architecture, inference, blocks, depths)


def ruler_again(
    architecture: Architecture, inference: Inference, before: dict[str, Reading], changed: Changed
) -> dict[str, Reading]:
    """Return what `ruler` does; `changed`: as in `cost_again`, but None where another shape comes in."""
    if changed is None:
        return ruler(architecture, inference)
    here, gone = _sorted_out(architecture, changed)
    found = dict(before)
    for block_id in gone:
        found.pop(block_id, None)

    def look(block_id: str) -> bool:
        return _keep(found, block_id, reading_at(architecture, inference, block_id, found))

    _onward(architecture, here, look)
    return {block_id: found[block_id] for block_id in architecture.rank if block_id in found}


def _second_ends(inference: Inference) -> set[str]:
    """Return the inputs and outputs that are one too many: another one may have taken the place."""
    first = takewhile(lambda problem: problem.fault <= Fault.SECOND_END, inference.problems)
    return {problem.block for problem in first if problem.block is not None}


def _sorted_out(architecture: Architecture, block_ids: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return those that are there, and those that are not."""
    here, gone = list[str](), list[str]()
    for block_id in block_ids:
        (here if block_id in architecture else gone).append(block_id)
    return here, gone


def _keep(known: dict[str, _Known], block_id: str, value: _Known | None) -> bool:
    """Write down what is known of a block now (None: nothing); return whether that is new."""
    if known.get(block_id) == value:
        return False
    if value is None:
        del known[block_id]
    else:
        known[block_id] = value
    return True


def _uses(
    architecture: Architecture, before: Inference, here: list[str], gone: list[str]
) -> tuple[frozenset[str], frozenset[str], list[str]]:
    """Return the useful blocks, the idle ones, and those of which either is new."""
    rank, blocks = architecture.rank, architecture.blocks
    useful, idle = set(before.useful).difference(gone), set(before.idle).difference(gone)
    sources = [wire.source for block_id in here for wire in architecture.incoming(block_id).values()]
    known = {block_id for block_id in (*here, *sources) if block_id in blocks}
    waiting = [(-rank[block_id], block_id) for block_id in known]
    heapify(waiting)
    new = []
    while waiting:
        _, block_id = heappop(waiting)
        leads, waits = use_of(architecture, block_id, useful, idle)
        if (leads, waits) == (block_id in useful, block_id in idle):
            continue
        new.append(block_id)
        for members, belongs in ((useful, leads), (idle, waits)):
            if belongs:
                members.add(block_id)
            else:
                members.discard(block_id)
        for wire in architecture.incoming(block_id).values():
            if wire.source not in known:
                known.add(wire.source)
                heappush(waiting, (-rank[wire.source], wire.source))
    return frozenset(useful), frozenset(idle), new


def _onward(architecture: Architecture, start: Iterable[str], look: Callable[[str], bool]) -> set[str]:
    """Look at blocks in order, and at what reads one where `look` says so; return all that were looked at."""
    rank = architecture.rank
    seen = set(start)
    waiting = [(rank[block_id], block_id) for block_id in seen]
    heapify(waiting)
    while waiting:
        _, block_id = heappop(waiting)
        if look(block_id):
            for wire in architecture.fed_by(block_id):
                if wire.target not in seen:
                    seen.add(wire.target)
                    heappush(waiting, (rank[wire.target], wire.target))
    return seen
