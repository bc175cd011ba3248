import subprocess
import sys

import msgspec
import pytest

from resviz.train import recipe as recipes
from resviz.train.circumstances import Circumstances
from resviz.train.describe import cautions, words
from resviz.train.recipe import PAPER, Recipe
from resviz.train.schedule import INITIALISATION, Start, curve

TWINS = Circumstances(20, plain=True, residual=True)
PLAIN, RESIDUAL = TWINS._replace(residual=False), TWINS._replace(plain=False)


def said(depth=20, start=INITIALISATION, **fields):
    return " ".join(words(msgspec.structs.replace(PAPER, **fields), Circumstances(depth), start))


def doubts(circumstances=TWINS, start=INITIALISATION, **fields):
    return cautions(msgspec.structs.replace(PAPER, **fields), circumstances, start)


def test_the_paper_in_words():
    assert words(PAPER, TWINS) == [
        "SGD with momentum 0.9, batch 128.",
        "Rate 0.1, divided by 10 at 32,000 and 48,000 of 64,000 iterations.",
        "Weight decay 0.0001 on the convolution and linear weights.",
        "Trained on shapes, randomly shifted by up to 4 pixels and flipped.",
    ]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"schedule": "cosine"}, "Rate 0.1, falling to 0 along a cosine over 64,000 iterations"),
        ({"schedule": "one-cycle"}, "Rate from 0.004 up to 0.1 at 19,200 and down to 0 at 64,000 iterations"),
        ({"milestones": ()}, "Rate 0.1 for 64,000 iterations."),
        ({"milestones": (100_000,)}, "Rate 0.1 for 64,000 iterations."),
        ({"milestones": (100,)}, "divided by 10 at 100 of"),
        ({"decay_factor": 0.3}, "multiplied by 0.3 at 32,000 and"),
        ({"milestones": (1, 2, 3), "decay_factor": 0.2}, "divided by 5 at 1, 2 and 3 of"),
        ({"nesterov": True}, "SGD with Nesterov momentum 0.9,"),
        ({"momentum": 0.0}, "SGD without momentum,"),
        ({"weight_decay": 0.0}, "No weight decay."),
        ({"decay_scope": "all"}, "on all parameters."),
        ({"batch_size": 1_024, "rate_scaling": "linear"}, "batch 1,024. Rate 0.8, divided"),
        ({"batch_size": 64, "rate_scaling": "linear"}, "Rates are 0.5 times the recipe's"),
        ({"augment": False}, "Trained on shapes, unchanged."),
        ({"cutout": 16}, "flipped, with a square of 16 pixels cut out"),
        ({"augment": False, "mixup": 0.2}, "shapes, mixed in pairs with alpha 0.2"),
        ({"train_limit": 1_000, "data": "cifar10"}, "Trained on 1,000 pictures of cifar10"),
        ({"test_limit": 500}, "Tested on 500 pictures."),
        ({"validation_split": True}, "A tenth of the training set"),
        ({"label_smoothing": 0.1}, "10 % of each target on all classes"),
        ({"ema_decay": 0.999}, "moving average of the weights of decay 0.999"),
        ({"residual_init": "zero-gamma"}, "last batch norm of every residual branch"),
        ({"residual_init": "skipinit"}, "SkipInit"),
        ({"residual_init": "fixup"}, "Fixup"),
        ({"survival_last": 0.7}, "the last one in 30 % of the iterations"),
        ({"precision": "auto"}, "what the hardware is fast in"),
        ({"precision": "float16"}, "Computed in float16"),
        ({"compile": "on"}, "Compiled before"),
        ({"activation_checkpointing": True}, "to spare memory"),
    ],
)
def test_every_option_is_told(fields, sentence):
    assert sentence in said(**fields)
    assert sentence not in said()


def test_a_warm_up_is_told_where_there_is_one():
    sentence = (
        "Warm-up: at most 0.01 until the training error is under 80 %; in the paper that took about 400 "
        "iterations."
    )
    assert sentence in words(PAPER, Circumstances(110))
    assert sentence in words(msgspec.structs.replace(PAPER, warm_up="on"))
    assert "Warm-up" not in said(depth=110, warm_up="off")
    assert "Warm-up with 110 layers or more: at most" in said(depth=None)
    assert "Warm-up" not in said(depth=110, start=Start(500, warm_up_end=400))
    assert "Warm-up" in said(depth=110, start=Start(500, warm_up_end=None))


