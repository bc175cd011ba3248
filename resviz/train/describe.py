"""A recipe in plain words, for networks as far as they are known; imports no torch."""

from __future__ import annotations

from resviz.train import schedule
from resviz.train.circumstances import UNKNOWN, Circumstances
from resviz.train.recipe import Recipe
from resviz.train.schedule import INITIALISATION, Start

_MUCH_FOR_ADAM = 0.01
"""From this rate on AdamW seldom learns."""


def words(recipe: Recipe, circumstances: Circumstances = UNKNOWN, start: Start = INITIALISATION) -> list[str]:
    """Return what will be run as short sentences: the rate second, what is usual left out, sources named.

    Args:
        recipe: to tell.
        circumstances: the networks and the machine.
        start: where it begins; of a fork only what is still to come is told.
    """
    return [
        f"{_optimiser(recipe)}, batch {recipe.batch_size:,}.",
        *_rates(recipe, start),
        *_warm_up(recipe, circumstances.depth, start),
        _decay(recipe),
        *_data(recipe),
        *_targets(recipe),
        *_network(recipe, circumstances),
        *_machine(recipe),
    ]


def cautions(
    recipe: Recipe, circumstances: Circumstances = UNKNOWN, start: Start = INITIALISATION
) -> list[str]:
    """Return what is possible, and hardly what a person wants; arguments as of `words`."""
    return [*_late_drops(recipe), *_late_warm_up(recipe, circumstances.depth, start),
            *_doubtful(recipe), *_idle(recipe, circumstances)]  # fmt: skip


def _optimiser(recipe: Recipe) -> str:
    if recipe.optimiser == "adamw":
        return "AdamW (arXiv:1711.05101)"
    if not recipe.momentum:
        return "SGD without momentum"
    return f"SGD with {'Nesterov momentum' if recipe.nesterov else 'momentum'} {recipe.momentum:g}"


def _rates(recipe: Recipe, start: Start) -> list[str]:
    """Say how the learning rate goes, from the start on; the warm-up apart."""
    sentences = [f"{_begin(start)}{_rate(recipe, start)}."]
    if start.factor != 1:
        sentences.append(f"That is {start.factor:.3g} times the recipe's rate, as it was set by hand before.")
    if recipe.rate_scaling == "linear" and schedule.scale(recipe) != 1:
        sentences.append(
            f"Rates are {schedule.scale(recipe):g} times the recipe's, for the batch is "
            f"{schedule.scale(recipe):g} times 128 (arXiv:1706.02677)."
        )
    return sentences


def _begin(start: Start) -> str:
    return f"From iteration {start.iteration:,} on: rate " if start.iteration else "Rate "


def _rate(recipe: Recipe, start: Start) -> str:
    def at(iteration: int) -> str:
        return f"{schedule.rate(recipe, iteration, warm_up_end=0, factor=start.factor):.3g}"

    first = start.iteration
    highest = f"{recipe.learning_rate * schedule.scale(recipe) * start.factor:.3g}"
    length = f"{recipe.iterations:,} iterations"
    if recipe.schedule == "cosine":
        return f"{at(first)}, falling to 0 along a cosine over {length} (arXiv:1608.03983)"
    if recipe.schedule == "one-cycle":
        top = round(recipe.one_cycle_peak * recipe.iterations)
        if first >= top > 0:
            return f"{at(first)}, down to 0 at {length} (arXiv:1708.07120)"
        return f"from {at(first)} up to {highest} at {top:,} and down to 0 at {length} (arXiv:1708.07120)"
    drops = [f"{each:,}" for each in recipe.milestones if first < each < recipe.iterations]
    if not drops or recipe.decay_factor == 1:
        return f"{at(first)} up to {length}" if first else f"{at(first)} for {length}"
    divisor = 1 / recipe.decay_factor
    whole = divisor > 1 and abs(divisor - round(divisor)) < 1e-6 * divisor
    change = f"divided by {round(divisor)}" if whole else f"multiplied by {recipe.decay_factor:g}"
    return f"{at(first)}, {change} at {_listed(drops)} of {length}"


def _warm_up(recipe: Recipe, depth: int | None, start: Start) -> list[str]:
    if not _may_warm_up(recipe, depth, start):
        return []
    known = recipe.warm_up != "auto" or depth is not None
    who = "" if known else f" with {schedule.WARM_UP_DEPTH} layers or more"
    rate = f"{recipe.warm_up_rate * schedule.scale(recipe) * start.factor:.3g}"
    return [
        f"Warm-up{who}: at most {rate} until the training error is under {recipe.warm_up_error_pct:g} %; "
        f"in the paper that took about {schedule.WARM_UP_USUAL} iterations."
    ]


