"""What is subtracted from pictures, and what they are divided by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from resviz.errors import DataError

Normalise = Literal["pixel-mean", "channel-mean", "channel-mean-std"]
"""What is subtracted: each pixel's mean over the training set (the paper), or each channel's.

`channel-mean-std` also divides by each channel's standard deviation.
"""

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
