"""Stochastic depth (arXiv:1603.09382): in every iteration some residual blocks are only their shortcuts."""

from __future__ import annotations

import hashlib
import random


def survival(count: int, last: float) -> list[float]:
    """Return the probability of each of `count` residual blocks to survive: p_l = 1 - l/L (1 - p_L) (Eq. 4).

    Args:
        count: L.
        last: p_L, the last block's; 1: all always survive.
    """
    return [1 - block / count * (1 - last) for block in range(1, count + 1)]


def dropped(seed: int, iteration: int, probabilities: list[float]) -> list[bool]:
    """Say which blocks an iteration leaves out: a pure function of its arguments, alike on every machine."""
    draw = random.Random(number_of("depth", seed, iteration))  # its numbers are fixed by its documentation
    return [draw.random() >= probability for probability in probabilities]


def number_of(purpose: str, seed: int, iteration: int) -> int:
    """Return the seed, 63 bits, of what is drawn for one purpose in one iteration."""
    digest = hashlib.blake2b(f"resviz {purpose} {seed} {iteration}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
