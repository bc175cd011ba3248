import msgspec
import pytest

from resviz.train.recipe import PAPER, SHORT
from resviz.train.schedule import rate, warms_up


def test_paper_divides_at_32k_and_48k():
    rates = [rate(PAPER, k, warm_up_end=0) for k in (0, 31_999, 32_000, 47_999, 48_000, 63_999)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


def test_scaled_recipe_keeps_the_proportions():
    assert SHORT.milestones == (3_200, 4_800)
    assert rate(SHORT, 3_200, warm_up_end=0) == pytest.approx(0.01)


def test_warm_up_lasts_until_its_recorded_end_and_then_returns_to_the_base_rate():
    assert rate(PAPER, 0, warm_up_end=None) == rate(PAPER, 5_000, warm_up_end=None) == 0.01
    assert rate(PAPER, 399, warm_up_end=400) == 0.01
    assert rate(PAPER, 400, warm_up_end=400) == 0.1


def test_warm_up_never_raises_the_rate():
    assert rate(PAPER, 50_000, warm_up_end=None) == pytest.approx(0.001)


def test_factor_applies_to_every_part_of_the_schedule():
    assert rate(PAPER, 0, warm_up_end=0, factor=0.5) == pytest.approx(0.05)
    assert rate(PAPER, 40_000, warm_up_end=0, factor=0.5) == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("warm_up", "depth", "expected"),
    [("auto", 56, False), ("auto", 110, True), ("auto", 1202, True), ("on", 20, True), ("off", 1202, False)],
)
def test_who_warms_up(warm_up, depth, expected):
    assert warms_up(msgspec.structs.replace(PAPER, warm_up=warm_up), depth) is expected
