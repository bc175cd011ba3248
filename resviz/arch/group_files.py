"""Groups and definitions in architecture files."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from resviz.arch.composites import SHORTCUTS
from resviz.arch.graph import Architecture, Definition, Group
from resviz.arch.names import check_id, natural_key
from resviz.errors import ArchitectureError

LONGEST_DOC = 200
"""Characters that tell what a definition is for."""


class WrittenGroup(msgspec.Struct, forbid_unknown_fields=True):
    """A group in a file."""

    members: list[str]
    folded: bool = True
    definition: str = ""


def fields_of_groups(groups: Mapping[str, Group]) -> dict[str, dict[str, object]]:
    """Return what a file says of groups, in natural order of their names."""
    fields: dict[str, dict[str, object]] = {}
    for name in sorted(groups, key=natural_key):
        group = groups[name]
        fields[name] = {"members": group.members, "folded": group.folded}
        if group.definition:
            fields[name]["definition"] = group.definition
    return fields


def checked_groups(architecture: Architecture, written: Mapping[str, WrittenGroup]) -> dict[str, Group]:
    """Return the groups of a file.

    Raises:
        ArchitectureError: they do not fit the blocks and definitions of the architecture.
    """
    groups: dict[str, Group] = {}
    owner: dict[str, str] = {}
    for name, group in written.items():
        _check_name("group", name)
        if not group.members:
            raise ArchitectureError(f"Group {name!r} has no blocks.")
        if group.definition and group.definition not in architecture.definitions:
            raise ArchitectureError(f"Group {name!r} follows {group.definition!r}, which is not defined.")
        for member in group.members:
            if member not in architecture:
                raise ArchitectureError(f"Group {name!r} names {member!r}, which is no block.")
            if member in owner:
                raise ArchitectureError(f"Block {member!r} is named by a group again: one is enough.")
            owner[member] = name
        groups[name] = Group(tuple(group.members), group.folded, group.definition)
    return groups


def checked_definition(name: str, raw: Definition, piece: Architecture) -> Definition:
    """Return a definition as it is kept; `piece` holds its blocks and wires.

    Raises:
        ArchitectureError: they are not what can be used again as one block.
    """
    _check_name("definition", name)
    what, memory = f"Definition {name!r}", raw.twin_memory
    if raw.exit not in piece or not piece[raw.exit].spec.outputs:
        raise ArchitectureError(f"{what} ends at {raw.exit!r}, which is no block with an output.")
    for block in piece.blocks.values():
        if not (block.spec.inputs and block.spec.outputs):
            raise ArchitectureError(f"{what} holds {block.id!r}, an end of a network.")
    for block_id, port in raw.entries:
        if block_id not in piece or port not in piece[block_id].spec.inputs:
            raise ArchitectureError(f"{what} begins at {block_id}.{port}, which is no input.")
        if port in piece.incoming(block_id):
            raise ArchitectureError(f"{what} begins at {block_id}.{port}, which is wired inside.")
    if len(set(raw.entries)) != len(raw.entries):
        raise ArchitectureError(f"{what} begins twice at the same input.")
    if len(raw.doc) > LONGEST_DOC or not raw.doc.isprintable():
        raise ArchitectureError(f"{what} is told of in more than a line: shorten it.")
    if not all(key in piece and piece[key].shortcut and memory[key] in SHORTCUTS for key in memory):
        raise ArchitectureError(f"The twin memory of {what.lower()} names no blocks with shortcuts.")
    order = piece.order()
    return Definition(
        tuple(msgspec.structs.replace(piece[block_id], position=None) for block_id in order),
        tuple(piece.wires),
        tuple(sorted(raw.entries)),
        raw.exit,
        raw.doc,
        {block_id: memory[block_id] for block_id in order if block_id in memory},
    )


def fields_of_definition(
    definition: Definition,
    block_fields: Callable[..., dict[str, object]],
    wire_fields: Callable[..., dict[str, object]],
) -> dict[str, object]:
    """Return what a file says of a definition."""
    fields: dict[str, object] = {"doc": definition.doc} if definition.doc else {}
    fields["blocks"] = [block_fields(block) for block in definition.blocks]
    fields["wires"] = [wire_fields(wire) for wire in definition.wires]
    fields["entries"] = definition.entries
    fields["exit"] = definition.exit
    if definition.twin_memory:
        fields["twin_memory"] = definition.twin_memory
    return fields


def _check_name(what: str, name: str) -> None:
    try:
        check_id(name)
    except ArchitectureError:
        raise ArchitectureError(f"A {what} cannot be called {name[:40]!r}: use letters and digits.") from None
