import dataclasses

import pytest
from PySide6.QtCore import QPointF

from app.plots.error import ErrorPlot
from app.plots.measures import LossPlot
from app.plots.plot_run import PlotRun
from app.plots.seeds import seed_groups
from app.plots.strokes import Band, Line
from app.plots.timeline import Timeline
from app.theme import run_colour
from tests.app.plots.fake_runs import fake_series


@pytest.fixture
def runs():
    """Three seeds of one network, the last one half done, and another network."""
    made = []
    for seed, (floor, done) in enumerate(((10.0, 300), (20.0, 300), (30.0, 150))):
        series = fake_series(False, depth=20, iterations=300, done=done, seed=seed, floor=floor)
        name, colour = f"resnet-20 seed {seed}", run_colour(seed, False)
        made.append(PlotRun(name, series, colour, False, network="resnet-20", seed=seed, repeats="same"))
    plain = fake_series(True, depth=20, iterations=300)
    return [*made, PlotRun("plain-20", plain, run_colour(0, True), True, seed=0, repeats="other")]


def bands(plot):
    return [stroke for stroke in plot.curves.strokes if isinstance(stroke, Band)]


def test_switch_joins_seeds_in_all_plots_and_is_remembered(show, timeline, runs):
    error, loss = show(ErrorPlot, runs), show(LossPlot, runs)
    assert not bands(error)
    assert [entry.name for entry in error.header.entries] == [run.name for run in runs]
    error.seeds_action.trigger()
    error.refresh()
    loss.refresh()
    assert len(bands(error)) == 2  # Training and test.
    assert bands(loss)
    assert [entry.name for entry in error.header.entries] == ["resnet-20, 3 seeds", "plain-20"]
    assert "lowest to highest" in error.header.subtitle
    assert Timeline().seeds
    timeline.join_seeds(False)
    error.refresh()
    assert not bands(error)


def test_single_runs_are_faint_below_their_mean(show, timeline, runs):
    timeline.join_seeds(True)
    plot = show(ErrorPlot, runs)
    colours = [stroke.pen.color().name() for stroke in plot.curves.strokes if isinstance(stroke, Line)]
    assert runs[1].colour.name() not in colours
    assert colours[-1] == runs[0].colour.name()
    assert runs[3].colour.name() in colours


def test_hover_reads_mean_range_and_number_of_seeds(show, timeline, runs):
    timeline.join_seeds(True)
    plot = show(ErrorPlot, runs)
    box = plot.view.getViewBox()
    for iteration, name in ((100, "resnet-20, 3 seeds"), (250, "resnet-20, 2 of 3 seeds")):
        plot._on_mouse_moved(box.mapViewToScene(QPointF(iteration, 40)))
        entry = plot.header.entries[0]
        assert entry.name == name
        values = [run.series.smoothed_train() for run in runs[:3]]
        here = [curve.y[curve.x == iteration][0] for curve in values if iteration in curve.x]
        mean = sum(here) / len(here)
        assert entry.readings[0].text == f"{mean:.1f} % ({min(here):.1f} to {max(here):.1f})"
        assert plot.header.subtitle == f"at iteration {iteration}"


def test_groups_take_each_seed_once_and_need_two(runs):
    again = dataclasses.replace(runs[2], series=fake_series(False, depth=20, iterations=300))
    [group] = seed_groups([*runs, again])
    assert [run.seed for run in group] == [0, 1, 2]
    assert group[2] is again  # It got further.
    assert seed_groups([runs[0], dataclasses.replace(runs[1], seed=0)]) == []
    assert seed_groups([dataclasses.replace(run, repeats="") for run in runs]) == []
