import msgspec
import pytest

from resviz.arch.presets import preset
from resviz.arch.twin import twin
from resviz.train.circumstances import Circumstances
from resviz.train.objections import objection
from resviz.train.recipe import PAPER, PRESETS

SMALL = Circumstances(side=16)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"milestones": (64_000, 70_000)}, "milestones: none of 64,000, 70,000 is within 64,000 iterations"),
        ({"train_limit": 10_001}, "train_limit: shapes has 10,000 training pictures"),
        ({"test_limit": 10_001, "data": "cifar10"}, "test_limit: cifar10 has 10,000 test pictures"),
        ({"cutout": 17}, "cutout: 17 pixels are more than the 16 of a picture's side"),
        ({"learning_rate": 1.0, "rate_scaling": "linear", "batch_size": 65_536}, "to a batch of 65,536, 512"),
        ({"learning_rate": 101.0}, "learning_rate: 101 is out of range"),
        ({"name": "  "}, "name: it must not be empty"),
    ],
)  # fmt: skip
def test_what_nobody_can_mean_is_one_sentence(fields, sentence):
    said = objection(msgspec.structs.replace(PAPER, **fields), SMALL)
    assert sentence in said
    assert said.endswith(".")


@pytest.mark.parametrize(
    "fields",
    [
        {"milestones": (32_000, 70_000)},
        {"milestones": (70_000,), "schedule": "cosine"},
        {"milestones": ()},
        {"train_limit": 10_000, "test_limit": 2_000},
        {"train_limit": 10**9, "data": "folder:/pictures"},
        {"cutout": 16},
    ],
)
def test_what_may_be_meant_is_not_refused(fields):
    assert objection(msgspec.structs.replace(PAPER, **fields), SMALL) == ""


def test_a_fork_may_have_its_drops_behind_the_end():
    recipe = msgspec.structs.replace(PAPER, iterations=100)
    assert objection(recipe)
    assert objection(recipe, begun=True) == ""


def test_presets_are_sound_at_every_length():
    for recipe in PRESETS.values():
        for iterations in (1, 2, 3, 100, 10**6):
            assert objection(recipe.scaled(iterations)) == ""


def test_circumstances_of_twins():
    plain = preset("plain-20")
    known = Circumstances.of([plain, preset("resnet-56", input_shape=(3, 16, 16))])
    assert known == Circumstances(56, plain=True, residual=True, side=16, card=None)
    assert Circumstances.of([plain]) == Circumstances(20, plain=True, residual=False, side=32)
    assert Circumstances.of([twin(plain)]).plain is False
    assert Circumstances.of([]) == Circumstances()
