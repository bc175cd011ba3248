"""One torch module for each kind of block.

Layers are called `conv1`, `norm1`, ..., `projection`, `projection_norm`. No module changes its input in place
(a shortcut may need it); what a unit makes itself it may overwrite. Nothing in `forward` depends on the data,
so that a network can be compiled or captured in a CUDA graph. A module with `probed` takes a `ForwardProbe`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.backends import cudnn
from torch.nn.functional import batch_norm, pad, relu

if TYPE_CHECKING:
    from resviz.nn.probe import ForwardProbe

MOMENTUM = 0.1
"""Weight of the newest batch in a batch norm's running statistics, PyTorch's default."""
EPSILON = 1e-5
"""Added to the variance before its root, PyTorch's default."""


def conv3x3(in_channels: int, out_channels: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """Return a 3x3 convolution without bias (the batch norm behind it has one)."""
    return nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, groups=groups, bias=False)


def conv1x1(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    """Return a 1x1 convolution without bias."""
    return nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)


class BatchNorm(nn.Module):
    """Batch normalisation (arXiv:1502.03167) of (N, C, H, W).

    `response` names the convolution whose response its output is, if any. The same as `torch.nn.BatchNorm2d`
    without its counter of batches: only a cumulative average would read it, and it costs a launch a layer.
    """

    probed = True

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, response: str | None = None) -> None:
        super().__init__()
        self.response = response
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor, probe: ForwardProbe | None = None) -> Tensor:
        """Return x normalised, scaled and shifted, channel by channel."""
        if probe is None or self.response is None:
            return batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias,
                self.training, MOMENTUM, EPSILON,
            )  # fmt: skip
        y: Tensor
        # What batch_norm calls: on the way it learns what the probe wants to know of the batch.
        y, _, inverse_std, *_ = torch._batch_norm_impl_index(
            x, self.weight, self.bias, self.running_mean, self.running_var,
            self.training, MOMENTUM, EPSILON, cudnn.enabled,
        )  # fmt: skip
        if self.training:
            probe.record_statistics(self.response, inverse_std)
        else:
            probe.record_response(self.response, y)
        return y

    def extra_repr(self) -> str:
        """Say the channels."""
        return str(len(self.weight))


class ZeroPadShortcut(nn.Module):
    """Shortcut A: identity with zeros for the channels that it lacks (arXiv:1512.03385, Sec. 3.3, option A).

    The paper leaves open which channels are zero. Here half come before and half behind (the odd one behind),
    as in the widely used CIFAR reproduction github.com/akamaster/pytorch_resnet_cifar10, so that its weights
    fit.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.before = (out_channels - in_channels) // 2
        self.after = out_channels - in_channels - self.before

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, out_channels, ceil(H/stride), ceil(W/stride)) of (N, in_channels, H, W)."""
        if self.stride > 1:
            # "performed with a stride of 2"; channels last, for the gradient gets the layout of the indices.
            x = x.permute(0, 2, 3, 1)[:, :: self.stride, :: self.stride].permute(0, 3, 1, 2)
        if self.after:
            x = pad(x, (0, 0, 0, 0, self.before, self.after))
        return x

    def extra_repr(self) -> str:
        """Say the stride and the channels of zeros."""
        return f"stride={self.stride}, before={self.before}, after={self.after}"


class Addition(nn.Module):
    """y = F(x) + s(x) (arXiv:1512.03385, Eq. 1), and what recipes put at the end of the branch F.

    Attributes:
        name: the block's, for probes.
        scale: multiplier of the branch (SkipInit, Fixup), or None.
        shift: added to the branch after that (Fixup), or None.
        survival: probability that the branch is there in a training pass (stochastic depth).
        dropped: it is not, in the training passes from now on.
    """

    probed = True

    scale: nn.Parameter | None
    shift: nn.Parameter | None

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.register_parameter("scale", None)
        self.register_parameter("shift", None)
        self.survival, self.dropped = 1.0, False

    @property
    def skipped(self) -> bool:
        """Whether this pass does without the branch."""
        return self.dropped and self.training

    def add_shortcut(self, branch: Tensor, shortcut: Tensor | None, probe: ForwardProbe | None) -> Tensor:
        """Return F(x) + s(x); F(x) alone in a plain unit."""
        if self.scale is not None:
            branch = branch * self.scale
        if self.shift is not None:
            branch = branch + self.shift
        if self.survival < 1 and not self.training:
            branch = branch * self.survival  # arXiv:1603.09382, Eq. 5
        total = branch if shortcut is None else branch + shortcut
        if probe is not None:
            probe.record_block(self.name, branch, shortcut, total)
        return total


