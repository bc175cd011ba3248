"""What makes two architectures the same network."""

from __future__ import annotations

from resviz.arch.graph import Architecture


def structure_of(architecture: Architecture) -> object:
    """Return what makes two architectures the same network: blocks and wires, whatever places and name."""
    blocks = {block.id: (block.kind, block.params, block.bypassed) for block in architecture.blocks.values()}
    return blocks, architecture.wires
