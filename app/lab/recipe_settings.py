"""The settings of a recipe in groups: titles with units, and explanations with their sources.

What a field may hold is the recipe's own business (`resviz.train.recipe`); here is how people meet it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.lab.setting import Group, Setting
from resviz.train.recipe import Recipe
from resviz.train.schedule import WARM_UP_DEPTH


def _is(name: str, *wanted: object) -> Callable[[dict[str, Any]], bool]:
    return lambda values: values.get(name) in wanted


def _warms_up(values: dict[str, Any]) -> bool:
    wanted = values["warm_up"]
    return bool(wanted == "on" or (wanted == "auto" and values["depth"] >= WARM_UP_DEPTH))


_PAPER = "He et al. 2015, Sec. 4.2"
_DEVICES = (("Automatic", "auto"), ("CPU", "cpu"), ("CUDA graphics card", "cuda"))

GROUPS: tuple[Group, ...] = (
    Group(
        "Training",
        (
            Setting(
                "iterations",
                "Iterations",
                "count",
                f"Optimiser steps of each run; drops of the rate scale along. {_PAPER}.",
                low=1,
            ),
            Setting(
                "batch_size",
                "Batch size",
                "count",
                f"Pictures in one iteration. {_PAPER}.",
                low=1,
                high=65_536,
            ),
            Setting(
                "learning_rate",
                "Learning rate",
                "number",
                f"Before its first drop, or the highest one of cosine and one-cycle. {_PAPER}.",
                low=1e-7,
                high=100,
            ),
            Setting(
                "seed",
                "Seed",
                "count",
                "Decides initial weights, batches and augmentation; twins share it.",
                of_paper=False,
            ),
        ),
    ),
    Group(
        "Optimiser",
        (
            Setting(
                "optimiser",
                "Optimiser",
                "choice",
                f"SGD with momentum ({_PAPER}), or AdamW with decoupled weight decay "
                "(Loshchilov and Hutter 2017, arXiv:1711.05101).",
                (("SGD", "sgd"), ("AdamW", "adamw")),
            ),
            Setting(
                "momentum",
                "Momentum",
                "number",
                f"How much of the last update goes on. {_PAPER}.",
                high=0.9999,
                useful=_is("optimiser", "sgd"),
            ),
            Setting(
                "nesterov",
                "Nesterov",
                "switch",
                "Momentum that looks ahead (Sutskever et al. 2013), as PyTorch computes it.",
                useful=_is("optimiser", "sgd"),
                unused=False,
            ),
            Setting(
                "adam_betas",
                "Betas",
                "pair",
                "Decay of the means of the gradient and of its square (Kingma and Ba 2014, arXiv:1412.6980).",
                high=0.999999,
                useful=_is("optimiser", "adamw"),
            ),
            Setting(
                "adam_epsilon",
                "Epsilon",
                "number",
                "Added to the root of the squares' mean (arXiv:1412.6980).",
                low=1e-16,
                high=1,
                useful=_is("optimiser", "adamw"),
            ),
        ),
    ),
    Group(
        "Schedule",
        (
            Setting(
                "schedule",
                "Schedule",
                "choice",
                f"Steps ({_PAPER}); half a cosine down to 0 (arXiv:1608.03983, one period); "
                "one-cycle: up from a 25th, then down to 0 (arXiv:1708.07120).",
                (("Steps", "steps"), ("Cosine", "cosine"), ("One-cycle", "one-cycle")),
            ),
            Setting(
                "milestones",
                "Drops at",
                "counts",
                f"Iterations at which the rate drops, such as 32k, 48k. {_PAPER}.",
                low=1,
                nothing="never",
                useful=_is("schedule", "steps"),
            ),
            Setting(
                "decay_factor",
                "Drop to, share",
                "number",
                f"What is left of the rate after each drop. {_PAPER}.",
                low=1e-6,
                high=1,
                useful=_is("schedule", "steps"),
            ),
            Setting(
                "one_cycle_peak",
                "Peak at, share",
                "number",
                "Share of the iterations after which the rate is highest (arXiv:1708.07120).",
                low=0.01,
                high=0.99,
                useful=_is("schedule", "one-cycle"),
            ),
            Setting(
                "rate_scaling",
                "Rate by batch",
                "choice",
                "Linear: all rates are multiplied by batch size / 128, so that another batch "
                "size trains alike (Goyal et al. 2017, arXiv:1706.02677, Sec. 2.1).",
                (("as given", "none"), ("linear", "linear")),
            ),
            Setting(
                "warm_up",
                "Warm-up",
                "choice",
                "Begin with a low rate until training has begun to work. Automatic: for "
                f"networks of 110 layers and more. {_PAPER}.",
                (("automatic", "auto"), ("always", "on"), ("never", "off")),
            ),
            Setting(
                "warm_up_rate",
                "Warm-up rate",
                "number",
                f"The rate until then. {_PAPER}.",
                low=1e-7,
                high=100,
                useful=_warms_up,
            ),
            Setting(
                "warm_up_error_pct",
                "Until error, %",
                "number",
                f"The warm-up ends when the training error is below this. {_PAPER}.",
                low=1,
                high=100,
                useful=_warms_up,
            ),
        ),
    ),
    Group(
        "Regularisation",
        (
            Setting(
                "weight_decay",
                "Weight decay",
                "number",
                f"Share of each weight taken off, in units of the rate. {_PAPER}.",
                high=0.9999,
            ),
            Setting(
                "decay_scope",
                "Decay on",
                "choice",
                "Weights of convolutions and classifier, as in the authors' code, or every parameter.",
                (("weights", "weights"), ("all parameters", "all")),
            ),
            Setting(
                "label_smoothing",
                "Label smoothing",
                "number",
                "Share of the target that is spread over all classes (Szegedy et al. 2015, "
                "arXiv:1512.00567, Sec. 7).",
                high=0.9999,
            ),
            Setting(
                "ema_decay",
                "Weight average",
                "number",
                "Test with a moving average of the weights of this decay, such as 0.999 "
                "(Polyak and Juditsky 1992; arXiv:1703.01780). 0: with the weights "
                "themselves.",
                high=0.999999,
            ),
        ),
    ),
    Group(
        "Data and augmentation",
        (
            Setting(
                "augment",
                "Crop and flip",
                "switch",
                f"Pad by 4 pixels, crop at random, flip half of the pictures. {_PAPER}.",
            ),
            Setting(
                "cutout",
                "Cutout, pixels",
                "count",
                "Side of a random square that is blanked out (DeVries and Taylor 2017, "
                "arXiv:1708.04552: 16 for CIFAR-10). 0: none.",
                high=4096,
            ),
            Setting(
                "mixup",
                "Mixup, alpha",
                "number",
                "Mix pairs of pictures and labels by Beta(alpha, alpha) (Zhang et al. 2017, "
                "arXiv:1710.09412). 0: none.",
                high=100,
            ),
            Setting(
                "normalise",
                "Normalise",
                "choice",
                f"What is subtracted from a picture: the mean of each pixel ({_PAPER}) or of "
                "each channel; or that over its deviation.",
                (
                    ("pixel mean", "pixel-mean"),
                    ("channel mean", "channel-mean"),
                    ("mean and std", "channel-mean-std"),
                ),
            ),
            Setting(
                "validation_split",
                "Hold out a tenth",
                "switch",
                f"Train on 45k of 50k pictures and measure the test error on the other 5k. {_PAPER}.",
            ),
            Setting(
                "train_limit",
                "Train on",
                "optional",
                "Pictures to train on, of all classes alike. Empty: all.",
                low=1,
                nothing="all",
                of_paper=False,
            ),
            Setting(
                "test_limit",
                "Test on",
                "optional",
                "Pictures to test on, of all classes alike. Empty: all.",
                low=1,
                nothing="all",
                of_paper=False,
            ),
        ),
    ),
    Group(
        "Residual variants",
        (
            Setting(
                "residual_init",
                "Initialisation",
                "choice",
                f"He: {_PAPER}. Zero gamma: the last batch norm of a branch begins at 0 "
                "(arXiv:1706.02677). SkipInit: no batch norm, a scalar 0 before the addition "
                "(arXiv:2002.10444). Fixup: no batch norm, scaled weights (arXiv:1901.09321).",
                (("He", "he"), ("zero gamma", "zero-gamma"), ("SkipInit", "skipinit"), ("Fixup", "fixup")),
            ),
            Setting(
                "survival_last",
                "Survival, last",
                "number",
                "Probability that the last residual block survives an iteration, earlier ones"
                " linearly more (stochastic depth, arXiv:1603.09382: 0.5). 1: all do.",
                low=0.01,
                high=1,
            ),
        ),
    ),
    Group(
        "Speed",
        (
            Setting(
                "device",
                "Device",
                "choice",
                "Automatic: the graphics card where there is one.",
                _DEVICES,
                of_paper=False,
            ),
            Setting(
                "precision",
                "Precision",
                "choice",
                "float32 reproduces the paper. Automatic: what the hardware is fast in. tf32,"
                " float16: graphics cards only.",
                (
                    ("automatic", "auto"),
                    ("float32", "float32"),
                    ("tf32", "tf32"),
                    ("bfloat16", "bfloat16"),
                    ("float16", "float16"),
                ),
            ),
            Setting(
                "compile",
                "Compile",
                "choice",
                "torch.compile: faster steps after up to a minute of compiling; kept for the "
                "next time. Automatic: where it pays.",
                (("never", "off"), ("automatic", "auto"), ("always", "on")),
                of_paper=False,
            ),
            Setting(
                "cuda_graphs",
                "CUDA graphs",
                "switch",
                "On a graphics card, launch each step at once: the same numbers, sooner.",
                useful=lambda values: values["device"] != "cpu",
                of_paper=False,
            ),
            Setting(
                "activation_checkpointing",
                "Save memory",
                "switch",
                "Keep activations between runs of blocks only and compute the others twice (Chen et "
                "al. 2016, arXiv:1604.06174).",
                of_paper=False,
            ),
        ),
    ),
    Group(
        "Probes and records",
        (
            Setting(
                "probe_interval",
                "Probe every",
                "optional",
                "Iterations between two probes. Empty: often at first, then so that they cost"
                " under 2 % of the time.",
                low=1,
                nothing="adaptive",
                of_paper=False,
            ),
            Setting(
                "step_interval",
                "Point every",
                "count",
                "Iterations between two points of the training curve; a point is the mean over them.",
                low=1,
                of_paper=False,
            ),
            Setting(
                "evaluate_interval",
                "Test every",
                "optional",
                "Iterations between two passes over the test set. Empty: an epoch, but about "
                "200 in a run at most.",
                low=1,
                nothing="an epoch",
                of_paper=False,
            ),
            Setting(
                "checkpoint_seconds",
                "Save every, s",
                "number",
                "Seconds between two automatic checkpoints; one is always written at the end,"
                " on pause and on stop.",
                low=0.1,
                high=1e6,
                of_paper=False,
            ),
        ),
    ),
)

SETTINGS: dict[str, Setting] = {setting.name: setting for group in GROUPS for setting in group.settings}


def in_titles(sentence: str) -> str:
    """Return a sentence about a recipe's fields in the words of the form."""
    for setting in sorted(SETTINGS.values(), key=lambda s: -len(s.name)):
        if "_" in setting.name or sentence.startswith((f"{setting.name} ", f"{setting.name}:")):
            sentence = sentence.replace(setting.name, setting.title)
    return sentence


def values_of(recipe: Recipe) -> dict[str, Any]:
    """Return the values of all settings in a recipe."""
    return {name: getattr(recipe, name) for name in SETTINGS}
