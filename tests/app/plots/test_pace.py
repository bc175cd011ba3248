import pytest

from app.plots import pace as module
from app.plots.pace import LEAST_OFTEN_S, MOST_OFTEN_S, Pace


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when the test says so: seconds of the clock, seconds of the thread."""
    now = {"wall": 100.0, "thread": 7.0}
    monkeypatch.setattr(module.time, "monotonic", lambda: now["wall"])
    monkeypatch.setattr(module.time, "thread_time", lambda: now["thread"])
    return now


def run(clock, pace, share, seconds=10.0):
    """Ask every 30 ms for two plots; return how often each was painted."""
    painted, count = [0.0, 0.0], [0, 0]
    end = clock["wall"] + seconds
    while clock["wall"] < end:
        clock["wall"] += 0.03
        clock["thread"] += 0.03 * share
        for index in (0, 1):
            if pace.allows(painted[index]):
                painted[index], count[index] = clock["wall"], count[index] + 1
    return count


def test_a_quick_machine_paints_ten_times_a_second_and_a_slow_one_less_often(clock):
    pace = Pace()
    assert all(75 < count <= 100 for count in run(clock, pace, 0.05))
    assert pace.interval == MOST_OFTEN_S
    assert all(20 <= count < 50 for count in run(clock, pace, 0.6))
    assert pace.interval == LEAST_OFTEN_S
    run(clock, pace, 0.1)
    assert pace.interval == LEAST_OFTEN_S, "what it takes is right"
    assert all(count > 60 for count in run(clock, pace, 0.05))


def test_two_plots_are_not_painted_in_one_turn(clock):
    pace = Pace()
    assert pace.allows(0.0)
    assert not pace.allows(0.0)
    clock["wall"] += 0.03
    assert pace.allows(0.0)
