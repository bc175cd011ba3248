"""Blocks made of blocks: what their instances are called, and what an instance is at present."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from resviz.arch.folding import ways_in
from resviz.arch.graph import Architecture, Block, Definition, Wire
from resviz.arch.spec import Value

_KEY = "definition:"
"""Before the name of a definition where kinds of blocks are named: no kind is called so."""


def key_of(name: str) -> str:
    """Return what stands for a definition where kinds of blocks are named."""
    return f"{_KEY}{name}"


def name_of(key: str) -> str | None:
    """Return the definition that a key stands for, None if it is that of a kind."""
    return key.removeprefix(_KEY) if key.startswith(_KEY) else None


def local_name(instance: str, block_id: str) -> str:
    """Return what a block of an instance is called in its definition: "conv1" of "unit2.conv1"."""
    return block_id.removeprefix(f"{instance}.")


def members_of(architecture: Architecture, name: str) -> tuple[str, ...]:
    """Return the blocks of a group that are there."""
    return tuple(member for member in architecture.groups[name].members if member in architecture)


def locals_of(instance: str, members: Iterable[str]) -> dict[str, str]:
    """Return what the blocks of an instance are called in its definition, each otherwise."""
    names = {member: local_name(instance, member) for member in members}
    taken = {local for member, local in names.items() if local != member}
    for member, local in names.items():
        if local == member and local in taken:  # it came in under a name without the instance's
            number = 2
            while f"{local}-{number}" in taken:
                number += 1
            names[member] = f"{local}-{number}"
            taken.add(names[member])
    return names


def free_instance(architecture: Architecture, stem: str, locals_: Iterable[str]) -> str:
    """Return `stem`, or with another number behind it, so that group and blocks of that name are free."""
    wanted = list(locals_)

    def free(name: str) -> bool:
        taken = name in architecture.groups or name in architecture
        return not taken and all(f"{name}.{local}" not in architecture for local in wanted)

    if free(stem) and stem[-1:].isdigit():
        return stem
    base, number = re.sub(r"\d+$", "", stem) or "block", 1
    while not free(f"{base}{number}"):
        number += 1
    return f"{base}{number}"


def content(architecture: Architecture, instance: str, definition: Definition) -> Definition:
    """Return what an instance is now, as a definition; `definition` is what it followed so far.

    Wires from outside are no part of it, but for which inputs the one way in feeds.
    """
    members = members_of(architecture, instance)
    inside, local = set(members), locals_of(instance, members)
    piece = Architecture()
    for member in members:
        piece.insert(msgspec.structs.replace(architecture[member], id=local[member], position=None))
    fed: dict[tuple[str, str], Wire] = {}
    for member in members:
        for port, wire in architecture.incoming(member).items():
            if wire.source in inside:
                piece.connect(msgspec.structs.replace(wire, source=local[wire.source], target=local[member]))
            else:
                fed[local[member], port] = wire
    order = piece.order()
    entries = _entries(piece, fed, definition)
    end = definition.exit
    if end not in piece:
        read = {local[m] for m in members if any(w.target not in inside for w in architecture.outgoing(m))}
        end = next((block_id for block_id in reversed(order) if block_id in read), order[-1])
    memory = architecture.memory()
    return Definition(
        tuple(piece[block_id] for block_id in order),
        tuple(piece.wires),
        entries,
        end,
        definition.doc,
        {block_id: memory[m] for block_id in order for m in members if local[m] == block_id and m in memory},
    )


def _entries(
    piece: Architecture, fed: Mapping[tuple[str, str], Wire], definition: Definition
) -> tuple[tuple[str, str], ...]:
    """Return which inputs of an instance its one way in feeds: those so far, and those fed from there now."""
    kept = [
        (block_id, port)
        for block_id, port in definition.entries
        if block_id in piece and port in piece[block_id].spec.inputs and port not in piece.incoming(block_id)
    ]
    rank = {block_id: number for number, block_id in enumerate(piece.order())}
    known = [fed[entry] for entry in kept if entry in fed]
    known = known or [fed[entry] for entry in sorted(fed, key=lambda entry: rank[entry[0]])]
    if known:
        start = known[0].source, known[0].source_port
        kept += [entry for entry, wire in fed.items() if (wire.source, wire.source_port) == start]
    elif not kept:
        kept = ways_in(piece, piece.order())
    return tuple(sorted(set(kept)))


def entries_of(architecture: Architecture, name: str) -> list[tuple[str, str]]:
    """Return block and port of each input that what leads into a group goes to."""
    group = architecture.grouped()[name]
    if not group.definition:
        return ways_in(architecture, group.members)
    found = architecture.definitions[group.definition].entries
    ids = {local: member for member, local in locals_of(name, group.members).items()}
    return [(ids[local], port) for local, port in found if local in ids]


def instance_around(architecture: Architecture, wire: Wire) -> str | None:
    """Return the instance that a wire is inside of, None if it is inside of none."""
    for name, group in architecture.grouped().items():
        if group.definition and wire.source in group.members and wire.target in group.members:
            return name
    return None


def bundle(architecture: Architecture, wire: Wire) -> list[Wire]:
    """Return the wires that one wire stands for: into a folded group it goes to all that is fed there."""
    for name, group in architecture.grouped().items():
        if group.folded and wire.target in group.members and wire.source not in group.members:
            entries = entries_of(architecture, name)
            if (wire.target, wire.target_port) in entries:
                return [msgspec.structs.replace(wire, target=b, target_port=p) for b, p in entries]
    return [wire]


def twinned(definition: Definition, *, plain: bool) -> Definition:
    """Return a definition without shortcuts, or with those put back that `twin_memory` knows, else A."""
    memory: dict[str, str] = {}
    blocks = []
    for block in definition.blocks:
        shortcut = block.shortcut
        if shortcut is None:
            blocks.append(block)
            continue
        if plain and shortcut != "A":
            memory[block.id] = shortcut
        wanted = "none" if plain else definition.twin_memory.get(block.id, "A")
        blocks.append(_with_shortcut(block, wanted))
    return msgspec.structs.replace(definition, blocks=tuple(blocks), twin_memory=memory)


def _with_shortcut(block: Block, shortcut: str) -> Block:
    params: dict[str, Value] = (
        {"plain": shortcut == "none"} if block.kind == "add" else {"shortcut": shortcut}
    )
    return msgspec.structs.replace(block, params={**block.params, **params})
