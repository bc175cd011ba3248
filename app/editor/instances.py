"""Adding instances of the blocks that are defined in a document: each verb one undo step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.document import Document
from app.rework import Rework
from resviz.arch.defining import with_instance
from resviz.arch.definitions import bundle, entries_of
from resviz.arch.graph import Architecture, Position, Wire


def add_instance(document: Document, name: str, position: Position, *, after: str | None = None) -> str:
    """Add an instance of a definition, wired behind a block if one is given; return its first block's id."""
    made, instance = with_instance(document.architecture, name, position)
    if after is not None:
        _feed(made, instance, after, "out")
    return _push(document, f"Add {name}", made, instance)


def insert_instance(
    document: Document, name: str, position: Position, wire: Wire, moves: Mapping[str, Position]
) -> str:
    """Insert an instance into a wire, whose neighbours move out of the way; return its first block's id."""
    targets = _existing(document.architecture, bundle(document.architecture, wire))
    made, instance = with_instance(document.architecture, name, position)
    for block_id, place in moves.items():
        made.move(block_id, place)
    for target in targets:
        made.disconnect(target)
    _feed(made, instance, wire.source, wire.source_port)
    _read(made, instance, name, targets)
    return _push(document, f"Insert {name}", made, instance)


def add_instance_at(
    document: Document, name: str, position: Position, block_id: str, port: str, *, is_input: bool
) -> str:
    """Add an instance wired to a port of another block; return its first block's id.

    A wire that takes the input already gives way, and feeds the instance instead.
    """
    architecture = document.architecture
    made, instance = with_instance(architecture, name, position)
    if not is_input:
        _feed(made, instance, block_id, port)
        return _push(document, f"Add {name}", made, instance)
    targets = bundle(architecture, Wire("", block_id, target_port=port))
    gone = [w for t in targets if (w := architecture.incoming(t.target).get(t.target_port)) is not None]
    for wire in gone:
        made.disconnect(wire)
    if gone:
        _feed(made, instance, gone[0].source, gone[0].source_port)
    _read(made, instance, name, targets)
    return _push(document, f"Add {name}", made, instance)


def _existing(architecture: Architecture, wires: Iterable[Wire]) -> list[Wire]:
    return [wire for wire in wires if architecture.incoming(wire.target).get(wire.target_port) == wire]


def _feed(made: Architecture, instance: str, source: str, source_port: str) -> None:
    """Lead what a block gives into an instance."""
    for target, port in entries_of(made, instance):
        made.connect(Wire(source, target, source_port, port))


def _read(made: Architecture, instance: str, name: str, targets: Iterable[Wire]) -> None:
    """Lead what an instance gives to where wires lead."""
    end = f"{instance}.{made.definitions[name].exit}"
    for wire in targets:
        made.connect(Wire(end, wire.target, "out", wire.target_port))


def _push(document: Document, text: str, made: Architecture, instance: str) -> str:
    document.undo_stack.push(Rework(document, text, made))
    return made.groups[instance].members[0]
