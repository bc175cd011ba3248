"""What stands in for batch norm where the recipe leaves it out, and the parameters that come with that.

SkipInit (arXiv:2002.10444, Sec. 3) and Fixup (arXiv:1901.09321, Sec. 3) train residual networks without batch
norm. Both keep the layers, their names and their order, so that probes and twins line up with the normalised
network; how the parameters begin is said in `resviz.nn.init`.

Both, and zero-gamma, begin as a shallow network: with branches at 0 only stem and classifier learn, and the
layers inside a branch have no gradient before its end has left 0. So they start later than He's, and then
catch up. Measured with resnet-20-w8 on 2,000 pictures of `shapes`, 16x16, rate 0.05, one seed, test error
after 150 and after 500 iterations: he 24 and 5.8 %, zero-gamma 58 and 3.8 %, skipinit 70 and 8.0 %, fixup
74 % after 150. Without batch norm the scale of the pictures counts: with "channel-mean-std" skipinit has 56
and 10.4 %, fixup 68 and 9.2 %, while zero-gamma stays as it was (61 % after 150).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from resviz.nn import modules

if TYPE_CHECKING:
    from resviz.nn.probe import ForwardProbe


class NoNorm(nn.Module):
    """Nothing where a batch norm was; measures the response that it would have normalised."""

    probed = True

    def __init__(self, response: str | None = None) -> None:
        super().__init__()
        self.response = response

    def forward(self, x: Tensor, probe: ForwardProbe | None = None) -> Tensor:
        """Return x."""
        if probe is not None and self.response is not None:
            probe.record_response(self.response, x)
        return x


class ScalarBias(NoNorm):
    """One bias for a whole map where a batch norm was: Fixup's, before an activation."""

    def __init__(self, response: str | None = None) -> None:
        super().__init__(response)
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, probe: ForwardProbe | None = None) -> Tensor:
        """Return x + bias."""
        return super().forward(x + self.bias, probe)


class BiasedConv2d(nn.Conv2d):
    """A convolution with Fixup's scalar bias on its input: `input_bias`."""

    def __init__(self, other: nn.Conv2d) -> None:
        super().__init__(
            other.in_channels,
            other.out_channels,
            other.kernel_size,  # type: ignore[arg-type]  # torch declares its own attribute too widely
            other.stride,  # type: ignore[arg-type]
            other.padding,  # type: ignore[arg-type]
            groups=other.groups,
            bias=other.bias is not None,
        )
        self.input_bias = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of x + input_bias; the padding stays 0."""
        return super().forward(x + self.input_bias)


class BiasedLinear(nn.Linear):
    """A linear layer with Fixup's scalar bias on its input: `input_bias`."""

    def __init__(self, other: nn.Linear) -> None:
        super().__init__(other.in_features, other.out_features, bias=other.bias is not None)
        self.input_bias = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's result for x + input_bias."""
        return super().forward(x + self.input_bias)


def skipinit(block: nn.Module, residual: bool) -> nn.Module:
    """Return a block for SkipInit: no batch norm, a bias at each convolution, `scale` at a branch's end.

    The biases do what the shifts of the batch norms did. A plain block (`residual` false) has no `scale`: it
    begins at 0, and nothing would pass.
    """

    def replaced(layer: nn.Module) -> nn.Module:
        if isinstance(layer, modules.BatchNorm):
            return NoNorm(layer.response)
        if isinstance(layer, nn.Conv2d) and layer.bias is None:
            layer.bias = nn.Parameter(torch.zeros(layer.out_channels))
        return layer

    if residual and isinstance(block, modules.ResidualUnit | modules.Add):
        block.scale = nn.Parameter(torch.zeros(()))
    return _each_layer(block, replaced)


def fixup(block: nn.Module, residual: bool) -> nn.Module:
    """Return a block for Fixup, rule 3: a scalar multiplier a branch, scalar biases before all its layers.

    "Before each convolution, linear, and element-wise activation layer". As in the authors' code
    (github.com/hongyi-zhang/Fixup) the bias before the activation behind the addition is added to the branch,
    behind its multiplier. In a network of loose layers each batch norm gives its place to a bias.
    """
    if isinstance(block, modules.ResidualUnit) or (residual and isinstance(block, modules.Add)):
        block.scale = nn.Parameter(torch.ones(()))
    last = None
    if isinstance(block, modules.ResidualUnit) and block.last_norm is not None:
        block.shift, last = nn.Parameter(torch.zeros(())), block.get_submodule(block.last_norm)

    def replaced(layer: nn.Module) -> nn.Module:
        if isinstance(layer, modules.BatchNorm):
            on_shortcut = isinstance(block, modules.ResidualUnit) and layer is block.projection_norm
            return NoNorm(layer.response) if layer is last or on_shortcut else ScalarBias(layer.response)
        if isinstance(layer, nn.Conv2d):
            return BiasedConv2d(layer)
        return BiasedLinear(layer) if isinstance(layer, nn.Linear) else layer

    return _each_layer(block, replaced)


def _each_layer(block: nn.Module, replaced: Callable[[nn.Module], nn.Module]) -> nn.Module:
    """Return a block whose layers (or which itself, if it is one) went through `replaced`."""
    for name, layer in list(block.named_children()):
        setattr(block, name, replaced(layer))
    return replaced(block)
