"""Values of a recipe that are possible each, and together or with this data cannot be meant."""

from __future__ import annotations

from resviz.train import schedule
from resviz.train.circumstances import PICTURES, UNKNOWN, Circumstances
from resviz.train.recipe import Recipe

HIGHEST_RATE = 100.0
"""No network has ever been trained at a rate above."""


def objection(recipe: Recipe, circumstances: Circumstances = UNKNOWN, *, begun: bool = False) -> str:
    """Return why nobody can want to train so, as one sentence, or "".

    A run that exists is never refused for it: `Recipe` itself admits all that could be written once.

    Args:
        recipe: to begin with.
        circumstances: the networks.
        begun: it is a fork's, which may have left the milestones behind or be cut short before them.
    """
    found = (
        _name(recipe),
        "" if begun else _milestones(recipe),
        _rate(recipe),
        _limit("train_limit", recipe.train_limit, recipe.data, 0, "training"),
        _limit("test_limit", recipe.test_limit, recipe.data, 1, "test"),
        _cutout(recipe, circumstances.side),
    )
    return next((sentence for sentence in found if sentence), "")


def _name(recipe: Recipe) -> str:
    return "" if recipe.name.strip() else "name: it must not be empty, for the recipe is known by it."


def _milestones(recipe: Recipe) -> str:
    late = recipe.schedule == "steps" and recipe.milestones and recipe.milestones[0] >= recipe.iterations
    if not late:
        return ""
    drops = ", ".join(f"{each:,}" for each in recipe.milestones)
    return (
        f"milestones: none of {drops} is within {recipe.iterations:,} iterations, so the rate would never "
        "drop; choose earlier ones, or none."
    )


def _rate(recipe: Recipe) -> str:
    highest = recipe.learning_rate * schedule.scale(recipe)
    if highest <= HIGHEST_RATE:
        return ""
    scaled = f" scaled to a batch of {recipe.batch_size:,}," if recipe.rate_scaling == "linear" else ""
    return f"learning_rate:{scaled} {highest:g} is out of range; choose one of at most {HIGHEST_RATE:g}."


def _limit(field: str, limit: int | None, data: str, part: int, what: str) -> str:
    if limit is None or data not in PICTURES or limit <= (there := PICTURES[data][part]):
        return ""
    return f"{field}: {data} has {there:,} {what} pictures; give at most that, or none for all."


def _cutout(recipe: Recipe, side: int | None) -> str:
    if side is None or recipe.cutout <= side:
        return ""
    return f"cutout: {recipe.cutout:,} pixels are more than the {side} of a picture's side; choose less."
