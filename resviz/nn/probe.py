"""Forward probes: measured on the device inside a training step, into tensors made beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from resviz.nn.network import Network


class ForwardProbe:
    """Residual magnitudes and response stds of one forward pass: `network(x, probe)`.

    Nothing here waits for the device. What is measured is float32 whatever the precision of the network.
    Batch norm has the statistics of the network's mode: a training step measures batch statistics.

    Attributes:
        residual_magnitude: (len(network.probe_blocks),), mean over the samples of |F(x)| / |s(x)| (the "l2
            ratio" of arXiv:1710.04773); samples with |s(x)| = 0 are left out; NaN for a plain block, and
            where no sample is left.
        response_std: (len(network.responses),), population standard deviation of all values behind the batch
            norm that follows a convolution, before ReLU and addition (arXiv:1512.03385, Fig. 7).
    """

    def __init__(self, network: Network, device: torch.device | str) -> None:
        self.residual_magnitude = torch.full((len(network.probe_blocks),), torch.nan, device=device)
        self.response_std = torch.full((len(network.responses),), torch.nan, device=device)
        self._block_slots = {name: slot for slot, name in enumerate(network.probe_blocks)}
        self._response_slots = {name: slot for slot, name in enumerate(network.responses)}

    def record_residual(self, block: str, branch: Tensor, shortcut: Tensor) -> None:
        """Measure |F(x)| / |s(x)| of (N, ...) tensors."""
        with torch.no_grad():
            residual, identity = _norms(branch), _norms(shortcut)
            defined = identity > 0
            ratios = torch.where(defined, residual / identity, 0.0)
            self.residual_magnitude[self._block_slots[block]].copy_(ratios.sum() / defined.sum())

    def record_response(self, convolution: str, normalised: Tensor) -> None:
        """Measure the standard deviation of all values of a tensor."""
        with torch.no_grad():
            # Var = E[x^2] - E[x]^2: behind a batch norm the mean is of the deviation's order: little cancels.
            # torch.std takes three times as long on the CPU, for its one-pass update is not vectorised.
            values = normalised.detach().float()
            mean, norm = values.mean(), torch.linalg.vector_norm(values)
            variance = norm * norm / values.numel() - mean * mean
            self.response_std[self._response_slots[convolution]].copy_(variance.clamp_min_(0).sqrt_())


def _norms(values: Tensor) -> Tensor:
    """Return the L2 norm of each sample, (N,), float32."""
    dims = tuple(range(1, values.ndim))
    norms: Tensor = torch.linalg.vector_norm(values.detach().float(), dim=dims)
    return norms
