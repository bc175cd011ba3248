"""Initial values: each is a function of the seed, the parameter's name and its shape, and of nothing else.

So twins share the initial weights of what they share, whatever else is in the network and in whichever order
it is built. Convolutions and linear layers are drawn after He et al. (arXiv:1502.01852, Eq. 10): normal with
standard deviation sqrt(2 / fan_in); every bias is 0; a batch norm begins as scale 1 and shift 0. What a
recipe's `residual_init` changes about that comes after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from math import prod, sqrt

import torch
from torch import Tensor, nn

from resviz.nn.branches import Branch


def he_normal(seed: int, name: str, shape: tuple[int, ...]) -> Tensor:
    """Return the initial weight called `name`, float32, of shape (out, in / groups, ...)."""
    digest = hashlib.blake2b(f"{seed}/{name}/{shape}".encode(), digest_size=8).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest, "little"))
    fan_in = prod(shape[1:])
    return torch.randn(shape, generator=generator) * sqrt(2 / fan_in)


def initialise(block: nn.Module, block_id: str, seed: int) -> None:
    """Set the convolutions and linear layers of one block.

    A weight's name is the block's id, the layer's name, if any, and "weight".
    """
    with torch.no_grad():
        for layer_name, layer in block.named_modules():
            name = f"{block_id}.{layer_name}.weight" if layer_name else f"{block_id}.weight"
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.weight.copy_(he_normal(seed, name, tuple(layer.weight.shape)))
                if layer.bias is not None:
                    layer.bias.zero_()


@torch.no_grad()
def zero_gamma(branches: Iterable[Branch]) -> None:
    """Make every residual block begin as its shortcut (arXiv:1706.02677, Sec. 5.1).

    The last batch norm of a branch gets the scale 0. A pre-activation branch ends in a convolution, whose
    weight gets it instead: behind a batch norm of scale 0 its ReLU would let no gradient through.
    """
    for branch in branches:
        if branch.end is not None:
            nn.init.zeros_(branch.end.get_parameter("weight"))


@torch.no_grad()
def fixup(branches: Sequence[Branch], classifier: nn.Module | None) -> None:
    """Scale the weights so that a step of SGD changes the network alike at every depth (arXiv:1901.09321).

    Its rules 1 and 2 (Sec. 3.2): the classification layer and the last layer of each residual branch begin at
    0; the m - 1 other layers of a branch are scaled by L^(-1 / (2m - 2)), for L branches.
    """
    for branch in branches:
        others = [layer for layer in branch.layers if layer is not branch.end]
        if branch.end is not None:
            nn.init.zeros_(branch.end.get_parameter("weight"))
        for layer in others:
            layer.weight.mul_(len(branches) ** (-0.5 / len(others)))
    if classifier is not None:
        nn.init.zeros_(classifier.get_parameter("weight"))
