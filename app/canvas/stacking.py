"""Which blocks are drawn together, and what the ports of their item are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QPointF

from app.canvas import geometry as g
from app.canvas.block_item import BlockItem
from app.canvas.items import Items
from resviz.arch.folding import ways_in
from resviz.arch.graph import Architecture, Wire
from resviz.arch.spec import Kind


def folded_names(architecture: Architecture) -> dict[str, str]:
    """Return the folded group of each of its blocks, of those removed too: undo brings them back."""
    groups = architecture.groups.items()
    return {member: name for name, group in groups if group.folded for member in group.members}


def misplaced(architecture: Architecture, items: Items, folded: Mapping[str, str]) -> list[str]:
    """Return the blocks that are drawn in another folded group than they are in, or in none."""
    home = items.home
    return [b for b in architecture.blocks if b in items and home.get(b) != folded.get(b)]


def block_inputs(spec: Kind) -> dict[str, QPointF]:
    """Return where the inputs of a kind of block are, relative to its item."""
    return {port: g.input_anchor(spec.inputs, port) for port in spec.inputs}


def stack_inputs(architecture: Architecture, item: BlockItem) -> dict[str, QPointF]:
    """Return where what leads into a folded group comes in: at one place, under its first port."""
    return {port: g.input_anchor(("in",), "in") for _, port in ways_in(architecture, item.members)[:1]}


def taken_ports(item: BlockItem, inputs: Iterable[str], wires: Iterable[Wire]) -> frozenset[str]:
    """Return which ports of an item have wires, of `wires` that lead to its blocks or from them."""
    inside, taken = set(item.members), set[str]()
    for wire in wires:
        if wire.source in inside:
            taken.add("out")
        elif item.is_stack:
            taken.update(inputs)
        else:
            taken.add(wire.target_port)
    return frozenset(taken)
