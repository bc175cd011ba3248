"""What a recipe meets: networks, pictures and machine, as far as they are known; imports no torch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from resviz.arch.cost import cost_of
from resviz.arch.graph import Architecture
from resviz.arch.shapes import infer
from resviz.arch.twin import is_plain

PICTURES = {"shapes": (10_000, 2_000), "cifar10": (50_000, 10_000), "cifar100": (50_000, 10_000)}
"""Pictures of the training and of the test set; of a folder they are counted when it is read."""


class Circumstances(NamedTuple):
    """The networks that are trained together, and the machine; None: not known."""

    depth: int | None = None
    """Weighted layers of the deepest network."""
    plain: bool | None = None
    """Whether there is a plain network among them."""
    residual: bool | None = None
    """Whether there is one with shortcuts."""
    side: int | None = None
    """Pixels, the shortest side of the pictures that the networks take."""
    card: bool | None = None
    """Whether a graphics card computes."""

    @classmethod
    def of(cls, architectures: Iterable[Architecture], card: bool | None = None) -> Circumstances:
        """Return what there is to know of these networks."""
        found = list(architectures)
        if not found:
            return cls(card=card)
        plain = [is_plain(each) for each in found]
        sides = [min(shape[1:]) for each in found if len(shape := infer(each).input_shape or ()) == 3]
        depth = max(cost_of(each).depth for each in found)
        return cls(depth, any(plain), not all(plain), min(sides, default=None), card)


UNKNOWN = Circumstances()
