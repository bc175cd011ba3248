import pytest

from resviz.runs.labels import Labels
from resviz.runs.search import Query, folded, lasting, said
from resviz.runs.store import create_experiment
from resviz.train.recipe import Recipe
from tests.runs.samples import architecture

ABOUT = folded(
    {
        "name": "resnet-56-seed1", "title": "Deep one", "tag": "Final\ntalk", "data": "cifar10",
        "network": "resnet-56", "recipe": "paper", "state": "failed", "note": "Too hot at first.",
        "seed": "1",
    }
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "deep", "DEEP cifar", "tag:final", "tag:FINAL state:fail", 'note:"hot at"', '"deep one"', "seed:1",
     'note:"too hot'],
)  # fmt: skip
def test_found(text):
    assert Query.of(text).finds(ABOUT)


@pytest.mark.parametrize(
    "text", ["shallow", "deep cifar100", "tag:deep", "state:finished", "seed:11", "colour:deep", '"one deep"']
)
def test_not_found(text):
    assert not Query.of(text).finds(ABOUT)


def test_a_colon_may_be_part_of_a_word():
    assert Query.of("folder:/pictures").finds(folded({"data": "folder:/Pictures/cats"}))


def test_what_is_known_of_a_run(tmp_path):
    run = create_experiment([architecture("plain 8")], Recipe(seed=7, name="mine")).runs[0]
    about = {"name": "plain-8", "network": "plain 8", "data": "shapes", "recipe": "mine", "seed": "7"}
    assert lasting(run) == about
    (run.path / "recipe.json").write_text("nonsense")
    assert lasting(run) == {"name": "plain-8", "network": "plain 8"}
    fields = said(Labels(title="A", tags=("b",)), Labels(tags=("c",), note="d", title="E"), "e")
    assert fields == {"title": "A", "tag": "b\nc", "note": "d", "experiment": "E\ne"}
