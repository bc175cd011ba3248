"""What an architecture costs: parameters, multiply-adds, activation memory; and how deep it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from resviz.arch.blocks import CATALOGUE
from resviz.arch.graph import Architecture
from resviz.arch.shapes import Inference, infer, read_ports
from resviz.arch.spec import Cost, Shape, Value

_NOTHING = Cost()


@dataclass(frozen=True)
class NetworkCost:
    """Cost of a network and of each block (dead and broken ones cost nothing); depth in weighted layers."""

    total: Cost
    blocks: dict[str, Cost]
    depth: int
    depths: dict[str, int]
    """Weighted layers from the input to behind each block, along the main path."""


def cost_of(architecture: Architecture, inference: Inference | None = None) -> NetworkCost:
    """Return the costs of an architecture, as far as its shapes are known.

    The depth counts the weighted layers of the main path, which at an addition is the branch; projections on
    shortcuts do not count (arXiv:1512.03385, Table 1: ResNet-50 has four of them and is 50 deep).
    """
    inference = inference or infer(architecture)
    blocks: dict[str, Cost] = {}
    depths: dict[str, int] = {}
    for block_id in architecture.order():
        blocks[block_id] = block_cost(architecture, inference, block_id)
        depths[block_id] = depth_at(architecture, block_id, depths)
    return summed_cost(architecture, inference, blocks, depths)


def summed_cost(
    architecture: Architecture, inference: Inference, blocks: dict[str, Cost], depths: dict[str, int]
) -> NetworkCost:
    """Return what is known of each block as one cost."""
    parameters = multiply_adds = activations = 0
    for cost in blocks.values():
        if cost is not _NOTHING:
            parameters += cost.parameters
            multiply_adds += cost.multiply_adds
            activations += cost.activations
    ends = [block.id for block in architecture.of_kind("output")] or inference.live
    depth = max((depths[block_id] for block_id in ends), default=0)
    return NetworkCost(Cost(parameters, multiply_adds, activations), blocks, depth, depths)


def block_cost(architecture: Architecture, inference: Inference, block_id: str) -> Cost:
    """Return what one block costs."""
    block, output = architecture[block_id], inference.shapes.get(block_id)
    if output is None or block_id not in inference.live or block.bypassed:
        return _NOTHING
    return _cost_one(block.kind, tuple(block.params.values()), inference.inputs[block_id], output)


def depth_at(architecture: Architecture, block_id: str, depths: Mapping[str, int]) -> int:
    """Return the depth behind a block, from that behind its source."""
    block = architecture[block_id]
    ports = read_ports(block)
    wire = architecture.incoming(block_id).get(ports[0]) if ports else None
    return (0 if block.bypassed else block.spec.depth) + (depths[wire.source] if wire else 0)


@lru_cache(maxsize=4096)
def _cost_one(kind: str, values: tuple[Value, ...], inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Return one block's cost; `values` are its parameters in the catalogue's order."""
    spec = CATALOGUE[kind]
    return spec.cost(dict(zip((p.name for p in spec.parameters), values, strict=True)), inputs, output)
