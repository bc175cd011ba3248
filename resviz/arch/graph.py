"""Architecture: a directed acyclic graph of blocks, and the edits that keep it one."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush

import msgspec

from resviz.arch.block import Block, Position, Wire
from resviz.arch.blocks import kind_of
from resviz.arch.composites import SHORTCUTS
from resviz.arch.groups import Definition, Group, cells_of, grouped
from resviz.arch.names import check_id, natural_key, twin_name
from resviz.errors import CycleError, DuplicateBlockError, ParameterError, PortError, UnknownBlockError

__all__ = ["Architecture", "Block", "Definition", "Group", "Position", "Wire", "natural_key"]


FARTHEST = 1e8
"""Pixels from the middle of the canvas at which a block may stand."""


class Architecture:
    """A document: named blocks and wires. A method that edits either succeeds whole or changes nothing."""

    def __init__(self, name: str = "untitled") -> None:
        self.name = name
        self.twin_memory: dict[str, str] = {}
        """What the twin needs to come back identical: block id -> shortcut, and "" -> name.

        May hold what no longer means anything (of a removed block, which undo may bring back): `memory()`
        is what counts, in comparisons and files too.
        """
        self.groups: dict[str, Group] = {}
        """Blocks that can be drawn as one, by the group's name. As with `twin_memory`: `grouped()` counts."""
        self.definitions: dict[str, Definition] = {}
        """Blocks made of blocks, by name; those groups that are instances of one follow it."""
        self._blocks: dict[str, Block] = {}
        self._incoming: dict[tuple[str, str], Wire] = {}
        self._outgoing: dict[str, tuple[Wire, ...]] = {}
        self._rank: dict[str, int] | None = None

    # Reading

    @property
    def blocks(self) -> Mapping[str, Block]:
        """All blocks by id, in order of insertion."""
        return self._blocks

    @property
    def wires(self) -> list[Wire]:
        """All wires, sorted."""
        return sorted(self._incoming.values())

    def __contains__(self, block_id: object) -> bool:
        return block_id in self._blocks

    def __getitem__(self, block_id: str) -> Block:
        """Return a block.

        Raises:
            UnknownBlockError: there is none of that id.
        """
        try:
            return self._blocks[block_id]
        except KeyError:
            raise UnknownBlockError(f"There is no block called {block_id!r} in {self.name}.") from None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Architecture):
            return NotImplemented
        return self._compared() == other._compared()

    def _compared(self) -> tuple[object, ...]:
        return self.name, self._blocks, self._incoming, self.memory(), self.grouped(), self.definitions

    __hash__ = None  # type: ignore[assignment]

    def incoming(self, block_id: str) -> dict[str, Wire]:
        """Return the wires into a block, by input port (connected ports only)."""
        ports = self[block_id].spec.inputs
        known = self._incoming.get
        return {port: wire for port in ports if (wire := known((block_id, port))) is not None}

    def outgoing(self, block_id: str) -> list[Wire]:
        """Return the wires out of a block, sorted."""
        self[block_id]
        return sorted(self._outgoing[block_id])

    def fed_by(self, block_id: str) -> tuple[Wire, ...]:
        """Return the wires out of a block in any order: quicker than `outgoing`."""
        return self._outgoing[block_id]

    def order(self) -> list[str]:
        """Return all block ids so that each comes after its sources; ties in natural order."""
        return list(self.rank)

    @property
    def rank(self) -> Mapping[str, int]:
        """The place of each block in the order, by id and in order."""
        if self._rank is None:
            self._rank = {block_id: number for number, block_id in enumerate(self._sorted())}
        return self._rank

    def _sorted(self) -> list[str]:
        # Kahn's algorithm, with a heap for the ties; of what stands loose, all is ready at once.
        awaited = dict.fromkeys(self._blocks, 0)
        for wire in self._incoming.values():
            awaited[wire.target] += 1
        ready = [(natural_key(block_id), block_id) for block_id, number in awaited.items() if not number]
        heapify(ready)
        order = []
        while ready:
            _, block_id = heappop(ready)
            order.append(block_id)
            for wire in self._outgoing[block_id]:
                awaited[wire.target] -= 1
                if not awaited[wire.target]:
                    heappush(ready, (natural_key(wire.target), wire.target))
        return order

    def downstream(self, block_id: str) -> set[str]:
        """Return the ids of everything that depends on a block, without itself."""
        self[block_id]
        return set(self._reached(block_id, self._ahead))

    def upstream(self, block_id: str) -> set[str]:
        """Return the ids of everything a block depends on, without itself."""
        self[block_id]
        return set(self._reached(block_id, self._behind))

    def leads_to(self, block_id: str, other: str) -> bool:
        """Return whether `other` depends on a block.

        Looks from both ends at once and is done when one of them is: of a network that is wired up piece by
        piece it looks no further than the smaller of two pieces.
        """
        self[block_id], self[other]
        onward, back = self._reached(block_id, self._ahead), self._reached(other, self._behind)
        return any(found == other or source == block_id for found, source in zip(onward, back, strict=False))

    def _reached(self, start: str, step: Callable[[str], Iterable[str]]) -> Iterator[str]:
        """Yield what is reached by steps from a block, nearest first."""
        found = {start}
        waiting = deque([start])
        while waiting:
            for block_id in step(waiting.popleft()):
                if block_id not in found:
                    found.add(block_id)
                    waiting.append(block_id)
                    yield block_id

    def _ahead(self, block_id: str) -> Iterable[str]:
        return [wire.target for wire in self._outgoing[block_id]]

    def _behind(self, block_id: str) -> Iterable[str]:
        return [wire.source for wire in self.incoming(block_id).values()]

    def of_kind(self, kind: str) -> Iterator[Block]:
        """Yield the blocks of one kind."""
        return (block for block in self._blocks.values() if block.kind == kind)

    def memory(self) -> dict[str, str]:
        """Return what `twin_memory` holds beyond the default.

        For a plain network: block id -> the shortcut that its residual twin has, where not "A" ("none": the
        block is plain there too). "" -> the twin's name, where the rule would give another.
        """
        shortcuts = {block.id: block.shortcut for block in self._blocks.values() if block.shortcut}
        plain = all(shortcut == "none" for shortcut in shortcuts.values())
        memory: dict[str, str] = {}
        if plain:
            memory = {
                key: value
                for key, value in self.twin_memory.items()
                if key in shortcuts and value in SHORTCUTS and value != "A"
                if self._blocks[key].kind != "add" or value == "none"
            }
            if all(memory.get(key) == "none" for key in shortcuts):
                memory = {}  # else the residual twin would be plain too, and the way back ambiguous
        name = self.twin_memory.get("")
        if name is not None and shortcuts and name != twin_name(self.name, plain=not plain):
            memory[""] = name
        return memory

    def grouped(self) -> dict[str, Group]:
        """Return what counts of `groups`: blocks that are there, each in one group."""
        return grouped(self.groups, self._blocks, self.definitions) if self.groups else {}

    def cells(self) -> dict[str, list[str]]:
        """Return what is drawn as one, by its first block and in order: blocks, and folded groups."""
        return cells_of(self.grouped(), self.order())

    def free_id(self, stem: str) -> str:
        """Return `stem`, or `stem` with the smallest number behind it that makes it free."""
        if stem and stem not in self._blocks:
            return stem
        base = re.sub(r"\d+$", "", stem) or "block"
        number = 1
        while f"{base}{number}" in self._blocks:
            number += 1
        return f"{base}{number}"

    def can_connect(self, wire: Wire) -> str | None:
        """Return why a wire cannot be added, as one sentence, or None if it can."""
        try:
            self._check_wire(wire)
        except (CycleError, PortError, UnknownBlockError) as error:
            return str(error)
        return None

    def copy(self) -> Architecture:
        """Return an independent copy (blocks and wires are immutable and shared)."""
        twin = Architecture(self.name)
        twin.twin_memory = dict(self.twin_memory)
        twin.groups, twin.definitions = dict(self.groups), dict(self.definitions)
        twin._blocks = dict(self._blocks)
        twin._incoming = dict(self._incoming)
        twin._outgoing = dict(self._outgoing)
        twin._rank = self._rank
        return twin

    # Editing

    def add(
        self, kind: str, block_id: str | None = None, position: Position | None = None, /, **params: object
    ) -> Block:
        """Add a block with checked parameters and return it.

        Raises:
            DuplicateBlockError, UnknownBlockError, ParameterError
        """
        block = Block(block_id or self.free_id(kind), kind, kind_of(kind).complete(params), position)
        self.insert(block)
        return block

    def insert(self, block: Block) -> None:
        """Add a ready-made block (paste, undo, file).

        Raises:
            DuplicateBlockError, UnknownBlockError, ParameterError, ArchitectureError
        """
        self._check_free(block.id)
        _check_position(block.position)
        checked = _checked_bypass(msgspec.structs.replace(block, params=block.spec.complete(block.params)))
        self._blocks[block.id] = checked
        self._outgoing[block.id] = ()
        self._rank = None

    def remove(self, block_id: str) -> tuple[Block, list[Wire]]:
        """Remove a block with its wires; return both so that they can be put back."""
        block = self[block_id]
        gone = self._wires_of(block_id)
        for wire in gone:
            self.disconnect(wire)
        del self._blocks[block_id]
        del self._outgoing[block_id]
        self._rank = None
        return block, gone

    def connect(self, wire: Wire, *, may_close: bool = True) -> None:
        """Add a wire; `may_close`: it might close a circle, which takes long to look for in a deep network.

        Raises:
            CycleError, PortError, UnknownBlockError
        """
        self._check_wire(wire, may_close=may_close)
        self._incoming[wire.target, wire.target_port] = wire
        self._outgoing[wire.source] += (wire,)
        self._rank = None

    def disconnect(self, wire: Wire) -> None:
        """Remove a wire.

        Raises:
            PortError: it is not there.
        """
        if self._incoming.get((wire.target, wire.target_port)) != wire:
            raise PortError(f"There is no wire from {wire.source} to {wire.target}.{wire.target_port}.")
        del self._incoming[wire.target, wire.target_port]
        self._outgoing[wire.source] = tuple(w for w in self._outgoing[wire.source] if w != wire)
        self._rank = None

    def set_params(self, block_id: str, **params: object) -> Block:
        """Change some of a block's parameters; return the block as it was.

        Raises:
            ParameterError, UnknownBlockError
        """
        old = self[block_id]
        self._blocks[block_id] = msgspec.structs.replace(
            old, params=old.spec.complete({**old.params, **params})
        )
        return old

    def move(self, block_id: str, position: Position | None) -> Block:
        """Place a block on the canvas; return the block as it was.

        Raises:
            ParameterError, UnknownBlockError
        """
        old = self[block_id]
        _check_position(position)
        self._blocks[block_id] = msgspec.structs.replace(old, position=position)
        return old

    def set_bypassed(self, block_id: str, bypassed: bool) -> Block:
        """Take a block out of the network without removing it, or put it back; return the block as it was.

        Raises:
            ParameterError, UnknownBlockError
        """
        old = self[block_id]
        self._blocks[block_id] = _checked_bypass(msgspec.structs.replace(old, bypassed=bypassed))
        return old

    def rename(self, block_id: str, new_id: str) -> None:
        """Give a block another id; wires, twin memory and groups follow.

        Raises:
            DuplicateBlockError, UnknownBlockError, ArchitectureError
        """
        block = self[block_id]
        if new_id == block_id:
            return
        self._check_free(new_id)
        wires = self._wires_of(block_id)
        for wire in wires:
            self.disconnect(wire)
        renamed = msgspec.structs.replace(block, id=new_id)
        self._blocks = {b.id: b for b in (renamed if b is block else b for b in self._blocks.values())}
        del self._outgoing[block_id]
        self._outgoing[new_id] = ()
        for wire in wires:
            source, target = (new_id if end == block_id else end for end in (wire.source, wire.target))
            self.connect(msgspec.structs.replace(wire, source=source, target=target))
        self._rank = None
        self.twin_memory.pop(new_id, None)
        if block_id in self.twin_memory:
            self.twin_memory[new_id] = self.twin_memory.pop(block_id)
        for name, group in self.groups.items():
            if block_id in group.members or new_id in group.members:
                members = [m for m in group.members if m != new_id]
                renamed_members = tuple(new_id if m == block_id else m for m in members)
                self.groups[name] = msgspec.structs.replace(group, members=renamed_members)

    def _wires_of(self, block_id: str) -> list[Wire]:
        return sorted({*self.incoming(block_id).values(), *self.outgoing(block_id)})

    def _check_free(self, block_id: str) -> None:
        check_id(block_id)
        if block_id in self._blocks:
            raise DuplicateBlockError(f"There is already a block called {block_id!r}: choose another name.")

    def _check_wire(self, wire: Wire, *, may_close: bool = True) -> None:
        source, target = self[wire.source], self[wire.target]
        _check_port(source, "output", wire.source_port, source.spec.outputs)
        _check_port(target, "input", wire.target_port, target.spec.inputs)
        if (wire.target, wire.target_port) in self._incoming:
            raise PortError(f"Input {wire.target_port!r} of {target.id!r} is taken: remove its wire first.")
        if wire.source == wire.target or (may_close and self.leads_to(wire.target, wire.source)):
            raise CycleError(f"A wire from {wire.source!r} to {wire.target!r} would close a circle.")


def _check_port(block: Block, what: str, port: str, ports: Sequence[str]) -> None:
    """Check that a block has a port.

    Raises:
        PortError: it has not; the sentence names those it has.
    """
    if port not in ports:
        known = f"use {' or '.join(map(repr, ports))}" if ports else f"it has no {what} at all"
        raise PortError(f"{block.spec.title} {block.id!r} has no {what} {port!r}: {known}.")


def _checked_bypass(block: Block) -> Block:
    if block.bypassed and not (block.spec.inputs and block.spec.outputs):
        raise ParameterError(f"{block.id} is an end of the network and cannot be bypassed.")
    return block


def _check_position(position: Position | None) -> None:
    if position is not None and not all(abs(value) <= FARTHEST for value in position):  # NaN fails too
        raise ParameterError(
            f"A block cannot stand at {position}: its place must be two numbers within ±1e8."
        )
