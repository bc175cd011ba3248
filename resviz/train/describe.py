"""A recipe in plain words; imports no torch."""

from __future__ import annotations

from resviz.train import schedule
from resviz.train.recipe import Recipe

_MUCH_FOR_ADAM = 0.01
"""From this rate on AdamW seldom learns."""


def words(recipe: Recipe, depth: int | None = None) -> list[str]:
    """Return what will be run as sentences: what is usual is left out, what is not names its source.

    Args:
        recipe: to tell.
        depth: weighted layers of the network; None: of several, or not known.
    """
    return [
        *_updates(recipe),
        *_warm_up(recipe, depth),
        *_data(recipe),
        *_targets(recipe),
        *_network(recipe),
        *_machine(recipe),
    ]


def _updates(recipe: Recipe) -> list[str]:
    decayed = "the convolution and linear weights" if recipe.decay_scope == "weights" else "all parameters"
    decay = f"weight decay {recipe.weight_decay:g} on {decayed}" if recipe.weight_decay else "no weight decay"
    sentences = [f"{_optimiser(recipe)}, batch {recipe.batch_size:,}, {_rate(recipe)}; {decay}."]
    if recipe.rate_scaling == "linear" and schedule.scale(recipe) != 1:
        sentences.append(
            f"Rates are {schedule.scale(recipe):g} times the recipe's, for the batch is "
            f"{schedule.scale(recipe):g} times 128 (arXiv:1706.02677)."
        )
    if recipe.optimiser == "adamw" and recipe.learning_rate * schedule.scale(recipe) >= _MUCH_FOR_ADAM:
        sentences.append("That rate is much for AdamW: 0.001 is usual.")
    return sentences


def _optimiser(recipe: Recipe) -> str:
    if recipe.optimiser == "adamw":
        return "AdamW (arXiv:1711.05101)"
    if not recipe.momentum:
        return "SGD without momentum"
    return f"SGD with {'Nesterov momentum' if recipe.nesterov else 'momentum'} {recipe.momentum:g}"


def _rate(recipe: Recipe) -> str:
    """Say how the learning rate goes, the batch size's factor and the warm-up apart."""
    highest = f"{recipe.learning_rate * schedule.scale(recipe):g}"
    length = f"{recipe.iterations:,} iterations"
    if recipe.schedule == "cosine":
        return f"rate {highest}, falling to 0 along a cosine over {length} (arXiv:1608.03983)"
    if recipe.schedule == "one-cycle":
        first = f"{recipe.learning_rate * schedule.scale(recipe) / schedule.ONE_CYCLE_START:g}"
        peak = f"{round(recipe.one_cycle_peak * recipe.iterations):,}"
        return f"rate from {first} up to {highest} at {peak} and down to 0 at {length} (arXiv:1708.07120)"
    drops = [f"{each:,}" for each in recipe.milestones if each < recipe.iterations]
    if not drops or recipe.decay_factor == 1:
        return f"rate {highest} for {length}"
    divisor = 1 / recipe.decay_factor
    whole = divisor > 1 and abs(divisor - round(divisor)) < 1e-6 * divisor
    change = f"divided by {round(divisor)}" if whole else f"multiplied by {recipe.decay_factor:g}"
    return f"rate {highest}, {change} at {_listed(drops)} of {length}"


def _warm_up(recipe: Recipe, depth: int | None) -> list[str]:
    known = recipe.warm_up != "auto" or depth is not None
    if known and not schedule.warms_up(recipe, depth or 0):
        return []
    who = "" if known else f" with {schedule.WARM_UP_DEPTH} layers or more"
    rate = f"{recipe.warm_up_rate * schedule.scale(recipe):g}"
    return [f"Warm-up{who}: at most {rate} until the training error is under {recipe.warm_up_error_pct:g} %."]


def _data(recipe: Recipe) -> list[str]:
    data = recipe.data if recipe.train_limit is None else f"{recipe.train_limit:,} pictures of {recipe.data}"
    changes = ["randomly shifted by up to 4 pixels and flipped"] if recipe.augment else []
    if recipe.cutout:
        changes.append(f"with a square of {recipe.cutout} pixels cut out (arXiv:1708.04552)")
    if recipe.mixup:
        changes.append(f"mixed in pairs with alpha {recipe.mixup:g} (arXiv:1710.09412)")
    sentences = [f"Trained on {data}, {', '.join(changes) or 'unchanged'}."]
    if recipe.validation_split:
        sentences.append("A tenth of the training set is kept back, and stands in for the test set.")
    if recipe.test_limit is not None:
        sentences.append(f"Tested on {recipe.test_limit:,} pictures.")
    return sentences


def _targets(recipe: Recipe) -> list[str]:
    sentences = []
    if recipe.label_smoothing:
        share = f"{100 * recipe.label_smoothing:g} %"
        sentences.append(f"Label smoothing: {share} of each target on all classes (arXiv:1512.00567).")
    if recipe.ema_decay:
        sentences.append(
            f"Tested with a moving average of the weights of decay {recipe.ema_decay:g} (arXiv:1703.01780)."
        )
    return sentences


def _network(recipe: Recipe) -> list[str]:
    begin = {
        "zero-gamma": "The last batch norm of every residual branch begins at 0 (arXiv:1706.02677).",
        "skipinit": "SkipInit: no batch norm, nor in plain twins; residual branches begin at 0 "
        "(arXiv:2002.10444).",
        "fixup": "Fixup: no batch norm, nor in plain twins; weights of branches scaled by depth "
        "(arXiv:1901.09321).",
    }
    sentences = [begin[recipe.residual_init]] if recipe.residual_init in begin else []
    if recipe.survival_last < 1:
        sentences.append(
            "Stochastic depth: residual blocks are left out at random, the last one in "
            f"{100 * (1 - recipe.survival_last):g} % of the iterations (arXiv:1603.09382)."
        )
    return sentences


def _machine(recipe: Recipe) -> list[str]:
    numbers = {
        "auto": "Computed in what the hardware is fast in.",
        "tf32": "Computed in TF32 where the hardware has it.",
        "bfloat16": "Computed in bfloat16.",
        "float16": "Computed in float16, with a scaled loss.",
    }
    sentences = [numbers[recipe.precision]] if recipe.precision in numbers else []
    if recipe.compile == "on":
        sentences.append("Compiled before it begins, which takes up to minutes.")
    if recipe.activation_checkpointing:
        sentences.append("Activations are computed twice to spare memory (arXiv:1604.06174).")
    return sentences


def _listed(items: list[str]) -> str:
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last
