import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from resviz.arch.presets import preset
from resviz.runs.seeds import repeats, spread
from resviz.train.recipe import PAPER

VALUES = st.floats(0, 100) | st.just(float("nan"))
CURVES = st.lists(
    st.dictionaries(st.integers(0, 60), VALUES, max_size=20).map(
        lambda points: (
            np.array(sorted(points), np.int64), np.array([points[x] for x in sorted(points)], float)
        )
    ),
    max_size=4,
)  # fmt: skip


@settings(deadline=None)
@given(CURVES)
def test_spread_holds_its_mean_and_every_point_of_the_curves(curves):
    found = spread(curves)
    assert found.x.tolist() == sorted({x for at, _ in curves for x in at.tolist()})
    several = found.seeds >= 2
    assert np.isfinite(found.mean[several]).all()
    assert np.isnan(found.mean[~several]).all()
    assert np.isnan(found.low[~several]).all()
    assert (found.low[several] <= found.mean[several]).all()
    assert (found.mean[several] <= found.high[several]).all()
    for at, values in curves:
        for x, value in zip(at.tolist(), values.tolist(), strict=True):
            here = int(np.searchsorted(found.x, x))
            if np.isfinite(value) and several[here]:
                assert found.low[here] <= value <= found.high[here]


@settings(deadline=None)
@given(CURVES)
def test_order_of_the_seeds_does_not_matter_and_one_more_of_the_same_moves_nothing(curves):
    one, other = spread(curves), spread(curves[::-1])
    np.testing.assert_allclose(one.mean, other.mean)
    np.testing.assert_array_equal(one.seeds, other.seeds)
    twice = spread([*curves, *curves], one.x)
    several = one.seeds >= 2
    np.testing.assert_allclose(twice.mean[several], one.mean[several])
    np.testing.assert_array_equal(twice.low[several], one.low[several])


def test_one_seed_has_no_band():
    found = spread([(np.array([1, 2]), np.array([3.0, 4.0]))])
    assert found.seeds.tolist() == [1, 1]
    assert np.isnan(found.mean).all()


def test_curves_of_other_points_are_read_between_them_and_not_beyond_their_ends():
    found = spread(
        [(np.array([0, 10, 20]), np.array([0.0, 10.0, 20.0])), (np.array([5, 15]), np.array([5.0, 25.0]))]
    )
    assert found.x.tolist() == [0, 5, 10, 15, 20]
    assert found.seeds.tolist() == [1, 2, 2, 2, 1]
    assert found.mean[1:4].tolist() == [5.0, 12.5, 20.0]
    assert (found.low[3], found.high[3]) == (15.0, 25.0)


def test_a_diverged_seed_is_left_out_where_it_is_no_number():
    at = np.array([1, 2, 3])
    rest = np.array([1.0, 2.0, 3.0])
    found = spread([(at, rest), (at, rest + 2), (at, np.array([3.0, np.inf, np.nan]))])
    assert found.seeds.tolist() == [3, 2, 2]
    assert found.mean.tolist() == [7 / 3, 3.0, 4.0]


def test_repetitions_differ_by_seed_name_and_device_only():
    network = preset("resnet-8-w4")
    one = repeats(network, PAPER)
    assert repeats(network.copy(), replace(PAPER, seed=3, device="cuda", name="again")) == one
    renamed = network.copy()
    renamed.name = "other"
    assert repeats(renamed, PAPER) == one
    assert repeats(network, replace(PAPER, batch_size=64)) != one
    assert repeats(preset("plain-8-w4"), PAPER) != one
