"""Initial values: each is a function of the seed, the parameter's name and its shape, and of nothing else.

So twins share the initial weights of what they share, whatever else is in the network and in whichever order
it is built. Convolutions and linear layers are drawn after He et al. (arXiv:1502.01852, Eq. 10): normal with
standard deviation sqrt(2 / fan_in); every bias is 0; a batch norm begins as scale 1 and shift 0.
"""

from __future__ import annotations

import hashlib
from math import prod, sqrt

import torch
from torch import Tensor, nn


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