class Add(Addition):
    """The addition of two wires; the branch alone where there is no shortcut."""

    def forward(
        self, branch: Tensor | None, shortcut: Tensor | None = None, probe: ForwardProbe | None = None
    ) -> Tensor:
        """Return the sum of two tensors of one shape; `branch` is not read in a pass that does without."""
        if self.skipped and shortcut is not None:
            return shortcut
        assert branch is not None
        return self.add_shortcut(branch, shortcut, probe)


class GlobalAveragePool(nn.Module):
    """The mean of each channel: (N, C, H, W) to (N, C) (arXiv:1512.03385, Sec. 3.3)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the channels' means."""
        return x.permute(0, 2, 3, 1).mean((1, 2))  # channels last, as the gradient then is


class ConvBnRelu(nn.Module):
    """Convolution, batch norm, ReLU (arXiv:1512.03385, Sec. 3.4: "BN right after each convolution")."""

    probed = True

    def __init__(
        self, name: str, in_channels: int, out_channels: int, *, kernel_size: int, stride: int, padding: int
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=False)
        self.norm = BatchNorm(out_channels, f"{name}.conv")

    def forward(self, x: Tensor, probe: ForwardProbe | None = None) -> Tensor:
        """Return ReLU(BN(conv(x)))."""
        return relu(self.norm(self.conv(x), probe), inplace=True)


class ResidualUnit(Addition):
    """What the four residual units share: the shortcut, and its addition to the branch.

    `shortcut` is what `resviz.arch.composites.shortcut_of` says: "none", "identity", "A" or "projection".
    `last_norm` names the batch norm that ends the branch, if one does.
    """

    last_norm: str | None = None

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.shortcut: nn.Module | None = None
        self.projection: nn.Conv2d | None = None
        self.projection_norm: BatchNorm | None = None

    def make_shortcut(
        self, shortcut: str, in_channels: int, out_channels: int, stride: int, normalised: bool
    ) -> None:
        """Add the shortcut's layers; called after the branch's, so that projections come last."""
        if shortcut == "projection":  # options B and C, Eq. 2: W_s by a 1x1 convolution
            self.projection = conv1x1(in_channels, out_channels, stride)
            self.projection_norm = BatchNorm(out_channels) if normalised else None
        elif shortcut == "A":
            self.shortcut = ZeroPadShortcut(in_channels, out_channels, stride)
        elif shortcut == "identity":
            self.shortcut = nn.Identity()

    def branch_layers(self) -> list[nn.Conv2d]:
        """Return the convolutions of F in order."""
        layers = (layer for name, layer in self.named_children() if name.startswith("conv"))
        return [layer for layer in layers if isinstance(layer, nn.Conv2d)]

    def project(self, x: Tensor) -> Tensor | None:
        """Return s(x), or None in a plain unit."""
        if self.projection is not None:
            y: Tensor = self.projection(x)
            return y if self.projection_norm is None else self.projection_norm(y)
        return None if self.shortcut is None else self.shortcut(x)

    def shortcut_alone(self, x: Tensor) -> Tensor:
        """Return s(x) of a unit that has a shortcut."""
        shortcut = self.project(x)
        assert shortcut is not None
        return shortcut


class BasicBlock(ResidualUnit):
    """y = ReLU(s(x) + F(x)), F = conv 3x3, BN, ReLU, conv 3x3, BN (arXiv:1512.03385, Fig. 5 left)."""

    last_norm = "norm2"

    def __init__(self, name: str, in_channels: int, out_channels: int, *, stride: int, shortcut: str) -> None:
        super().__init__(name)
        self.conv1 = conv3x3(in_channels, out_channels, stride)
        self.norm1 = BatchNorm(out_channels, f"{name}.conv1")
        self.conv2 = conv3x3(out_channels, out_channels)
        self.norm2 = BatchNorm(out_channels, f"{name}.conv2")
        self.make_shortcut(shortcut, in_channels, out_channels, stride, normalised=True)

    def forward(self, x: Tensor, probe: ForwardProbe | None = None) -> Tensor:
        """Return (N, out_channels, ceil(H/stride), ceil(W/stride)) of (N, in_channels, H, W)."""
        if self.skipped:
            return relu(self.shortcut_alone(x))  # not in place: it may be x
        branch = relu(self.norm1(self.conv1(x), probe), inplace=True)
        branch = self.norm2(self.conv2(branch), probe)
        # "the second nonlinearity after the addition" (Sec. 3.2)
        return relu(self.add_shortcut(branch, self.project(x), probe), inplace=True)


