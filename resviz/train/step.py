"""The eager training step: the reference that anything faster must equal."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from resviz.nn.network import Network
from resviz.train.probes import Probes
from resviz.train.recipe import Recipe


class Step:
    """One step of SGD with momentum on a batch; what it measures stays on the device.

    Attributes:
        network: on the device, channels last in memory.
        optimiser: SGD; its group 0 is decayed, group 1 is not.
        totals: float64 (2,), on the device: sum of all batch losses, number of wrong answers so far.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        device: torch.device,
        precision: Literal["float32", "bfloat16"] = "float32",
    ) -> None:
        self.network = network.to(device).to(memory_format=torch.channels_last)
        self.optimiser = sgd(network, recipe)
        self._named = list(network.named_parameters())
        self.totals = torch.zeros(2, dtype=torch.float64, device=device)
        self._loss_total, self._wrong_total = self.totals.unbind()
        self._device, self._precision = device, precision

    def compute(self, images: Tensor, labels: Tensor, probes: Probes | None = None) -> Tensor | None:
        """Run forward and backward, so that every parameter has its gradient; return the probes' values.

        Args:
            images: float32 (N, C, H, W), normalised.
            labels: int64 (N,).
            probes: measure these in passing.
        """
        self.network.train()
        with self.autocast():
            logits = self.network(images, probes.forward if probes else None)
        logits = logits.float()
        loss = cross_entropy(logits, labels)
        torch.autograd.backward(loss)
        self._loss_total += loss.detach()
        self._wrong_total += (logits.detach().argmax(1) != labels).sum()
        return probes.values() if probes else None

    def update(self, rate: float) -> None:
        """Move the parameters along their gradients at learning rate `rate`, and forget the gradients."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)

    def evaluate(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return sum of losses and number of wrong answers of a batch: float64 (2,), on the device."""
        self.network.eval()
        with torch.no_grad(), self.autocast():
            logits = self.network(images).float()
        loss = cross_entropy(logits, labels, reduction="sum")
        return torch.stack((loss.double(), (logits.argmax(1) != labels).sum().double()))

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context in which forward passes run: bfloat16 if that is the precision."""
        enabled = self._precision == "bfloat16"
        return torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=enabled)

    def momentum(self) -> dict[str, Tensor]:
        """Return the momentum buffer of every parameter by name; empty before the first step."""
        state = self.optimiser.state
        buffers = ((name, state[p].get("momentum_buffer")) for name, p in self._named if p in state)
        return {name: buffer for name, buffer in buffers if buffer is not None}

    def restore_momentum(self, buffers: dict[str, Tensor]) -> None:
        """Put momentum buffers back; the memory layout is the parameter's, as fused kernels want it."""
        for name, parameter in self._named:
            if name in buffers:
                buffer = torch.empty_like(parameter, requires_grad=False).copy_(buffers[name])
                self.optimiser.state[parameter]["momentum_buffer"] = buffer


def sgd(network: nn.Module, recipe: Recipe) -> torch.optim.SGD:
    """Return the recipe's optimiser (arXiv:1512.03385, Sec. 4.2).

    With `decay_scope` "weights" only convolution and linear weights are decayed: the later fb.resnet.torch
    calls it a deviation of its own that it decays biases and batch norms too.
    """
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [
        {"params": weights, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": recipe.weight_decay if recipe.decay_scope == "all" else 0.0},
    ]
    return torch.optim.SGD(
        [group for group in groups if group["params"]],
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        fused=True,
    )
