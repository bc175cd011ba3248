import pytest

from app.canvas import text


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (464, "464"),
        (999, "999"),
        (1000, "1.0 k"),
        (4672, "4.7 k"),
        (99_999, "100 k"),
        (269_722, "270 k"),
        (999_999, "1.0 M"),
        (40_551_424, "40.6 M"),
        (2_829_240_000, "2.8 G"),
    ],
)
def test_counts(number, shown):
    assert text.short_count(number) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (0.00123, "1.2e-3"),
        (0.001, "1e-3"),
        (0.35, "0.35"),
        (1.0, "1"),
        (12.3, "12"),
        (1234.0, "1.2e3"),
        (float("nan"), "NaN"),
        (float("inf"), "inf"),
    ],
)
def test_gradient_norms(value, shown):
    assert text.scientific(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.123, "0.12"), (12.34, "12.3"), (456.0, "4.6e2"), (float("nan"), "NaN")]
)
def test_magnitudes(value, shown):
    assert text.ratio(value) == shown


def test_shapes_and_names():
    assert text.shape_text((16, 32, 32)) == "16 x 32 x 32"
    assert text.shape_text(None) == "?"
    assert text.name_forms("stage2.block1") == ("stage2.block1", "2.1", "1")
    assert text.name_forms("stem")[-1] == "stem"
    assert text.name_forms("unit.conv1")[-1] == "conv1"
    assert text.short_shape((16, 32, 32)) == "16·32²"
    assert text.short_shape((3, 4, 5)) == "3·4x5"
    assert text.short_shape((10,)) == "10"
    assert (text.plural(1, "block"), text.plural(1200, "block")) == ("1 block", "1,200 blocks")
