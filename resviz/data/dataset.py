"""A data set in memory: uint8 pictures and labels as CPU tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from resviz.data.arrays import Arrays
from resviz.errors import DataError

_CHUNK = 4096  # pictures resized at once, to bound the float32 copy


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test pictures with their labels, on the CPU.

    Attributes:
        name: what a person calls it, e.g. `cifar10`.
        classes: the class names, in the order of their labels.
        train_images: uint8 (N, 3, H, W).
        train_labels: int64 (N,).
        test_images: uint8 (M, 3, H, W).
        test_labels: int64 (M,).
    """

    name: str
    classes: tuple[str, ...]
    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    def __post_init__(self) -> None:
        for part, images, labels in (
            ("training", self.train_images, self.train_labels),
            ("test", self.test_images, self.test_labels),
        ):
            if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] != 3:
                raise DataError(
                    f"{self.name}: the {part} pictures must be uint8 (N, 3, H, W); load them again."
                )
            if labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
                raise DataError(
                    f"{self.name}: each {part} picture needs one int64 label; load the data again."
                )
            if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < len(self.classes):
                raise DataError(f"{self.name}: a {part} label lies outside its {len(self.classes)} classes.")
        if self.train_images.shape[1:] != self.test_images.shape[1:]:
            raise DataError(f"{self.name}: training and test pictures differ in size; resize one of them.")

    @classmethod
    def from_arrays(cls, name: str, arrays: Arrays) -> Dataset:
        """Wrap numpy arrays without copying them."""
        return cls(
            name,
            arrays.classes,
            torch.from_numpy(arrays.train_images),
            torch.from_numpy(arrays.train_labels),
            torch.from_numpy(arrays.test_images),
            torch.from_numpy(arrays.test_labels),
        )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape of one picture, (3, H, W)."""
        channels, height, width = self.train_images.shape[1:]
        return channels, height, width

    def balanced(self, train_limit: int | None = None, test_limit: int | None = None) -> Dataset:
        """Keep at most so many pictures of each part, the classes as equal as they allow.

        The same limits choose the same pictures, and a smaller limit chooses a part of a larger one's.

        Raises:
            DataError: a limit is not positive.
        """
        train = _balanced_choice(self.train_labels, train_limit, "training")
        test = _balanced_choice(self.test_labels, test_limit, "test")
        return replace(
            self,
            train_images=self.train_images if train is None else self.train_images[train],
            train_labels=self.train_labels if train is None else self.train_labels[train],
            test_images=self.test_images if test is None else self.test_images[test],
            test_labels=self.test_labels if test is None else self.test_labels[test],
        )

    def resized(self, height: int, width: int) -> Dataset:
        """Return pictures of `height` x `width` pixels: area averages when smaller, bilinear when larger.

        Raises:
            DataError: a side is not positive.
        """
        if height < 1 or width < 1:
            raise DataError(
                f"Pictures of {height}x{width} pixels cannot be made; give sides of 1 pixel or more."
            )
        return replace(
            self,
            train_images=_resize(self.train_images, height, width),
            test_images=_resize(self.test_images, height, width),
        )

    def split_validation(self) -> Dataset:
        """Hold out the last tenth of every class for validation, in place of the test part.

        For CIFAR-10 this is the split of 45,000 and 5,000 on which the paper chose its schedule
        (arXiv:1512.03385, Sec. 4.2); which pictures were held out there is not known.

        Raises:
            DataError: there are fewer than two training pictures a class.
        """
        held_out = torch.zeros(len(self.train_labels), dtype=torch.bool)
        for label, name in enumerate(self.classes):
            mine = torch.nonzero(self.train_labels == label).flatten()
            if len(mine) < 2:
                raise DataError(
                    f"{self.name}: class {name!r} has {len(mine)} training pictures; "
                    "a validation part needs two or more."
                )
            held_out[mine[-max(1, round(len(mine) / 10)) :]] = True
        return Dataset(
            f"{self.name} (validation)",
            self.classes,
            self.train_images[~held_out],
            self.train_labels[~held_out],
            self.train_images[held_out],
            self.train_labels[held_out],
        )


def _balanced_choice(labels: Tensor, limit: int | None, part: str) -> Tensor | None:
    """Return the ascending indices of `limit` samples, (limit,), or None for all of them."""
    if limit is None or limit >= len(labels):
        return None
    if limit < 1:
        raise DataError(f"A {part} limit of {limit} leaves no pictures; give 1 or more.")
    # Shuffle once (folders are sorted by name, and names group alike pictures), number the samples of each
    # class in that order, and take the lowest numbers first.
    values = labels.numpy()
    shuffled = np.random.default_rng(0).permutation(len(values))
    by_class = shuffled[np.argsort(values[shuffled], kind="stable")]
    counts = np.bincount(values)
    starts = np.cumsum(counts) - counts
    rank = np.arange(len(values)) - np.repeat(starts, counts)
    chosen = by_class[np.argsort(rank, kind="stable")[:limit]]
    return torch.from_numpy(np.sort(chosen))


def _resize(images: Tensor, height: int, width: int) -> Tensor:
    """Resize uint8 (N, 3, H, W) to uint8 (N, 3, height, width)."""
    if tuple(images.shape[2:]) == (height, width):
        return images
    smaller = height <= images.shape[2] and width <= images.shape[3]
    result = torch.empty((len(images), 3, height, width), dtype=torch.uint8)
    for start in range(0, len(images), _CHUNK):
        chunk = images[start : start + _CHUNK].float()
        if smaller:
            chunk = interpolate(chunk, size=(height, width), mode="area")
        else:
            chunk = interpolate(
                chunk, size=(height, width), mode="bilinear", align_corners=False, antialias=True
            )
        result[start : start + _CHUNK] = chunk.round_().clamp_(0, 255).to(torch.uint8)
    return result
