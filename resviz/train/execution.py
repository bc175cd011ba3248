"""How a step is run: one operation after the other, or as something faster that must equal it."""

from __future__ import annotations

from typing import Literal, Protocol

from torch import Tensor

from resviz.data.batches import Batches
from resviz.train.probes import Probes
from resviz.train.step import Step

Name = Literal["eager", "compiled", "graph"]
"""As `Started.execution` tells it."""


class Execution(Protocol):
    """Runs an iteration in two parts: on the CPU only the second one changes the parameters."""

    @property
    def slow(self) -> bool:
        """Whether the next iteration may take much longer than the last one."""

    def compute(self, iteration: int, *, probed: bool) -> None:
        """Make the batch at `iteration` (from 0) and its gradients."""

    def update(self, rate: float, *, probed: bool) -> Tensor | None:
        """Move the parameters at learning rate `rate`; return the values of the probes if it was `probed`."""


class Eager:
    """The reference: batch, forward, backward and update as they are written."""

    def __init__(self, step: Step, batches: Batches, probes: Probes) -> None:
        self._step, self._batches, self._probes = step, batches, probes
        self.slow = False

    def compute(self, iteration: int, *, probed: bool) -> None:
        """Make the batch and its gradients."""
        self._step.compute(self._batches.batch(iteration), self._probes if probed else None)

    def update(self, rate: float, *, probed: bool) -> Tensor | None:
        """Move the parameters."""
        return self._step.update(rate, self._probes if probed else None)
