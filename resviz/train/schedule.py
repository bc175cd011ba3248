"""The learning rate as a pure function of the iteration; imports no torch, so that the window can draw it."""

from __future__ import annotations

import math
from typing import NamedTuple

from resviz.train.recipe import REFERENCE_BATCH, Recipe

WARM_UP_DEPTH = 110
"""From this depth (n = 18) on, the paper warms up."""
WARM_UP_WINDOW = 50
"""Iterations over which the training error is averaged to decide whether the warm-up ends."""
WARM_UP_USUAL = 400
"""Iterations that the paper's warm-up took, about (arXiv:1512.03385, Sec. 4.2)."""
ONE_CYCLE_START, ONE_CYCLE_END = 25.0, 1e4
""""one-cycle" begins at a 25th of its peak and ends at a 10,000th of that, as `OneCycleLR` does."""


class Start(NamedTuple):
    """Where training with a recipe begins: at the initialisation, or, in a fork, further on."""

    iteration: int = 0
    """Finished iterations."""
    factor: float = 1.0
    """A person's change of the rate that stays, in proportion (`RateChanged.factor`)."""
    warm_up_end: int | None = None
    """The iteration at which the warm-up ended, 0 if there was none; None: it is still to end."""


INITIALISATION = Start()


def warms_up(recipe: Recipe, depth: int) -> bool:
    """Return whether a network of `depth` weighted layers warms up first (arXiv:1512.03385, Sec. 4.2)."""
    return recipe.warm_up == "on" or (recipe.warm_up == "auto" and depth >= WARM_UP_DEPTH)


def scale(recipe: Recipe) -> float:
    """Return by what every rate is multiplied for the batch size (arXiv:1706.02677, Sec. 2.1)."""
    return recipe.batch_size / REFERENCE_BATCH if recipe.rate_scaling == "linear" else 1.0


def rate(recipe: Recipe, iteration: int, *, warm_up_end: int | None, factor: float = 1.0) -> float:
    """Return the learning rate of the step taken after `iteration` finished ones.

    Args:
        recipe: rate, schedule and warm-up.
        iteration: finished iterations; the first step has 0. After the last one the last rate stays.
        warm_up_end: the iteration at which the warm-up ended; 0 if there was none, None while it lasts.
        factor: a person's change, in proportion (`RateChanged.factor`).
    """
    scheduled = recipe.learning_rate * _share(recipe, min(iteration, recipe.iterations - 1))
    if warm_up_end is None or iteration < warm_up_end:
        scheduled = min(scheduled, recipe.warm_up_rate)
    return scheduled * scale(recipe) * factor


class Curve(NamedTuple):
    """The schedule before training, to be drawn as straight lines between its points."""

    iterations: list[int]
    """Rising."""
    rates: list[float]
    warm_up_end: int | None
    """Where the warm-up is drawn to end: a guess, as long as the paper's took, for nobody can know before;
    None: there is none."""


def curve(recipe: Recipe, depth: int, points: int = 200, *, start: Start = INITIALISATION) -> Curve:
    """Return the learning rates of a network of `depth` weighted layers, at about so many iterations.

    Both sides of every jump are among them. What lies before the start is left out.
    """
    first, last = min(start.iteration, recipe.iterations - 1), recipe.iterations - 1
    guess = None
    if warms_up(recipe, depth) and start.warm_up_end is None:
        guess = min(start.iteration + WARM_UP_USUAL, recipe.iterations)
    jumps = {*recipe.milestones, guess or 0} if recipe.schedule == "steps" else {guess or 0}
    chosen = {first + round((last - first) * k / max(points - 1, 1)) for k in range(points)}
    chosen |= {each for jump in jumps for each in (jump - 1, jump)} | {first, last}
    if recipe.schedule == "one-cycle":
        chosen.add(round(peak(recipe)))
    iterations = sorted(each for each in chosen if first <= each <= last)
    end = guess or start.warm_up_end or 0
    rates = [rate(recipe, each, warm_up_end=end, factor=start.factor) for each in iterations]
    return Curve(iterations, rates, guess)


def _share(recipe: Recipe, iteration: int) -> float:
    """Return the share of the recipe's rate that its schedule gives."""
    if recipe.schedule == "cosine":
        return _between(1.0, 0.0, iteration / recipe.iterations)
    if recipe.schedule == "one-cycle":
        top, last = peak(recipe), recipe.iterations - 1
        if iteration < top:
            return _between(1 / ONE_CYCLE_START, 1.0, iteration / top)
        if last == 0:
            return 1.0
        return _between(1.0, 1 / ONE_CYCLE_START / ONE_CYCLE_END, (iteration - top) / (last - top))
    return recipe.decay_factor ** sum(iteration >= milestone for milestone in recipe.milestones)


def peak(recipe: Recipe) -> float:
    """Return the iteration at which "one-cycle" is highest."""
    return max(0.0, recipe.one_cycle_peak * recipe.iterations - 1)


def _between(start: float, end: float, share: float) -> float:
    """Go from one value to the other along half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
