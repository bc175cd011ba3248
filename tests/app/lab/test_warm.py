import os
import signal
from pathlib import Path

import pytest

from app.lab import warm
from app.lab.bridge import WorkerBridge
from app.lab.warm import WarmWorkers
from tests.app.lab.tiny import recipe, twins

START_MS = 90_000


@pytest.fixture
def bridge(qtbot, monkeypatch):
    monkeypatch.setattr(warm, "memory_is_spare", lambda: True)
    made = WorkerBridge()
    made.warm._timer.setInterval(50)
    yield made
    made.close()
    assert made.warm.process_ids == []


def gone(numbers):
    return not any(Path(f"/proc/{number}/exe").exists() for number in numbers)


def test_training_takes_the_warm_ones_and_they_come_again(bridge, qtbot):
    bridge.warm.expect(2, "cpu")
    qtbot.wait(200)
    assert bridge.warm.process_ids == [], "not before the window is up"
    bridge.warm_up()
    qtbot.waitUntil(lambda: len(bridge.warm.process_ids) == 2, timeout=3000)
    ready = bridge.warm.process_ids
    runs = [bridge.follow(run) for run in bridge.train(twins(), recipe()).runs]
    assert sorted(bridge.process_ids) == sorted(ready)
    qtbot.waitUntil(lambda: all(run.series.iteration >= 5 for run in runs), timeout=START_MS)
    assert bridge.warm.process_ids == [], "none while workers train"
    bridge.stop(runs)
    qtbot.waitUntil(lambda: not bridge.training, timeout=10_000)
    assert [run.status for run in runs] == ["stopped", "stopped"]
    qtbot.waitUntil(lambda: len(bridge.warm.process_ids) == 2, timeout=3000)
    again = bridge.warm.process_ids
    bridge.close()
    assert gone(again)


def test_as_many_as_are_wanted_and_no_more(bridge, qtbot):
    bridge.warm_up()
    for runs, wanted in ((3, 2), (1, 1), (0, 0)):
        bridge.warm.expect(runs, "cpu")
        qtbot.waitUntil(lambda: len(bridge.warm.process_ids) == wanted, timeout=3000)  # noqa: B023
    bridge.warm.expect(2, "cuda")
    qtbot.waitUntil(lambda: len(bridge.warm.process_ids) == 1, timeout=3000)


def test_a_training_of_one_ends_the_other(bridge, qtbot):
    bridge.warm_up()
    bridge.warm.expect(2, "cpu")
    qtbot.waitUntil(lambda: len(bridge.warm.process_ids) == 2, timeout=3000)
    ready = bridge.warm.process_ids
    bridge.train(twins()[:1], recipe())
    assert bridge.process_ids == ready[:1]
    assert gone(ready[1:])


def test_one_that_died_is_not_given_away(bridge, qtbot):
    bridge.warm_up()
    bridge.warm.expect(1, "cpu")
    qtbot.waitUntil(lambda: len(bridge.warm.process_ids) == 1, timeout=3000)
    os.kill(bridge.warm.process_ids[0], signal.SIGKILL)
    qtbot.waitUntil(lambda: bridge.warm.process_ids == [], timeout=3000)
    qtbot.wait(200)
    assert bridge.warm.process_ids == [], "nor tried again and again"
    assert bridge.warm.take() is None


def test_nothing_is_kept_where_memory_is_short(qtbot, monkeypatch):
    monkeypatch.setattr(warm, "memory_is_spare", lambda: False)
    workers = WarmWorkers()
    workers._timer.setInterval(0)
    workers.expect(2, "cpu")
    workers.allow(True)
    qtbot.waitUntil(lambda: not workers._timer.isActive(), timeout=1000)
    assert workers.process_ids == []
    workers.close()
