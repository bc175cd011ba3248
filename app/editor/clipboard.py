"""Pieces of a network as text: what copy and paste carry. The text is a whole architecture file."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from resviz.arch import files
from resviz.arch.graph import Architecture, Block, Wire


def to_text(architecture: Architecture, block_ids: Iterable[str]) -> str:
    """Return blocks and the wires among them as JSON text in the format of architecture files."""
    piece = Architecture(architecture.name)
    for block_id in block_ids:
        piece.insert(architecture[block_id])
    for wire in architecture.wires:
        if wire.source in piece and wire.target in piece:
            piece.connect(wire)
    return files.to_json(piece).decode("utf-8")


def from_text(text: str) -> Architecture:
    """Return the piece in a text.

    Raises:
        ResvizError: the text is no architecture.
    """
    return files.from_json(text.encode("utf-8"), where="The clipboard")


def renamed_for(architecture: Architecture, piece: Architecture) -> tuple[list[Block], list[Wire]]:
    """Return the blocks and wires of `piece` under ids that are free in `architecture`."""
    scratch = architecture.copy()
    names: dict[str, str] = {}
    blocks = []
    for block in piece.blocks.values():
        names[block.id] = scratch.free_id(block.id)
        blocks.append(msgspec.structs.replace(block, id=names[block.id]))
        scratch.insert(blocks[-1])
    wires = [
        msgspec.structs.replace(wire, source=names[wire.source], target=names[wire.target])
        for wire in piece.wires
    ]
    return blocks, wires
