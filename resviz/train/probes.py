"""Probes: measurements inside a training step, on the device, read out once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from resviz.nn.network import Network
from resviz.nn.probe import ForwardProbe
from resviz.runs.events import Probed

DIGITS = 5
"""Of a measurement in the log: enough for any plot, and a probe of a deep network has hundreds of them."""
_BY_CONVOLUTION = ("gradient_norm", "weight_norm", "update_ratio")


class Probes:
    """All that is measured in a step, as `events.Probed` defines it, in one tensor that stays where it is.

    `forward` goes through the network's forward pass; `before_update` and `values` follow in this order.
    Nothing waits for the device, and a CUDA graph can hold it all.

    Attributes:
        forward: handed to the network's forward pass.
    """

    def __init__(self, network: Network, device: torch.device) -> None:
        parameters = list(network.parameters())
        slots = {id(parameter): slot for slot, parameter in enumerate(parameters)}
        self._parameters = parameters
        self._weights = [convolution.weight for _, convolution in network.convolutions]
        # Copies from before the update, of which the update is made: right for any optimiser.
        self._copies = [torch.empty_like(weight, requires_grad=False) for weight in self._weights]
        self._slots = torch.tensor(
            [slots[id(weight)] for weight in self._weights], dtype=torch.int64, device=device
        )
        self._zero = torch.zeros((), device=device)
        convolutions, blocks = len(self._weights), len(network.probe_blocks)
        self._names = (*_BY_CONVOLUTION, "gradient_norm_total", *ForwardProbe.NAMES)
        self._sizes = [convolutions] * 3 + [1] + [blocks] * 4 + [len(network.responses)]
        self._values = torch.empty(sum(self._sizes), device=device)
        self._parts = dict(zip(self._names, torch.split(self._values, self._sizes), strict=True))
        self.forward = ForwardProbe(network, device, self._values[3 * convolutions + 1 :])

    @torch.no_grad()
    def before_update(self) -> None:
        """Measure the gradients, which the update forgets, and the weights, which it changes."""
        self.forward.collect()
        gradients = [p.grad for p in self._parameters if p.grad is not None]
        if gradients:
            norms = iter(torch._foreach_norm(gradients))
            # A parameter that the loss does not depend on now (a dropped block's) has the gradient zero.
            every = torch.stack([self._zero if p.grad is None else next(norms) for p in self._parameters])
            torch.linalg.vector_norm(every, dim=0, keepdim=True, out=self._parts["gradient_norm_total"])
            torch.index_select(every, 0, self._slots, out=self._parts["gradient_norm"])
        if self._weights:  # a network of linear layers alone has none
            torch.stack(torch._foreach_norm(self._weights), out=self._parts["weight_norm"])
            torch._foreach_copy_(self._copies, self._weights)

    @torch.no_grad()
    def values(self) -> Tensor:
        """Return all probes, float32 (n,), after the update; the next iteration's are written over them."""
        if self._weights:
            torch._foreach_sub_(self._copies, self._weights)
            ratio = self._parts["update_ratio"]
            torch.stack(torch._foreach_norm(self._copies), out=ratio)
            ratio.div_(self._parts["weight_norm"])
        return self._values

    def event(self, iteration: int, values: Sequence[float]) -> Probed:
        """Return the event of values that were read out."""
        told = [rounded(value, DIGITS) if math.isfinite(value) else None for value in values]
        fields, start = {}, 0
        for name, size in zip(self._names, self._sizes, strict=True):
            fields[name], start = tuple(told[start : start + size]), start + size
        (total,) = fields.pop("gradient_norm_total")
        return Probed(iteration, **fields, gradient_norm_total=total)


def rounded(value: float, digits: int = 7) -> float:
    """Return a measurement with so many digits: those behind them would only fill the log."""
    return float(f"{value:.{digits}g}")
