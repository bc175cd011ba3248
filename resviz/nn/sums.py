"""Sums over each sample's values where a block adds its branch and its shortcut."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_CHUNK = 2**18
"""Values that the CPU takes at a time: they stay in its cache from one operation to the next."""
_CHUNK_FLOAT32 = 2**19
"""The same where nothing is converted on the way: only one product a value has to stay there."""
_PART = 2**12
"""Values whose products a processor's bf16 instructions add before the sum is rounded."""
_SIGNS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


class SampleSums:
    """Of y = F + s, block by block and sample by sample: |F|, |s|, F.s, and the share of y below 0.

    Attributes:
        values: float32 (blocks, 4, N); NaN where nothing was measured since `forget`.
    """

    def __init__(self, blocks: int, device: torch.device | str) -> None:
        self.values = torch.empty(blocks, 4, 0, device=device)
        self._scratch = torch.empty(0)
        # Of the matrix units (AMX) of newer Intel processors a product of vectors would use a sixteenth.
        self._multiplies_bfloat16 = (
            torch.cpu._is_avx512_bf16_supported() and not torch.cpu._is_amx_tile_supported()
        )

    def forget(self) -> None:
        """Begin anew."""
        self.values.fill_(torch.nan)

    @torch.no_grad()
    def measure(self, slot: int, branch: Tensor, shortcut: Tensor | None, total: Tensor) -> None:
        """Measure F, s and y, (N, ...); without a shortcut only the share of y = F below 0 is known."""
        sums = self._of(slot, len(total))
        y = _rows(total, like=total)
        if total.is_cuda:
            _reduce_share(y, sums[3])
        else:
            self._share_in_pieces(y, sums[3])
        if shortcut is None:
            return
        f, s = _rows(branch, like=total), _rows(shortcut, like=total)
        if total.is_cuda:
            _reduce(f, s, sums[:3])
        elif f.dtype == s.dtype == torch.bfloat16 and self._multiplies_bfloat16:
            _multiply(f, s, sums[:3])
        elif f.dtype == s.dtype == torch.float32:
            self._norms_in_pieces(f, s, sums[:3])
        else:
            self._sums_in_pieces(f, s, sums[:3])

    def _of(self, slot: int, count: int) -> Tensor:
        """Return the sums of a block; in training there are always as many samples."""
        if self.values.shape[2] != count:
            self.values = self.values.new_full((*self.values.shape[:2], count), torch.nan)
        return self.values[slot]

    def _sums_in_pieces(self, branch: Tensor, shortcut: Tensor, sums: Tensor) -> None:
        """Write |F|, |s| and F.s of (N, values) to (3, N), a few samples at a time.

        As float32 they are added by vectorised loops; sums that convert on the way have none.
        """
        samples = _at_a_time(branch)
        scratch = self._room(3, samples, branch)
        (f32, s32, product), both = scratch, scratch[:2]
        for f, s, part in zip(*_split(samples, branch, shortcut, sums.t()), strict=True):
            if len(f) < samples:  # the last piece
                scratch = scratch[:, : len(f)]
                (f32, s32, product), both = scratch, scratch[:2]
            f32.copy_(f)
            s32.copy_(s)
            torch.mul(f32, s32, out=product)
            both.mul_(both)
            torch.sum(scratch, 2, out=part.t())
        sums[:2].sqrt_()

    def _norms_in_pieces(self, branch: Tensor, shortcut: Tensor, sums: Tensor) -> None:
        """Do the same for float32, of which norms are vectorised as they are: a fifth to a third quicker."""
        samples = _at_a_time(branch, _CHUNK_FLOAT32)
        (scratch,) = self._room(1, samples, branch)
        for f, s, part in zip(*_split(samples, branch, shortcut, sums.t()), strict=True):
            torch.linalg.vector_norm(f, dim=1, out=part[:, 0])
            torch.linalg.vector_norm(s, dim=1, out=part[:, 1])
            product = torch.mul(f, s, out=scratch[: len(f)])
            torch.sum(product, 1, out=part[:, 2])

    def _share_in_pieces(self, total: Tensor, share: Tensor) -> None:
        """Write the share of values below 0 of (N, values) to (N,), by their signs; no sum of two is -0.

        A sign, -1 or 0, is b bits wide as its value is. Where they fill integers of 64 bits, those are added:
        each is (2^b - 1) (n_0 + n_1 2^b + ...) with n = 1 for a value below 0. To multiply the sum by the
        inverse of that factor modulo 2^64, -(1 + 2^b + ...), leaves the counts side by side; those of 65,536
        values fit.
        """
        size, (count, values) = total.element_size(), total.shape
        kind, bits, length = _SIGNS[size], 8 * size, math.gcd(values, 2**16)
        packed = length * size % 8 == 0
        samples = _at_a_time(total)
        room = self._room(-(-size // 4), samples, total)
        signs = room.view(-1).view(kind)[: samples * values].view(samples, values)
        words = signs.view(torch.int64 if packed else kind).view(samples, values // length, -1)
        counts = torch.empty(count, values // length, dtype=torch.int64)
        for y, part in zip(*_split(samples, total.view(kind), counts), strict=True):
            torch.bitwise_right_shift(y, bits - 1, out=signs[: len(y)])
            torch.sum(words[: len(y)], 2, out=part)
        counts.mul_(-sum(2**lower for lower in range(0, 64 if packed else bits, bits)))
        torch.div(counts.view(kind).view(count, -1).sum(1), values, out=share)

    def _room(self, copies: int, samples: int, like: Tensor) -> Tensor:
        """Return scratch, float32 (copies, samples, values)."""
        size = copies * samples * like.shape[1]
        if len(self._scratch) < size:
            self._scratch = torch.empty(size)
        return self._scratch[:size].view(copies, samples, -1)


def _rows(tensor: Tensor, like: Tensor) -> Tensor:
    """Return (N, ...) as (N, values), in the order in which `like`, of the same shape, lies in memory."""
    if like.ndim == 4 and like.is_contiguous(memory_format=torch.channels_last):
        tensor = tensor.permute(0, 2, 3, 1)
    return tensor.detach().reshape(len(tensor), -1)


def _at_a_time(rows: Tensor, chunk: int = _CHUNK) -> int:
    return max(1, min(len(rows), chunk // rows.shape[1]))


def _split(samples: int, *tensors: Tensor) -> list[tuple[Tensor, ...]]:
    return [torch.split(tensor, samples) for tensor in tensors]


def _multiply(branch: Tensor, shortcut: Tensor, sums: Tensor) -> None:
    """Write |F|, |s| and F.s of bfloat16 (N, values) to (3, N), by the processor's bf16 products.

    They add in float32 but give bfloat16: each sum is wrong by up to 0.2 %. Samples differ by much more than
    that, so over 128 of them it leaves about 1e-4 of a mean; it takes half the time of `_sums_in_pieces`.
    """
    count, values = branch.shape
    length = math.gcd(values, _PART)
    for (left, right), row in zip(
        ((branch, branch), (shortcut, shortcut), (branch, shortcut)), sums, strict=True
    ):
        products = torch.bmm(left.view(-1, 1, length), right.view(-1, length, 1))
        torch.sum(products.view(count, -1), 1, dtype=torch.float32, out=row)
    sums[:2].sqrt_()


def _reduce(branch: Tensor, shortcut: Tensor, sums: Tensor) -> None:
    """Write |F|, |s| and F.s of (N, values) to (3, N), by a few reductions of all samples (CUDA)."""
    # The norms read the network's precision and add in float32. The product is rounded before it is added:
    # over a sample's values that cancels to about 1e-5 of |F||s|, and spares two copies.
    torch.linalg.vector_norm(branch, dim=1, dtype=torch.float32, out=sums[0])
    torch.linalg.vector_norm(shortcut, dim=1, dtype=torch.float32, out=sums[1])
    product = branch * (shortcut.float() if shortcut.dtype == torch.float16 else shortcut)
    torch.sum(product, 1, dtype=torch.float32, out=sums[2])


def _reduce_share(total: Tensor, share: Tensor) -> None:
    """Write the share of values below 0 of (N, values) to (N,) (CUDA)."""
    below = torch.lt(total, 0, out=torch.empty_like(total))  # 0 or 1, exact in any precision
    torch.mean(below, 1, dtype=torch.float32, out=share)
