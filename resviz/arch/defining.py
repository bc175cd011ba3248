"""Making blocks of one's own, using them, and making them loose again; each function returns a copy."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import takewhile

import msgspec

from resviz.arch.definitions import content, entries_of, free_instance, locals_of
from resviz.arch.folding import ways_in
from resviz.arch.graph import Architecture, Definition, Group, Position, Wire
from resviz.arch.names import check_id
from resviz.arch.rework import MOST_COPIES, in_order
from resviz.errors import ArchitectureError


def defined(
    architecture: Architecture, block_ids: Iterable[str], name: str, doc: str = ""
) -> tuple[Architecture, list[str]]:
    """Make a definition of blocks, which become its first instance; return the copy and their new ids.

    Raises:
        ArchitectureError: the name is of no use, or not one wire leads in and one way out.
    """
    check_definition_name(architecture, name)
    members = check_selection(architecture, block_ids)
    copy = architecture.copy()
    for other, group in copy.groups.items():  # a stack that is taken over, as a whole or in parts
        left = tuple(member for member in group.members if member not in members)
        copy.groups[other] = msgspec.structs.replace(group, members=left)
    copy.groups = {other: group for other, group in copy.groups.items() if group.members}
    locals_ = _local_names(members)
    instance = free_instance(copy, f"{name}1", locals_.values())
    for member, local in locals_.items():
        copy.rename(member, f"{instance}.{local}")
    ids = tuple(f"{instance}.{local}" for local in locals_.values())
    copy.groups[instance] = Group(ids, True, name)
    copy.definitions[name] = content(copy, instance, Definition((), (), (), "", doc))
    return copy, list(ids)


def check_definition_name(architecture: Architecture, name: str) -> None:
    """Check that a new definition may be called so.

    Raises:
        ArchitectureError: it may not; the sentence says why.
    """
    if name in architecture.definitions:
        raise ArchitectureError(f"There is already a block of your own called {name!r}: choose another name.")
    check_id(name)


def check_selection(architecture: Architecture, block_ids: Iterable[str]) -> list[str]:
    """Return blocks in order if they can become one.

    Raises:
        ArchitectureError: they cannot; the sentence says why.
    """
    members = in_order(architecture, block_ids)
    inside = set(members)
    if not members:
        raise ArchitectureError("Nothing is selected: select the blocks that are to become one.")
    if any(not (architecture[b].spec.inputs and architecture[b].spec.outputs) for b in members):
        raise ArchitectureError("Input and output stay by themselves: leave them out.")
    for name, group in architecture.grouped().items():
        if group.definition and not inside.isdisjoint(group.members):
            raise ArchitectureError(f"{name} is a block of your own already: unpack it first (U).")
    sources = {(w.source, w.source_port) for b in members for w in architecture.incoming(b).values()}
    sources = {each for each in sources if each[0] not in inside}
    if len(sources) > 1:
        names = " and ".join(sorted({source for source, _ in sources})[:2])
        raise ArchitectureError(f"Wires lead in from {names}: a block of your own has one way in.")
    ends = [b for b in members if not _read_inside(architecture, b, inside)]
    outlets = [b for b in members if any(w.target not in inside for w in architecture.outgoing(b))]
    if len(set(ends) | set(outlets)) > 1:
        names = " and ".join(list(dict.fromkeys([*outlets, *ends]))[:2])
        raise ArchitectureError(f"What {names} give leads out: a block of your own has one way out.")
    entries = ways_in(architecture, members)
    for block_id in members:
        wired = architecture.incoming(block_id)
        for port in architecture[block_id].spec.inputs:
            if port not in wired and (block_id, port) not in entries:
                raise ArchitectureError(f"Input {port!r} of {block_id} is open: wire it first.")
    return members


def _read_inside(architecture: Architecture, block_id: str, inside: Collection[str]) -> bool:
    return any(wire.target in inside for wire in architecture.outgoing(block_id))


def _local_names(members: list[str]) -> dict[str, str]:
    """Return what blocks are called in their definition: without what all their names begin with."""
    stems = [member.split(".")[:-1] for member in members]
    shared = len(list(takewhile(lambda parts: len(set(parts)) == 1, zip(*stems, strict=False))))
    return {member: ".".join(member.split(".")[shared:]) for member in members}


def with_instance(
    architecture: Architecture, name: str, position: Position | None
) -> tuple[Architecture, str]:
    """Add an instance of a definition, folded and not wired; return the copy and the instance's name."""
    definition, copy = architecture.definitions[name], architecture.copy()
    instance = free_instance(copy, f"{name}1", [block.id for block in definition.blocks])
    for block in definition.blocks:
        copy.insert(msgspec.structs.replace(block, id=f"{instance}.{block.id}", position=position))
    for wire in definition.wires:
        copy.connect(_inside(instance, wire))
    for local, shortcut in definition.twin_memory.items():
        copy.twin_memory[f"{instance}.{local}"] = shortcut
    members = tuple(f"{instance}.{block.id}" for block in definition.blocks)
    copy.groups[instance] = Group(members, True, name)
    return copy, instance


