import pytest

from resviz.runs.labels import Labels
from resviz.runs.search import Query, folded, lasting, said, unknown_fields
from resviz.runs.store import create_experiment, experiment_of
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
    experiment = experiment_of(run)
    fields = said(Labels(title="A", tags=("b",)), Labels(tags=("c",), note="d", title="E"), experiment)
    assert fields == {"title": "A\nE", "tag": "b\nc", "note": "d", "experiment": "E\nplain 8"}


def test_words_look_in_a_name_that_a_person_gave_and_not_in_one_made_of_the_networks():
    both = [architecture("plain-8"), architecture("resnet-8")]
    made, named = create_experiment(both, Recipe()), create_experiment(both, Recipe(), name="For the talk")
    assert (made.own_name, named.own_name) == ("", "For the talk")
    assert said(Labels(), Labels(), named)["title"] == "For the talk"
    about = folded({**lasting(made.runs[0]), **said(Labels(), Labels(), made)})
    assert Query.of("experiment:resnet").finds(about)
    assert not Query.of("resnet").finds(about)


def test_a_word_before_a_colon_that_is_no_field_is_known_as_such():
    assert unknown_fields("tgs:final state:failed resnet") == ["tgs"]
    assert unknown_fields("deep tag:x") == []
