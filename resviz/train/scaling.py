"""Loss scaling for float16: small gradients would be lost below its smallest number (arXiv:1710.03740)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

FIRST = 2.0**16
"""The scale at the beginning, as `torch.amp.GradScaler` has it."""
GROWTH_INTERVAL = 2000
"""Iterations without an overflow after which the scale is doubled; an overflow halves it."""


class LossScale:
    """A scale that adapts itself on the device; nothing of it comes to the host.

    Attributes:
        found_inf: float32 (), 1 if a gradient of this iteration is not finite: the optimiser skips it.
    """

    def __init__(self, device: torch.device) -> None:
        self.found_inf = torch.zeros((), device=device)
        self._scale = torch.full((), FIRST, device=device)
        self._good = torch.zeros((), dtype=torch.int32, device=device)

    def apply(self, loss: Tensor) -> Tensor:
        """Return the loss whose gradients are to be taken."""
        return loss * self._scale

    def unscale(self, gradients: Iterable[Tensor]) -> None:
        """Divide the gradients by the scale, note whether all are finite, and adapt the scale."""
        self.found_inf.zero_()
        inverse = self._scale.double().reciprocal().float()
        torch._amp_foreach_non_finite_check_and_unscale_(list(gradients), self.found_inf, inverse)
        torch._amp_update_scale_(self._scale, self._good, self.found_inf, 2.0, 0.5, GROWTH_INTERVAL)

    def state(self) -> dict[str, Tensor]:
        """Return what a checkpoint holds."""
        return {"scale": self._scale, "good": self._good}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Put a checkpoint's state back (KeyError: something is missing)."""
        self._scale.copy_(state["scale"])
        self._good.copy_(state["good"])
