"""Batches made on the device: gathered, cropped and flipped, whole tensors at a time.

The batch at an iteration is a pure function of (seed, iteration), so that every run of an experiment sees the
same one in whichever process it trains, and a resumed run needs no loader state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn.functional import pad

from resviz.errors import DataError

Normalise = Literal["pixel-mean", "channel-mean", "channel-mean-std"]
"""What is subtracted: each pixel's mean over the training set (the paper), or each channel's.

`channel-mean-std` also divides by each channel's standard deviation.
"""

PADDING = 4
"""Pixels of zeros added on each side before a random crop (arXiv:1512.03385, Sec. 4.2)."""

_CHUNK = 256  # pictures summed at once: 256 x 255 squared stays below 2**24, so float32 adds them exactly


@dataclass(frozen=True, eq=False)
class Statistics:
    """What normalisation subtracts and divides by, on the scale of pictures in [0, 1].

    Attributes:
        mean: float32 (3, H, W) or (3, 1, 1).
        std: float32 (3, 1, 1), or None where nothing is divided.
    """

    mean: Tensor
    std: Tensor | None

    @classmethod
    def of(cls, images: Tensor, normalise: Normalise) -> Statistics:
        """Measure the training pictures `images`, uint8 (N, 3, H, W).

        Sums are exact integers and the divisions float64, so that every device gives the same result.

        Raises:
            DataError: there are no pictures, or `normalise` is unknown.
        """
        if normalise not in get_args(Normalise):
            raise DataError(
                f"Unknown normalisation {normalise!r}; choose one of {', '.join(get_args(Normalise))}."
            )
        count = len(images)
        if count == 0:
            raise DataError(
                "There are no training pictures to take the mean of; choose another data set or limit."
            )
        total = torch.zeros(images.shape[1:], dtype=torch.int64, device=images.device)
        squares = torch.zeros_like(total)
        for start in range(0, count, _CHUNK):
            chunk = images[start : start + _CHUNK].float()
            total += chunk.sum(0).to(torch.int64)
            if normalise == "channel-mean-std":
                squares += chunk.square_().sum(0).to(torch.int64)
        if normalise == "pixel-mean":
            return cls((total.double() / (count * 255)).float(), None)
        pixels = count * images.shape[2] * images.shape[3]
        mean = total.sum((1, 2), keepdim=True).double() / pixels
        if normalise == "channel-mean":
            return cls((mean / 255).float(), None)
        variance = squares.sum((1, 2), keepdim=True).double() / pixels - mean * mean
        # A channel without any spread (one grey picture) is left undivided.
        std = torch.where(variance > 0, variance, 255.0**2).sqrt() / 255
        return cls((mean / 255).float(), std.float())

    def to(self, device: torch.device) -> Statistics:
        """Move to `device`."""
        return Statistics(self.mean.to(device), None if self.std is None else self.std.to(device))

    def apply(self, images: Tensor) -> Tensor:
        """Normalise uint8 (N, 3, H, W) to float32 of the same shape and memory format."""
        scaled = images.float().div_(255).sub_(self.mean)
        return scaled if self.std is None else scaled.div_(self.std)


class Batches:
    """Training batches, and the test set normalised in the same way.

    Attributes:
        iterations_per_epoch: iterations that see every picture once, rounded up. Epochs follow each other
            without a
            gap: where the batch size does not divide the training set, a batch straddles two epochs.
        statistics: what is subtracted and divided by, on the device.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        *,
        batch_size: int,
        seed: int,
        augment: bool,
        normalise: Normalise = "pixel-mean",
        device: torch.device | str = "cpu",
        memory_format: torch.memory_format = torch.channels_last,
        statistics: Statistics | None = None,
    ) -> None:
        """Move the training set to the device and measure it.

        Args:
            images: uint8 (N, 3, H, W).
            labels: int64 (N,).
            batch_size: pictures in a batch.
            seed: decides, with the iteration, what is in a batch and how it is augmented.
            augment: pad by 4 pixels, crop at random, flip half of the pictures (arXiv:1512.03385, Sec. 4.2).
            normalise: what is subtracted, see `Normalise`.
            device: where the set is held and batches are made.
            memory_format: of the pictures that `batch` and `evaluation_batches` return.
            statistics: use these rather than measure `images`, e.g. those of a checkpoint.

        Raises:
            DataError: there are no pictures, or the batch size is not positive.
        """
        if batch_size < 1:
            raise DataError(f"A batch of {batch_size} pictures cannot be trained on; give 1 or more.")
        if len(images) == 0 or len(images) != len(labels):
            raise DataError(
                f"{len(images)} pictures and {len(labels)} labels: batches need as many, and at least one."
            )
        self.batch_size = batch_size
        self.seed = seed
        self.augment = augment
        self.device = torch.device(device)
        self.memory_format = memory_format
        # Held with the channels last in memory, so that gathering reads and writes whole pixels.
        self._images = images.to(self.device).contiguous(memory_format=torch.channels_last)
        self._labels = labels.to(self.device)
        measured = statistics if statistics is not None else Statistics.of(images, normalise)
        self.statistics = measured.to(self.device)
        self._orders: dict[int, Tensor] = {}
        height, width = images.shape[2:]
        self._rows = torch.arange(height, device=self.device)
        self._columns = torch.arange(width, device=self.device)

    @property
    def iterations_per_epoch(self) -> int:
        """Iterations that see every picture once, rounded up."""
        return -(-len(self._labels) // self.batch_size)

    def indices(self, iteration: int) -> Tensor:
        """Return which pictures are in the batch at `iteration` (from 0), int64 (batch_size,) on the CPU."""
        position, wanted = iteration * self.batch_size, self.batch_size
        pieces = []
        while wanted:
            epoch, offset = divmod(position, len(self._labels))
            piece = self._order(epoch)[offset : offset + wanted]
            pieces.append(piece)
            position += len(piece)
            wanted -= len(piece)
        return pieces[0] if len(pieces) == 1 else torch.cat(pieces)

    def batch(self, iteration: int) -> tuple[Tensor, Tensor]:
        """Return the batch at `iteration` (from 0): float32 (batch_size, 3, H, W) and int64 (batch_size,)."""
        chosen = self.indices(iteration)
        if not self.augment:
            where = self._send(chosen)
            return self._normalised(self._images[where]), self._labels[where]
        generator = torch.Generator().manual_seed(_stable_seed("augmentation", self.seed, iteration))
        offsets = torch.randint(0, 2 * PADDING + 1, (2, self.batch_size), generator=generator)
        flips = torch.randint(0, 2, (1, self.batch_size), generator=generator)
        where, down, right, flip = self._send(torch.cat([chosen[None], offsets, flips])).unbind()
        # Normalised before it is padded: what lies outside is the mean, as in the paper's per-pixel
        # subtraction.
        padded = pad(self._normalised(self._images[where]), (PADDING,) * 4)
        rows = down[:, None] + self._rows
        last = len(self._columns) - 1
        columns = right[:, None] + torch.where(flip[:, None] == 1, last - self._columns, self._columns)
        sample = torch.arange(self.batch_size, device=self.device)[:, None, None]
        cropped = padded.permute(0, 2, 3, 1)[sample, rows[:, :, None], columns[:, None, :]].permute(
            0, 3, 1, 2
        )
        return cropped.contiguous(memory_format=self.memory_format), self._labels[where]

    def evaluation_batches(
        self, images: Tensor, labels: Tensor, batch_size: int = 500
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield all of `images` in order, unaugmented, normalised by the training set's statistics.

        Args:
            images: uint8 (M, 3, H, W); already on the device, they are not copied again.
            labels: int64 (M,).
            batch_size: pictures at once; the last batch may be smaller.

        Yields:
            float32 (at most batch_size, 3, H, W) and int64 labels, on the device.
        """
        for start in range(0, len(labels), batch_size):
            part = images[start : start + batch_size].to(self.device, non_blocking=True)
            yield (
                self._normalised(part),
                labels[start : start + batch_size].to(self.device, non_blocking=True),
            )

    def _normalised(self, images: Tensor) -> Tensor:
        return self.statistics.apply(images.contiguous(memory_format=self.memory_format))

    def _order(self, epoch: int) -> Tensor:
        """Return the order of `epoch`, int64 (N,) on the CPU; the last two are kept."""
        if epoch not in self._orders:
            generator = torch.Generator().manual_seed(_stable_seed("order", self.seed, epoch))
            while len(self._orders) >= 2:
                del self._orders[next(iter(self._orders))]
            self._orders[epoch] = torch.randperm(len(self._labels), generator=generator)
        return self._orders[epoch]

    def _send(self, indices: Tensor) -> Tensor:
        """Move a small index tensor to the device without stopping it."""
        if self.device.type != "cuda":
            return indices.to(self.device)
        return indices.pin_memory().to(self.device, non_blocking=True)


def _stable_seed(purpose: str, seed: int, number: int) -> int:
    """Mix a purpose, a seed and a number into 63 bits, alike in every process and version of Python."""
    digest = hashlib.blake2b(f"resviz {purpose} {seed} {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
