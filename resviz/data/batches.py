"""Batches made on the device: gathered, cropped and flipped, whole tensors at a time.

The batch at an iteration is a pure function of (seed, iteration), so that every run of an experiment sees the
same one in whichever process it trains, and a resumed run needs no loader state.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from resviz.data.statistics import Normalise, Statistics
from resviz.errors import DataError

PADDING = 4
"""Pixels of zeros added on each side before a random crop (arXiv:1512.03385, Sec. 4.2)."""

MIXING_STEPS = 1 << 30
"""Shares of mixup are drawn as whole numbers of this fraction, so that a draw is whole numbers throughout."""


class Batch(NamedTuple):
    """One training batch on the device.

    Attributes:
        images: float32 (N, 3, H, W), normalised, augmented, and mixed where the recipe says so.
        labels: int64 (N,).
        partners: int64 (N,), the labels of the pictures that were mixed in; None without mixup.
        share: float32 (), how much of each picture is its own; None without mixup.
    """

    images: Tensor
    labels: Tensor
    partners: Tensor | None = None
    share: Tensor | None = None


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
        cutout: int = 0,
        mixup: float = 0.0,
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
            cutout: side of a square of zeros in each picture, pixels; 0: none (arXiv:1708.04552).
            mixup: alpha of the Beta distribution that mixes pairs; 0: none (arXiv:1710.09412).
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
        self.augment, self.cutout, self.mixup = augment, cutout, mixup
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

    def batch(self, iteration: int) -> Batch:
        """Return the batch at `iteration` (from 0)."""
        return self.assemble(self.send(self.draw(iteration)))

    def draw(self, iteration: int) -> Tensor:
        """Draw what decides the batch at `iteration` (from 0): whole numbers, made on the CPU.

        The rows are: which pictures; down, right and flip (`augment`); the square's centre, down and right
        (`cutout`); whom each is mixed with, and how much of each is its own in `MIXING_STEPS` (`mixup`).

        Returns:
            int64 (rows, batch_size), in pinned memory where the device is a CUDA card.
        """
        rows = [self.indices(iteration)[None]]
        if self.augment:
            generator = self._generator("augmentation", iteration)
            rows.append(torch.randint(0, 2 * PADDING + 1, (2, self.batch_size), generator=generator))
            rows.append(torch.randint(0, 2, (1, self.batch_size), generator=generator))
        if self.cutout:
            # The centre is any pixel: a part of the square may lie outside the picture (Sec. 3.2).
            generator = self._generator("cutout", iteration)
            for side in map(len, (self._rows, self._columns)):
                rows += [torch.randint(0, side, (1, self.batch_size), generator=generator)]
        if self.mixup:
            # One share for the whole batch, as in the authors' code (facebookresearch/mixup-cifar10).
            generator = self._generator("mixup", iteration)
            rows.append(torch.randperm(self.batch_size, generator=generator)[None])
            seed = _stable_seed("mixup share", self.seed, iteration)
            share = random.Random(seed).betavariate(self.mixup, self.mixup)
            rows.append(torch.full((1, self.batch_size), round(share * MIXING_STEPS)))
        drawn = torch.cat(rows)
        return drawn.pin_memory() if self.device.type == "cuda" else drawn

    def send(self, drawn: Tensor) -> Tensor:
        """Return a draw on the device, without stopping it."""
        return drawn.to(self.device, non_blocking=True)

    def assemble(self, drawn: Tensor) -> Batch:
        """Return the batch of a draw (rows, batch_size) that is on the device; nothing waits for it."""
        rows = iter(drawn.unbind())
        where = next(rows)
        # Normalised before it is padded: what lies outside is the mean, as in the paper's per-pixel
        # subtraction.
        chosen = self._images.permute(0, 2, 3, 1).index_select(0, where).permute(0, 3, 1, 2)
        images, labels = self._normalised(chosen), self._labels[where]
        if self.augment:
            images = self._cropped(images, next(rows), next(rows), next(rows))
        if self.cutout:
            images = self._cut_out(images, next(rows), next(rows))
        if not self.mixup:
            return Batch(images, labels)
        others, share = next(rows), next(rows)[0].double().div(MIXING_STEPS).float()
        return Batch(torch.lerp(images[others], images, share), labels, labels[others], share)

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

    def _cropped(self, images: Tensor, down: Tensor, right: Tensor, flip: Tensor) -> Tensor:
        padded = pad(images, (PADDING,) * 4).permute(0, 2, 3, 1)
        height, width, channels = padded.shape[1:]
        rows = down[:, None] + self._rows
        last = len(self._columns) - 1
        columns = right[:, None] + torch.where(flip[:, None] == 1, last - self._columns, self._columns)
        # Selecting pixels by one number each takes less than half the time of indexing by three.
        first = torch.arange(0, len(images) * height * width, height * width, device=self.device)
        where = first[:, None, None] + (rows * width)[:, :, None] + columns[:, None, :]
        pixels = padded.reshape(-1, channels).index_select(0, where.flatten())
        cropped = pixels.view(*where.shape, channels).permute(0, 3, 1, 2)
        return cropped.contiguous(memory_format=self.memory_format)

    def _cut_out(self, images: Tensor, down: Tensor, right: Tensor) -> Tensor:
        """Set a square to zero, the mean, as far as it lies inside (arXiv:1708.04552, Sec. 3.2)."""
        rows, columns = (
            (at - centre[:, None] >= -(self.cutout // 2)) & (at - centre[:, None] < (self.cutout + 1) // 2)
            for at, centre in ((self._rows, down), (self._columns, right))
        )
        return images.masked_fill_((rows[:, :, None] & columns[:, None, :])[:, None], 0.0)

    def _generator(self, purpose: str, iteration: int) -> torch.Generator:
        return torch.Generator().manual_seed(_stable_seed(purpose, self.seed, iteration))


def _stable_seed(purpose: str, seed: int, number: int) -> int:
    """Mix a purpose, a seed and a number into 63 bits, alike in every process and version of Python."""
    digest = hashlib.blake2b(f"resviz {purpose} {seed} {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
