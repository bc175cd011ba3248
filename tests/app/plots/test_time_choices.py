"""What a person chooses of time plots: smoothing, units, zoom by keys; and what happened, where it did."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor

from app.plots.error import ErrorPlot
from app.plots.measures import LossPlot, SpeedPlot
from app.plots.plot_run import PlotRun
from app.plots.strokes import Band, Line
from resviz.runs.events import Forked, RateChanged, Started, Stepped
from resviz.runs.series import RunSeries

PER_EPOCH = 10.0


def steps(count, first=1, rate=0.1, per_second=10.0):
    rng = np.random.default_rng(first)
    return [
        Stepped(i / per_second, i, 1.0, float(rng.uniform(20, 60)), rate, 128 * per_second)
        for i in range(first, first + count)
    ]


def start(iteration=0, iterations=400):
    return Started(0.0, iteration, iterations, PER_EPOCH, 128, 0, "cpu", "float32", 1, ("c",), ("b",), ("c",))


@pytest.fixture
def run():
    """A fork of a run at 20, with a drop of its schedule at 101 and a change by hand at 200."""
    series = RunSeries()
    series.feed(
        [
            Forked(0.0, 20, "/runs/parent", "20"),
            start(),
            *steps(100),
            *steps(100, 101, 0.01),
            RateChanged(200, 0.2, 0.002),
        ]
    )
    series.feed(steps(100, 201, 0.002))
    return PlotRun("resnet-8", series, QColor("#00ffff"), False)


def smooth_line(plot, run):
    mine = [s for s in plot.curves.strokes if isinstance(s, Line) and s.pen.color().rgb() == run.colour.rgb()]
    return max((s for s in mine if s.pen.color().alpha() == 255), key=lambda s: len(s.x))


def choose(menu, text):
    action = next(action for action in menu.actions() if action.text() == text)
    action.trigger()


def smoothing(plot):
    return next(a.menu() for a in plot.menu.actions() if a.menu() is not None and a.text() == "Smoothing")


def test_smoothing_is_counted_in_training_and_shared(show, run):
    error, speed = show(ErrorPlot, [run], (900, 300)), show(SpeedPlot, [run], (900, 300))
    raw = run.series.train.y
    for text, epochs in (("Mean over five epochs", 5), ("Mean over a tenth of an epoch", 0.1)):
        choose(smoothing(error), text)
        [track, _] = error.tracks(run)
        width = max(1, round(epochs * PER_EPOCH))
        expected = [raw[max(0, i - width + 1) : i + 1].mean() for i in range(len(raw))]
        assert track.y == pytest.approx(expected)
        assert track.raw is not None
    choose(smoothing(error), "Mean over an epoch")
    [track, _] = error.tracks(run)
    assert track.y == pytest.approx(run.series.smoothed_train().y)
    choose(smoothing(error), "None: each batch")
    error._follow_cursor()
    speed._follow_cursor()
    assert error.tracks(run)[0].raw is None
    assert error.tracks(run)[0].y.tolist() == raw.tolist()
    assert speed.tracks(run)[0].raw is None, "all time plots share it"
    assert "each batch" in error.header.subtitle
    smoothing(speed).aboutToShow.emit()
    assert [a.text() for a in smoothing(speed).actions() if a.isChecked()] == ["None: each batch"]


def test_smoothing_does_not_depend_on_the_zoom_and_raw_data_lie_beneath(show, run, timeline):
    plot = show(SpeedPlot, [run], (1400, 300))
    whole = smooth_line(plot, run)
    timeline.show_span((120.0, 180.0))
    plot._follow_cursor()
    part = smooth_line(plot, run)
    for x, y in zip(part.x, part.y, strict=True):
        if x in whole.x:
            assert y == pytest.approx(whole.y[whole.x.tolist().index(x)])
    faint = [s for s in plot.curves.strokes if isinstance(s, Line | Band) and s is not part]
    assert faint, "each batch, beneath"
    order = [id(stroke) for stroke in plot.curves.strokes]
    assert order.index(id(faint[0])) < order.index(id(part))


def test_long_training_is_counted_in_hours(show, timeline):
    series = RunSeries()
    series.feed([start(iterations=4000), *steps(2000, per_second=0.1)])
    run = PlotRun("slow", series, QColor("red"), False)
    plot = show(LossPlot, [run], (700, 320))
    plot.unit_actions["minutes"].trigger()
    plot._follow_cursor()
    assert plot.x_axis.labelText == "hours of training"
    low, high = plot.view.getViewBox().viewRange()[0]
    [level, *_] = plot.x_axis.tickValues(low, high, 600)
    strings = plot.x_axis.tickStrings(level[1], plot.x_axis.scale, level[0])
    assert "2" in strings
    assert float(strings[-1]) < 13, "2,000 iterations of 10 seconds are 5.6 hours"
    plot.unit_actions["iterations"].trigger()
    plot._follow_cursor()
    assert plot.x_axis.labelText == "iteration"
    assert plot.x_axis.scale == 1.0


def point(plot, iteration, qtbot):
    """Move the mouse to an iteration."""
    box = plot.view.getViewBox()
    qtbot.wait(20)  # pyqtgraph leaves out what moves more often
    qtbot.mouseMove(
        plot.view.viewport(), plot.view.mapFromScene(box.mapViewToScene(QPointF(iteration, 30.0)))
    )


def test_what_happened_is_told_where_it_is(show, run, qtbot):
    other = PlotRun("plain-8", RunSeries(), QColor("orange"), True)
    other.series.feed([start(), *steps(300)])
    plot = show(ErrorPlot, [run, other], (900, 300))
    view = plot.view
    point(plot, 50, qtbot)
    point(plot, 101, qtbot)
    qtbot.waitUntil(lambda: view.toolTip() == "iteration 101: rate 0.01 (resnet-8)", timeout=2000)
    point(plot, 200, qtbot)
    qtbot.waitUntil(lambda: "200: rate 0.002 by hand" in view.toolTip(), timeout=2000)
    point(plot, 20, qtbot)
    qtbot.waitUntil(lambda: "20: forked from parent" in view.toolTip(), timeout=2000)
    point(plot, 150, qtbot)
    qtbot.waitUntil(lambda: view.toolTip() == "", timeout=2000)


def test_keys_zoom_around_the_cursor_in_all_time_plots(show, run, timeline, qtbot):
    plot, other = show(ErrorPlot, [run], (900, 300)), show(LossPlot, [run], (900, 300))
    plot.setFocus()
    timeline.go_to(100)
    qtbot.keyClicks(plot, "+++")
    begin, end = timeline.span
    assert begin < 100 < end
    assert end - begin < 0.6 * 400
    other._follow_cursor()
    assert other.view.getViewBox().viewRange()[0] == pytest.approx([begin, end])
    qtbot.keyClicks(plot, "-")
    assert timeline.span[1] - timeline.span[0] > end - begin
    qtbot.keyClicks(plot, "0")
    assert timeline.span is None


def test_who_comes_by_the_tab_key_sees_where_the_keyboard_is(show, run, qtbot):
    plot = show(ErrorPlot, [run])
    assert plot.focusPolicy() & Qt.FocusPolicy.TabFocus
    plot.activateWindow()
    plot.clearFocus()
    plot.setFocus(Qt.FocusReason.TabFocusReason)
    assert plot.header.marked
    plot.clearFocus()
    assert not plot.header.marked
    qtbot.mouseClick(plot.header, Qt.MouseButton.LeftButton, pos=QPoint(20, 10))
    assert not plot.header.marked, "a click shows where it went by itself"