class Bottleneck(ResidualUnit):
    """y = ReLU(s(x) + F(x)), F = 1x1 down to `width`, 3x3, 1x1 up (arXiv:1512.03385, Fig. 5 right).

    `stride_in`: "first 1x1" as in the paper's models (v1) or "3x3" as in torchvision's (v1.5); `groups` are
    those of the 3x3 convolution (arXiv:1611.05431).
    """

    last_norm = "norm3"

    def __init__(
        self,
        name: str,
        in_channels: int,
        width: int,
        out_channels: int,
        *,
        stride: int,
        shortcut: str,
        stride_in: str,
        groups: int = 1,
    ) -> None:
        super().__init__(name)
        first, second = (stride, 1) if stride_in == "first 1x1" else (1, stride)
        self.conv1 = conv1x1(in_channels, width, first)
        self.norm1 = BatchNorm(width, f"{name}.conv1")
        self.conv2 = conv3x3(width, width, second, groups)
        self.norm2 = BatchNorm(width, f"{name}.conv2")
        self.conv3 = conv1x1(width, out_channels)
        self.norm3 = BatchNorm(out_channels, f"{name}.conv3")
        self.make_shortcut(shortcut, in_channels, out_channels, stride, normalised=True)

    def forward(self, x: Tensor, probe: ForwardProbe | None = None) -> Tensor:
        """Return (N, out_channels, ceil(H/stride), ceil(W/stride)) of (N, in_channels, H, W)."""
        if self.skipped:
            return relu(self.shortcut_alone(x))  # not in place: it may be x
        branch = relu(self.norm1(self.conv1(x), probe), inplace=True)
        branch = relu(self.norm2(self.conv2(branch), probe), inplace=True)
        branch = self.norm3(self.conv3(branch), probe)
        return relu(self.add_shortcut(branch, self.project(x), probe), inplace=True)


class PreActivationBasic(ResidualUnit):
    """y = s(x) + F(x), F = BN, ReLU, conv 3x3, BN, ReLU, conv 3x3 (arXiv:1603.05027, Fig. 1b and 4e).

    A projection reads the activated input, as in the authors' code (github.com/KaimingHe/resnet-1k-layers),
    and has no batch norm of its own. The response of a convolution is measured behind the batch norm that
    follows it inside the unit; the last one goes into the addition without, and has none.
    """

    def __init__(self, name: str, in_channels: int, out_channels: int, *, stride: int, shortcut: str) -> None:
        super().__init__(name)
        self.norm1 = BatchNorm(in_channels)
        self.conv1 = conv3x3(in_channels, out_channels, stride)
        self.norm2 = BatchNorm(out_channels, f"{name}.conv1")
        self.conv2 = conv3x3(out_channels, out_channels)
        self.make_shortcut(shortcut, in_channels, out_channels, stride, normalised=False)

    def forward(self, x: Tensor, probe: ForwardProbe | None = None) -> Tensor:
        """Return (N, out_channels, ceil(H/stride), ceil(W/stride)) of (N, in_channels, H, W)."""
        if self.skipped and self.projection is None:
            return self.shortcut_alone(x)
        active = relu(self.norm1(x))  # not in place: without batch norm it would be x
        shortcut = self.project(x if self.projection is None else active)
        if self.skipped and shortcut is not None:
            return shortcut
        branch = self.conv2(relu(self.norm2(self.conv1(active), probe), inplace=True))
        return self.add_shortcut(branch, shortcut, probe)


class PreActivationBottleneck(ResidualUnit):
    """The bottleneck with batch norm and ReLU before each convolution (arXiv:1603.05027, Sec. 4).

    Projection and responses as in `PreActivationBasic`.
    """

    def __init__(
        self,
        name: str,
        in_channels: int,
        width: int,
        out_channels: int,
        *,
        stride: int,
        shortcut: str,
        stride_in: str,
        groups: int = 1,
    ) -> None:
        super().__init__(name)
        first, second = (stride, 1) if stride_in == "first 1x1" else (1, stride)
        self.norm1 = BatchNorm(in_channels)
        self.conv1 = conv1x1(in_channels, width, first)
        self.norm2 = BatchNorm(width, f"{name}.conv1")
        self.conv2 = conv3x3(width, width, second, groups)
        self.norm3 = BatchNorm(width, f"{name}.conv2")
        self.conv3 = conv1x1(width, out_channels)
        self.make_shortcut(shortcut, in_channels, out_channels, stride, normalised=False)

    def forward(self, x: Tensor, probe: ForwardProbe | None = None) -> Tensor:
        """Return (N, out_channels, ceil(H/stride), ceil(W/stride)) of (N, in_channels, H, W)."""
        if self.skipped and self.projection is None:
            return self.shortcut_alone(x)
        active = relu(self.norm1(x))  # not in place: without batch norm it would be x
        shortcut = self.project(x if self.projection is None else active)
        if self.skipped and shortcut is not None:
            return shortcut
        branch = relu(self.norm2(self.conv1(active), probe), inplace=True)
        branch = relu(self.norm3(self.conv2(branch), probe), inplace=True)
        return self.add_shortcut(self.conv3(branch), shortcut, probe)
