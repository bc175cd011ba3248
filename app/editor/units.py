"""Edits of several blocks at once: each verb one undo step that returns what to select afterwards."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress

import msgspec
from PySide6.QtCore import QRectF

from app.canvas import geometry as g
from app.canvas.text import plural
from app.document import Document
from app.editor.places import spread, taken_places
from app.rework import Rework
from resviz.arch import rework
from resviz.arch.defining import (
    defined,
    repeated_instance,
    unpacked,
    with_definition_renamed,
    without_definition,
)
from resviz.arch.folding import folded, resized, unfolded, with_members
from resviz.arch.graph import Architecture, Position, Wire
from resviz.arch.layout import arrange, is_arranged
from resviz.arch.mends import Mend, Mended, mended
from resviz.arch.rework import in_order
from resviz.errors import ArchitectureError


class UnitEdits:
    """The verbs for one document. They raise `ResvizError` with the sentence to show where they refuse."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def heal(self, block_ids: Iterable[str], wires: Iterable[Wire] = ()) -> list[str]:
        """Remove blocks and close the chains that they leave open."""
        chosen = list(block_ids)
        after = rework.healed(self.document.architecture, chosen)
        kept = set(after.wires)
        for wire in wires:
            if wire in kept:
                after.disconnect(wire)
        self._push(f"Delete {plural(len(chosen), 'block')} and heal", after)
        return []

    def bypass(self, block_ids: Iterable[str]) -> list[str]:
        """Bypass blocks, or use them again."""
        chosen = list(block_ids)
        self._push("Bypass", rework.with_bypass_toggled(self.document.architecture, chosen))
        return chosen

    def plain(self, block_ids: Iterable[str]) -> list[str]:
        """Make units plain, or give them their shortcuts back."""
        chosen = list(block_ids)
        self._push("Plain and back", rework.with_plain_toggled(self.document.architecture, chosen))
        return chosen

    def shortcut(self, block_ids: Iterable[str]) -> list[str]:
        """Lead a shortcut around a chain."""
        chosen = list(block_ids)
        after, add = rework.with_shortcut(self.document.architecture, chosen)
        self._push("Add a shortcut", self._placed(after, near=chosen))
        return [add]

    def cut(self, unit_ids: Iterable[str], wires: Iterable[Wire]) -> list[str]:
        """Take wires out, and make the units plain whose shortcuts are cut through."""
        units, loose = list(unit_ids), list(wires)
        after = self.document.architecture.copy()
        for wire in loose:
            after.disconnect(wire)
        if units:
            after = rework.with_plain_toggled(after, units)
        self._push(f"Cut {plural(len(units) + len(loose), 'wire')}", after)
        return []

    def expand(self, block_ids: Iterable[str]) -> list[str]:
        """Draw units as loose layers."""
        chosen = list(block_ids)
        after, layers = rework.expanded(self.document.architecture, chosen)
        self._push(f"Expand {plural(len(chosen), 'block')}", self._placed(after, near=chosen))
        return layers

    def collapse(self, block_ids: Iterable[str]) -> list[str]:
        """Draw loose layers as units."""
        after, units = rework.collapsed(self.document.architecture, block_ids)
        self._push("Collapse", self._placed(after, near=units))
        return units

    def repeat(self, block_ids: Iterable[str], times: int, *, fold: bool = False) -> list[str]:
        """Put copies of a chain behind it until it stands so many times; `fold`: draw them as one stack."""
        chosen, before = list(block_ids), self.document.architecture
        instance = self._instance(chosen)
        if instance is not None:
            after, new = repeated_instance(before, instance, times)
            self._push(f"Repeat x {times}", self._placed(after, near=chosen))
            return [*chosen, *new]
        after, new = rework.repeated(before, chosen, times)
        after = with_members(after, chosen, new)
        if fold and new:
            with suppress(ArchitectureError):  # a first block of its own and one more: nothing is repeated
                after, _ = folded(after, [*chosen, *new])
        self._push(f"Repeat x {times}", self._placed(after, near=chosen))
        return [*chosen, *new]

    def resize(self, block_ids: Iterable[str], count: int) -> list[str]:
        """Let a folded stack have so many blocks."""
        chosen = list(block_ids)
        after, members = resized(self.document.architecture, chosen, count)
        self._push(f"Make it {plural(count, 'block')}", self._placed(after, near=chosen))
        return members

    def mend(self, mend: Mend) -> list[str]:
        """Mend a problem; return what is new, or else what was changed.

        Raises:
            ArchitectureError: the network is another one by now.
        """
        before = self.document.architecture
        after = mend.applied(before)
        near = [block_id for block_id in before.order() if block_id in mend.touches]
        new = [block_id for block_id in after.order() if block_id not in before]
        self._push(mend.title, self._placed(after, near=near[-1:]))
        return new or [block_id for block_id in near if block_id in after]

    def mend_all(self) -> Mended:
        """Mend all that can be mended; return what came of it."""
        result = mended(self.document.architecture)
        if result.done:
            text = result.done[0].title if len(result.done) == 1 else f"Mend {len(result.done)} problems"
            self._push(text, self._placed(result.architecture, near=()))
        return result

    def fold(self, block_ids: Iterable[str]) -> list[str]:
        """Draw what is repeated as stacks: among blocks, or, where none are given, in the whole network."""
        after, members = folded(self.document.architecture, block_ids)
        self._push("Fold", self._placed(after, near=members, afresh=True))
        return members

    def unfold(self, block_ids: Iterable[str]) -> list[str]:
        """Draw the blocks of folded groups one by one: of these blocks, or, where none are given, of all."""
        after, members = unfolded(self.document.architecture, block_ids)
        self._push("Unfold", self._opened(after))
        return members

    def define(self, block_ids: Iterable[str], name: str, doc: str) -> list[str]:
        """Make a definition of blocks, which become its first instance, drawn as one."""
        after, members = defined(self.document.architecture, block_ids, name, doc)
        self._push(f"Make {name}", self._placed(after, near=members))
        return members

    def unpack(self, block_ids: Iterable[str]) -> list[str]:
        """Make instances loose blocks, drawn one by one, which follow nothing."""
        before = self.document.architecture
        after, members = unpacked(before, block_ids)
        self._push("Unpack", self._opened(after))
        return members

    def rename_definition(self, name: str, new: str, doc: str) -> None:
        """Give a definition another name and purpose."""
        after = with_definition_renamed(self.document.architecture, name, new)
        after.definitions[new] = msgspec.structs.replace(after.definitions[new], doc=doc)
        self._push(f"Rename {name}", after)

    def delete_definition(self, name: str) -> None:
        """Forget a definition; its instances are loose blocks then."""
        after = without_definition(self.document.architecture, name)
        self._push(f"Delete {name}", self._opened(after))

    def stage(self, block_ids: Iterable[str]) -> list[str]:
        """Return the blocks of the same stages that are of the same kinds: no edit.

        Raises:
            ArchitectureError: nothing is selected.
        """
        chosen = list(block_ids)
        if not chosen:
            raise ArchitectureError("Select a block: its stage is selected then.")
        alike = (rework.same_stage(self.document.architecture, block_id) for block_id in chosen)
        return list(dict.fromkeys(b for each in alike for b in each))

    def _instance(self, block_ids: Collection[str]) -> str | None:
        """Return the instance that these are all the blocks of, None if they are no instance."""
        for name, group in self.document.architecture.grouped().items():
            if group.definition and set(group.members) == set(block_ids):
                return name
        return None

    def _push(self, text: str, after: Architecture) -> None:
        command = Rework(self.document, text, after)
        if command.changes:
            self.document.undo_stack.push(command)

    def _opened(self, after: Architecture) -> Architecture:
        """Return `after` with places of their own for the blocks that are not folded any more."""
        before = self.document.architecture
        if is_arranged(before):
            return self._placed(after, near=(), afresh=True)
        now = after.grouped()
        for name, group in before.grouped().items():
            if group.folded and not (name in now and now[name].folded):
                members = in_order(after, [member for member in group.members if member in after])
                for block_id, place in spread(after, members).items():
                    after.move(block_id, place)
        return after

    def _placed(self, after: Architecture, near: Collection[str], *, afresh: bool = False) -> Architecture:
        """Return `after` with a place for each new block that covers no other one.

        A network that stands as it would be arranged is arranged anew: rows stay as they are, if that looks
        well, or (`afresh`) as looks best. What a person laid out stays, and new blocks take the free places
        nearest to those that they come from.
        """
        before = self.document.architecture
        if is_arranged(before):
            placed = after.copy()
            for block_id, place in arrange(placed, like=None if afresh else before).items():
                placed.move(block_id, place)
            return placed
        placed = after.copy()
        new = [
            b
            for b in after.order()
            if b not in before or before[b].kind != after[b].kind or after[b].position is None
        ]
        taken = taken_places(after, without=new)
        origin = next((before[b].position for b in near if b in before and before[b].position), None)
        for block_id in new:
            block, needed = after[block_id], g.footprint(after[block_id].kind)
            place = block.position or _beside(placed, block_id) or origin or (0.0, 0.0)
            if any(needed.translated(*place).intersects(rect) for rect in taken):
                place = _behind_source(placed, block_id) or place
            place = g.free_place(needed, place, taken)
            taken.append(QRectF(needed.translated(*place)))
            placed.move(block_id, place)
        return placed


def _beside(architecture: Architecture, block_id: str) -> Position | None:
    """Return the place behind what a block reads; of one that reads nothing, the place before its reader."""
    ahead = architecture.outgoing(block_id)
    if architecture.incoming(block_id) or not ahead:
        return _behind_source(architecture, block_id)
    place = architecture[ahead[0].target].position
    return None if place is None else (place[0] - g.PITCH_X, place[1])


def _behind_source(architecture: Architecture, block_id: str) -> Position | None:
    """Return the place to the right of what a block reads first: the reading direction."""
    wires = architecture.incoming(block_id)
    place = architecture[next(iter(wires.values())).source].position if wires else None
    return None if place is None else (place[0] + g.PITCH_X, place[1])
