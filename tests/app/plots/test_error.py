import numpy as np
import pytest
from PySide6.QtGui import QColor

from app.plots import ErrorPlot, PlotRun
from app.plots.strokes import Band, Line
from resviz.runs.events import Evaluated, Started, Stepped
from resviz.runs.series import RunSeries
from tests.app.plots.fake_runs import fake_series


def by_look(plot, run):
    """Return the strokes of a run: batches, dashed, solid."""
    batches, dashed, solid = None, None, None
    for stroke in plot.curves.strokes:
        if isinstance(stroke, Band):
            batches = stroke if stroke.brush.color().rgb() == run.colour.rgb() else batches
        elif isinstance(stroke, Line) and stroke.pen.color().rgb() == run.colour.rgb():
            if stroke.pen.color().alpha() < 255:
                batches = stroke
            elif stroke.joined is not None:
                dashed = stroke
            else:
                solid = stroke
    return batches, dashed, solid


def test_what_is_drawn_is_the_series(show, pair):
    plot = show(ErrorPlot, pair, (1000, 400))
    for run in pair:
        batches, dashed, solid = by_look(plot, run)
        series = run.series
        assert batches.x.tolist() == series.train.x.tolist()
        assert batches.y.tolist() == series.train.y.tolist()
        assert (solid.x.tolist(), solid.y.tolist()) == (series.test.x.tolist(), series.test.y.tolist())
        smooth = series.smoothed_train()
        assert dashed.y == pytest.approx(np.interp(dashed.x, smooth.x, smooth.y))
        assert not dashed.joined.all()


def test_a_long_run_is_drawn_from_bins_that_hold_its_extremes(show):
    run = PlotRun("long", fake_series(True, depth=8, iterations=6000, per_epoch=391), QColor("#ff8800"), True)
    plot = show(ErrorPlot, [run], (600, 300))
    batches, dashed, _ = by_look(plot, run)
    assert isinstance(batches, Band)
    assert len(batches.left) < 400
    assert batches.low.min() == run.series.train.y.min()
    assert batches.high.max() == run.series.train.y.max()
    assert 6000 - dashed.x[-1] < 5 / plot.pixel_scale()[0]  # at most a gap between dashes
    assert dashed.y[-1] == pytest.approx(run.series.train_error_pct, abs=0.1)


def test_ranges_follow_the_data_and_hold_still(show):
    series = RunSeries()
    names = (("c",), ("b",), ("c",))
    series.feed([Started(0.0, 0, 1000, 10.0, 128, 0, "cpu", "float32", 1, *names)])
    plot = show(ErrorPlot, [PlotRun("run", series, QColor("red"), True)])

    def ranges(upto, error):
        first = series.iteration + 1
        series.feed(Stepped(float(i), i, 1.0, error, 0.1, 1.0) for i in range(first, upto + 1))
        plot.refresh()
        return plot.view.getViewBox().viewRange()

    assert ranges(100, 88.0) == [[0, 120], [0, 100]]
    assert ranges(110, 88.0) == [[0, 120], [0, 100]]
    assert ranges(600, 30.0)[1] == [0, 40]
    assert ranges(990, 6.0)[0] == [0, 1000]
    plot.whole_action.setChecked(True)
    assert plot.view.getViewBox().viewRange()[1] == [0, 100]


def test_zooming_stays_until_told_to_follow(show, pair):
    plot = show(ErrorPlot, pair)
    box = plot.view.getViewBox()
    drawn = plot.redraws
    box.scaleBy((0.5, 0.5), center=(150, 50))
    box.sigRangeChangedManually.emit([True, True])
    zoomed = box.viewRange()
    assert plot.redraws > drawn
    assert plot.zoomed
    pair[0].series.feed([Stepped(1.0, 301, 1.0, 50.0, 0.1, 1.0)])
    plot.refresh()
    assert box.viewRange() == zoomed
    plot.fit_action.trigger()
    assert not plot.zoomed
    assert box.viewRange()[0][0] == 0
    assert box.viewRange() != zoomed


def test_legend_reads_newest_and_hovered_values(show, pair):
    plot = show(ErrorPlot, pair, (900, 400))
    entry = plot.header.entries[1]
    series = pair[1].series
    assert [(r.dash, r.text) for r in entry.readings] == [
        ("dashed", f"{series.train_error_pct:.1f} %"),
        ("solid", f"{series.test_error_pct:.1f} %"),
    ]
    plot.hovered = 100.3
    plot._update_marks()
    assert plot.header.subtitle == "at iteration 100"
    at = series.smoothed_train().y[99]
    assert plot.header.entries[1].readings[0].text == f"{at:.1f} %"
    plot.hovered = 5000.0
    plot._update_marks()
    assert plot.header.entries[1].readings == ()


def test_a_run_that_diverged_says_so(show, pair):
    pair[0].series.feed([Stepped(1.0, 301, None, 90.0, 0.1, 1.0)])
    plot = show(ErrorPlot, pair, (900, 400))
    assert plot.header.entries[0].readings[-1].text == "diverged"
    assert plot.header.entries[1].readings[-1].text != "diverged"


def test_a_run_with_test_errors_only_and_a_run_without_anything(show):
    only = RunSeries()
    only.feed([Evaluated(1.0, 0, 90.0, None), Evaluated(2.0, 50, 80.0, None)])
    runs = [PlotRun("only", only, QColor("red"), True), PlotRun("none", RunSeries(), QColor("blue"), False)]
    plot = show(ErrorPlot, runs)
    assert [entry.note for entry in plot.header.entries] == ["", "no iterations yet"]
    assert plot.header.entries[0].readings[0].text == "80.0 %"
