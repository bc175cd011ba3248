"""The eager training step: the reference that anything faster must equal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from resviz.data.batches import Batch
from resviz.nn.network import Network
from resviz.train.devices import Computed
from resviz.train.ema import Average
from resviz.train.optimiser import make_optimiser
from resviz.train.probes import Probes
from resviz.train.recipe import Recipe
from resviz.train.scaling import LossScale


class Step:
    """One step on a batch; what it measures stays on the device.

    Attributes:
        network: on the device, channels last in memory.
        forward: what runs the network in an iteration without probes: itself, or what it was compiled to.
        optimiser: the recipe's; holds the momentum.
        average: of the weights, if the recipe tests with one.
        scale: of the loss, where the precision is float16.
        totals: float64 (2,), on the device: sum of all batch losses, number of wrong answers so far. With
            mixup an answer is wrong in proportion to what it leaves out.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        device: torch.device,
        precision: Computed = "float32",
    ) -> None:
        self.network = network.to(device).to(memory_format=torch.channels_last)
        self.forward: Callable[[Tensor], Tensor] = self.network
        self.optimiser = make_optimiser(self.network.named_parameters(), recipe)
        self.average = Average(self.network, recipe.ema_decay) if recipe.ema_decay else None
        self.totals = torch.zeros(2, dtype=torch.float64, device=device)
        self._loss_total, self._wrong_total = self.totals.unbind()
        self.scale = LossScale(device) if precision == "float16" else None
        self._device, self._precision, self._smoothing = device, precision, recipe.label_smoothing

    def compute(self, batch: Batch, probes: Probes | None = None) -> None:
        """Run forward and backward, so that every parameter has its gradient; `probes` measure in passing."""
        if not self.network.training:  # Going through all modules takes a millisecond.
            self.network.train()
        with self.autocast():
            # Measuring is the eager network's: whatever `forward` is, it is the same function.
            logits = self.network(batch.images, probes.forward) if probes else self.forward(batch.images)
        logits = logits.float()
        loss = self._mixed(
            batch, lambda labels: cross_entropy(logits, labels, label_smoothing=self._smoothing)
        )
        torch.autograd.backward(loss if self.scale is None else self.scale.apply(loss))
        answers = logits.detach().argmax(1)
        self._loss_total += loss.detach()
        self._wrong_total += self._mixed(batch, lambda labels: (answers != labels).sum())

    def update(self, rate: float | Tensor, probes: Probes | None = None) -> Tensor | None:
        """Move the parameters along their gradients at learning rate `rate`, and forget the gradients.

        Returns:
            the values of `probes`, on the device.
        """
        if self.scale is not None:
            self.scale.unscale(p.grad for p in self.network.parameters() if p.grad is not None)
        if probes is not None:
            probes.before_update()
        self.optimiser.step(rate, found_inf=None if self.scale is None else self.scale.found_inf)
        if self.average is not None:
            self.average.update()
        return None if probes is None else probes.values()

    def evaluate(self, images: Tensor, labels: Tensor) -> Tensor:
        """Measure a batch of the test set, with the average of the weights if the recipe asks for it.

        Returns:
            float64 (2 + classes,), on the device: sum of losses, wrong answers, and those of each class.
        """
        network = self.network if self.average is None else self.average.network
        if network.training:
            network.eval()
        with torch.no_grad(), self.autocast():
            logits = network(images).float()
        measured = torch.zeros(2 + network.classes, dtype=torch.float64, device=labels.device)
        wrong = (logits.argmax(1) != labels).double()
        measured[0], measured[1] = cross_entropy(logits, labels, reduction="sum"), wrong.sum()
        measured[2:].index_add_(0, labels, wrong)
        return measured

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context in which forward passes run: bfloat16 or float16 if that is the precision."""
        half = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(self._precision)
        return torch.autocast(self._device.type, dtype=half, enabled=half is not None)

    @staticmethod
    def _mixed(batch: Batch, measure: Callable[[Tensor], Tensor]) -> Tensor:
        """Return what `measure` says of the labels, and of the partners in proportion (arXiv:1710.09412)."""
        own = measure(batch.labels)
        if batch.partners is None or batch.share is None:
            return own
        return batch.share * own + (1 - batch.share) * measure(batch.partners)
