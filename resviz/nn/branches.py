"""The residual branches of a network: which layers F of y = s(x) + F(x) is made of, block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from resviz.arch.graph import Architecture, Block
from resviz.arch.shapes import read_ports
from resviz.nn import modules

_PASSING = ("identity", "dropout", "avg_pool", "zero_pad_shortcut")
"""Loose kinds that make zeros of zeros and let gradients through to them."""


@dataclass(frozen=True)
class Branch:
    """One residual branch.

    Attributes:
        block: the residual unit, or the addition that the branch leads into.
        layers: its convolutions and linear layers, in order.
        end: the batch norm or layer whose weight, set to 0, makes the branch 0 and still lets it learn; None
            if there is no such (a branch that ends in a ReLU).
        own: loose blocks that serve the branch alone.
    """

    block: str
    layers: tuple[nn.Conv2d | nn.Linear, ...]
    end: nn.Module | None
    own: frozenset[str] = frozenset()


def has_shortcut(block: Block) -> bool:
    """Say whether a block is residual: a unit with a shortcut, or an addition that is not `plain`."""
    return block.shortcut not in (None, "none")


def branches(
    architecture: Architecture,
    built: Mapping[str, nn.Module],
    sources: Mapping[str, Sequence[str]],
    output: str,
) -> list[Branch]:
    """Return all residual branches in order of depth.

    Args:
        architecture: what was built.
        built: module of each block, in order.
        sources: the ids that each block reads.
        output: the block whose value is the result.
    """
    found = []
    for block_id, module in built.items():
        block = architecture[block_id]
        if not has_shortcut(block):
            continue
        if isinstance(module, modules.ResidualUnit):
            found.append(_of_unit(block_id, module))
        else:
            found.append(_of_addition(architecture, block_id, built, sources, output))
    return found


def _of_unit(block_id: str, unit: modules.ResidualUnit) -> Branch:
    layers = unit.branch_layers()
    norm = None if unit.last_norm is None else unit.get_submodule(unit.last_norm)
    return Branch(block_id, tuple(layers), norm if isinstance(norm, modules.BatchNorm) else layers[-1])


def _of_addition(
    architecture: Architecture,
    add: str,
    built: Mapping[str, nn.Module],
    sources: Mapping[str, Sequence[str]],
    output: str,
) -> Branch:
    port = read_ports(architecture[add]).index("branch")
    start = sources[add][port]
    own = _serving_only(add, port, built, sources, output)
    layers = (built[block_id] for block_id in built if block_id in own)
    end: nn.Module | None = None
    block_id = start
    while block_id in own and end is None:
        module = built[block_id]
        if isinstance(module, modules.BatchNorm | nn.Conv2d | nn.Linear):
            end = module
        elif architecture[block_id].kind not in (*_PASSING, "batch_norm"):
            break
        block_id = sources[block_id][0]
    weighted = tuple(layer for layer in layers if isinstance(layer, nn.Conv2d | nn.Linear))
    return Branch(add, weighted, end, own)


def _serving_only(
    add: str, port: int, built: Mapping[str, nn.Module], sources: Mapping[str, Sequence[str]], output: str
) -> frozenset[str]:
    """Return the blocks that reach the output through one port of `add` alone."""
    needed, waiting = {output}, [output]
    while waiting:
        block_id = waiting.pop()
        for number, source in enumerate(sources.get(block_id, ())):
            if (block_id, number) != (add, port) and source not in needed:
                needed.add(source)
                waiting.append(source)
    return frozenset(built) - needed
