"""What follows from an edit: blocks that come into a group, and instances that follow one that was edited."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

import msgspec

from resviz.arch.definitions import content, locals_of, members_of
from resviz.arch.graph import Architecture, Block, Definition, Group, Position, Wire
from resviz.arch.layout import arrange, is_arranged
from resviz.errors import ArchitectureError


def followed(before: Architecture, after: Architecture) -> Architecture | None:
    """Return `after` with what follows from the edit that led to it from `before`; None: nothing does.

    An instance that was edited is what its definition is from now on, and all others are made like it. A new
    definition is followed by all its instances. What cannot be made like it becomes loose.
    """
    groups = _regrouped(before, after)
    copy = after
    if groups != after.groups:
        copy = after.copy()
        copy.groups = groups
    touched = _touched(before, copy) if copy.definitions else set[str]()
    for name in list(copy.definitions):
        copy = _synced(before, copy, name, touched)
    if copy is after:
        return None
    if copy.blocks.keys() != after.blocks.keys() and is_arranged(after):
        for block_id, place in arrange(copy, like=after).items():
            copy.move(block_id, place)
    return copy


def _touched(before: Architecture, after: Architecture) -> set[str]:
    """Return the blocks that are other ones, or wired or grouped otherwise; not those that moved."""
    touched = {end for wire in set(before.wires) ^ set(after.wires) for end in (wire.source, wire.target)}
    memory = before.twin_memory.items() ^ after.twin_memory.items()
    touched.update(block_id for block_id, _ in memory)
    for block_id, block in after.blocks.items():
        was = before.blocks.get(block_id)
        if was is not block and (was is None or _nature(was) != _nature(block)):
            touched.add(block_id)
    for name, group in after.groups.items():
        if before.groups.get(name) != group or any(member not in after for member in group.members):
            touched.update(group.members)
    return touched


def _nature(block: Block) -> tuple[object, ...]:
    return block.kind, block.params, block.bypassed


def _synced(before: Architecture, after: Architecture, name: str, touched: set[str]) -> Architecture:
    """Return `after` with all instances of a definition alike; itself where they are."""
    definition = after.definitions[name]
    groups = after.grouped()
    instances = [each for each, group in groups.items() if group.definition == name]
    wanted, model = definition, None
    if before.definitions.get(name) == definition:
        for each in instances:
            if each not in before.groups or touched.isdisjoint(groups[each].members):
                continue
            now = content(after, each, definition)
            if now != definition and content(before, each, definition) != now:
                wanted, model = now, each
                break
        else:
            return after
    others = [each for each in instances if each != model and content(after, each, definition) != wanted]
    if not others and wanted == definition:
        return after
    start = after.copy()
    start.definitions[name] = wanted
    copy = start.copy()
    try:
        for each in others:
            _Rebuilding(copy, each, model).go(definition, wanted)
    except ArchitectureError:
        copy = start
        for each in others:
            copy = _rebuilt(copy, each, definition, wanted, model)
    return copy


def _rebuilt(
    architecture: Architecture, instance: str, old: Definition, new: Definition, model: str | None
) -> Architecture:
    """Return a copy in which an instance of `old` is one of `new`, or loose where it cannot be."""
    copy = architecture.copy()
    try:
        _Rebuilding(copy, instance, model).go(old, new)
    except ArchitectureError:
        copy = architecture.copy()
        copy.groups[instance] = msgspec.structs.replace(copy.groups[instance], definition="")
    return copy


def _ids_of(architecture: Architecture, instance: str) -> dict[str, str]:
    """Return the blocks of an instance by what they are called in its definition."""
    names = locals_of(instance, members_of(architecture, instance))
    return {local: member for member, local in names.items()}


class _Rebuilding:
    """Makes one instance what another definition says, in place.

    Raises:
        ArchitectureError: it cannot be; the architecture is spoilt then.
    """

    def __init__(self, architecture: Architecture, instance: str, model: str | None) -> None:
        self._architecture, self._instance, self._model = architecture, instance, model
        self._group = architecture.groups[instance]
        self._ids = _ids_of(architecture, instance)
        self._theirs = _ids_of(architecture, model) if model is not None else {}

    def go(self, old: Definition, new: Definition) -> None:
        """Take blocks and wires out, and put others in."""
        architecture, ids = self._architecture, self._ids
        inside = set(ids.values())
        entered = [ids[local] for local, _ in old.entries if local in ids]
        starts = [w for b in entered for w in architecture.incoming(b).values() if w.source not in inside]
        readers = []
        if old.exit in ids:
            readers = [w for w in architecture.outgoing(ids[old.exit]) if w.target not in inside]
        self._take_out(old, new)
        for block in new.blocks:
            self._put(block)
        named = {local: f"{self._instance}.{local}" for local in (block.id for block in new.blocks)} | ids
        for wire in new.wires:
            self._connect(msgspec.structs.replace(wire, source=named[wire.source], target=named[wire.target]))
        for local, port in new.entries if starts else ():
            if port not in architecture.incoming(named[local]):
                start = starts[0]
                self._connect(Wire(start.source, named[local], start.source_port, port))
        for wire in readers:
            if wire.source != named[new.exit]:
                with suppress(ArchitectureError):
                    architecture.disconnect(wire)
                self._connect(msgspec.structs.replace(wire, source=named[new.exit]))
        members = tuple(named[block.id] for block in new.blocks)
        architecture.groups[self._instance] = msgspec.structs.replace(self._group, members=members)
        self._remember(new, named)

    def _take_out(self, old: Definition, new: Definition) -> None:
        """Take out what the new definition has not: blocks, wires inside, wires to what was an input."""
        architecture, ids = self._architecture, self._ids
        kinds = {block.id: block.kind for block in new.blocks}
        for local in list(ids):
            if kinds.get(local) != architecture[ids[local]].kind:
                architecture.remove(ids.pop(local))
        local_of = {block_id: local for local, block_id in ids.items()}
        wanted, entries = set(new.wires), set(new.entries)
        for block_id, local in local_of.items():
            for port, wire in architecture.incoming(block_id).items():
                if wire.source in local_of:
                    here = msgspec.structs.replace(wire, source=local_of[wire.source], target=local)
                    stays = here in wanted
                else:
                    stays = (local, port) in entries or (local, port) not in old.entries
                if not stays:
                    architecture.disconnect(wire)

    def _put(self, block: Block) -> None:
        """Put a block of the definition in, or give the one that is there its values."""
        architecture = self._architecture
        if block.id not in self._ids:
            place = self._place(block.id)
            block_id = f"{self._instance}.{block.id}"
            architecture.insert(msgspec.structs.replace(block, id=block_id, position=place))
            return
        block_id = self._ids[block.id]
        if architecture[block_id].params != block.params:
            architecture.set_params(block_id, **block.params)
        if architecture[block_id].bypassed != block.bypassed:
            architecture.set_bypassed(block_id, block.bypassed)

    def _place(self, local: str) -> Position:
        """Return where a new block stands: with the others, or as far from them as in the instance edited."""
        architecture, model = self._architecture, self._model
        home = next((architecture[b].position for b in self._group.members if b in architecture), None)
        x, y = home or (0.0, 0.0)
        if self._group.folded or model is None:
            return x, y
        theirs = {local: architecture[m].position or (0.0, 0.0) for local, m in self._theirs.items()}
        first = next((key for key, block_id in self._ids.items() if key in theirs and block_id), None)
        if first is None or local not in theirs:
            return x, y
        x, y = architecture[self._ids[first]].position or (0.0, 0.0)
        return x + theirs[local][0] - theirs[first][0], y + theirs[local][1] - theirs[first][1]

    def _connect(self, wire: Wire) -> None:
        architecture = self._architecture
        taken = architecture.incoming(wire.target).get(wire.target_port)
        if taken == wire:
            return
        if taken is not None:
            architecture.disconnect(taken)
        architecture.connect(wire)

    def _remember(self, new: Definition, named: Mapping[str, str]) -> None:
        """Let the twin remember of these blocks what it does of those that were edited."""
        memory = self._architecture.twin_memory
        for block in new.blocks:
            block_id = named[block.id]
            known = new.twin_memory.get(block.id)
            if self._model is not None:
                known = memory.get(self._theirs[block.id])
            memory.pop(block_id, None)
            if known is not None:
                memory[block_id] = known


def _regrouped(before: Architecture, after: Architecture) -> dict[str, Group]:
    """Return the groups of `after`, as far as the edit itself did not set them.

    New blocks between two of a group's belong to it, and so do the layers that one of its blocks was expanded
    into, and the unit that some were collapsed into. A stack of one block is none.
    """
    new = dict.fromkeys(block_id for block_id in after.blocks if block_id not in before)
    gone = {block_id for block_id in before.blocks if block_id not in after}
    groups = dict(after.groups)
    if not new and not gone:
        return groups
    was = before.grouped()
    owner = {member: name for name, group in was.items() for member in group.members}
    mine = [name for name, group in groups.items() if before.groups.get(name) == group]
    for name in mine:  # an old id that is new again means another block now
        members = groups[name].members
        if not new.keys().isdisjoint(members):
            kept = tuple(member for member in members if member not in new)
            groups[name] = msgspec.structs.replace(groups[name], members=kept)
    named = {member for name, group in groups.items() if name not in mine for member in group.members}
    homes, heirs = _homes(after, new, owner), _Heirs(gone, owner)
    joined: dict[str, list[str]] = {}
    for block_id in new:
        if block_id not in named:
            home = homes.get(block_id) or heirs.of(block_id)
            if home is not None and home in mine:
                joined.setdefault(home, []).append(block_id)
    for name, blocks in joined.items():
        groups[name] = msgspec.structs.replace(groups[name], members=(*groups[name].members, *blocks))
    for name in mine:
        left = [member for member in groups[name].members if member in after]
        if name in was and len(left) < 2 <= len(was[name].members) and not was[name].definition:
            del groups[name]
    return groups


def _homes(architecture: Architecture, new: Collection[str], owner: Mapping[str, str]) -> dict[str, str]:
    """Return of new blocks the group that each has before and behind it, new blocks left out."""
    order = [block_id for block_id in architecture.order() if block_id in new] if owner else []
    before, behind = dict[str, frozenset[str]](), dict[str, frozenset[str]]()

    def reached(ahead: Iterable[str], known: Mapping[str, frozenset[str]]) -> frozenset[str]:
        found = {
            known[b] if b in known else frozenset((owner[b],)) for b in ahead if b in known or b in owner
        }
        return found.pop() if len(found) == 1 else frozenset().union(*found)

    for block_id in order:
        before[block_id] = reached((w.source for w in architecture.incoming(block_id).values()), before)
    for block_id in reversed(order):
        behind[block_id] = reached((w.target for w in architecture.fed_by(block_id)), behind)
    return {b: min(both) for b in order if (both := before[b] & behind[b])}


class _Heirs:
    """Knows which groups removed blocks were in that new blocks were made of, or are parts of."""

    def __init__(self, gone: Iterable[str], owner: Mapping[str, str]) -> None:
        self._wholes = {old: owner[old] for old in gone if old in owner}
        self._parts: dict[str, str] = {}
        for old, name in self._wholes.items():
            for whole in _wholes(old):
                self._parts[whole] = min(name, self._parts.get(whole, name))

    def of(self, block_id: str) -> str | None:
        """Return the group of a new block's forebears."""
        names = [self._wholes[whole] for whole in _wholes(block_id) if whole in self._wholes]
        return min([*names, *([self._parts[block_id]] if block_id in self._parts else [])], default=None)


def _wholes(block_id: str) -> list[str]:
    """Return what a name is a part of: "a.b" and "a" of "a.b.c"."""
    parts = block_id.split(".")
    return [".".join(parts[:number]) for number in range(1, len(parts))]
