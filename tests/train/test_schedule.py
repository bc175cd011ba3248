import itertools
import subprocess
import sys

import msgspec
import pytest
import torch

from resviz.train.recipe import PAPER, SHORT
from resviz.train.schedule import Start, curve, rate, warms_up


def changed(**fields):
    return msgspec.structs.replace(PAPER, **fields)


def torch_rates(make, count, learning_rate=0.1):
    """Return what a scheduler of PyTorch gives in each of `count` iterations."""
    optimiser = torch.optim.SGD([torch.zeros(1)], lr=learning_rate)
    scheduler = make(optimiser)
    rates = []
    for iteration in range(count):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        if iteration < count - 1:
            scheduler.step()
    return rates


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


@pytest.mark.parametrize("iterations", [1, 7, 3_000])
def test_cosine_is_one_period_of_warm_restarts(iterations):
    """arXiv:1608.03983, Eq. 5, with no restart and nothing at the end."""
    recipe = changed(schedule="cosine", iterations=iterations)
    expected = torch_rates(
        lambda optimiser: torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations), iterations
    )
    ours = [rate(recipe, k, warm_up_end=0) for k in range(iterations)]
    # PyTorch goes from each rate to the next, and gathers rounding errors on the way: absolutely tiny ones.
    assert ours == pytest.approx(expected, rel=1e-9, abs=1e-14)
    assert ours[0] == 0.1


@pytest.mark.parametrize(("iterations", "peak"), [(10, 0.3), (1_000, 0.3), (1_000, 0.05), (999, 0.77)])
def test_one_cycle_equals_pytorchs(iterations, peak):
    """arXiv:1708.07120, in the form with cosines, the momentum left alone."""
    recipe = changed(schedule="one-cycle", one_cycle_peak=peak, iterations=iterations)
    expected = torch_rates(
        lambda optimiser: torch.optim.lr_scheduler.OneCycleLR(
            optimiser, 0.1, total_steps=iterations, pct_start=peak, cycle_momentum=False
        ),
        iterations,
    )
    ours = [rate(recipe, k, warm_up_end=0) for k in range(iterations)]
    assert ours == pytest.approx(expected, rel=1e-12)
    assert max(ours) == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("iterations", [1, 2, 3])
@pytest.mark.parametrize("schedule", ["steps", "cosine", "one-cycle"])
def test_the_shortest_runs_have_a_rate(schedule, iterations):
    recipe = changed(schedule=schedule, iterations=iterations, milestones=())
    assert all(rate(recipe, k, warm_up_end=0) > 0 for k in range(iterations))


@pytest.mark.parametrize("schedule", ["cosine", "one-cycle"])
def test_the_last_rate_stays_after_the_end(schedule):
    recipe = changed(schedule=schedule, iterations=100)
    assert rate(recipe, 100, warm_up_end=0) == rate(recipe, 99, warm_up_end=0) > 0


@pytest.mark.parametrize("schedule", ["cosine", "one-cycle"])
def test_a_scaled_curve_keeps_its_shape(schedule):
    long, short = changed(schedule=schedule), changed(schedule=schedule).scaled(6_400)
    for k in range(0, 6_400, 100):
        expected = rate(long, 10 * k, warm_up_end=0)
        assert rate(short, k, warm_up_end=0) == pytest.approx(expected, rel=1e-2, abs=1e-4)


@pytest.mark.parametrize(("batch_size", "times"), [(32, 0.25), (128, 1), (8_192, 64)])
@pytest.mark.parametrize("schedule", ["steps", "cosine", "one-cycle"])
def test_linear_scaling_multiplies_every_rate(schedule, batch_size, times):
    """arXiv:1706.02677, Sec. 2.1: multiply the rate by k when the batch is k times as large."""
    usual = changed(schedule=schedule)
    scaled = changed(schedule=schedule, batch_size=batch_size, rate_scaling="linear")
    unscaled = changed(schedule=schedule, batch_size=batch_size)
    for iteration, end in itertools.product((0, 100, 20_000, 50_000), (0, 400, None)):
        expected = rate(usual, iteration, warm_up_end=end, factor=0.5)
        assert rate(scaled, iteration, warm_up_end=end, factor=0.5) == pytest.approx(times * expected)
        assert rate(unscaled, iteration, warm_up_end=end, factor=0.5) == expected


def test_a_warm_up_holds_down_the_other_schedules_too():
    cosine, cycle = changed(schedule="cosine"), changed(schedule="one-cycle")
    assert rate(cosine, 100, warm_up_end=None) == 0.01
    assert rate(cosine, 400, warm_up_end=400) == pytest.approx(0.1, rel=1e-3)
    assert rate(cycle, 0, warm_up_end=None) == pytest.approx(0.004)  # Lower than the warm-up's.
    assert rate(cycle, 10_000, warm_up_end=None) == 0.01


def test_the_curve_of_steps_shows_the_edges():
    drawn = curve(PAPER, 20, points=5)
    assert drawn.warm_up_end is None
    pairs = dict(zip(drawn.iterations, drawn.rates, strict=True))
    for at, expected in (
        (0, 0.1),
        (31_999, 0.1),
        (32_000, 0.01),
        (47_999, 0.01),
        (48_000, 0.001),
        (63_999, 0.001),
    ):
        assert pairs[at] == pytest.approx(expected)
    assert drawn.iterations == sorted(set(drawn.iterations))


@pytest.mark.parametrize("schedule", ["steps", "cosine", "one-cycle"])
def test_the_curve_is_the_rate_at_its_points(schedule):
    recipe = changed(schedule=schedule, iterations=1_000, milestones=(500, 2_000))
    drawn = curve(recipe, 20)
    assert (drawn.iterations[0], drawn.iterations[-1]) == (0, 999)
    assert 200 <= len(drawn.iterations) <= 210
    assert drawn.rates == [rate(recipe, k, warm_up_end=0) for k in drawn.iterations]
    assert max(drawn.rates) == pytest.approx(0.1, rel=1e-4)


def test_the_curve_shows_a_warm_up_as_long_as_the_papers():
    drawn = curve(PAPER, 110)
    pairs = dict(zip(drawn.iterations, drawn.rates, strict=True))
    assert drawn.warm_up_end == 400
    assert (pairs[0], pairs[399], pairs[400]) == (0.01, 0.01, 0.1)
    short = curve(changed(iterations=100, warm_up="on"), 20)
    assert short.warm_up_end == 100
    assert set(short.rates) == {0.01}
    assert curve(changed(iterations=1), 20).iterations == [0]


def test_the_curve_of_a_fork_begins_where_it_does_at_the_rate_that_holds_there():
    drawn = curve(PAPER, 110, start=Start(40_000, 0.5, warm_up_end=300))
    assert (drawn.iterations[0], drawn.rates[0], drawn.warm_up_end) == (40_000, pytest.approx(0.005), None)
    assert drawn.rates[-1] == pytest.approx(0.0005)
    warming = curve(PAPER, 110, start=Start(100, warm_up_end=None))
    assert (warming.rates[0], warming.warm_up_end) == (0.01, 500)
    assert curve(PAPER, 110, start=Start(70_000, warm_up_end=0)).iterations == [63_999]


def test_drawing_a_curve_imports_no_torch():
    code = (
        "import sys; from resviz.train import recipe, schedule; schedule.curve(recipe.PAPER, 110); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
