"""Folding and unfolding: each function returns a reworked copy and what to select."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from resviz.arch.graph import Architecture, Group
from resviz.arch.rework import MOST_COPIES, chain_of, healed, in_order, repeated
from resviz.errors import ArchitectureError

LEAST_RUN = 3
"""Equal blocks in a row that are folded without being pointed at."""


def runs(architecture: Architecture, among: Collection[str], least: int) -> list[list[str]]:
    """Return the chains of at least `least` equal blocks, of equal kind and parameters, in order.

    Each but the last is read by the next one alone, at its only input.
    """
    found: list[list[str]] = []
    run: list[str] = []
    seen: set[str] = set()
    for block_id in architecture.order():
        if block_id not in among or block_id in seen:
            continue
        run = [block_id]
        while (follower := _equal_follower(architecture, run[-1])) in among and follower is not None:
            run.append(follower)
        seen.update(run)
        if len(run) >= least:
            found.append(run)
    return found


def pairs(architecture: Architecture) -> list[list[str]]:
    """Return the runs of two equal blocks that are in no group: folded only when they are selected."""
    grouped = {member for group in architecture.grouped().values() for member in group.members}
    loose = architecture.blocks.keys() - grouped
    return [run for run in runs(architecture, loose, 2) if len(run) < LEAST_RUN]


def _equal_follower(architecture: Architecture, block_id: str) -> str | None:
    wires = architecture.outgoing(block_id)
    if len(wires) != 1:
        return None
    block, reader = architecture[block_id], architecture[wires[0].target]
    same = (block.kind, block.params, block.bypassed) == (reader.kind, reader.params, reader.bypassed)
    return reader.id if same and len(reader.spec.inputs) == 1 else None


def folded(architecture: Architecture, block_ids: Iterable[str]) -> tuple[Architecture, list[str]]:
    """Fold what is repeated; return the copy, and the ids of what was folded.

    Of the whole network (no blocks given, or all): every run of equal blocks, and every group there is. Of
    some blocks: the runs among them, the groups that they are of, or else all of them, if they are a chain.

    Raises:
        ArchitectureError: there is nothing to fold.
    """
    chosen = set(block_ids)
    whole = not chosen or len(chosen) == len(architecture.blocks)
    copy, groups = architecture.copy(), architecture.grouped()
    if whole:
        chosen = set(architecture.blocks)
    touched = [name for name, group in groups.items() if not chosen.isdisjoint(group.members)]
    loose = chosen.difference(*(group.members for group in groups.values()))
    # Stacks of equal blocks may grow; what else is a group stays as it is.
    stacks = {name for name in touched if _is_run(architecture, groups[name])}
    free = loose.union(*(groups[name].members for name in stacks))
    found = runs(architecture, free, LEAST_RUN if whole else 2)
    done: list[str] = []
    for run in found:
        inside = [name for name in stacks if groups[name].members[0] in run]
        if len(inside) == 1 and set(groups[inside[0]].members) == set(run):
            continue
        for name in inside:
            del copy.groups[name]
            touched.remove(name)
        copy.groups[free_group(copy, "stack")] = Group(tuple(run))
        done += run
    for name in touched:
        if not groups[name].folded:
            copy.groups[name] = msgspec.structs.replace(groups[name], folded=True)
            done += groups[name].members
    if done:
        return copy, done
    if touched or whole:
        raise ArchitectureError(
            "All that is repeated is folded already: Shift+G unfolds it."
            if touched
            else "No block stands three times in a row here: select neighbours, then fold them."
        )
    chain = [block.id for block in chain_of(architecture, loose)]
    if len(chain) < 2:
        raise ArchitectureError("One block is no stack: select its neighbours too, or repeat it (R).")
    copy.groups[free_group(copy, "stack")] = Group(tuple(chain))
    return copy, chain


def whole_stack(architecture: Architecture, block_ids: Collection[str]) -> list[str] | None:
    """Return the folded stack of equal blocks, in order, that these are all the blocks of; None: no such."""
    wanted = set(block_ids)
    for group in architecture.grouped().values():
        if group.folded and set(group.members) == wanted and _is_run(architecture, group):
            return in_order(architecture, wanted)
    return None


def resized(
    architecture: Architecture, block_ids: Collection[str], count: int
) -> tuple[Architecture, list[str]]:
    """Let a folded stack have `count` blocks: copies come behind its last one, or its last ones go.

    Return the copy, and its blocks then.

    Raises:
        ArchitectureError: these are no whole stack, or there would be none of them or too many.
    """
    stack = whole_stack(architecture, block_ids)
    if stack is None:
        raise ArchitectureError("This is no stack of equal blocks: G folds those that stand in a row.")
    if not 1 <= count <= max(MOST_COPIES, len(stack)):
        raise ArchitectureError(f"A stack can have 1 to {MOST_COPIES:,} blocks, not {count:,}.")
    if count <= len(stack):
        gone = stack[count:]
        return (healed(architecture, gone) if gone else architecture.copy()), stack[:count]
    copy, new = repeated(architecture, stack[-1:], count - len(stack) + 1)
    return with_members(copy, stack, new), [*stack, *new]


def _is_run(architecture: Architecture, group: Group) -> bool:
    return not group.definition and runs(architecture, group.members, 1) == [
        in_order(architecture, group.members)
    ]


def unfolded(architecture: Architecture, block_ids: Iterable[str]) -> tuple[Architecture, list[str]]:
    """Unfold the groups of some blocks, or all of them; return the copy and their members.

    Raises:
        ArchitectureError: nothing is folded.
    """
    chosen = set(block_ids)
    copy, done = architecture.copy(), list[str]()
    for name, group in architecture.grouped().items():
        if group.folded and (not chosen or not chosen.isdisjoint(group.members)):
            copy.groups[name] = msgspec.structs.replace(group, folded=False)
            done += group.members
    if not done:
        raise ArchitectureError("Nothing is folded here: G folds equal blocks that stand in a row.")
    return copy, done


def with_members(architecture: Architecture, members: Sequence[str], added: Sequence[str]) -> Architecture:
    """Let the group of exactly these members, folded or not, take in more; as it is where there is none."""
    wanted = set(members)
    copy = architecture.copy()
    for name, group in architecture.grouped().items():
        if set(group.members) == wanted and not group.definition:
            copy.groups[name] = msgspec.structs.replace(group, members=(*group.members, *added))
    return copy


def free_group(architecture: Architecture, stem: str) -> str:
    """Return `stem` with the smallest number behind it that no group has."""
    number = 1
    while f"{stem}{number}" in architecture.groups:
        number += 1
    return f"{stem}{number}"


def ways_in(architecture: Architecture, members: Collection[str]) -> list[tuple[str, str]]:
    """Return the inputs, block and port, that the one way into some blocks feeds.

    Those that the place feeds which feeds the first of them; where nothing does, the open ones of the first.
    """
    inside = set(members)
    order = in_order(architecture, members)
    fed: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for block_id in order:
        for port, wire in architecture.incoming(block_id).items():
            if wire.source not in inside:
                fed.setdefault((wire.source, wire.source_port), []).append((block_id, port))
    if fed:
        return next(iter(fed.values()))
    for block_id in order:
        wired = architecture.incoming(block_id)
        ports = [(block_id, port) for port in architecture[block_id].spec.inputs if port not in wired]
        if ports:
            return ports
    return []


def way_out(architecture: Architecture, members: Collection[str]) -> str:
    """Return the block that the one way out leaves: the last that is read outside, or else the last."""
    inside = set(members)
    order = in_order(architecture, members)
    read = [b for b in order if any(wire.target not in inside for wire in architecture.outgoing(b))]
    return (read or order)[-1]
