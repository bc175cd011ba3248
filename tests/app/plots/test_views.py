"""Responses, updates, loss, rate, speed, twin difference, and error by class."""

import math

import numpy as np
import pytest
from PySide6.QtGui import QColor

from app.plots.classes import ClassPlot
from app.plots.difference import DifferencePlot
from app.plots.means import EpochMean
from app.plots.measures import LossPlot, RatePlot, SpeedPlot
from app.plots.plot_run import PlotRun, steady_update
from app.plots.responses import Responses, SortedResponses
from app.plots.strokes import Band, Line
from app.plots.updates import Updates
from resviz.report.twins import twin_of
from resviz.runs.events import Changed, Evaluated, Probed, Started, Stepped
from resviz.runs.series import RunSeries
from resviz.train.recipe import Recipe
from tests.app.plots.fake_runs import names

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def start(iteration=0, per_epoch=10.0, classes=CLASSES):
    convolutions, blocks = names(20)
    place = (convolutions, blocks, convolutions, classes)
    return Started(0.0, iteration, 100, per_epoch, 128, 0, "cpu", "float32", 1, *place)


def steps(values, first=1, rate=0.1):
    return [Stepped(float(i), i, v, 50.0, rate, 1000.0) for i, v in enumerate(values, first)]


def shown_lines(plot, run):
    """Return the whole, opaque lines of a run."""
    mine = [s for s in plot.curves.strokes if isinstance(s, Line) and s.pen.color().rgb() == run.colour.rgb()]
    return [s for s in mine if s.pen.color().alpha() == 255 and len(s.x) > 2]


def levels(plot):
    """Return the heights of the lines straight across."""
    return [s.y[0] for s in plot.curves.strokes if isinstance(s, Line) and len(s.x) == 2 and s.y[0] == s.y[1]]


def test_means_over_an_epoch_leave_out_what_is_not_finite_and_what_a_resume_voided():
    values = [None if i % 7 == 3 else float(i * i % 11) for i in range(60)]
    mean, series = EpochMean(lambda each: each.loss), RunSeries()
    series.feed([start()])
    for first in range(0, 60, 4):
        series.feed(steps(values[first : first + 4], first + 1))
        mean.of(series)
    found = mean.of(series)
    for place in range(60):
        epoch = [v for v in values[max(0, place - 9) : place + 1] if v is not None]
        assert found[place] == pytest.approx(np.mean(epoch))
    series.feed([start(30), *steps([5.0] * 30, 31)])
    assert mean.of(series)[-1] == pytest.approx(5.0)
    assert len(mean.of(series)) == 60


def test_loss_rate_and_speed_are_those_of_the_series(show, pair):
    for run in pair:
        run.series.feed([Evaluated(1.0, 300, 50.0, 1.25)])
    loss = show(LossPlot, pair, (700, 300))
    readings = [reading.text for reading in loss.header.entries[0].readings]
    recent = pair[0].series.loss.y[-50:]
    assert readings[0] == f"train {recent.mean():.3g}"
    assert readings[1] == "test 1.25"
    rate = show(RatePlot, pair)
    assert rate.log
    [line] = shown_lines(rate, pair[1])
    assert 10**line.y == pytest.approx(0.1)
    low, high = rate.view.getViewBox().viewRange()[1]
    assert low < -1 < high
    speed = show(SpeedPlot, pair)
    mean = pair[1].series.speed.y[-50:].mean()
    assert speed.header.entries[1].readings[0].text == f"{mean:,.0f}/s"


def test_a_curve_far_below_one_is_painted_on_a_logarithmic_scale(show, pair):
    plot = show(RatePlot, pair, (500, 300))
    plot.button.hide()
    image = plot.grab().toImage()
    seen = {image.pixelColor(x, y).name() for x in range(80, 480, 3) for y in range(image.height())}
    assert pair[1].colour.name() in seen


@pytest.fixture
def twins():
    """A plain run that is at 40 % where its twin is at 30 %, then at 20 % as well."""
    runs = []
    for name, plain, ends in (("plain-20", True, (40.0, 20.0)), ("resnet-20", False, (30.0, 20.0))):
        series = RunSeries()
        series.feed([start()])
        series.feed(Stepped(float(i), i, 1.0, ends[i > 50], 0.1, 1000.0) for i in range(1, 101))
        runs.append(PlotRun(name, series, QColor("orange" if plain else "cyan"), plain, network=name))
    return runs


def test_the_twin_difference_has_its_verdict_in_words(show, twins, timeline):
    plot = show(DifferencePlot, twins, (700, 300))
    [line] = shown_lines(plot, twins[1])
    assert line.y[49] == pytest.approx(10.0)
    assert line.y[-1] == pytest.approx(0.0)
    assert plot.header.subtitle == "plain-20 and resnet-20 train equally well at iteration 100"
    timeline.go_to(40)
    plot._follow_cursor()
    assert plot.header.subtitle == "plain-20 trains 10.0 points worse than resnet-20 at iteration 40"
    assert [entry.name for entry in plot.header.entries] == ["resnet-20"]
    plot.hovered = 99.6
    plot._update_marks()
    assert plot.header.subtitle.endswith("equally well at iteration 100")
    assert levels(plot) == [0.0]


