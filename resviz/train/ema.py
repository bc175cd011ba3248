"""An exponential moving average of the weights, to test and to explain with."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor

from resviz.nn.network import Network
from resviz.nn.state import with_prefix


class Average:
    """average = alpha * average + (1 - alpha) * weights after every update (arXiv:1703.01780, Eq. 1).

    alpha is the decay, but at most 1 - 1 / (updates + 1), as in the authors' code: a true mean of what there
    was, the first weights among it, until the exponential one forgets them. Polyak and Juditsky 1992,
    "Acceleration of stochastic approximation by averaging", is that mean throughout. The batch norms'
    running statistics are averaged alike, so that they stay those of the weights.

    Attributes:
        network: has the averages for weights; never trained. The one that is trained stays as it is, so that
            it can be saved by another thread while this one is tested.
    """

    def __init__(self, network: Network, decay: float) -> None:
        """Begin at the network's present weights, on its device and in its memory layout."""
        self.network = copy.deepcopy(network).requires_grad_(False).eval()
        self._averaged, self._trained = _floating(self.network), list(_floating(network).values())
        self._averages = list(self._averaged.values())
        self._decay = decay
        # On the device, so that a captured graph counts too.
        self._updates = torch.zeros((), dtype=torch.float64, device=self._averages[0].device)

    @torch.no_grad()
    def update(self) -> None:
        """Take the weights in as they are now."""
        self._updates += 1
        share = (1 / (self._updates + 1)).clamp(min=1 - self._decay).float()
        differences = torch._foreach_sub(self._trained, self._averages)
        torch._foreach_mul_(differences, share)
        torch._foreach_add_(self._averages, differences)

    def state(self) -> dict[str, Tensor]:
        """Return what a checkpoint holds: "average/NAME", named as in the network, and "averaged"."""
        return {**with_prefix("average", self._averaged), "averaged": self._updates}

    @torch.no_grad()
    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Put a checkpoint's state back (KeyError: something is missing); what else it holds is ignored."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])

    @torch.no_grad()
    def begin(self) -> None:
        """Begin anew at the weights as they are now."""
        torch._foreach_copy_(self._averages, self._trained)
        self._updates.zero_()


def _floating(network: Network) -> dict[str, Tensor]:
    """Return the network's own tensors but for counters."""
    return {name: tensor for name, tensor in network.state_dict().items() if tensor.is_floating_point()}
