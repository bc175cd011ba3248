import pytest

from app.plots.axes import Axis
from resviz.report.numbers import brief, count_text, nice_end, nice_step, power_text


@pytest.mark.parametrize(
    ("exponent", "text"),
    [
        (-5, "10⁻⁵"),
        (-2, "0.01"),
        (0, "1"),
        (3, "1000"),
        (4, "10⁴"),
        (12, "10¹²"),
        (-0.30103, "0.5"),
        (4.30103, "2×10⁴"),
    ],
)
def test_powers_of_ten(exponent, text):
    assert power_text(exponent) == text


def test_numbers():
    assert [count_text(v, True) for v in (0, 5000, 12500)] == ["0", "5k", "12.5k"]
    assert count_text(900, False) == "900"
    assert [brief(v) for v in (0.0312, 0.322, 12.5, 3.12e-5, 0.0)] == [
        "0.0312",
        "0.322",
        "12.5",
        "3.12×10⁻⁵",
        "0",
    ]
    assert brief(0.0062123, 2) == "0.0062"


@pytest.mark.parametrize("value", [0.013, 0.9, 1, 7, 99, 101, 1450, 63_999])
def test_a_range_holds_its_value_and_is_not_much_larger(value):
    assert value <= nice_end(value) <= value * 1.34
    assert nice_step(value) >= value
    assert nice_end(0) == 1.0


def test_ticks(qapp):
    axis = Axis("bottom", whole=True)
    assert axis.tickSpacing(0, 1000, 400) == [(200.0, 0.0)]
    assert axis.tickSpacing(0, 3, 400) == [(1.0, 0.0)]
    assert axis.tickStrings([0, 20_000, 40_000], 1, 20_000) == ["0", "20k", "40k"]
    (_, decades), (_, between) = Axis("left", log=True).tickValues(-4, 4, 200)
    assert decades == [-4.0, -2.0, 0.0, 2.0, 4.0]
    assert between == []
    (_, decades), (_, between) = Axis("left", log=True).tickValues(0, 1, 300)
    assert Axis("left", log=True).tickStrings(decades + between, 1, 1) == ["1", "10", "2", "5"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_a_dash(value):
    assert brief(value) == "–"
