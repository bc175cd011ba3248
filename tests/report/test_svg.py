import numpy as np
import pytest

from resviz.report.svg import element, path, thinned, words


def test_a_long_curve_keeps_its_ends_peaks_and_troughs():
    x = np.arange(1, 64_001)
    y = np.random.default_rng(0).normal(10, 1, len(x))
    y[12_345], y[45_678] = 99.0, -99.0
    few_x, few_y = thinned(x, y, 400)
    assert len(few_x) <= 4 * 400
    assert (few_x[0], few_x[-1]) == (1, 64_000)
    assert few_y[few_x == 12_346] == 99.0
    assert few_y[few_x == 45_679] == -99.0
    np.testing.assert_array_equal(few_y, y[few_x - 1])
    assert (np.diff(few_x) > 0).all()


def test_a_short_curve_stays_as_it_is():
    x = np.arange(100)
    assert thinned(x, x * 1.0, 400)[0] is x


@pytest.mark.parametrize("values", [[np.nan] * 5000, [1.0] + [np.nan] * 4999])
def test_curves_without_values_break(values):
    x, y = thinned(np.arange(5000), np.array(values), 100)
    assert path(x.astype(float), y) in ("", "M0.0 1.0")


def test_a_path_breaks_where_there_is_no_value():
    x = np.arange(5.0)
    assert path(x, np.array([1, 2, np.nan, 3, 4.0])) == "M0.0 1.0L1.0 2.0M3.0 3.0L4.0 4.0"


def test_texts_and_attributes_are_escaped():
    assert words(1, 2.5, "<b>&") == '<text x="1" y="2.5">&lt;b&gt;&amp;</text>'
    assert element("g", class_='a"b', text_anchor="end") == '<g class="a&quot;b" text-anchor="end"></g>'
