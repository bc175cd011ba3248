"""Pieces of a network as text: what copy and paste carry. The text is a whole architecture file."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from resviz.arch import files
from resviz.arch.definitions import free_instance, locals_of
from resviz.arch.folding import free_group
from resviz.arch.graph import Architecture


def to_text(architecture: Architecture, block_ids: Iterable[str]) -> str:
    """Return blocks and the wires among them as JSON text in the format of architecture files.

    A group stays one if it is among them as a whole; of a stack, what is among them is one too.
    """
    piece = Architecture(architecture.name)
    for block_id in block_ids:
        piece.insert(architecture[block_id])
    for wire in architecture.wires:
        if wire.source in piece and wire.target in piece:
            piece.connect(wire)
    piece.twin_memory = {b: value for b, value in architecture.memory().items() if b in piece}
    for name, group in architecture.grouped().items():
        inside = tuple(member for member in group.members if member in piece)
        if inside == group.members or (len(inside) > 1 and not group.definition):
            piece.groups[name] = msgspec.structs.replace(group, members=inside)
            if group.definition:
                piece.definitions[group.definition] = architecture.definitions[group.definition]
    return files.to_json(piece).decode("utf-8")


def from_text(text: str) -> Architecture:
    """Return the piece in a text.

    Raises:
        ResvizError: the text is no architecture.
    """
    return files.from_json(text.encode("utf-8"), where="The clipboard")


def renamed_for(architecture: Architecture, piece: Architecture) -> Architecture:
    """Return `piece` with its blocks, groups and definitions under names that are free in `architecture`.

    A definition that is there already keeps its name.
    """
    scratch, renamed = architecture.copy(), Architecture(piece.name)
    kept = {name: _definition_name(scratch, piece, name) for name in piece.definitions}
    renamed.definitions = {kept[name]: each for name, each in piece.definitions.items()}
    names: dict[str, str] = {}
    for name, group in piece.grouped().items():
        if group.definition:
            locals_ = locals_of(name, group.members)
            new = free_instance(scratch, name, locals_.values())
            names |= {member: f"{new}.{local}" for member, local in locals_.items()}
        else:
            new = free_group(scratch, name.rstrip("0123456789") or "stack")
        scratch.groups[new] = group
        renamed.groups[new] = msgspec.structs.replace(group, definition=kept.get(group.definition, ""))
    for block in piece.blocks.values():
        names.setdefault(block.id, scratch.free_id(block.id))
        renamed.insert(msgspec.structs.replace(block, id=names[block.id]))
        scratch.insert(renamed[names[block.id]])
    renamed.twin_memory = {names[b]: value for b, value in piece.twin_memory.items() if b in names}
    for wire in piece.wires:
        renamed.connect(msgspec.structs.replace(wire, source=names[wire.source], target=names[wire.target]))
    for name, group in renamed.groups.items():
        members = tuple(names[member] for member in group.members)
        renamed.groups[name] = msgspec.structs.replace(group, members=members)
    return renamed


def _definition_name(architecture: Architecture, piece: Architecture, name: str) -> str:
    found = architecture.definitions.get(name)
    if found is None or found == piece.definitions[name]:
        return name
    number = 2
    while f"{name}-{number}" in architecture.definitions:
        number += 1
    return f"{name}-{number}"
