"""Definitions as kinds of blocks: what the palette, the list of fitting blocks and drops know of them."""

from __future__ import annotations

import msgspec

from resviz.arch.blocks import CATALOGUE, kind_of
from resviz.arch.cost import cost_of
from resviz.arch.definitions import key_of, name_of
from resviz.arch.graph import Architecture, Definition, Wire
from resviz.arch.names import natural_key
from resviz.arch.shapes import infer
from resviz.arch.spec import Cost, Kind, Params, Shape, ShapeError

OWN = "This network's blocks"
"""Where the palette shows definitions."""


def kind_named(architecture: Architecture, key: str) -> Kind | None:
    """Return the kind, or the definition as one, that a key stands for; None if there is none."""
    name = name_of(key)
    if name is None:
        return CATALOGUE.get(key)
    definition = architecture.definitions.get(name)
    return None if definition is None else kind_from(name, definition)


def own_kinds(architecture: Architecture) -> list[Kind]:
    """Return the definitions of an architecture as kinds, in natural order."""
    names = sorted(architecture.definitions, key=natural_key)
    return [kind_from(name, architecture.definitions[name]) for name in names]


def kind_from(name: str, definition: Definition) -> Kind:
    """Return a definition as the palette and the list of fitting blocks see kinds."""
    kinds = {block.kind: kind_of(block.kind) for block in definition.blocks}
    words = [word for kind in kinds.values() for word in (kind.title, *kind.synonyms)]
    made = ", ".join(kind.title.lower() for kind in kinds.values())
    return Kind(
        key_of(name),
        name,
        OWN,
        definition.doc or f"{len(definition.blocks)} blocks of your own: {made}.",
        "defined in this network",
        lambda params, shapes: _infer(definition, params, shapes),
        lambda params, shapes, output: _cost(definition, shapes[0]),
        synonyms=tuple(dict.fromkeys(words)),
    )


def _alone(definition: Definition, shape: Shape) -> Architecture:
    """Return an instance with an input before it."""
    architecture = Architecture()
    dimensions = dict(zip(("channels", "height", "width"), shape, strict=False))
    architecture.add("input", "input", None, **dimensions)
    for block in definition.blocks:
        architecture.insert(msgspec.structs.replace(block, id=f"x.{block.id}"))
    for wire in definition.wires:
        architecture.connect(
            msgspec.structs.replace(wire, source=f"x.{wire.source}", target=f"x.{wire.target}")
        )
    for block_id, port in definition.entries:
        architecture.connect(Wire("input", f"x.{block_id}", target_port=port))
    return architecture


def _infer(definition: Definition, _params: Params, shapes: tuple[Shape, ...]) -> Shape:
    if len(shapes[0]) != 3:
        raise ShapeError("It begins with a map.", "Place {block} before the pooling or flatten block.")
    inference = infer(_alone(definition, shapes[0]))
    shape = inference.shapes.get(f"x.{definition.exit}")
    if shape is None:
        told = next((p for p in inference.problems if p.block and p.block.startswith("x.")), None)
        raise ShapeError(told.message if told else "It does not fit here.", told.mend if told else "")
    return shape


def _cost(definition: Definition, shape: Shape) -> Cost:
    architecture = _alone(definition, shape)
    costs = cost_of(architecture, infer(architecture)).blocks
    return sum((cost for block_id, cost in costs.items() if block_id != "input"), Cost())
