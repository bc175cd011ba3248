import msgspec
import pytest

from resviz.errors import RecipeError
from resviz.train import demonstration
from resviz.train.recipe import PAPER, QUICK, SHORT, Recipe, with_changes


def test_the_paper_is_float32_and_mixed_precision_is_a_choice():
    assert PAPER.precision == Recipe().precision == "float32"
    assert {recipe.precision for recipe in (SHORT, QUICK, demonstration.recipe(0))} == {"auto"}


def test_every_step_is_a_point_of_the_curve():
    assert PAPER.step_interval == 1


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("learning_rate", "1e-2", 0.01),
        ("batch-size", " 64 ", 64),
        ("milestones", "100, 200", (100, 200)),
        ("milestones", "[100]", (100,)),
        ("milestones", "none", ()),
        ("adam_betas", "0.8,0.9", (0.8, 0.9)),
        ("probe_interval", "none", None),
        ("probe_interval", "7", 7),
        ("data_dir", "/a b", "/a b"),
        ("augment", "Off", False),
        ("validation_split", "on", True),
        ("schedule", "one-cycle", "one-cycle"),
        ("rate_scaling", "none", "none"),
        ("name", "12", "12"),
    ],
)
def test_a_field_takes_what_a_person_types(field, text, value):
    changed = with_changes(PAPER, {field: text})
    name = field.replace("-", "_")
    assert getattr(changed, name) == value
    assert type(getattr(changed, name)) is type(value)
    assert changed == msgspec.structs.replace(PAPER, **{name: value})


def test_changes_that_need_each_other_are_made_together():
    adam = msgspec.structs.replace(PAPER, optimiser="adamw", momentum=0.0)
    changed = with_changes(adam, {"nesterov": "on", "momentum": "0.9", "optimiser": "sgd"})
    assert changed == msgspec.structs.replace(PAPER, nesterov=True)


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("learning_rat", "1", "A recipe has no field 'learning_rat': did you mean learning_rate?"),
        ("Label-Smooth", "1", "A recipe has no field 'Label-Smooth': did you mean label_smoothing?"),
        ("learning_rate", "fast", "learning_rate must be a number, not 'fast'."),
        ("learning_rate", "nan", "learning_rate must be a number above 0, not nan."),
        ("batch_size", "1.5", "batch_size must be a whole number, not '1.5'."),
        ("batch_size", "", "batch_size must be a whole number, not ''."),
        ("augment", "maybe", "augment must be on or off, not 'maybe'."),
        ("schedule", "cosin", "schedule must be steps, cosine or one-cycle, not 'cosin'."),
        ("adam_betas", "0.9", "adam_betas must be two numbers such as 0.9,0.999, not '0.9'."),
        ("milestones", "a,b", "milestones must be 32000,48000 or the like, or none, not 'a,b'."),
        ("probe_interval", "0", "probe_interval must be at least 1, not 0."),
        ("warm_up_error_pct", "nan", "warm_up_error_pct must be from 0 to 100, not nan."),
        ("checkpoint_seconds", "-1", "checkpoint_seconds must be above 0, not -1.0."),
    ],
)
def test_a_wrong_change_is_refused_in_a_sentence(field, text, sentence):
    with pytest.raises(RecipeError) as refusal:
        with_changes(PAPER, {field: text})
    assert str(refusal.value) == sentence


def test_a_field_that_is_like_no_other_is_answered_by_all_of_them():
    with pytest.raises(RecipeError, match=r"choose one of name, data, .*checkpoint_seconds"):
        with_changes(PAPER, {"xyzzy": "1"})


@pytest.mark.parametrize("fields", [{"seed": -1}, {"milestones": (-5, 3)}, {"milestones": (0,)}])
def test_negative_seeds_and_milestones_are_refused(fields):
    with pytest.raises(RecipeError, match=next(iter(fields))):
        Recipe(**fields)
