"""The eager training step: the reference that anything faster must equal."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from resviz.nn.network import Network
from resviz.train.probes import Probes
from resviz.train.recipe import Recipe
from resviz.train.sgd import SGD


class Step:
    """One step of SGD with momentum on a batch; what it measures stays on the device.

    Attributes:
        network: on the device, channels last in memory.
        optimiser: holds the momentum.
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
        self.optimiser = SGD(self.network.named_parameters(), recipe)
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
        if not self.network.training:  # Going through all modules takes a millisecond.
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
        self.optimiser.step(rate)

    def evaluate(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return sum of losses and number of wrong answers of a batch: float64 (2,), on the device."""
        if self.network.training:
            self.network.eval()
        with torch.no_grad(), self.autocast():
            logits = self.network(images).float()
        loss = cross_entropy(logits, labels, reduction="sum")
        return torch.stack((loss.double(), (logits.argmax(1) != labels).sum().double()))

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context in which forward passes run: bfloat16 if that is the precision."""
        enabled = self._precision == "bfloat16"
        return torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=enabled)
