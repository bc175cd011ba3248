import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.plots.bins import Bins

QUICK = settings(max_examples=150, deadline=None)


@st.composite
def curves(draw):
    gaps = draw(st.lists(st.integers(1, 9), min_size=1, max_size=300))
    x = np.cumsum(gaps)
    y = np.array(draw(st.lists(st.floats(0, 100), min_size=len(x), max_size=len(x))))
    return x, y


@QUICK
@given(curve=curves(), begin=st.integers(-5, 500), span=st.integers(1, 3000), count=st.integers(1, 50))
def test_bins_cover_every_point_in_view_once(curve, begin, span, count):
    x, y = curve
    bins = Bins(x, begin, begin + span, count)
    part = slice(bins.first, bins.last)
    assert set(range(len(x))[part]) >= set(np.flatnonzero((x >= begin) & (x <= begin + span)))
    low, high, newest = bins.lowest(y), bins.highest(y), bins.newest(y)
    assert len(low) == len(high) == len(newest) == len(bins.x) <= max(2 * count, count + 2)
    place = np.repeat(np.arange(len(low)), np.diff(bins.starts, append=len(x[part])))
    assert ((low[place] <= y[part]) & (y[part] <= high[place])).all()
    assert low.min() == y[part].min()
    assert high.max() == y[part].max()
    assert (bins.x[-1], newest[-1]) == (x[part][-1], y[part][-1])
    assert set(zip(bins.x, newest, strict=True)) <= set(zip(x.tolist(), y.tolist(), strict=True))
    assert (np.diff(bins.x) > 0).all()


def test_a_short_curve_is_itself():
    x = np.arange(1, 11)
    bins = Bins(x, 0, 20, 5)
    assert bins.exact
    assert bins.x.tolist() == x.tolist()
    assert bins.newest(x**2).tolist() == (x**2).tolist()


def test_an_empty_curve_has_no_bins():
    bins = Bins(np.zeros(0, np.int64), 0, 10, 5)
    assert len(bins.x) == len(bins.lowest(np.zeros(0))) == len(bins.newest(np.zeros(0))) == 0


def test_bins_do_not_shimmer_while_a_curve_grows():
    rng = np.random.default_rng(0)
    x, y = np.arange(1, 5001), rng.random(5000)
    before, after = (Bins(x[:n], 0, 5000, 500) for n in (4000, 4001))
    assert before.width == after.width
    assert np.array_equal(before.highest(y[:4000])[:-1], after.highest(y[:4001])[: len(before.x) - 1])


def test_nan_counts_only_where_there_is_nothing_else():
    y = np.ones(100)
    y[::2] = np.nan
    bins = Bins(np.arange(1, 101), 0, 100, 5)
    assert bins.lowest(y).tolist() == bins.highest(y).tolist() == [1.0] * len(bins.x)