def test_the_difference_ends_where_the_slower_twin_is(show, twins):
    twins[0].series.feed([start(60)])
    plot = show(DifferencePlot, twins)
    [line] = shown_lines(plot, twins[1])
    assert line.x[-1] == 60


def test_a_plain_run_that_trains_better_is_said_to(show, twins):
    twins[0], twins[1] = (
        PlotRun(name, run.series, run.colour, plain)
        for name, plain, run in (("plain-20", True, twins[1]), ("resnet-20", False, twins[0]))
    )
    twins[1].series.feed([start(50)])
    plot = show(DifferencePlot, twins)
    assert "10.0 points better than" in plot.header.subtitle
    assert plot.view.getViewBox().viewRange()[1][0] <= -10


def test_twins_are_found_by_name_within_their_experiment(twins):
    plain, residual = twins
    other = PlotRun("plain-56", plain.series, QColor("red"), True)
    elsewhere = PlotRun("plain-20", plain.series, QColor("red"), True, experiment="elsewhere")
    assert twin_of(residual, [other, plain]) is plain
    assert twin_of(residual, [other]) is other, "there is no other to compare with"
    assert twin_of(residual, [other, PlotRun("plain-32", plain.series, QColor("red"), True)]) is None
    assert twin_of(residual, [elsewhere]) is None


def test_one_run_alone_has_no_difference(show, twins):
    plot = show(DifferencePlot, twins[:1])
    assert "train both" in plot.empty.text()


def test_errors_by_class_are_bars_of_the_test_at_the_cursor(show, twins, timeline):
    for index, run in enumerate(twins):
        for at, base in ((20, 50.0), (40, 20.0)):
            row = tuple(base - 5 * index + c for c in range(10))
            run.series.feed([Evaluated(float(at), at, base, None, row)])
    timeline.supply([run.series for run in twins])
    plot = show(ClassPlot, twins, (700, 300))
    plain, residual = (s for s in plot.curves.strokes if isinstance(s, Band))
    assert plain.high.tolist() == [20.0 + c for c in range(10)]
    assert residual.high.tolist() == [15.0 + c for c in range(10)]
    assert plain.right[0] < residual.left[0] + 1e-9
    assert residual.right[0] < plain.left[1]
    assert plot.header.entries[0].readings[0].text == "worst: truck 29.0 %"
    plot.hovered = 2.2
    plot._update_marks()
    assert plot.header.subtitle == "bird"
    assert plot.header.entries[1].readings[0].text == "17.0 %"
    timeline.go_to(30)
    plot._follow_cursor()
    assert next(s for s in plot.curves.strokes if isinstance(s, Band)).high[0] == 50.0
    _, rows = plot.table(twins)
    assert ("plain-20", 20, "bird", 52.0) in rows


def test_old_logs_without_class_errors_say_that_there_are_none(show, pair):
    assert "before these runs ended" in show(ClassPlot, pair).empty.text()
    for run in pair:
        run.series.feed([Changed(1.0, 1, "running")])
    assert "first test" in show(ClassPlot, pair).empty.text()


def test_responses_stand_beside_the_papers_means_and_say_their_phase(show, twins):
    rng = np.random.default_rng(0)
    values = tuple((1 + rng.random(19)).tolist())
    for run in twins:
        run.series.feed([Probed(5, (1.0,) * 19, (None,) * 9, values)])
    plot = show(Responses, twins, (700, 300))
    assert sorted(levels(plot)) == [1.62, 1.82]
    assert "training statistics" in plot.header.subtitle
    reading = plot.header.entries[0].readings[0].text
    assert reading == f"mean {np.mean(values):.2f} (paper 1.82)"
    in_order = show(SortedResponses, twins, (700, 300))
    [line] = shown_lines(in_order, twins[0])
    assert line.y.tolist() == pytest.approx(sorted(values, reverse=True))
    assert in_order.header.title == "Response std, sorted"


def test_updates_stand_beside_where_theory_says_they_settle(show, twins, timeline):
    for run in twins:
        run.steady_update = steady_update(Recipe())
        run.series.feed([start(100), *steps([1.0], 101, 0.1), *steps([1.0], 102, 0.01)])
        run.series.feed(
            [Probed(i, (1.0,) * 19, (None,) * 9, (1.0,) * 19, (1.0,) * 19, (0.002,) * 19) for i in (101, 102)]
        )
    timeline.supply([run.series for run in twins])
    plot = show(Updates, twins, (700, 300))
    assert [10**y for y in levels(plot)] == pytest.approx([1.0e-3], rel=0.04)
    timeline.go_to(101)
    plot._follow_cursor()
    assert [10**y for y in levels(plot)] == pytest.approx([3.2e-3], rel=0.04), "as arXiv:2006.08419 has it"
    twins[0].steady_update = None
    plot.mark_dirty()
    assert len(levels(plot)) == 1


def test_only_decaying_sgd_settles():
    assert steady_update(Recipe()) == pytest.approx(math.sqrt(2e-4 / 1.9))
    assert steady_update(Recipe(weight_decay=0.0)) is None
    assert steady_update(Recipe(optimiser="adamw")) is None