def _may_warm_up(recipe: Recipe, depth: int | None, start: Start) -> bool:
    known = recipe.warm_up != "auto" or depth is not None
    return start.warm_up_end is None and (not known or schedule.warms_up(recipe, depth or 0))


def _decay(recipe: Recipe) -> str:
    if not recipe.weight_decay:
        return "No weight decay."
    decayed = "the convolution and linear weights" if recipe.decay_scope == "weights" else "all parameters"
    return f"Weight decay {recipe.weight_decay:g} on {decayed}."


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


_BRANCHES = {
    "zero-gamma": ("The last batch norm of every residual branch begins at 0 (arXiv:1706.02677).", ""),
    "skipinit": (
        "SkipInit: no batch norm; residual branches begin at 0 (arXiv:2002.10444).",
        "SkipInit: no batch norm; a plain network has no branches, and begins as usual.",
    ),
    "fixup": (
        "Fixup: no batch norm; weights of residual branches scaled by depth (arXiv:1901.09321).",
        "Fixup: no batch norm, scalar biases in its place; a plain network has no branches to scale.",
    ),
}
"""Initialisations: what they are in networks with shortcuts, and in plain ones."""


def _network(recipe: Recipe, circumstances: Circumstances) -> list[str]:
    """Say what is about residual branches, for the networks that there are."""
    plain, residual = circumstances.plain is not False, circumstances.residual is not False
    sentences = []
    if recipe.residual_init in _BRANCHES:
        with_branches, without = _BRANCHES[recipe.residual_init]
        if residual:
            both = plain and recipe.residual_init != "zero-gamma"
            also = "no batch norm, nor in plain twins" if both else "no batch norm"
            sentences.append(with_branches.replace("no batch norm", also))
        elif without:
            sentences.append(without)
    if recipe.survival_last < 1 and residual:
        twins = "; the plain twin keeps all of its layers" if circumstances.plain else ""
        sentences.append(
            "Stochastic depth: residual blocks are left out at random, the last one in "
            f"{100 * (1 - recipe.survival_last):g} % of the iterations (arXiv:1603.09382){twins}."
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


def _late_drops(recipe: Recipe) -> list[str]:
    if recipe.schedule != "steps" or recipe.decay_factor == 1:
        return []
    late = [f"{each:,}" for each in recipe.milestones if each >= recipe.iterations]
    if not late:
        return []
    which = (
        f"drops of the rate at {_listed(late)} never come"
        if late[1:]
        else f"drop of the rate at {late[0]} never comes"
    )
    return [f"The {which}: training ends at {recipe.iterations:,}."]


def _late_warm_up(recipe: Recipe, depth: int | None, start: Start) -> list[str]:
    """Say so where a warm-up as long as the paper's would cut the highest rate off, as the plot draws it."""
    if not (recipe.warm_up == "on" or depth is not None) or not _may_warm_up(recipe, depth, start):
        return []
    drawn = schedule.curve(recipe, depth or 0, start=start)
    without = max(
        schedule.rate(recipe, each, warm_up_end=0, factor=start.factor) for each in drawn.iterations
    )
    if max(drawn.rates) >= 0.99 * without:
        return []
    return [
        f"If the warm-up takes {schedule.WARM_UP_USUAL} iterations, a guess, the rate gets no higher than "
        f"{max(drawn.rates):.3g}."
    ]


def _doubtful(recipe: Recipe) -> list[str]:
    rate, sentences = recipe.learning_rate * schedule.scale(recipe), []
    if recipe.optimiser == "adamw" and rate >= _MUCH_FOR_ADAM:
        sentences.append(f"A rate of {rate:g} is much for AdamW: 0.001 is usual.")
    return sentences


def _idle(recipe: Recipe, circumstances: Circumstances) -> list[str]:
    """Say what has no effect, or a bad one, on these networks and this machine."""
    sentences = []
    if circumstances.residual is False:
        if recipe.survival_last < 1:
            sentences.append("Stochastic depth changes nothing here: a plain network has no residual blocks.")
        if recipe.residual_init == "zero-gamma":
            sentences.append("Zero gamma changes nothing here: a plain network has no residual branches.")
    on_processor = recipe.device == "cpu" or circumstances.card is False
    if recipe.precision == "float16" and on_processor:
        sentences.append("float16 is slow on a processor, many times slower than float32: choose automatic.")
    return sentences


def _listed(items: list[str]) -> str:
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last
