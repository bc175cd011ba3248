"""Exploding and dead layers, by the measured story of plain-56: exploding, then starving."""

import numpy as np
import pytest

from app.plots.health import dead, exploding, why_dead, why_exploding
from resviz.runs.events import Probed, Started
from resviz.runs.series import RunSeries

COUNT = 9
NAMES = tuple(f"stage1.block{n}.conv1" for n in range(COUNT))


def probed(gradient, update=1e-3, weights=5.0, response=1.0):
    """Return a series of one probe; single values stand for all layers."""
    wide = [tuple(np.broadcast_to(each, COUNT).tolist()) for each in (gradient, response, weights, update)]
    gradients = tuple(None if np.isnan(value) else value for value in wide[0])
    responses = tuple(None if np.isnan(value) else value for value in wide[1])
    series = RunSeries()
    series.feed([Started(0.0, 0, 9, 1.0, 8, 0, "cpu", "float32", 1, NAMES, (), NAMES)])
    series.feed([Probed(1, gradients, (), responses, wide[2], wide[3])])
    return series


def where(found):
    return np.flatnonzero(found).tolist()


def test_a_healthy_network_has_no_marks():
    series = probed(np.geomspace(3.0, 0.7, COUNT), np.geomspace(0.06, 4e-4, COUNT))
    assert where(exploding(series, 0)) == where(dead(series, 0)) == []


def test_the_first_step_of_a_deep_plain_network_explodes():
    # Measured: plain-56-w8 on shapes, iteration 1; gradients alone are 77 times the median at most.
    series = probed(np.geomspace(750, 0.4, COUNT), np.geomspace(9.3, 1.8e-3, COUNT))
    assert where(exploding(series, 0)) == [0, 1, 2]
    assert where(dead(series, 0)) == []
    assert why_exploding(series, 0, 0) == (
        "Exploding: this step moved the weights of conv1 by 9.3 times their length."
    )


def test_then_its_first_layers_starve():
    series = probed(np.geomspace(5e-4, 0.15, COUNT), weights=np.geomspace(400.0, 8.0, COUNT))
    assert where(dead(series, 0)) == [0, 1, 2, 3]
    assert where(exploding(series, 0)) == []
    assert "1.3e-6 of its weights' length" in why_dead(series, 0, 0)


def test_a_gradient_far_above_the_median_or_not_finite_explodes():
    gradient = np.full(COUNT, 0.1)
    gradient[2], gradient[5] = 11.0, np.nan
    series = probed(gradient)
    assert where(exploding(series, 0)) == [2, 5]
    assert "110 times the median" in why_exploding(series, 0, 2)
    assert "not a finite number" in why_exploding(series, 0, 5)


def test_a_healthy_layer_among_starved_ones_does_not_explode():
    # Measured: plain-56-w8, iteration 38, where half of the gradients are next to nothing.
    assert where(exploding(probed(np.geomspace(3e-4, 0.2, COUNT) ** 1.5, weights=8.0), 0)) == []


def test_a_network_that_has_learnt_all_it_can_is_not_dead():
    assert where(dead(probed(np.geomspace(2e-6, 1e-6, COUNT)), 0)) == []


def test_layers_without_gradient_or_response_are_dead_but_for_those_left_out():
    gradient, response = np.full(COUNT, 0.1), np.full(COUNT, 1.0)
    gradient[1] = gradient[4] = 0.0
    response[4] = np.nan  # stochastic depth: not computed in this step
    response[7] = 1e-5
    series = probed(gradient, response=response)
    assert where(dead(series, 0)) == [1, 7]
    assert why_dead(series, 0, 1) == "Dead: no gradient reaches conv1."
    assert "answers every picture alike" in why_dead(series, 0, 7)


@pytest.mark.parametrize("response", [(), (1.0,) * 3])
def test_logs_without_all_measurements_say_what_they_can(response):
    series = RunSeries()
    names = NAMES[:3]
    series.feed([Started(0.0, 0, 9, 1.0, 8, 0, "cpu", "float32", 1, names, (), names[: len(response)])])
    series.feed([Probed(1, (0.1, 0.0, 0.1), (), response)])
    assert where(exploding(series, 0)) == []
    assert where(dead(series, 0)) == [1]
