"""The built-in demonstration: a deep plain network and its residual twin on the built-in data."""

from __future__ import annotations

from resviz.arch.graph import Architecture
from resviz.arch.presets import preset
from resviz.train.recipe import Recipe

INPUT_SHAPE = (3, 16, 16)


def architectures() -> tuple[Architecture, Architecture]:
    """Return the plain network and its residual twin."""
    plain = preset("plain-56-w8", input_shape=INPUT_SHAPE, classes=10)
    residual = preset("resnet-56-w8", input_shape=INPUT_SHAPE, classes=10)
    return plain, residual


def recipe(seed: int = 0) -> Recipe:
    """Return the demonstration's recipe.

    Rate 0.05 rather than the paper's 0.1, at which a network this deep wants a warm-up (Sec. 4.2 has one for
    110 layers): without it the residual network starts late with some seeds.
    """
    return Recipe(
        name="demonstration",
        data="shapes",
        train_limit=2000,
        test_limit=500,
        seed=seed,
        precision="auto",
        iterations=1000,
        milestones=(),
        learning_rate=0.05,
        augment=False,
        probe_interval=10,
        evaluate_interval=50,
    )
