"""Forward probes: measured on the device inside a training step, into tensors made beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from resviz.nn.modules import EPSILON, BatchNorm
from resviz.nn.sums import SampleSums

if TYPE_CHECKING:
    from resviz.nn.network import Network


class ForwardProbe:
    """What one forward pass tells of blocks and responses: `network(x, probe)`, then `probe.collect()`.

    Nothing here waits for the device or depends on the data, so that a CUDA graph can hold it. All values are
    float32 whatever the precision of the network; how they are added, `resviz.nn.sums` says. A pass that is
    computed again for its gradients measures the same again. Of y = F(x) + s(x), with norms and products over
    all values of a sample, `collect` fills

    Attributes:
        residual_magnitude: (blocks,), mean over the samples of |F|/|s| (the "l2 ratio" of arXiv:1710.04773).
        residual_share: (blocks,), mean over the samples of |F|/|y|.
        alignment: (blocks,), mean over the samples of cos(F, s).
        truncated_pct: (blocks,), percent of the values of y below 0, before the ReLU behind the addition if
            there is one (arXiv:1603.05027, Sec. 4.2); also of a plain block, where y = F.
        response_std: (responses,), population standard deviation of all values behind the batch norm that
            follows a convolution, before ReLU and addition (arXiv:1512.03385, Fig. 7).
        values: all of these in this order, which is that of `NAMES`, in one tensor.

    Blocks are those of `network.probe_blocks`, responses of `network.responses`. Samples whose denominator is
    0 are left out. NaN: a block without shortcut, one that was not computed, or no sample is left.
    """

    NAMES = ("residual_magnitude", "residual_share", "alignment", "truncated_pct", "response_std")

    def __init__(self, network: Network, device: torch.device | str, values: Tensor | None = None) -> None:
        """Prepare for a network.

        Args:
            network: as it will be run.
            device: that of the network.
            values: float32 to fill, as long as `values` is; None: a new tensor.
        """
        blocks, responses = len(network.probe_blocks), len(network.responses)
        if values is None:
            values = torch.empty(4 * blocks + responses, device=device)
        self.values = values.fill_(torch.nan)
        of_blocks, self.response_std = torch.split(values, [4 * blocks, responses])
        (
            self.residual_magnitude,
            self.residual_share,
            self.alignment,
            self.truncated_pct,
        ) = of_blocks.view(4, -1).unbind()
        self._sums = SampleSums(blocks, device)
        self._measured = torch.full_like(self.response_std, torch.nan)
        self._block_slots = {name: slot for slot, name in enumerate(network.probe_blocks)}
        self._response_slots = {name: slot for slot, name in enumerate(network.responses)}
        self._statistics: dict[str, Tensor] = {}
        norms = {m.response: m for m in network.modules() if isinstance(m, BatchNorm) and m.response}
        widths = sorted({len(norm.weight) for norm in norms.values()})
        of_width = [{name: norm for name, norm in norms.items() if len(norm.weight) == w} for w in widths]
        self._groups = [
            _NormGroup(group, [self._response_slots[name] for name in group], device) for group in of_width
        ]

    def record_block(self, block: str, branch: Tensor, shortcut: Tensor | None, total: Tensor) -> None:
        """Measure F, s and y = F + s, (N, ...) tensors; without a shortcut y = F alone."""
        self._sums.measure(self._block_slots[block], branch, shortcut, total)

    def record_response(self, convolution: str, values: Tensor) -> None:
        """Measure the standard deviation of all values of a tensor."""
        with torch.no_grad():
            # Var = E[x^2] - E[x]^2: behind a batch norm the mean is of the deviation's order: little cancels.
            # torch.std takes three times as long on the CPU, for its one-pass update is not vectorised.
            values = values.detach().float()
            mean, norm = values.mean(), torch.linalg.vector_norm(values)
            variance = norm * norm / values.numel() - mean * mean
            self._measured[self._response_slots[convolution]].copy_(variance.clamp_min_(0).sqrt_())

    def record_statistics(self, convolution: str, inverse_std: Tensor) -> None:
        """Take 1 / sqrt(variance + epsilon), (C,), by which the batch norm behind a convolution multiplied.

        The response follows from that without a look at its values, see `_NormGroup`.
        """
        self._statistics[convolution] = inverse_std.detach()

    @torch.no_grad()
    def collect(self) -> None:
        """Make `values` of what was recorded since the last time; before the weights change."""
        branch, shortcut, product, below = self._sums.values.unbind(1)
        # |y| from its parts: y itself is rounded to the network's precision.
        total = (branch.square() + shortcut.square() + 2 * product).clamp_min_(0).sqrt_()
        self.residual_magnitude.copy_(_mean_ratio(branch, shortcut))
        self.residual_share.copy_(_mean_ratio(branch, total))
        self.alignment.copy_(_mean_ratio(product, branch * shortcut))
        self.truncated_pct.copy_(100 * below.mean(1))
        self.response_std.copy_(self._measured)
        for group in self._groups:
            group.measure(self._statistics, self.response_std)
        self._sums.forget()
        self._measured.fill_(torch.nan)
        self._statistics = {}


class _NormGroup:
    """Batch norms of one width, whose outputs' deviations are computed together from their statistics.

    In training mode channel c of the output has, over the batch, the mean b_c and the variance
    w_c^2 v_c / (v_c + e) = w_c^2 (1 - e r_c^2), where r_c = 1 / sqrt(v_c + e). All channels have as many
    values, so the variance of all of them is the mean of those variances and the variance of those means.
    """

    def __init__(
        self, norms: Mapping[str, BatchNorm], slots: Sequence[int], device: torch.device | str
    ) -> None:
        self._names = list(norms)
        self._slots = torch.tensor(slots, device=device)
        self._weights: list[Tensor] = [norm.weight for norm in norms.values()]
        self._biases: list[Tensor] = [norm.bias for norm in norms.values()]
        self._unknown = torch.full((len(self._weights[0]),), torch.nan, device=device)

    def measure(self, statistics: Mapping[str, Tensor], response_std: Tensor) -> None:
        """Write the deviations to their places, unless nothing is known of any."""
        if statistics.keys().isdisjoint(self._names):
            return
        inverse_std = torch.stack([statistics.get(name, self._unknown) for name in self._names])
        weights, biases = torch.stack(self._weights), torch.stack(self._biases)
        within = weights.square() * (1 - EPSILON * inverse_std.square())
        variance = within.mean(1) + biases.var(1, correction=0)
        response_std.index_copy_(0, self._slots, variance.clamp_min_(0).sqrt_())


def _mean_ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    """Return the means over the samples of (blocks, samples) where the denominator is above 0."""
    defined = denominator > 0
    return torch.where(defined, numerator / denominator, 0.0).sum(1) / defined.sum(1)
