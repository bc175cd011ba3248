"""Sums over each sample's values, taken while a block adds its branch and its shortcut."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

_CHUNK = 2**17
"""Values that the CPU takes at a time: as float32 they stay in its cache from one sum to the next."""
_SIGNS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


class SampleSums:
    """Of y = F + s, block by block and sample by sample: |F|, |s|, F.s, and the share of y below 0.

    Attributes:
        values: float32 (blocks, 4, N); NaN where nothing was measured since `forget`.
    """

    def __init__(self, blocks: int, device: torch.device | str) -> None:
        self.values = torch.empty(blocks, 4, 0, device=device)
        self._scratch = torch.empty(0)

    def forget(self) -> None:
        """Begin anew."""
        self.values.fill_(torch.nan)

    def add(self, slot: int, branch: Tensor, shortcut: Tensor | None) -> Tensor:
        """Return y, (N, ...), and measure it; without a shortcut y = F, and only its share below 0 is known.

        Values, layout and gradients of y are those of `branch + shortcut`.
        """
        sums = self._of(slot, len(branch))
        if shortcut is None:
            with torch.no_grad():
                self._measure_alone(_rows(branch, branch), sums[3])
            return branch
        if branch.is_cuda:
            total = branch + shortcut
            with torch.no_grad():
                _reduce(_rows(branch, total), _rows(shortcut, total), _rows(total, total), sums)
            return total
        dtype = torch.result_type(branch, shortcut)
        added: Tensor = _MeasuredAddition.apply(branch.to(dtype), shortcut.to(dtype), self, sums)
        return added

    def add_in_pieces(self, branch: Tensor, shortcut: Tensor, total: Tensor, sums: Tensor) -> None:
        """Write F + s to `total` and its sums to `sums`, (4, N), a few samples at a time; all (N, values).

        What one operation reads is in the cache for the next ones. Reductions over float32 are vectorised,
        those that convert on the way are not.
        """
        samples, scratch = self._pieces(total, 3)
        below = _Negatives(total, scratch[2])
        pieces = _split(samples, branch, shortcut, total, below.counts, sums.t())
        for f, s, y, count, part in zip(*pieces, strict=True):
            torch.add(f, s, out=y)
            below.count(y, count)
            values = scratch[:, : len(y)]
            both, product = values[:2], values[2]
            both[0].copy_(f)
            both[1].copy_(s)
            torch.mul(both[0], both[1], out=product)
            both.mul_(both)
            torch.sum(values, 2, out=part.t()[:3])
        sums[:2].sqrt_()
        below.write_share(sums[3])

    def _measure_alone(self, total: Tensor, share: Tensor) -> None:
        if total.is_cuda:
            _reduce_share(total, share)
            return
        samples, scratch = self._pieces(total, 1)
        below = _Negatives(total, scratch[0])
        for y, count in zip(*_split(samples, total, below.counts), strict=True):
            below.count(y, count)
        below.write_share(share)

    def _of(self, slot: int, count: int) -> Tensor:
        """Return the sums of a block; in training there are always as many samples."""
        if self.values.shape[2] != count:
            self.values = self.values.new_full((*self.values.shape[:2], count), torch.nan)
        return self.values[slot]

    def _pieces(self, total: Tensor, copies: int) -> tuple[int, Tensor]:
        """Return how many samples to take at a time, and float32 scratch (copies, samples, values)."""
        length = max(1, total.shape[1])
        samples = max(1, min(len(total), _CHUNK // length))
        size = copies * samples * length
        if len(self._scratch) < size:
            self._scratch = torch.empty(size)
        return samples, self._scratch[:size].view(copies, samples, length)


class _MeasuredAddition(torch.autograd.Function):
    """branch + shortcut in the layout of the branch, measured on the way (CPU)."""

    @staticmethod
    def forward(_ctx: Any, branch: Tensor, shortcut: Tensor, measure: SampleSums, sums: Tensor) -> Tensor:
        last = _channels_last(branch)
        total = torch.empty_like(
            branch, memory_format=torch.channels_last if last else torch.contiguous_format
        )
        measure.add_in_pieces(_rows(branch, total), _rows(shortcut, total), _rows(total, total), sums)
        return total

    @staticmethod
    def backward(_ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        return gradient, gradient, None, None


def _channels_last(tensor: Tensor) -> bool:
    return tensor.ndim == 4 and tensor.is_contiguous(memory_format=torch.channels_last)


def _rows(tensor: Tensor, like: Tensor) -> Tensor:
    """Return (N, ...) as (N, values), in the order in which `like`, of the same shape, lies in memory."""
    if _channels_last(like):
        tensor = tensor.permute(0, 2, 3, 1)
    return tensor.detach().reshape(len(tensor), -1)


def _split(samples: int, *tensors: Tensor) -> list[tuple[Tensor, ...]]:
    return [torch.split(tensor, samples) for tensor in tensors]


class _Negatives:
    """How many values of each sample of (N, values) are below 0, by their signs; no sum of two is -0.

    A sign, -1 or 0, is b bits wide as its value is. Where they fill integers of 64 bits, those are added:
    each is (2^b - 1) (n_0 + n_1 2^b + ...) with n = 1 for a value below 0. To multiply the sum by the inverse
    of that factor modulo 2^64, -(1 + 2^b + ...), leaves the counts side by side; 65,536 values fit.

    Attributes:
        counts: int64 (N, parts), such sums; a part has as many values as go evenly into a sample.
    """

    def __init__(self, total: Tensor, scratch: Tensor) -> None:
        """Count in `total`, a few samples at a time; `scratch` has room for those, of no narrower values."""
        self._kind = _SIGNS[total.element_size()]
        self._signs = scratch.view(-1).view(self._kind)[: scratch.numel()].view(scratch.shape)
        self._shift = 8 * total.element_size() - 1
        samples, self._values = total.shape
        length = math.gcd(self._values, 2**16)
        packed = length * total.element_size() % 8 == 0
        self._word = torch.int64 if packed else self._kind
        bits = 8 * total.element_size()
        self._inverse = -sum(2**lower for lower in range(0, 64 if packed else bits, bits))
        self.counts = torch.empty(samples, self._values // length, dtype=torch.int64)

    def count(self, total: Tensor, counts: Tensor) -> None:
        """Take some samples; `counts` is their part of all."""
        signs = torch.bitwise_right_shift(total.view(self._kind), self._shift, out=self._signs[: len(total)])
        torch.sum(signs.view(self._word).view(*counts.shape, -1), 2, out=counts)

    def write_share(self, share: Tensor) -> None:
        """Write the share of values below 0, (N,)."""
        counts = self.counts.mul_(self._inverse).view(self._kind).view(len(share), -1).sum(1)
        share.copy_(counts).div_(self._values)


def _reduce(branch: Tensor, shortcut: Tensor, total: Tensor, sums: Tensor) -> None:
    """Write the sums of F, s and y, (N, values), to (4, N), by a few reductions of all samples (CUDA)."""
    # The norms read the network's precision and add in float32. The product is rounded before it is added:
    # over a sample's values that cancels to about 1e-5 of |F||s|, and spares two copies.
    torch.linalg.vector_norm(branch, dim=1, dtype=torch.float32, out=sums[0])
    torch.linalg.vector_norm(shortcut, dim=1, dtype=torch.float32, out=sums[1])
    product = branch * (shortcut.float() if shortcut.dtype == torch.float16 else shortcut)
    torch.sum(product, 1, dtype=torch.float32, out=sums[2])
    _reduce_share(total, sums[3])


def _reduce_share(total: Tensor, share: Tensor) -> None:
    """Write the share of values below 0 of (N, values) to (N,)."""
    below = torch.lt(total, 0, out=torch.empty_like(total))  # 0 or 1, exact in any precision
    torch.mean(below, 1, dtype=torch.float32, out=share)
