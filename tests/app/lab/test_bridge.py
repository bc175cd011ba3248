"""The bridge with real workers. Loading torch dominates, so each test goes through a whole story."""

import os
import signal
import time
from pathlib import Path

import pytest

from app.lab.bridge import WorkerBridge
from resviz.runs.store import create_experiment
from tests.app.lab.tiny import ENDLESS, Recorder, recipe, twins

START_MS = 90_000


@pytest.fixture
def bridge(qtbot):
    made = WorkerBridge()
    yield made
    made.close()
    assert not made.training


def wait_for_training(qtbot, runs, iteration=5):
    qtbot.waitUntil(lambda: all(run.series.iteration >= iteration for run in runs), timeout=START_MS)


def test_train_pause_resume_rate_checkpoint_stop(bridge, qtbot):
    experiment = bridge.train(twins(), recipe())
    runs = [bridge.follow(run) for run in experiment.runs]
    assert [run.status for run in runs] == ["starting", "starting"]
    assert len(bridge.process_ids) == 2, "on the CPU each run has a process of its own"
    wait_for_training(qtbot, runs)
    assert [run.status for run in runs] == ["running", "running"]
    assert all(len(run.series.probe_iterations) for run in runs)

    bridge.pause(runs)
    assert [run.wish for run in runs] == ["pausing", "pausing"]
    qtbot.waitUntil(lambda: all(run.status == "paused" for run in runs), timeout=5000)
    assert not any(run.wish for run in runs)
    at = [run.series.iteration for run in runs]
    qtbot.wait(300)
    assert [run.series.iteration for run in runs] == at

    bridge.set_learning_rate(runs, 0.02)
    bridge.resume(runs)
    qtbot.waitUntil(
        lambda: all(run.series.iteration > i + 5 for run, i in zip(runs, at, strict=True)), timeout=5000
    )
    assert all(run.series.rate.last == pytest.approx(0.02) for run in runs)

    saved = [len(run.series.checkpoints) for run in runs]
    bridge.checkpoint(runs)
    qtbot.waitUntil(
        lambda: all(len(run.series.checkpoints) > n for run, n in zip(runs, saved, strict=True)), timeout=5000
    )

    ended = []
    bridge.run_ended.connect(lambda path, state, _message: ended.append((path, state)))
    bridge.stop(runs)
    qtbot.waitUntil(lambda: not bridge.training, timeout=10_000)
    assert sorted(ended) == sorted((run.path, "stopped") for run in runs)
    assert all(run.resumable for run in runs)


def test_killed_worker_is_told_at_once_and_resumed(bridge, qtbot):
    plain, _ = twins()
    run = bridge.follow(bridge.train([plain], recipe(checkpoint_seconds=0.5)).runs[0])
    wait_for_training(qtbot, [run])
    qtbot.waitUntil(lambda: bool(run.series.checkpoints), timeout=10_000)
    before = run.series.iteration
    with qtbot.waitSignal(bridge.worker_died, timeout=2000) as died:
        began = time.monotonic()
        os.kill(bridge.process_ids[0], signal.SIGKILL)
    assert time.monotonic() - began < 1.0
    assert died.args[0] == run.path
    assert "SIGKILL" in died.args[1]
    assert run.status == "interrupted"
    assert run.series.iteration >= before, "nothing recorded is lost"

    bridge.resume([run])
    assert run.status == "starting"
    assert not run.death
    kept = run.series.checkpoints[-1].iteration
    qtbot.waitUntil(lambda: run.status == "running", timeout=START_MS)
    assert run.series.started.iteration >= kept > 0
    wait_for_training(qtbot, [run], before + 5)


def test_closing_ends_the_workers_with_a_checkpoint(bridge, qtbot):
    experiment = bridge.train(twins(), recipe())
    runs = [bridge.follow(run) for run in experiment.runs]
    wait_for_training(qtbot, runs)
    process_ids = bridge.process_ids
    began = time.monotonic()
    bridge.close()
    assert time.monotonic() - began < 2.0
    assert not any(Path(f"/proc/{number}").exists() for number in process_ids)
    for run in runs:
        assert run.series.checkpoints[-1].iteration == run.series.iteration > 0
        assert run.run.state() == "interrupted"


def test_closing_during_the_start_is_quick_too(bridge, qtbot):
    experiment = bridge.train(twins(), recipe())
    qtbot.wait(300)
    began = time.monotonic()
    bridge.close()
    assert time.monotonic() - began < 2.0
    assert not any(run.alive() for run in experiment.runs)


def test_stop_during_the_start_needs_no_torch(bridge, qtbot):
    run = bridge.follow(bridge.train(twins()[:1], recipe()).runs[0])
    died = []
    bridge.worker_died.connect(lambda *args: died.append(args))
    bridge.stop([run])
    qtbot.waitUntil(lambda: not bridge.training, timeout=3000)
    assert not died
    assert run.resumable


def test_failure_is_told_in_the_workers_sentence(bridge, qtbot, tmp_path):
    missing = recipe(data=f"folder:{tmp_path / 'nothing'}")
    with qtbot.waitSignal(bridge.run_ended, timeout=START_MS) as ended:
        bridge.train(twins()[:1], missing)
    assert ended.args[1] == "failed"
    assert "nothing" in ended.args[2]


def test_log_of_another_process_is_followed(bridge, qtbot):
    run = create_experiment(twins()[:1], recipe()).runs[0]
    recorder = Recorder(run)
    recorder.started()
    recorder.steps(1, 10)
    with run.lock():
        followed = bridge.follow(run)
        qtbot.waitUntil(lambda: followed.series.iteration == 10, timeout=3000)
        assert followed.status == "running"
        assert followed.active
        recorder.steps(11, 20)
        with qtbot.waitSignal(bridge.updated, timeout=3000):
            pass
        qtbot.waitUntil(lambda: followed.series.iteration == 20, timeout=3000)
    with qtbot.waitSignal(bridge.worker_died, timeout=3000):
        pass
    assert followed.status == "interrupted"


def test_other_process_that_ends_well_did_not_die(bridge, qtbot):
    run = create_experiment(twins()[:1], recipe()).runs[0]
    recorder = Recorder(run)
    with run.lock():
        recorder.started()
        followed = bridge.follow(run)
        qtbot.waitUntil(lambda: followed.status == "running", timeout=3000)
        recorder.steps(1, 100)
        recorder.ended("finished", 100)
    died = []
    bridge.worker_died.connect(lambda *args: died.append(args))
    qtbot.waitUntil(lambda: followed.status == "finished", timeout=3000)
    qtbot.wait(1200)
    assert not died


def test_long_log_is_read_in_pieces(bridge, qtbot):
    run = create_experiment(twins()[:1], recipe()).runs[0]
    recorder = Recorder(run)
    recorder.started(iterations=ENDLESS)
    for first in range(1, 30_000, 1000):
        recorder.steps(first, first + 999)
    recorder.ended("stopped", 30_000)
    followed = bridge.follow(run)
    longest = 0.0
    while followed.series.iteration < 30_000:
        began = time.thread_time()  # What other programs take is not ours.
        followed.poll()
        longest = max(longest, time.thread_time() - began)
    assert longest < 0.1
    assert followed.status == "stopped"
    assert len(followed.series.train) == 30_000
