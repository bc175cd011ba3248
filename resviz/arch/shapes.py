"""Shape inference: the output shape of every block, and what is wrong where, each with a mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import msgspec

from resviz.arch.blocks import CATALOGUE
from resviz.arch.graph import Architecture, Block, Wire
from resviz.arch.spec import Shape, ShapeError, Value


class Fault(IntEnum):
    """What is wrong, the worse the smaller: no mend may cost a worse fault than it removes."""

    EMPTY = 0
    NO_INPUT = 1
    NO_OUTPUT = 2
    SECOND_END = 3
    LOOSE = 4
    UNWIRED = 5
    DEAD_END = 6
    SHAPE = 7
    """A block that refuses the shapes that it gets."""


class Problem(msgspec.Struct, frozen=True):
    """Why an architecture cannot be built: the block concerned (None: the whole), a sentence, a mend.

    `fault` and `port` (the input that is not wired) say the same to `resviz.arch.mends`.
    """

    block: str | None
    message: str
    mend: str
    fault: Fault = Fault.SHAPE
    port: str = ""


@dataclass(frozen=True)
class Inference:
    """What shape inference found.

    `shapes`: output shape by block id, where it is known; `inputs`: the shapes that each such block reads;
    `problems`: in order of depth; `live`: ids of the blocks that take part in the output (while there is no
    output block: of all that could).
    """

    shapes: dict[str, Shape]
    inputs: dict[str, tuple[Shape, ...]]
    problems: list[Problem]
    live: frozenset[str]
    input_shape: Shape | None
    output_shape: Shape | None


def infer(architecture: Architecture) -> Inference:
    """Return shapes and problems of an architecture; never raises."""
    order = architecture.order()
    incoming: dict[str, dict[str, Wire]] = {block_id: {} for block_id in order}
    readers: dict[str, list[str]] = {block_id: [] for block_id in order}
    deaf: set[str] = set()  # blocks that feed the ignored port of a plain addition
    for wire in architecture.wires:
        incoming[wire.target][wire.target_port] = wire
        if wire.target_port in read_ports(architecture[wire.target]):
            readers[wire.source].append(wire.target)
        else:
            deaf.add(wire.source)
    live, idle = _uses(architecture, order, readers, deaf)

    shapes: dict[str, Shape] = {}
    inputs: dict[str, tuple[Shape, ...]] = {}
    problems = _problems_of_the_ends(architecture, order)
    for block_id in order:
        block = architecture[block_id]
        wires = incoming[block_id]
        ports = read_ports(block)
        if block_id not in idle:
            problems += _wiring_problems(block, wires, ports, bool(readers[block_id]) or block_id in deaf)
        if any(port not in wires or wires[port].source not in shapes for port in ports):
            continue
        inputs[block_id] = tuple([shapes[wires[port].source] for port in ports])
        if block.bypassed:
            shapes[block_id] = inputs[block_id][0]
            continue
        result = _infer_one(block.kind, tuple(block.params.values()), inputs[block_id])
        if not isinstance(result, Failure):
            shapes[block_id] = result
        elif block_id not in idle:
            mend = result.mend.replace("{block}", block_id)
            if block.kind == "add":
                mend = _mend_of_addition(architecture, block, wires, inputs[block_id]) or mend
            problems.append(Problem(block_id, result.message, mend))
    return Inference(
        shapes, inputs, problems, live, _shape_of("input", architecture, shapes),
        _shape_of("output", architecture, shapes),
    )  # fmt: skip


def read_ports(block: Block) -> tuple[str, ...]:
    """Return the input ports that a block reads: of a plain or bypassed addition the branch alone."""
    ignores = block.kind == "add" and (block.params["plain"] or block.bypassed)
    return ("branch",) if ignores else block.spec.inputs


@dataclass(frozen=True)
class Failure:
    """A shape rule's refusal."""

    message: str
    mend: str


@lru_cache(maxsize=4096)
def _infer_one(kind: str, values: tuple[Value, ...], inputs: tuple[Shape, ...]) -> Shape | Failure:
    """Return one block's output shape; `values` are its parameters in the catalogue's order.

    Remembered, for the document is inferred anew after each edit and deep networks repeat themselves.
    """
    spec = CATALOGUE[kind]
    try:
        return spec.infer(dict(zip((p.name for p in spec.parameters), values, strict=True)), inputs)
    except ShapeError as error:
        return Failure(error.message, error.mend)


