"""One network's edit done again on another one, block by block, the other's shortcuts staying as they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from resviz.arch.composites import RESIDUAL_KINDS
from resviz.arch.definitions import twinned
from resviz.arch.graph import Architecture, Block, Definition, Group, Position, Wire
from resviz.arch.spec import Value
from resviz.errors import ArchitectureError, ResvizError, UnknownBlockError

_T = TypeVar("_T")
_SHORTCUT = {"add": "plain"} | dict.fromkeys(RESIDUAL_KINDS, "shortcut")
"""The parameter that says of a kind what its shortcut is."""


@dataclass(frozen=True)
class Snapshot:
    """What an architecture was made of; cheap to take, for blocks and wires never change themselves."""

    blocks: Mapping[str, Block]
    wires: Sequence[Wire]
    groups: Mapping[str, Group] = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)

    @classmethod
    def of(cls, architecture: Architecture) -> Snapshot:
        """Take one."""
        groups, definitions = architecture.grouped(), dict(architecture.definitions)
        return cls(dict(architecture.blocks), architecture.wires, groups, definitions)

    @property
    def is_plain(self) -> bool:
        """Whether there are units, all of them without a shortcut."""
        return bool(_plainness(self.blocks))

    def renamed(self, names: Sequence[tuple[str, str]]) -> Snapshot:
        """Return the same with blocks under other names: pairs of old and new, in order."""
        now: dict[str, str] = {}
        for old, new in names:
            first = next((key for key, value in now.items() if value == old), old)
            now[first] = new
        if not now:
            return self
        blocks = (
            msgspec.structs.replace(block, id=now[block.id]) if block.id in now else block
            for block in self.blocks.values()
        )
        wires = [
            msgspec.structs.replace(
                wire, source=now.get(wire.source, wire.source), target=now.get(wire.target, wire.target)
            )
            for wire in self.wires
        ]
        groups = {
            name: msgspec.structs.replace(group, members=tuple(now.get(m, m) for m in group.members))
            for name, group in self.groups.items()
        }
        return Snapshot({block.id: block for block in blocks}, wires, groups, self.definitions)


@dataclass(frozen=True)
class Change:
    """What an edit did."""

    renamed: Sequence[tuple[str, str]] = ()
    cut: Sequence[Wire] = ()
    removed: Sequence[str] = ()
    added: Sequence[Block] = ()
    drawn: Sequence[Wire] = ()
    params: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    bypassed: Mapping[str, bool] = field(default_factory=dict)
    moved: Mapping[str, tuple[Position | None, Position | None]] = field(default_factory=dict)
    """From where to where."""
    shortcuts: bool = False
    """Whether shortcuts were changed, which no other network takes over."""
    groups: Mapping[str, Group | None] = field(default_factory=dict)
    """None: it is one no more."""
    definitions: Mapping[str, Definition | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        parts = (self.renamed, self.params, self.bypassed, self.moved, self.groups, self.definitions)
        return self.is_structural or any(parts) or self.shortcuts

    @property
    def is_structural(self) -> bool:
        """Whether blocks or wires came or went."""
        return any((self.cut, self.removed, self.added, self.drawn))

    @property
    def only_folds(self) -> bool:
        """Whether groups alone, of no definition, changed, and where blocks stand."""
        others = (self.renamed, self.params, self.bypassed, self.definitions)
        made = any(group is not None and group.definition for group in self.groups.values())
        return bool(self.groups) and not (self.is_structural or any(others) or self.shortcuts or made)


def change(before: Snapshot, after: Architecture, renamed: Sequence[tuple[str, str]] = ()) -> Change:
    """Return what leads from `before` to `after`; `renamed`: which blocks got other names on the way."""
    old, new = before.renamed(renamed), after.blocks
    other = {b for b in old.blocks.keys() & new.keys() if old.blocks[b].kind != new[b].kind}
    gone = [b for b in old.blocks if b not in new or b in other]
    come = [block for b, block in new.items() if b not in old.blocks or b in other]
    touched = {*gone, *(block.id for block in come)}
    was, now = set(old.wires), set(after.wires)
    kept = {w for w in was & now if not touched & {w.source, w.target}}
    params: dict[str, dict[str, Value]] = {}
    bypassed: dict[str, bool] = {}
    moved: dict[str, tuple[Position | None, Position | None]] = {}
    shortcuts = False
    for block_id, block in new.items():
        earlier = old.blocks.get(block_id)
        if earlier is None or earlier is block or block_id in other:
            continue
        values = {name: value for name, value in block.params.items() if earlier.params[name] != value}
        shortcuts |= values.pop(_SHORTCUT.get(block.kind, ""), None) is not None
        if values:
            params[block_id] = values
        if block.bypassed != earlier.bypassed:
            bypassed[block_id] = block.bypassed
        if block.position != earlier.position:
            moved[block_id] = earlier.position, block.position
    return Change(
        tuple(renamed),
        sorted(was - kept),
        gone,
        come,
        sorted(now - kept),
        params,
        bypassed,
        moved,
        shortcuts,
        _other(old.groups, after.grouped()),
        _other(old.definitions, after.definitions),
    )


def _other(before: Mapping[str, _T], after: Mapping[str, _T]) -> dict[str, _T | None]:
    """Return what is another one, or none, afterwards."""
    names = dict.fromkeys([*before, *after])
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}


@dataclass(frozen=True)
class Replayed:
    """What came of it."""

    architecture: Architecture
    refusals: Sequence[str]
    """What could not be done, each a sentence without its full stop."""


def replay(edit: Change, there: Architecture, *, from_plain: bool) -> Replayed:
    """Return a copy of `there` with an edit of another architecture done again by the blocks' names.

    Blocks and wires come and go all together or not at all; values, places and bypasses one by one. New units
    are plain in a plain network; from a plain one into a residual one they get the shortcut of a twin.

    Args:
        edit: what was done to the other architecture.
        there: the architecture to change.
        from_plain: all units of the other architecture were plain before the edit.
    """
    try:
        after = _renamed(there, edit)
    except ResvizError as error:
        return Replayed(there, [_clause(error)])
    refusals: list[str] = []
    if edit.is_structural:
        try:
            _rebuild(edit, after, from_plain=from_plain)
        except ResvizError as error:
            refusals.append(_clause(error))
            after = _renamed(there, edit)
    for block_id in [*edit.params, *edit.bypassed, *edit.moved]:
        if block_id not in after:
            refusals.append(f"there is no block called {block_id!r}")
            continue
        try:
            _set(edit, block_id, after)
        except ResvizError as error:
            refusals.append(_clause(error))
    _regroup(edit, after, from_plain=from_plain)
    return Replayed(after, list(dict.fromkeys(refusals)))


def _regroup(edit: Change, there: Architecture, *, from_plain: bool) -> None:
    """Fold and define what was folded and defined, as far as its blocks are there and in no other group."""
    plain = bool(_plainness(there.blocks))
    for name, definition in edit.definitions.items():
        if definition is None:
            there.definitions.pop(name, None)
        else:
            suited = definition if plain == from_plain else twinned(definition, plain=plain)
            there.definitions[name] = suited
    for name in edit.groups:
        there.groups.pop(name, None)
    taken = {member for group in there.grouped().values() for member in group.members}
    for name, group in edit.groups.items():
        members = tuple(m for m in group.members if m in there and m not in taken) if group else ()
        if group is not None and members:
            there.groups[name] = msgspec.structs.replace(group, members=members)


def _renamed(there: Architecture, edit: Change) -> Architecture:
    """Return a copy in which blocks have their new names.

    Raises:
        ArchitectureError: there is no such block, or another one is called so.
    """
    after = there.copy()
    for old, new in edit.renamed:
        if old not in after:
            raise UnknownBlockError(f"There is no block called {old!r}.")
        after.rename(old, new)
    return after


def _rebuild(edit: Change, there: Architecture, *, from_plain: bool) -> None:
    """Take out and put in blocks and wires.

    Raises:
        ArchitectureError: something cannot be done; the rest may be done already.
    """
    plain = _plainness(there.blocks)
    gone = set(edit.removed)
    never = [block_id for block_id in edit.removed if block_id not in there]
    for wire in edit.cut:
        if wire in _wires_into(there, wire.target):
            there.disconnect(wire)
        elif not gone & {wire.source, wire.target}:
            raise ArchitectureError(f"There is no wire from {wire.source!r} to {wire.target!r}.")
    for block_id in edit.removed:
        if block_id in there:
            there.remove(block_id)
    for block in edit.added:
        there.insert(_suited(block, there, plain=plain, from_plain=from_plain))
    for wire in edit.drawn:
        lost = [end for end in (wire.source, wire.target) if end not in there]
        if lost:  # What was taken out was meant, rather than its neighbours.
            raise UnknownBlockError(f"There is no block called {(never or lost)[0]!r}.")
        if wire not in _wires_into(there, wire.target):
            there.connect(wire)


def _wires_into(there: Architecture, block_id: str) -> Collection[Wire]:
    return there.incoming(block_id).values() if block_id in there else ()


def _plainness(blocks: Mapping[str, Block]) -> bool | None:
    """Return whether no unit has a shortcut; None where there is no unit."""
    shortcuts = [block.shortcut for block in blocks.values() if block.shortcut is not None]
    return all(shortcut == "none" for shortcut in shortcuts) if shortcuts else None


def _suited(block: Block, there: Architecture, *, plain: bool | None, from_plain: bool) -> Block:
    """Return a new unit as a twin has it, and let `there` remember what its twin needs."""
    shortcut = block.shortcut
    if shortcut is None or plain is None:
        return block
    if plain and shortcut != "none":
        if shortcut != "A":
            there.twin_memory[block.id] = shortcut
        return _with_shortcut(block, "none")
    if not plain and from_plain and shortcut == "none":
        return _with_shortcut(block, "A")
    return block


def _with_shortcut(block: Block, shortcut: str) -> Block:
    value: Value = shortcut == "none" if block.kind == "add" else shortcut
    return msgspec.structs.replace(block, params={**block.params, _SHORTCUT[block.kind]: value})


def _set(edit: Change, block_id: str, there: Architecture) -> None:
    """Give a block its new values, place and use.

    Raises:
        ArchitectureError, ParameterError: one of them cannot be had.
    """
    block = there[block_id]
    if block_id in edit.moved:
        there.move(block_id, _place(block.position, *edit.moved[block_id]))
    if block_id in edit.bypassed:
        there.set_bypassed(block_id, edit.bypassed[block_id])
    values = edit.params.get(block_id, {})
    if not values.keys() <= block.params.keys():
        raise ArchitectureError(f"{block_id} is a block of another kind: {block.spec.title}.")
    if values:
        there.set_params(block_id, **values)


def _place(now: Position | None, start: Position | None, end: Position | None) -> Position | None:
    """Return where a block goes: where the other one went, or, standing elsewhere, as far as that went."""
    if now is None or start is None or end is None or now == start:
        return end
    return now[0] + end[0] - start[0], now[1] + end[1] - start[1]


def _clause(error: ResvizError) -> str:
    """Return an error's sentence as a part of another one."""
    text = str(error).removesuffix(".")
    return text[:1].lower() + text[1:] if text.startswith(_CAPITALS) else text


_CAPITALS = ("There", "Input", "A ")
