"""Probes: measurements inside a training step, on the device, read out once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from resviz.nn.network import Network
from resviz.nn.probe import ForwardProbe
from resviz.runs.events import Probed


class Probes:
    """Gradient norms, residual magnitudes and response stds of a network, in one tensor.

    Attributes:
        forward: handed to the network's forward pass, which fills it.
    """

    def __init__(self, network: Network, device: torch.device) -> None:
        self.forward = ForwardProbe(network, device)
        self._weights = [convolution.weight for _, convolution in network.convolutions]
        self._counts = [len(self._weights), len(network.probe_blocks), len(network.responses)]
        self._values = torch.empty(sum(self._counts), device=device)

    def values(self) -> Tensor:
        """Gather all probes after a backward pass: float32 (convolutions + blocks + responses,)."""
        gradient_norm, magnitude, response = torch.split(self._values, self._counts)
        gradients = [weight.grad for weight in self._weights if weight.grad is not None]
        if gradients:  # a network of linear layers alone has none
            torch.stack(torch._foreach_norm(gradients), out=gradient_norm)
        magnitude.copy_(self.forward.residual_magnitude)
        response.copy_(self.forward.response_std)
        return self._values

    def event(self, iteration: int, values: Sequence[float]) -> Probed:
        """Return the event of values that were read out."""
        finite = tuple(rounded(value, 5) if math.isfinite(value) else None for value in values)
        first, second = self._counts[0], self._counts[0] + self._counts[1]
        return Probed(iteration, finite[:first], finite[first:second], finite[second:])


def rounded(value: float, digits: int = 7) -> float:
    """Return a measurement with so many digits: those behind them would only fill the log."""
    return float(f"{value:.{digits}g}")
