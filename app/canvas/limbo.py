"""Limbo: items that a large step took out of a scene; undo brings them back without making them anew."""

from __future__ import annotations

from app.canvas.block_item import BlockItem
from app.canvas.paints import Paints
from app.canvas.wire_item import WireItem
from resviz.arch.graph import Wire

_MOST = 30_000
"""Items kept."""


class Limbo:
    """Keeps items that are in no scene, by what they draw; whatever they show is to be told them again."""

    def __init__(self) -> None:
        self._blocks: dict[str, BlockItem] = {}
        self._wires: dict[Wire, WireItem] = {}

    def keep_block(self, item: BlockItem) -> None:
        """Take in the item of one block; those of folded groups are made anew."""
        if not item.is_stack and self._has_room():
            item.setSelected(False)
            item.set_hot_port(None)
            self._blocks[item.block_id] = item

    def keep_wire(self, item: WireItem) -> None:
        """Take in the item of a wire."""
        if self._has_room():
            item.setSelected(False)
            item.set_marked(False)
            self._wires[item.wire] = item

    def block(self, block_id: str, paints: Paints) -> BlockItem | None:
        """Give back the item of a block, if it is here."""
        item = self._blocks.pop(block_id, None)
        if item is not None:
            item.set_paints(paints)
        return item

    def wire(self, wire: Wire, paints: Paints) -> WireItem | None:
        """Give back the item of a wire, if it is here."""
        item = self._wires.pop(wire, None)
        if item is not None:
            item.set_paints(paints)
        return item

    def _has_room(self) -> bool:
        return len(self._blocks) + len(self._wires) < _MOST