def _inside(instance: str, wire: Wire) -> Wire:
    return msgspec.structs.replace(
        wire, source=f"{instance}.{wire.source}", target=f"{instance}.{wire.target}"
    )


def repeated_instance(
    architecture: Architecture, instance: str, times: int
) -> tuple[Architecture, list[str]]:
    """Put more instances behind one, until there are so many in a row; return the copy and the new ids.

    Raises:
        ArchitectureError: the number is out of range.
    """
    if not 1 <= times <= MOST_COPIES:
        raise ArchitectureError(f"A chain can be repeated up to {MOST_COPIES} times, not {times}.")
    name = architecture.groups[instance].definition
    copy, last, new = architecture.copy(), instance, list[str]()
    for _ in range(times - 1):
        end = _end_of(copy, last)
        readers = [wire for wire in copy.outgoing(end) if wire.target not in copy.groups[last].members]
        copy, last = with_instance(copy, name, copy[end].position)
        for wire in readers:
            copy.disconnect(wire)
            copy.connect(msgspec.structs.replace(wire, source=_end_of(copy, last)))
        for block_id, port in entries_of(copy, last):
            copy.connect(Wire(end, block_id, "out", port))
        new += copy.groups[last].members
    return copy, new


def _end_of(architecture: Architecture, instance: str) -> str:
    """Return the block of an instance that its one way out leaves."""
    group = architecture.groups[instance]
    names = locals_of(instance, group.members)
    wanted = architecture.definitions[group.definition].exit
    return next(member for member, local in names.items() if local == wanted)


def unpacked(architecture: Architecture, block_ids: Iterable[str]) -> tuple[Architecture, list[str]]:
    """Make the instances of some blocks loose blocks, which follow nothing; return the copy and their ids.

    Raises:
        ArchitectureError: none of them is of an instance.
    """
    chosen, copy, done = set(block_ids), architecture.copy(), list[str]()
    for name, group in architecture.grouped().items():
        if group.definition and not chosen.isdisjoint(group.members):
            del copy.groups[name]
            done += group.members
    if not done:
        raise ArchitectureError("Nothing here is a block of your own: M makes one of what is selected.")
    return copy, done


def without_definition(architecture: Architecture, name: str) -> Architecture:
    """Forget a definition; its instances are loose blocks then."""
    copy = architecture.copy()
    del copy.definitions[name]
    copy.groups = {each: group for each, group in copy.groups.items() if group.definition != name}
    return copy


def with_definition_renamed(architecture: Architecture, name: str, new: str) -> Architecture:
    """Give a definition another name; its instances keep theirs.

    Raises:
        ArchitectureError: the name is taken or of no use.
    """
    if new == name:
        return architecture.copy()
    check_definition_name(architecture, new)
    copy = architecture.copy()
    copy.definitions = {new if each == name else each: d for each, d in copy.definitions.items()}
    for each, group in copy.groups.items():
        if group.definition == name:
            copy.groups[each] = msgspec.structs.replace(group, definition=new)
    return copy
