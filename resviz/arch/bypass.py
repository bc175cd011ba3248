"""Bypassed blocks: in the document as they were, out of the network that is computed."""

from __future__ import annotations

import msgspec

from resviz.arch.graph import Architecture
from resviz.arch.shapes import read_ports


def active(architecture: Architecture) -> Architecture:
    """Return the network without its bypassed blocks: what reads one reads what comes in at its first port.

    What served the shortcut of a bypassed addition alone goes too. The architecture itself where none is
    bypassed.
    """
    bypassed = [block_id for block_id in architecture.order() if architecture[block_id].bypassed]
    if not bypassed:
        return architecture
    cut = architecture.copy()
    unread: list[str] = []
    for block_id in bypassed:
        ports = read_ports(cut[block_id])
        unread += [wire.source for port, wire in cut.incoming(block_id).items() if port not in ports]
        heal(cut, block_id)
    while unread:
        block_id = unread.pop()
        if block_id in cut and cut[block_id].spec.inputs and not cut.outgoing(block_id):
            unread += [wire.source for wire in cut.remove(block_id)[1]]
    return cut


def heal(architecture: Architecture, block_id: str) -> None:
    """Remove a block in place, and wire what it fed to what fed it."""
    ports = read_ports(architecture[block_id])
    source = architecture.incoming(block_id).get(ports[0]) if ports else None
    block, wires = architecture.remove(block_id)
    for wire in wires:
        if wire.source == block.id and source is not None:
            healed = msgspec.structs.replace(wire, source=source.source, source_port=source.source_port)
            architecture.connect(healed)
