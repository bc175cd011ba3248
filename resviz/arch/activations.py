"""Which values training keeps from forward to backward, and where a network can be cut to keep fewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from resviz.arch.composites import RESIDUAL_KINDS, units
from resviz.arch.graph import Architecture, Block
from resviz.arch.shapes import Inference, read_ports
from resviz.arch.spec import Shape, Value, window

_UNITS = (*RESIDUAL_KINDS, "conv_bn_relu")
_READ_AGAIN = ("basic", "bottleneck", "conv_bn_relu", "conv", "linear", "max_pool", "avg_pool")
"""Kinds whose backward pass needs what they read."""
_NORMALISE_FIRST = ("batch_norm", "preact_basic", "preact_bottleneck")
"""These need it for their batch norm."""
_MAKE_AGAIN = ("relu", "basic", "bottleneck", "conv_bn_relu")
"""Kinds that end in a ReLU, whose backward pass needs what it made."""
_NORM_FREE = ("skipinit", "fixup")
_SIZES = 32
"""Sizes of segments that are tried."""


@dataclass(frozen=True)
class Piece:
    """Blocks between two places where one value alone passes; counts are of values a picture.

    Attributes:
        blocks: ids in order.
        kept: what training keeps of them, their result included.
        leaves: in their result.
        widest: in the largest map they read or make.
    """

    blocks: tuple[str, ...]
    kept: int
    leaves: int
    widest: int


def pieces(architecture: Architecture, inference: Inference, residual_init: str = "he") -> list[Piece]:
    """Return a network's finest pieces in order; `residual_init` as in a recipe. It must have no problems."""
    live = [architecture[block_id] for block_id in architecture.order() if block_id in inference.live]
    place = {block.id: number for number, block in enumerate(live)}
    readers: dict[str, list[Block]] = {block.id: [] for block in live}
    for block in live:
        wires = architecture.incoming(block.id)
        for port in read_ports(block):
            readers[wires[port].source].append(block)
    found, mine, waited_for = list[Piece](), list[Block](), 0
    for number, block in enumerate(live):
        if block.kind not in ("input", "output"):
            mine.append(block)
            if waited_for <= number:  # nothing made before this block is read behind it
                found.append(_piece(mine, inference, readers, residual_init))
                mine = []
        waited_for = max(waited_for, *(place[reader.id] for reader in readers[block.id]), 0)
    return found


def segments(found: Sequence[Piece]) -> list[list[Piece]]:
    """Group pieces so that training keeps least if it keeps what leaves a group, and makes the rest again.

    The rest of a group is made again when backward reaches it, at the same cost however large the groups are
    (arXiv:1604.06174 has sqrt(n) layers a group, which is this for layers of one size).
    """
    total = sum(piece.kept for piece in found)
    candidates = [_packed(found, total * (number + 1) / _SIZES**2) for number in range(_SIZES)]
    candidates += [_packed(found, total * (number + 1) / _SIZES) for number in range(_SIZES)]
    return min(candidates, key=lambda groups: (kept_in_segments(groups), len(groups)))


def kept_in_segments(groups: Sequence[Sequence[Piece]]) -> int:
    """Return the most values a picture that are kept at a time: results of groups, and one group's rest."""
    most = results = 0
    for group in groups:
        most = max(most, results + sum(piece.kept for piece in group))
        results += group[-1].leaves
    return most


def _packed(found: Sequence[Piece], size: float) -> list[list[Piece]]:
    groups: list[list[Piece]] = []
    room = 0.0
    for piece in found:
        if not groups or piece.kept > room:
            groups.append([])
            room = size
        groups[-1].append(piece)
        room -= piece.kept
    return groups


def _piece(
    blocks: Sequence[Block], inference: Inference, readers: dict[str, list[Block]], residual_init: str
) -> Piece:
    kept, widest = 0, 0
    read_again = _READ_AGAIN if residual_init in _NORM_FREE else (*_READ_AGAIN, *_NORMALISE_FIRST)
    for block in blocks:
        output, inputs = inference.shapes[block.id], inference.inputs[block.id]
        kept += _kept_inside(block.kind, tuple(block.params.items()), inputs, output, residual_init)
        if block.kind in _MAKE_AGAIN or any(reader.kind in read_again for reader in readers[block.id]):
            kept += prod(output)
        widest = max(widest, prod(output), *(prod(shape) for shape in inputs))
    last = blocks[-1]
    return Piece(tuple(block.id for block in blocks), kept, prod(inference.shapes[last.id]), widest)


@lru_cache(maxsize=4096)
def _kept_inside(
    kind: str,
    params: tuple[tuple[str, Value], ...],
    inputs: tuple[Shape, ...],
    output: Shape,
    residual_init: str,
) -> int:
    """Return the values a picture that one block keeps besides its result."""
    if kind == "max_pool":
        return 2 * prod(output)  # where each came from, a number of 8 bytes
    if kind not in _UNITS:
        return 0
    plan = units(kind, dict(params), inputs[0][0])
    maps, shape = [inputs[0]], inputs[0]
    for conv in plan.branch:
        height, width = (window(s, conv.kernel_size, conv.stride, conv.padding, "") for s in shape[1:])
        shape = (conv.out_channels, height, width)
        maps.append(shape)
    sizes = [prod(map_) for map_ in maps]
    preact = kind.startswith("preact")
    between = sum(sizes[:-1] if preact else sizes[1:-1])  # the activations that the convolutions read
    normalised = sum(sizes[1:-1] if preact else sizes[1:])  # what the batch norms read
    if plan.projection_norm:
        normalised += prod(output)
    if residual_init not in _NORM_FREE:
        return between + normalised
    scaled = sizes[-1] if kind != "conv_bn_relu" else 0  # what the branch's multiplier reads
    if residual_init == "skipinit":
        return between + scaled
    return between + scaled + sum(sizes[:-1])  # each convolution reads a sum with a bias
