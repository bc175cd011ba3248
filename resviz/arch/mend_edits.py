"""Mend: one way to mend a problem, and the edits that mends are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from resviz.arch.bypass import heal
from resviz.arch.graph import Architecture, Block, Wire
from resviz.arch.spec import Params, Shape, ShapeError, Value

Edit = Callable[[Architecture], None]
"""Changes an architecture in place."""
Layer = tuple[str, str, dict[str, Value]]
"""Kind, wanted name and parameters of a block that is put in."""


@dataclass(frozen=True)
class Mend:
    """One way to mend a problem of the architecture that it was made for.

    `title`: a few words, for a button; `sentence`: everything that it changes; `touches`: the blocks that are
    changed, removed or wired anew (mends that touch different ones can be done together); `deletes`: it does
    no more than delete, so that a person should want it.
    """

    title: str
    sentence: str
    edit: Edit
    touches: frozenset[str]
    deletes: bool = False

    def applied(self, architecture: Architecture) -> Architecture:
        """Return a mended copy. Blocks that are new or moved have no place on the canvas yet.

        Raises:
            ArchitectureError: the architecture is not the one any more that the mend was made for.
        """
        copy = architecture.copy()
        self.edit(copy)
        return copy


def set_params(block_id: str, params: dict[str, Value]) -> Edit:
    """Return the edit that changes parameters of a block."""

    def edit(architecture: Architecture) -> None:
        architecture.set_params(block_id, **params)

    return edit


def add_wires(*wires: Wire) -> Edit:
    """Return the edit that adds wires."""

    def edit(architecture: Architecture) -> None:
        for wire in wires:
            architecture.connect(wire)

    return edit


def delete(block_ids: Iterable[str]) -> Edit:
    """Return the edit that removes blocks and their wires."""
    gone = list(block_ids)

    def edit(architecture: Architecture) -> None:
        for block_id in gone:
            architecture.remove(block_id)

    return edit


def take_out(block_id: str) -> Edit:
    """Return the edit that removes a block and lets its readers read what it read."""
    return lambda architecture: heal(architecture, block_id)


def read_instead(block_id: str, source: Wire) -> Edit:
    """Return the edit that removes a block and lets its readers read the start of `source`."""

    def edit(architecture: Architecture) -> None:
        _, wires = architecture.remove(block_id)
        for wire in wires:
            if wire.source == block_id:
                healed = msgspec.structs.replace(wire, source=source.source, source_port=source.source_port)
                architecture.connect(healed)

    return edit


def put_on_wire(wire: Wire, layers: Sequence[Layer]) -> Edit:
    """Return the edit that puts layers on a wire, in this order; the wire need not be there yet."""

    def edit(architecture: Architecture) -> None:
        if wire in architecture.incoming(wire.target).values():
            architecture.disconnect(wire)
        source, port = wire.source, wire.source_port
        for kind, name, params in layers:
            block = architecture.add(kind, architecture.free_id(name), **params)
            architecture.connect(Wire(source, block.id, port))
            source, port = block.id, "out"
        architecture.connect(Wire(source, wire.target, port, wire.target_port))

    return edit


def put_instead(block_id: str, layers: Sequence[Layer]) -> Edit:
    """Return the edit that puts layers in the place of a block with one input."""

    def edit(architecture: Architecture) -> None:
        (start,) = architecture.incoming(block_id).values()
        _, wires = architecture.remove(block_id)
        source, port = start.source, start.source_port
        for kind, name, params in layers:
            block = architecture.add(kind, architecture.free_id(name), **params)
            architecture.connect(Wire(source, block.id, port))
            source, port = block.id, "out"
        for wire in wires:
            if wire.source == block_id:
                architecture.connect(msgspec.structs.replace(wire, source=source, source_port=port))

    return edit


def move_behind(block_id: str, last: str) -> Edit:
    """Return the edit that takes a block out of its chain and puts it behind another one."""

    def edit(architecture: Architecture) -> None:
        block = architecture[block_id]
        heal(architecture, block_id)
        readers = architecture.outgoing(last)
        architecture.insert(msgspec.structs.replace(block, position=None))
        for wire in readers:
            architecture.disconnect(wire)
            architecture.connect(msgspec.structs.replace(wire, source=block_id, source_port="out"))
        architecture.connect(Wire(last, block_id, target_port=block.spec.inputs[0]))

    return edit


def output_of(block: Block, inputs: tuple[Shape, ...], changes: Params | None = None) -> Shape | None:
    """Return what a block gives with some parameters changed; None: it refuses."""
    if block.bypassed:
        return inputs[0]
    try:
        return block.spec.infer({**block.params, **(changes or {})}, inputs)
    except ShapeError:
        return None


def listed(values: dict[str, Value]) -> str:
    """Return parameters in words: "channels to 32 and stride to 2"."""
    return " and ".join(f"{_said(name)} to {value}" for name, value in values.items())


def _said(name: str) -> str:
    return {"out_channels": "channels"}.get(name, name.replace("_", " "))


def beside(block_id: str, name: str) -> str:
    """Return what a new layer of the unit of `block_id` is called: "unit.pad" beside "unit.add"."""
    stem = block_id.rpartition(".")[0]
    return f"{stem}.{name}" if stem else f"{name}1"
