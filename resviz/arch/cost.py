"""What an architecture costs: parameters, multiply-adds, activation memory; and how deep it is."""

from __future__ import annotations

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


def cost_of(architecture: Architecture, inference: Inference | None = None) -> NetworkCost:
    """Return the costs of an architecture, as far as its shapes are known.

    The depth counts the weighted layers of the main path, which at an addition is the branch; projections on
    shortcuts do not count (arXiv:1512.03385, Table 1: ResNet-50 has four of them and is 50 deep).
    """
    inference = inference or infer(architecture)
    blocks: dict[str, Cost] = {}
    depths: dict[str, int] = {}
    parameters = multiply_adds = activations = 0
    for block_id in architecture.order():
        block = architecture[block_id]
        output = inference.shapes.get(block_id)
        cost = _NOTHING
        if output is not None and block_id in inference.live and not block.bypassed:
            cost = _cost_one(block.kind, tuple(block.params.values()), inference.inputs[block_id], output)
            parameters += cost.parameters
            multiply_adds += cost.multiply_adds
            activations += cost.activations
        blocks[block_id] = cost
        ports = read_ports(block)
        wire = architecture.incoming(block_id).get(ports[0]) if ports else None
        own = 0 if block.bypassed else block.spec.depth
        depths[block_id] = own + (depths[wire.source] if wire else 0)
    ends = [block.id for block in architecture.of_kind("output")] or inference.live
    depth = max((depths[block_id] for block_id in ends), default=0)
    return NetworkCost(Cost(parameters, multiply_adds, activations), blocks, depth)


@lru_cache(maxsize=4096)
def _cost_one(kind: str, values: tuple[Value, ...], inputs: tuple[Shape, ...], output: Shape) -> Cost:
    """Return one block's cost; `values` are its parameters in the catalogue's order."""
    spec = CATALOGUE[kind]
    return spec.cost(dict(zip((p.name for p in spec.parameters), values, strict=True)), inputs, output)
