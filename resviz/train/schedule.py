"""The learning rate as a pure function of the iteration; imports no torch, so that the window can draw it."""

from __future__ import annotations

from resviz.train.recipe import Recipe

WARM_UP_DEPTH = 110
"""From this depth (n = 18) on, the paper warms up."""
WARM_UP_WINDOW = 50
"""Iterations over which the training error is averaged to decide whether the warm-up ends."""


def warms_up(recipe: Recipe, depth: int) -> bool:
    """Return whether a network of `depth` weighted layers warms up first (arXiv:1512.03385, Sec. 4.2)."""
    return recipe.warm_up == "on" or (recipe.warm_up == "auto" and depth >= WARM_UP_DEPTH)


def rate(recipe: Recipe, iteration: int, *, warm_up_end: int | None, factor: float = 1.0) -> float:
    """Return the learning rate of the step taken after `iteration` finished ones.

    Args:
        recipe: rate, milestones, decay and warm-up.
        iteration: finished iterations; the first step has 0.
        warm_up_end: the iteration at which the warm-up ended; 0 if there was none, None while it lasts.
        factor: a person's change, in proportion (`RateChanged.factor`).
    """
    passed = sum(iteration >= milestone for milestone in recipe.milestones)
    scheduled = recipe.learning_rate * recipe.decay_factor**passed
    if warm_up_end is None or iteration < warm_up_end:
        scheduled = min(scheduled, recipe.warm_up_rate)
    return scheduled * factor
