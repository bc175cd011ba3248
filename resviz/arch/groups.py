"""Groups: named sets of blocks that can be drawn as one, a stack of equal blocks or a block of one's own.

The blocks stay blocks of the architecture, with ids of their own: what is computed, built and trained knows
nothing of groups.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import msgspec

from resviz.arch.block import Block, Wire
from resviz.arch.names import natural_key


class Group(msgspec.Struct, frozen=True):
    """Blocks that belong together; a block is in one group at the most."""

    members: tuple[str, ...]
    """Ids. May name removed blocks, which undo may bring back: `Architecture.grouped` is what counts."""
    folded: bool = True
    """Drawn as one item."""
    definition: str = ""
    """Of which definition it is an instance; "": of none, it is a stack."""


class Definition(msgspec.Struct, frozen=True):
    """A block made of blocks, to be used again. Its blocks are called as in an instance, without its name."""

    blocks: tuple[Block, ...]
    """In the order of the network; where they stand does not count."""
    wires: tuple[Wire, ...]
    entries: tuple[tuple[str, str], ...]
    """Block and port of each input that the one way in feeds."""
    exit: str
    """The block that the one way out leaves."""
    doc: str = ""
    """What it is for, in a line."""
    twin_memory: dict[str, str] = {}
    """The shortcuts of its residual twin, as in `Architecture.twin_memory`."""


def grouped(
    groups: Mapping[str, Group], blocks: Container[str], definitions: Container[str]
) -> dict[str, Group]:
    """Return what counts of groups: blocks that are there, each in the first group that names it."""
    found: dict[str, Group] = {}
    taken: set[str] = set()
    for name in sorted(groups, key=natural_key):
        group = groups[name]
        members = tuple(b for b in dict.fromkeys(group.members) if b in blocks and b not in taken)
        if members:
            taken.update(members)
            definition = group.definition if group.definition in definitions else ""
            found[name] = Group(members, group.folded, definition)
    return found


def cells_of(groups: Mapping[str, Group], order: Sequence[str]) -> dict[str, list[str]]:
    """Return what is drawn as one, in order: blocks by themselves, and the members of folded groups.

    Each by its first block; `groups` are those that count.
    """
    name_of = {member: name for name, group in groups.items() if group.folded for member in group.members}
    cells: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for block_id in order:
        name = name_of.get(block_id)
        if name is None:
            cells[block_id] = [block_id]
        elif name in first:
            cells[first[name]].append(block_id)
        else:
            first[name] = block_id
            cells[block_id] = [block_id]
    return cells
