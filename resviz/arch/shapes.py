"""Shape inference: the output shape of every block, and what is wrong where, each with a mend."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
    output block: of all that could). The rest is what `resviz.arch.reinfer` begins with after an edit:
    `found`, the problems of each block that has any; `useful`, the blocks that lead to an output; `idle`,
    those whose every way on ends at an ignored port.
    """

    shapes: dict[str, Shape]
    inputs: dict[str, tuple[Shape, ...]]
    problems: list[Problem]
    live: frozenset[str]
    input_shape: Shape | None
    output_shape: Shape | None
    found: dict[str, tuple[Problem, ...]]
    useful: frozenset[str]
    idle: frozenset[str]


def infer(architecture: Architecture) -> Inference:
    """Return shapes and problems of an architecture; never raises."""
    order = architecture.order()
    useful: set[str] = set()
    idle: set[str] = set()
    for block_id in reversed(order):
        leads, waits = use_of(architecture, block_id, useful, idle)
        if leads:
            useful.add(block_id)
        elif waits:
            idle.add(block_id)
    shapes: dict[str, Shape] = {}
    inputs: dict[str, tuple[Shape, ...]] = {}
    found: dict[str, tuple[Problem, ...]] = {}
    for block_id in order:
        read, shape, problems = judge(architecture, block_id, shapes, idle=block_id in idle)
        if read is not None:
            inputs[block_id] = read
        if shape is not None:
            shapes[block_id] = shape
        if problems:
            found[block_id] = problems
    return summed(architecture, shapes, inputs, found, useful=frozenset(useful), idle=frozenset(idle))


def summed(
    architecture: Architecture,
    shapes: dict[str, Shape],
    inputs: dict[str, tuple[Shape, ...]],
    found: dict[str, tuple[Problem, ...]],
    *,
    useful: frozenset[str],
    idle: frozenset[str],
) -> Inference:
    """Return what is known of each block as one inference."""
    rank = architecture.rank
    starts, ends = (_ends(architecture, kind) for kind in ("input", "output"))
    problems = _problems_of_the_ends(architecture, starts, ends)
    for block_id in sorted(found, key=rank.__getitem__):
        problems += found[block_id]
    return Inference(
        shapes,
        inputs,
        problems,
        useful if ends else frozenset(rank) - idle,
        shapes.get(starts[0]) if starts else None,
        shapes.get(ends[0]) if ends else None,
        found,
        useful,
        idle,
    )


def judge(
    architecture: Architecture, block_id: str, shapes: Mapping[str, Shape], *, idle: bool
) -> tuple[tuple[Shape, ...] | None, Shape | None, tuple[Problem, ...]]:
    """Return what a block reads, its output shape and its problems, where its sources' shapes are known."""
    block, wires = architecture[block_id], architecture.incoming(block_id)
    ports = read_ports(block)
    problems: list[Problem] = []
    feeds = bool(architecture.fed_by(block_id))
    if not idle and not (feeds and all(port in wires for port in ports)):
        problems = _wiring_problems(block, wires, ports, feeds)
    if any(port not in wires or wires[port].source not in shapes for port in ports):
        return None, None, tuple(problems)
    inputs = tuple([shapes[wires[port].source] for port in ports])
    if block.bypassed:
        return inputs, inputs[0], tuple(problems)
    result = _infer_one(block.kind, tuple(block.params.values()), inputs)
    if not isinstance(result, Failure):
        return inputs, result, tuple(problems)
    if not idle:
        mend = result.mend.replace("{block}", block_id)
        if block.kind == "add":
            mend = _mend_of_addition(architecture, block, wires, inputs) or mend
        problems.append(Problem(block_id, result.message, mend))
    return inputs, None, tuple(problems)


def use_of(
    architecture: Architecture, block_id: str, useful: Collection[str], idle: Collection[str]
) -> tuple[bool, bool]:
    """Return whether a block leads to an output, and whether its every way on ends at an ignored port.

    `useful` and `idle`: of which of its readers it is so.
    """
    blocks, wires = architecture.blocks, architecture.fed_by(block_id)
    ahead = [wire.target for wire in wires if wire.target_port in read_ports(blocks[wire.target])]
    if blocks[block_id].kind == "output" or any(target in useful for target in ahead):
        return True, False
    return False, bool(wires) and all(target in idle for target in ahead)


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


def _ends(architecture: Architecture, kind: str) -> list[str]:
    """Return the input or output blocks, the one that counts first: it is wired, or it was there first."""
    found = [block.id for block in architecture.of_kind(kind)]
    if len(found) > 1:
        found.sort(key=lambda end: not (architecture.incoming(end) or architecture.fed_by(end)))
    return found


def _problems_of_the_ends(
    architecture: Architecture, starts: Sequence[str], ends: Sequence[str]
) -> list[Problem]:
    if not architecture.blocks:
        mend = "Open a preset, or add an input block to begin."
        return [Problem(None, "The network is empty.", mend, Fault.EMPTY)]
    problems = []
    for kind, found, fault, mend in (
        ("input", starts, Fault.NO_INPUT, "Add an input block and connect it to the first layer."),
        ("output", ends, Fault.NO_OUTPUT, "Add an output block and connect the classifier to it."),
    ):
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
