"""Smaller networks made of a network's own pieces: what is measured at them adds up to the whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import prod

import msgspec

from resviz.arch.activations import Piece, pieces
from resviz.arch.bypass import active
from resviz.arch.graph import Architecture
from resviz.arch.shapes import Inference, infer, read_ports
from resviz.arch.spec import Shape

_Mark = tuple[tuple[object, ...], ...]


class Thinned:
    """A network whose repeated pieces can be left out.

    A piece that gives what it gets in the same shape (a residual unit within a stage, for one) can be taken
    out without a change to the others. Those of one shape form a class: in the paper's networks, a stage.

    Attributes:
        whole: the network without what is bypassed or takes no part in the output.
    """

    def __init__(self, architecture: Architecture) -> None:
        """Look for the pieces of an architecture without problems."""
        self.whole = _living(active(architecture))
        self._inference = infer(self.whole)
        self._alike: dict[Shape, dict[_Mark, list[Piece]]] = defaultdict(lambda: defaultdict(list))
        for piece in pieces(self.whole, self._inference):
            entry = _entry(self.whole, piece)
            shape = self._inference.shapes[piece.blocks[-1]]
            if entry is not None and self._inference.shapes[entry] == shape:
                self._alike[shape][_mark(self.whole, self._inference, piece)].append(piece)

    @property
    def classes(self) -> list[Shape]:
        """The shapes of pieces that can be left out."""
        return list(self._alike)

    def repeats(self, shape: Shape) -> int:
        """Return how often the most frequent piece of a class is there."""
        return max(len(found) for found in self._alike[shape].values())

    def work(self, shape: Shape, most: int | None = None) -> float:
        """Return what the pieces of a class do, in a unit of its own; at most `most` of equal ones."""
        return sum(
            _work(self.whole, self._inference, piece)
            for found in self._alike[shape].values()
            for piece in found[:most]
        )

    def keep(self, most: int, more: Mapping[Shape, int] | None = None) -> Architecture:
        """Return the network with at most `most` of equal pieces, or as many as `more` says of a class."""
        cut = self.whole.copy()
        for shape, alike in self._alike.items():
            limit = (more or {}).get(shape, most)
            for found in alike.values():
                for piece in found[limit:]:
                    _leave_out(cut, piece)
        return cut


def _living(architecture: Architecture) -> Architecture:
    live = infer(architecture).live
    dead = [block_id for block_id in architecture.blocks if block_id not in live]
    if not dead:
        return architecture
    cut = architecture.copy()
    for block_id in dead:
        cut.remove(block_id)
    return cut


def _entry(architecture: Architecture, piece: Piece) -> str | None:
    """Return the block whose result a piece reads; None where it reads none or several."""
    inside = set(piece.blocks)
    sources = {
        wires[port].source
        for block_id in piece.blocks
        for wires in [architecture.incoming(block_id)]
        for port in read_ports(architecture[block_id])
    } - inside
    return next(iter(sources)) if len(sources) == 1 else None


def _mark(architecture: Architecture, inference: Inference, piece: Piece) -> _Mark:
    """Return what makes two pieces alike."""
    place = {block_id: number for number, block_id in enumerate(piece.blocks)}
    found = []
    for block_id in piece.blocks:
        block, wires = architecture[block_id], architecture.incoming(block_id)
        reads = tuple(place.get(wires[port].source, -1) for port in read_ports(block))
        params = tuple(block.params.items())
        found.append((block.kind, params, inference.inputs[block_id], reads))
    return tuple(found)


def _work(architecture: Architecture, inference: Inference, piece: Piece) -> float:
    """Return multiply-adds and values kept together: enough to weigh unlike pieces of one shape."""
    total = float(piece.kept)
    for block_id in piece.blocks:
        block = architecture[block_id]
        output = inference.shapes[block_id]
        total += block.spec.cost(block.params, inference.inputs[block_id], output).multiply_adds
        total += prod(output)
    return total


def _leave_out(architecture: Architecture, piece: Piece) -> None:
    entry = _entry(architecture, piece)
    last, inside = piece.blocks[-1], set(piece.blocks)
    fed = [wire for wire in architecture.outgoing(last) if wire.target not in inside]
    for block_id in piece.blocks:
        architecture.remove(block_id)
    assert entry is not None
    for wire in fed:
        architecture.connect(msgspec.structs.replace(wire, source=entry, source_port="out"))