def _uses(
    architecture: Architecture, order: list[str], readers: Mapping[str, list[str]], deaf: set[str]
) -> tuple[frozenset[str], set[str]]:
    """Return the live blocks, and the idle ones, whose every way on ends at an ignored port."""
    useful: set[str] = set()
    idle: set[str] = set()
    for block_id in reversed(order):
        ahead = readers[block_id]
        if architecture[block_id].kind == "output" or not useful.isdisjoint(ahead):
            useful.add(block_id)
        elif (ahead or block_id in deaf) and idle.issuperset(ahead):
            idle.add(block_id)
    if any(architecture[block_id].kind == "output" for block_id in order):
        return frozenset(useful), idle
    return frozenset(order) - idle, idle


def _ends(architecture: Architecture, kind: str) -> list[str]:
    """Return the input or output blocks, the one that counts first: it is wired, or it was there first."""
    wired = {end for wire in architecture.wires for end in (wire.source, wire.target)}
    found = [block.id for block in architecture.blocks.values() if block.kind == kind]
    return sorted(found, key=lambda block_id: block_id not in wired)


def _shape_of(kind: str, architecture: Architecture, shapes: Mapping[str, Shape]) -> Shape | None:
    """Return the shape at the input or output block."""
    return next((shapes.get(block_id) for block_id in _ends(architecture, kind)), None)


def _problems_of_the_ends(architecture: Architecture, order: list[str]) -> list[Problem]:
    if not order:
        mend = "Open a preset, or add an input block to begin."
        return [Problem(None, "The network is empty.", mend, Fault.EMPTY)]
    problems = []
    for kind, fault, mend in (
        ("input", Fault.NO_INPUT, "Add an input block and connect it to the first layer."),
        ("output", Fault.NO_OUTPUT, "Add an output block and connect the classifier to it."),
    ):
        found = _ends(architecture, kind)
        if not found:
            problems.append(Problem(None, f"The network has no {kind}.", mend, fault))
        problems += [
            Problem(
                block_id,
                f"{kind.capitalize()}: a network has one {kind}, and {found[0]} is it already.",
                f"Delete {block_id}, or use it in place of {found[0]} and delete that.",
                Fault.SECOND_END,
            )
            for block_id in found[1:]
        ]
    return problems


def _wiring_problems(
    block: Block, wires: Mapping[str, Wire], ports: tuple[str, ...], feeds: bool
) -> list[Problem]:
    spec, name = block.spec, block.id
    missing = [port for port in ports if port not in wires]
    if not wires and not feeds and (spec.inputs and spec.outputs):
        mend = f"Connect {name} to the network, or delete it."
        return [Problem(name, f"{spec.title}: nothing is wired to this block.", mend, Fault.LOOSE)]
    problems = []
    for port in missing:
        which = "its input" if len(spec.inputs) == 1 else f'its input "{port}"'
        mend = f"Connect another block's output to {name}, or delete {name}."
        if block.kind == "add" and port == "shortcut":
            mend = f"Connect the start of the unit to the shortcut of {name}, or make {name} plain."
        message = f"{spec.title}: nothing is wired to {which}."
        problems.append(Problem(name, message, mend, Fault.UNWIRED, port))
    if spec.outputs and not feeds:
        mend = f"Connect {name} to the next block, or delete {name}."
        problems.append(Problem(name, f"{spec.title}: its output leads nowhere.", mend, Fault.DEAD_END))
    return problems


def _mend_of_addition(
    architecture: Architecture, add: Block, wires: Mapping[str, Wire], inputs: tuple[Shape, ...]
) -> str | None:
    """Return what makes the two wires of an addition fit, naming the blocks; None if only the rule knows."""
    branch, shortcut = inputs
    if len(branch) != 3 or len(shortcut) != 3:
        return None
    unit = add.id.rpartition(".")[0] or add.id
    source = architecture[wires["shortcut"].source]
    stride = next((s for s in range(1, 17) if _strided(shortcut, s) == branch[1:]), None)
    if stride is None:
        first = wires["branch"].source
        return f"Use the same strides on both ways to {add.id}: through {first} and through {source.id}."
    channels = branch[0]
    own = len(architecture.outgoing(source.id)) == 1  # a layer of this shortcut alone
    if own and source.kind in ("conv", "zero_pad_shortcut") and stride == 1:
        return f"Set the channels of {source.id} to {channels}."
    where = f"on the wire from {source.id} to {add.id}"
    projection = f"a 1x1 convolution with {channels} channels, stride {stride}, padding 0 and a batch norm"
    if shortcut[0] > channels:
        return f"Use shortcut B on {unit}: put {projection} {where}."
    return (
        f"Use shortcut A or B on {unit}: put a zero-padding shortcut with {channels} channels and stride "
        f"{stride} (A), or {projection} (B), {where}."
    )


def _strided(shape: Shape, stride: int) -> Shape:
    return tuple((side - 1) // stride + 1 for side in shape[1:])
