"""What follows from an edit: blocks that come into a group, stacks that are none any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from resviz.arch.graph import Architecture, Group


def followed(before: Architecture, after: Architecture) -> Architecture | None:
    """Return `after` with what follows from the edit that led to it from `before`; None: nothing does."""
    groups = _regrouped(before, after)
    if groups == after.groups:
        return None
    copy = after.copy()
    copy.groups = groups
    return copy


def _regrouped(before: Architecture, after: Architecture) -> dict[str, Group]:
    """Return the groups of `after`, as far as the edit itself did not set them.

    New blocks between two of a group's belong to it, and so do the layers that one of its blocks was expanded
    into, and the unit that some were collapsed into. A stack of one block is none.
    """
    new = [block_id for block_id in after.blocks if block_id not in before]
    gone = {block_id for block_id in before.blocks if block_id not in after}
    groups = dict(after.groups)
    if not new and not gone:
        return groups
    was = before.grouped()
    owner = {member: name for name, group in was.items() for member in group.members}
    mine = [name for name, group in groups.items() if before.groups.get(name) == group]
    for name in mine:  # an old id that is new again means another block now
        members = groups[name].members
        if not set(new).isdisjoint(members):
            kept = tuple(member for member in members if member not in new)
            groups[name] = msgspec.structs.replace(groups[name], members=kept)
    named = {member for name, group in groups.items() if name not in mine for member in group.members}
    for block_id in new:
        if block_id not in named:
            home = _home(after, block_id, set(new), owner) or _heir(block_id, gone, owner)
            if home is not None and home in mine:
                groups[home] = msgspec.structs.replace(
                    groups[home], members=(*groups[home].members, block_id)
                )
    for name in mine:
        left = [member for member in groups[name].members if member in after]
        if name in was and len(left) < 2 <= len(was[name].members) and not was[name].definition:
            del groups[name]
    return groups


def _home(architecture: Architecture, block_id: str, new: set[str], owner: Mapping[str, str]) -> str | None:
    """Return the group that a new block has before and behind it, new blocks left out."""

    def reached(ahead: Callable[[str], Iterable[str]]) -> set[str]:
        found, waiting, seen = set[str](), [block_id], {block_id}
        while waiting:
            for other in ahead(waiting.pop()):
                if other in new and other not in seen:
                    seen.add(other)
                    waiting.append(other)
                elif other in owner:
                    found.add(owner[other])
        return found

    behind = reached(lambda b: [wire.target for wire in architecture.outgoing(b)])
    before = reached(lambda b: [wire.source for wire in architecture.incoming(b).values()])
    return min(behind & before, default=None)


def _heir(block_id: str, gone: Iterable[str], owner: Mapping[str, str]) -> str | None:
    """Return the group of the removed blocks that a new block was made of, or that it is a part of."""
    names = (
        owner[old]
        for old in gone
        if old in owner and (block_id.startswith(f"{old}.") or old.startswith(f"{block_id}."))
    )
    return min(names, default=None)
