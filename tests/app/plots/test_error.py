import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QApplication

from app.plots.error import ErrorPlot
from app.plots.happenings import happenings
from app.plots.paper_error import PaperErrorPlot
from app.plots.plot_run import PlotRun
from app.plots.strokes import Band, Line, Text
from resviz.runs.events import Changed, Evaluated, Forked, RateChanged, Started, Stepped
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
    top = box.viewRange()[1][1]  # 80 or 100: the noise decides
    box.scaleBy((0.5, 0.5), center=(150, 50))
    zoomed = box.viewRange()
    assert zoomed == [[75, 225], [25, 25 + top / 2]]
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
    plot.hovered = 6.0
    plot._update_marks()
    assert [r.dash for r in plot.header.entries[1].readings] == ["dashed"], "no test so early"
    plot.hovered = 5000.0
    plot._update_marks()
    assert plot.header.entries[1].readings == ()


def test_the_legend_reads_at_the_cursor_where_nothing_is_hovered(show, pair, timeline, qtbot):
    plot = show(ErrorPlot, pair, (900, 400))
    drawn = plot.redraws
    timeline.go_to(40)
    qtbot.waitUntil(lambda: plot.header.subtitle == "at iteration 40", timeout=1000)
    at = pair[1].series.smoothed_train().y[39]
    assert plot.header.entries[1].readings[0].text == f"{at:.1f} %"
    assert [s.x[0] for s in plot.marks.strokes if isinstance(s, Line)] == [40]
    assert plot.redraws == drawn, "the curves are the same"


def drag(plot, qtbot, begin, end, modifier=Qt.KeyboardModifier.NoModifier):
    """Drag with the left button from one place of the time axis to another."""
    box, view = plot.view.getViewBox(), plot.view
    middle = sum(box.viewRange()[1]) / 2
    first, last = (view.mapFromScene(box.mapViewToScene(QPointF(x, middle))) for x in (begin, end))
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, modifier, first)
    for share in (0.3, 0.6, 1.0):
        place = first + QPoint(round((last.x() - first.x()) * share), 0)
        move = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(place), view.viewport().mapToGlobal(QPointF(place)),
            Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, modifier,
        )  # fmt: skip
        QApplication.sendEvent(view.viewport(), move)
        qtbot.wait(12)  # pyqtgraph lets a hundred moves a second through
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, modifier, last)


def test_dragging_scrubs_and_the_right_end_is_live(show, pair, timeline, qtbot):
    plot = show(ErrorPlot, pair, (900, 400))
    drag(plot, qtbot, 200, 100)
    assert timeline.at == pytest.approx(100, abs=2)
    assert not plot.zoomed
    drag(plot, qtbot, 140, 310)
    assert timeline.at is None
    timeline.go_to(100)
    plot._on_scrubbed(QPointF(300 - 4 / plot.pixel_scale()[0], 50))
    assert timeline.live, "the last pixels are the right end"
    plot._on_scrubbed(QPointF(300 - 9 / plot.pixel_scale()[0], 50))
    assert not timeline.live
    timeline.go_live()
    drag(plot, qtbot, 200, 150, Qt.KeyboardModifier.ShiftModifier)
    assert timeline.live, "with Shift the view moves"
    assert timeline.span[0] == pytest.approx(50, abs=8)


def test_zoom_is_shared_and_values_follow_what_is_in_view(show, pair, timeline, qtbot):
    plot, other = show(ErrorPlot, pair), show(ErrorPlot, pair)
    timeline.show_span((200.0, 300.0))
    qtbot.waitUntil(lambda: other.view.getViewBox().viewRange()[0] == [200, 300], timeout=1000)
    assert plot.view.getViewBox().viewRange()[0] == [200, 300]
    smooth = [run.series.smoothed_train().y[199:] for run in pair]
    low, high = plot.view.getViewBox().viewRange()[1]
    assert low == 0
    assert max(y.max() for y in smooth) < high < 2 * max(y.max() for y in smooth)
    plot.fit_action.trigger()
    qtbot.waitUntil(lambda: other.view.getViewBox().viewRange()[0][0] == 0, timeout=1000)


@pytest.mark.parametrize(("unit", "end"), [("epochs", 6.0), ("minutes", 300 * 128 / 2100 / 60)])
def test_time_can_be_counted_in_other_units(show, pair, timeline, unit, end):
    plot = show(ErrorPlot, pair)
    plot.unit_actions[unit].trigger()
    plot.refresh()
    _, dashed, _ = by_look(plot, pair[0])
    assert dashed.x[-1] == pytest.approx(end, rel=0.03)
    assert plot.x_axis.labelText in ("epoch", "minutes of training")
    drag_to = end / 2
    plot._on_scrubbed(QPointF(drag_to, 50))
    assert timeline.at == pytest.approx(150, abs=3)


