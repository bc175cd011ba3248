"""How much of the picture a value sees: receptive fields along the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from resviz.arch.composites import RESIDUAL_KINDS, units
from resviz.arch.graph import Architecture
from resviz.arch.shapes import Inference, infer, read_ports
from resviz.arch.spec import Shape, Value, integer

_WHOLE = ("global_avg_pool", "flatten", "linear")
"""Kinds each of whose values depends on every place of what they read."""


@dataclass(frozen=True)
class Reading:
    """What a ruler along the network shows at one block.

    Attributes:
        depth: weighted layers from the input to here, this block's included, on the longest way.
        field: side of the square of input pixels that a value here can depend on, by the longest way; as
            large as the picture at most.
        reach: the same where the picture has no edge: what lies beyond it is zeros.
        jump: input pixels between two neighbouring values here (the product of all strides).
        shape: (C, H, W) or (F,) of what leaves the block.
    """

    depth: int
    field: int
    reach: int
    jump: int
    shape: Shape


def ruler(architecture: Architecture, inference: Inference | None = None) -> dict[str, Reading]:
    """Return a reading of each block whose shape is known, by id, in order.

    The receptive field grows by (kernel - 1) times the jump with each window (Araujo, Norris and Sim 2019,
    "Computing receptive fields of convolutional neural networks", Eq. 2): the theoretical one, of which a
    trained network uses the middle most.
    """
    inference = inference or infer(architecture)
    found: dict[str, Reading] = {}
    for block_id in architecture.order():
        reading = reading_at(architecture, inference, block_id, found)
        if reading is not None:
            found[block_id] = reading
    return found


def reading_at(
    architecture: Architecture, inference: Inference, block_id: str, found: Mapping[str, Reading]
) -> Reading | None:
    """Return the reading at a block from those at its sources; None where its shape is not known."""
    block, shape = architecture[block_id], inference.shapes.get(block_id)
    if shape is None:
        return None
    side = max(inference.input_shape[1:], default=0) if inference.input_shape else 0
    wires = architecture.incoming(block_id)
    read = [found[wires[port].source] for port in read_ports(block) if wires[port].source in found]
    depth = max((each.depth for each in read), default=0)
    reach = max((each.reach for each in read), default=1)
    jump = max((each.jump for each in read), default=1)
    if not block.bypassed:
        depth += block.spec.depth
        for kernel, stride in _windows(block.kind, tuple(block.params.items()), inference.inputs[block_id]):
            reach += (kernel - 1) * jump
            jump *= stride
        if block.kind in _WHOLE:
            reach, jump = max(reach, side), max(jump, side)
    return Reading(depth, min(reach, side) if side else reach, reach, jump, shape)


@lru_cache(maxsize=4096)
def _windows(
    kind: str, values: tuple[tuple[str, Value], ...], inputs: tuple[Shape, ...]
) -> tuple[tuple[int, int], ...]:
    """Return side and stride of the windows that a block slides, in order, on its longest way."""
    params = dict(values)
    if kind in (*RESIDUAL_KINDS, "conv_bn_relu"):
        plan = units(kind, params, inputs[0][0])
        return tuple((conv.kernel_size, conv.stride) for conv in plan.branch)
    if kind in ("conv", "max_pool", "avg_pool"):
        return ((integer(params, "kernel_size"), integer(params, "stride")),)
    if kind == "zero_pad_shortcut":
        return ((1, integer(params, "stride")),)
    return ()
