import subprocess
import sys

import msgspec
import pytest

from resviz.train import recipe as recipes
from resviz.train.describe import words
from resviz.train.recipe import PAPER, Recipe


def said(depth=20, **fields):
    return " ".join(words(msgspec.structs.replace(PAPER, **fields), depth))


def test_the_paper_in_words():
    assert words(PAPER, 20) == [
        "SGD with momentum 0.9, batch 128, rate 0.1, divided by 10 at 32,000 and 48,000 of 64,000 "
        "iterations; weight decay 0.0001 on the convolution and linear weights.",
        "Trained on shapes, randomly shifted by up to 4 pixels and flipped.",
    ]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"schedule": "cosine"}, "rate 0.1, falling to 0 along a cosine over 64,000 iterations"),
        ({"schedule": "one-cycle"}, "rate from 0.004 up to 0.1 at 19,200 and down to 0 at 64,000 iterations"),
        ({"milestones": ()}, "rate 0.1 for 64,000 iterations;"),
        ({"milestones": (100_000,)}, "rate 0.1 for 64,000 iterations;"),
        ({"milestones": (100,)}, "divided by 10 at 100 of"),
        ({"decay_factor": 0.3}, "multiplied by 0.3 at 32,000 and"),
        ({"milestones": (1, 2, 3), "decay_factor": 0.2}, "divided by 5 at 1, 2 and 3 of"),
        ({"nesterov": True}, "SGD with Nesterov momentum 0.9,"),
        ({"momentum": 0.0}, "SGD without momentum,"),
        ({"optimiser": "adamw"}, "That rate is much for AdamW"),
        ({"weight_decay": 0.0}, "; no weight decay."),
        ({"decay_scope": "all"}, "on all parameters."),
        ({"batch_size": 1_024, "rate_scaling": "linear"}, "batch 1,024, rate 0.8, divided"),
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
    sentence = "Warm-up: at most 0.01 until the training error is under 80 %."
    assert sentence in words(PAPER, 110)
    assert sentence in words(msgspec.structs.replace(PAPER, warm_up="on"))
    assert "Warm-up" not in said(depth=110, warm_up="off")
    assert "Warm-up with 110 layers or more: at most" in said(depth=None)


def test_a_usual_rate_for_adamw_is_not_warned_of():
    assert "much" not in said(optimiser="adamw", learning_rate=1e-3)


def test_every_preset_is_told_in_whole_sentences():
    for recipe in (*recipes.PRESETS.values(), Recipe(optimiser="adamw", mixup=1.0, cutout=8)):
        for sentence in words(recipe):
            assert sentence[0].isupper()
            assert sentence.endswith(".")
            assert "  " not in sentence


def test_imports_no_torch():
    code = (
        "import sys; from resviz.train import describe, recipe; describe.words(recipe.PAPER); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