def test_a_logarithmic_scale_leaves_out_what_is_zero(show, pair):
    plot = show(ErrorPlot, pair)
    plot.log_action.setChecked(True)
    _, _, solid = by_look(plot, pair[1])
    assert 10**solid.y == pytest.approx(pair[1].series.test.y)
    low, high = plot.view.getViewBox().viewRange()[1]
    assert 10**low <= pair[1].series.test.y.min()
    assert 10**high >= pair[0].series.test.y.max()
    plot.log_action.setChecked(False)
    assert plot.view.getViewBox().viewRange()[1][0] == 0


def test_drops_of_the_rate_and_changes_by_hand_are_marked(show):
    series = RunSeries()
    names = (("c",), ("b",), ("c",))
    series.feed([Started(0.0, 0, 1000, 10.0, 128, 0, "cpu", "float32", 1, *names)])
    for i in range(1, 401):  # one by one: what is found must not depend on the pieces
        rate = 0.1 if i <= 200 else 0.01 if i <= 300 else 0.002
        if i == 300:
            series.feed([RateChanged(300, 0.2, 0.002)])
        series.feed([Stepped(float(i), i, 1.0, 50.0, rate, 1.0)])
        assert happenings(series) is not None
    found = [(mark.iteration, mark.text) for mark in happenings(series)]
    assert found == [(201, "rate 0.01"), (300, "rate 0.002 by hand")]
    plot = show(ErrorPlot, [PlotRun("run", series, QColor("red"), True)])
    assert [s.text.strip() for s in plot.curves.strokes if isinstance(s, Text)] == [text for _, text in found]
    fork = RunSeries()
    fork.feed([Forked(0.0, 40, "/data/experiment/plain-20", "40", ("learning_rate: 0.1 -> 0.01",))])
    fork.feed(Stepped(float(i), i, 1.0, 50.0, 0.01, 1.0) for i in range(41, 50))
    assert [(mark.iteration, mark.text) for mark in happenings(fork)] == [(40, "forked from plain-20")]
    cosine = RunSeries()
    cosine.feed(
        Stepped(float(i), i, 1.0, 50.0, 0.05 * (1 + np.cos(np.pi * i / 100)), 1.0) for i in range(1, 101)
    )
    assert happenings(cosine) == []


def test_the_papers_end_values_stand_beside_its_networks_on_its_data(show, pair):
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    names = (("c",), ("b",), ("c",))
    for run in pair:
        run.network = run.name
    plot = show(ErrorPlot, pair, (900, 400))
    assert not [s for s in plot.curves.strokes if isinstance(s, Text)], "other data"
    pair[1].series.feed([Started(0.0, 300, 300, 50, 128, 0, "cpu", "float32", 1, *names, classes)])
    plot.refresh()
    assert [s.text.strip() for s in plot.curves.strokes if isinstance(s, Text)] == ["paper 8.8 %"]


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


def test_fig_6_ends_at_20_percent_and_holds_the_papers_ends(show):
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    series = RunSeries()
    names = (("c",), ("b",), ("c",), classes)
    series.feed([Started(0.0, 0, 64_000, 390.0, 128, 0, "cpu", "float32", 1, *names)])
    series.feed(Stepped(float(i), i, 1.0, max(1.0, 60 - i / 4), 0.1, 1.0) for i in range(1, 500))
    run = PlotRun("resnet-56", series, QColor("cyan"), False, network="resnet-56")
    plot = show(PaperErrorPlot, [run], (900, 400))
    assert plot.view.getViewBox().viewRange()[1] == [0.0, 20.0]
    words = [s.text.strip() for s in plot.curves.strokes if isinstance(s, Text)]
    assert "paper: test 7.05 %" in words
    assert "paper: training 0.1 %" in words
    assert "other networks" not in plot.header.subtitle
    run.network = "mine"
    plot.mark_dirty()
    assert "other networks" in plot.header.subtitle
    assert "CIFAR-10" in show(PaperErrorPlot).empty.text(), "it says how the figure comes about"


def test_runs_that_ended_without_anything_to_show_are_said_to(show):
    series = RunSeries()
    plot = show(ErrorPlot, [PlotRun("run", series, QColor("red"), True)])
    assert "Waiting" in plot.empty.text(), "its worker starts"
    series.feed([Started(0.0, 0, 9, 1.0, 128, 0, "cpu", "float32", 1, ("c",), ("b",), ("c",))])
    series.feed([Changed(1.0, 0, "stopped")])
    plot = show(ErrorPlot, [PlotRun("run", series, QColor("red"), True)])
    assert "before these runs ended" in plot.empty.text()
