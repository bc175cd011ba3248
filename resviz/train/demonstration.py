"""The built-in demonstration: a deep plain network and its residual twin on the built-in data."""

from __future__ import annotations

from resviz.arch.graph import Architecture
from resviz.arch.presets import preset
from resviz.train.recipe import Recipe

INPUT_SHAPE = (3, 16, 16)


def architectures() -> tuple[Architecture, Architecture]:
    """Return the plain network and its residual twin."""
    plain = preset("plain-44-w8", input_shape=INPUT_SHAPE, classes=10)
    residual = preset("resnet-44-w8", input_shape=INPUT_SHAPE, classes=10)
    return plain, residual


def recipe(seed: int = 0) -> Recipe:
    """Return the demonstration's recipe."""
    return Recipe(
        name="demonstration",
        data="shapes",
        train_limit=2000,
        test_limit=500,
        seed=seed,
        iterations=2000,
        milestones=(),
        augment=False,
    )
