"""The time cursor and its controls."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.plots.timeline import Timeline, index_at
from app.plots.transport import Transport
from app.plots.units import Clock
from resviz.runs.events import Probed, Started, Stepped
from resviz.runs.series import RunSeries
from tests.app.plots.fake_runs import fake_series


def run_of(*probes, last=None):
    series = RunSeries()
    series.feed([Started(0.0, 0, 1000, 10.0, 128, 0, "cpu", "float32", 1, ("c",), ("b",), ("c",))])
    series.feed(Probed(i, (1.0,), (None,), (1.0,)) for i in probes)
    series.feed([Stepped(1.0, last or probes[-1], 1.0, 50.0, 0.1, 100.0)])
    return series


@pytest.fixture
def timeline():
    made = Timeline()
    made.supply([run_of(1, 2, 3, 10, 20), run_of(1, 2, last=40)])
    return made


def test_index_at_is_the_newest_value_that_is_not_later():
    x = np.array([5, 10, 20])
    assert [index_at(x, at) for at in (None, 1, 5, 9, 10, 99)] == [2, 0, 0, 0, 1, 2]
    assert index_at(np.zeros(0, np.int64), None) == -1


def test_follows_live_until_moved_and_again_at_the_right_end(timeline, qtbot):
    assert timeline.live
    assert timeline.shown == timeline.newest == 40
    with qtbot.waitSignal(timeline.moved):
        timeline.go_to(12.4)
    assert (timeline.at, timeline.shown) == (12, 12)
    with qtbot.assertNotEmitted(timeline.moved):
        timeline.go_to(12)
    timeline.go_to(-3)
    assert timeline.at == 1
    timeline.go_to(40)
    assert timeline.live


def test_steps_go_from_probe_to_probe(timeline):
    for count, at in ((-1, 10), (-1, 3), (-7, 1), (2, 3), (1, 10), (1, 20), (1, None), (1, None), (-2, 3)):
        timeline.step(count)
        assert timeline.at == at


def test_runs_that_end_before_the_cursor_are_shown_live(timeline):
    timeline.go_to(30)
    timeline.supply([run_of(1, 20)])
    assert timeline.live
    timeline.supply([])
    timeline.step(-1)
    timeline.toggle()
    assert timeline.live
    assert not timeline.playing


def test_a_run_without_probes_stops_at_its_steps():
    series = RunSeries()
    series.feed(Stepped(float(i), i, 1.0, 50.0, 0.1, 100.0) for i in (3, 6, 9))
    timeline = Timeline()
    timeline.supply([series])
    timeline.step(-1)
    assert timeline.at == 6


def test_a_replay_runs_from_start_to_live_and_ends(timeline, qtbot):
    seen = []
    timeline.moved.connect(lambda: seen.append(timeline.at))
    with qtbot.waitSignals([timeline.played, timeline.played], timeout=3000):
        timeline.toggle()
        assert timeline.playing
    assert seen == [1, 2, 3, 10, 20, None]
    assert not timeline.playing
    timeline.go_to(10)
    timeline.toggle()
    assert timeline.at == 10, "it begins where the cursor is"
    timeline.go_to(2)
    assert not timeline.playing, "whoever moves the cursor takes it over"


def test_the_controls_show_and_move_the_cursor(timeline, qtbot):
    transport = Transport(timeline)
    qtbot.addWidget(transport)
    assert transport.slider.maximum() == transport.slider.value() == 5
    assert "Live" in transport.live_button.text()
    transport.slider.setValue(3)
    assert timeline.at == 10
    assert transport.live_button.text().startswith("10 ")
    timeline.step(-1)
    assert transport.slider.value() == 2
    qtbot.mouseClick(transport.live_button, Qt.MouseButton.LeftButton)
    assert timeline.live
    qtbot.mouseClick(transport.speed_button, Qt.MouseButton.LeftButton)
    assert (timeline.speed, transport.speed_button.text()) == (4, "4×")
    qtbot.mouseClick(transport.play_button, Qt.MouseButton.LeftButton)
    assert timeline.playing
    qtbot.mouseClick(transport.play_button, Qt.MouseButton.LeftButton)
    assert not timeline.playing


def test_the_controls_give_way_where_there_is_no_room(timeline, qtbot):
    transport = Transport(timeline)
    qtbot.addWidget(transport)
    for room, slider, speed in (
        (400, True, True),
        (200, False, True),
        (130, False, False),
        (400, True, True),
    ):
        transport.set_room(room)
        assert (transport.slider.isHidden(), transport.speed_button.isHidden()) == (not slider, not speed)
        assert not transport.play_button.isHidden()
        assert transport.sizeHint().width() <= max(room, transport.minimumSizeHint().width())


def test_the_slider_stays_at_the_cursor_while_training_goes_on(timeline, qtbot):
    transport = Transport(timeline)
    qtbot.addWidget(transport)
    timeline.go_to(10)
    longer = run_of(1, 2, 3, 10, 20, 30, 50)
    timeline.supply([longer])
    assert (transport.slider.maximum(), transport.slider.value(), timeline.at) == (7, 3, 10)


@pytest.mark.parametrize("unit", ["iterations", "epochs", "minutes"])
def test_a_clock_goes_both_ways(unit):
    series = fake_series(True, depth=8, iterations=200)
    clock = Clock(series, unit)
    places = clock.place(np.array([0, 50, 200, 400]))
    assert places[0] == 0
    assert places[3] == pytest.approx(2 * places[2])
    assert [clock.iteration(place) for place in places[:3]] == pytest.approx([0, 50, 200])


def test_minutes_leave_pauses_out():
    series = RunSeries()
    series.feed([Started(0.0, 0, 1000, 10.0, 60, 0, "cpu", "float32", 1, ("c",), ("b",), ("c",))])
    series.feed([Stepped(1.0, 1, 1.0, 50.0, 0.1, 1.0), Stepped(9e5, 2, 1.0, 50.0, 0.1, 2.0)])
    assert Clock(series, "minutes").place(series.train.x).tolist() == [1.0, 1.5]


def test_an_iteration_can_be_typed(show, pair, qtbot, timeline):
    from PySide6.QtWidgets import QInputDialog

    from app.plots.transport import Transport

    timeline.supply([run.series for run in pair])
    transport = Transport(timeline)
    qtbot.addWidget(transport)
    transport.show()
    assert transport.live_button.text().startswith("End · "), "these runs have ended: nothing is live"
    transport.ask()
    (dialog,) = transport.findChildren(QInputDialog)
    dialog.setIntValue(120)
    dialog.accept()
    assert timeline.at == 120
    assert transport.live_button.text() == "120 ›› end"
