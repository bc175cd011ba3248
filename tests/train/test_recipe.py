from resviz.train import demonstration
from resviz.train.recipe import PAPER, QUICK, SHORT, Recipe


def test_the_paper_is_float32_and_mixed_precision_is_a_choice():
    assert PAPER.precision == Recipe().precision == "float32"
    assert {recipe.precision for recipe in (SHORT, QUICK, demonstration.recipe(0))} == {"auto"}


def test_every_step_is_a_point_of_the_curve():
    assert PAPER.step_interval == 1
