"""A data set as plain numpy arrays: what readers make and the cache keeps. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Progress = Callable[[str, float, float, str], None]
"""Called with (stage, done, total, unit); total is 0 where it is not known."""


def report(progress: Progress | None, stage: str, done: float, total: float, unit: str) -> None:
    """Tell `progress`, if there is one, how far `stage` has come."""
    if progress is not None:
        progress(stage, float(done), float(total), unit)


@dataclass(frozen=True, eq=False)
class Arrays:
    """Pictures and labels of a data set.

    Attributes:
        classes: the class names, in the order of their labels.
        train_images: uint8 (N, 3, H, W).
        train_labels: int64 (N,).
        test_images: uint8 (M, 3, H, W).
        test_labels: int64 (M,).
    """

    classes: tuple[str, ...]
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