@pytest.mark.parametrize(
    ("fields", "start", "sentence"),
    [
        (
            {},
            Start(40_000, warm_up_end=0),
            "From iteration 40,000 on: rate 0.01, divided by 10 at 48,000 of 64",
        ),
        ({}, Start(32_000, warm_up_end=0), "on: rate 0.01, divided by 10 at 48,000 of"),
        ({"iterations": 128_000}, Start(64_000, warm_up_end=0), "on: rate 0.001 up to 128,000 iterations."),
        ({"schedule": "cosine"}, Start(32_000, warm_up_end=0), "on: rate 0.05, falling to 0"),
        ({"schedule": "one-cycle"}, Start(40_000, warm_up_end=0), "on: rate 0.0556, down to 0 at"),
        ({"schedule": "one-cycle"}, Start(9_600, warm_up_end=0), "rate from 0.052 up to 0.1 at 19,200 and"),
        (
            {},
            Start(40_000, 0.5, 0),
            "on: rate 0.005, divided by 10 at 48,000 of 64,000 iterations. That is 0.5",
        ),
    ],
)
def test_of_a_fork_only_what_is_to_come_is_told(fields, start, sentence):
    assert sentence in said(start=start, **fields)


def test_networks_are_told_what_holds_for_them():
    def told(circumstances, **fields):
        return " ".join(words(msgspec.structs.replace(PAPER, **fields), circumstances))

    assert "no batch norm, nor in plain twins; residual branches" in told(TWINS, residual_init="skipinit")
    assert "no batch norm; residual branches begin" in told(RESIDUAL, residual_init="skipinit")
    assert "no batch norm; a plain network has no branches" in told(PLAIN, residual_init="skipinit")
    assert "a plain network has no branches to scale" in told(PLAIN, residual_init="fixup")
    assert "the plain twin keeps all of its layers" in told(TWINS, survival_last=0.5)
    assert "plain" not in told(RESIDUAL, survival_last=0.5)
    for fields in ({"survival_last": 0.5}, {"residual_init": "zero-gamma"}):
        assert told(PLAIN, **fields) == told(PLAIN)
        assert "changes nothing here" in doubts(PLAIN, **fields)[0]
        assert doubts(TWINS, **fields) == []


def test_what_can_hardly_be_meant_is_a_caution():
    assert doubts() == []
    assert doubts(milestones=(10, 64_000)) == [
        "The drop of the rate at 64,000 never comes: training ends at 64,000."
    ]
    assert "drops of the rate at 70,000 and 80,000 never come:" in doubts(milestones=(70_000, 80_000))[0]
    assert "0.1 is much for AdamW" in doubts(optimiser="adamw")[0]
    assert doubts(optimiser="adamw", learning_rate=1e-3) == []
    assert "float16 is slow on a processor" in doubts(precision="float16", device="cpu")[0]
    assert "float16 is slow" in doubts(TWINS._replace(card=False), precision="float16")[0]
    assert doubts(TWINS._replace(card=True), precision="float16") == []


def test_words_and_curve_agree_where_the_warm_up_may_outlast_the_peak():
    recipe = msgspec.structs.replace(PAPER, schedule="one-cycle", iterations=640, warm_up="on")
    [caution] = cautions(recipe, TWINS)
    assert caution == (
        f"If the warm-up takes 400 iterations, a guess, the rate gets no higher than "
        f"{max(curve(recipe, 20).rates):.3g}."
    )
    assert cautions(msgspec.structs.replace(recipe, iterations=64_000), TWINS) == []


def test_every_preset_is_told_in_whole_sentences():
    for recipe in (*recipes.PRESETS.values(), Recipe(optimiser="adamw", mixup=1.0, cutout=8)):
        for sentence in (*words(recipe), *cautions(recipe)):
            assert sentence[0].isupper()
            assert sentence.endswith(".")
            assert "  " not in sentence


def test_imports_no_torch():
    code = (
        "import sys; from resviz.train import describe, recipe; describe.words(recipe.PAPER); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
