"""No room on the disk: the run waits, says so, and loses nothing. A limit to the size of files plays it."""

from __future__ import annotations

import sys
import time

import pytest

from resviz.errors import DiskFullError
from resviz.nn.state import checkpoint_names
from resviz.runs.events import Changed, Pause, Resume, Stepped, Stop
from resviz.runs.series import Tail
from resviz.train import checkpoint
from resviz.train.session import Session
from tests.train.nursery import Nursery
from tests.train.small import experiment


def events(run, kind):
    return [event for event in Tail(run.events_path).read() if isinstance(event, kind)]


def states(run):
    return [(event.state, "full" in event.message) for event in events(run, Changed)]


def iterations(run):
    return [step.iteration for step in events(run, Stepped)]


def limit(worker, size):
    """Let no file of the worker grow beyond `size` bytes; None: as before."""
    import resource

    hard = resource.RLIM_INFINITY
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))


@pytest.fixture(scope="module")
def nursery():
    pytest.importorskip("resource")
    if sys.platform != "linux":
        pytest.skip("limits of another process are Linux's")
    with Nursery() as nursery:
        yield nursery


FIELDS = {"iterations": 400, "milestones": (), "evaluate_interval": 100, "batch_size": 8}


def test_a_log_that_cannot_grow_is_completed_when_it_can(nursery, tmp_path):
    [run] = experiment(tmp_path / "out", ["resnet-8-w4"], **FIELDS).runs
    worker = nursery.worker(run)
    worker.wait_for(lambda: iterations(run), "training")
    size = run.events_path.stat().st_size + 3000
    limit(worker, size)
    worker.wait_for(lambda: run.events_path.stat().st_size == size, "the limit")
    time.sleep(1.2)
    assert run.alive()
    before = run.events_path.read_bytes()
    assert len(before) == size
    limit(worker, None)
    assert worker.wait() == 0
    assert run.events_path.read_bytes().startswith(before)
    assert iterations(run) == list(range(1, 401))
    assert states(run) == [
        ("running", False),
        ("running", False),
        ("paused", True),
        ("running", False),
        ("finished", False),
    ]
    tail = Tail(run.events_path)
    tail.read()
    assert tail.skipped == 0


def test_a_checkpoint_without_room_is_written_when_there_is_some(nursery, tmp_path):
    [run] = experiment(tmp_path / "out", ["resnet-8-w16"], checkpoint_seconds=0.3, **FIELDS).runs
    worker = nursery.worker(run)
    worker.wait_for(lambda: iterations(run), "training")
    limit(worker, 120_000)
    worker.wait_for(lambda: run.state() == "paused", "the pause")
    assert states(run)[-1] == ("paused", True)
    done = iterations(run)
    assert done[-1] < 400
    time.sleep(1.2)
    assert run.state() == "paused"
    assert iterations(run) == done
    limit(worker, None)
    assert worker.wait() == 0
    assert iterations(run) == list(range(1, 401))
    assert states(run)[-2:] == [("running", False), ("finished", False)]
    assert checkpoint_names(run.checkpoints_path)[-1] == "iteration-400"
    assert not list(run.checkpoints_path.glob(".*"))


@pytest.fixture
def room(monkeypatch):
    """A switch: whether checkpoints find room."""
    switch = {"left": True}
    real = checkpoint.save_checkpoint

    def save(*arguments):
        if not switch["left"]:
            raise DiskFullError("The disk is full, so this file cannot be written: make room.")
        real(*arguments)

    monkeypatch.setattr(checkpoint, "save_checkpoint", save)
    return switch


@pytest.fixture
def session(tmp_path):
    [run] = experiment(tmp_path / "out", ["plain-8-w4"], iterations=2000).runs
    session = Session(run)
    session.prepare(lambda: False, {})
    turns(session)
    yield session
    session.close()


def turns(session, count=4):
    session._looked_at = session._tried_at = 0.0
    for _ in range(count):
        session.turn()


def test_a_person_s_pause_outlasts_the_want_of_room(session, room):
    room["left"] = False
    session.run.send(Pause())
    turns(session)
    assert states(session.run)[-1] == ("paused", True)
    done = session.trainer.progress.iteration
    room["left"] = True
    turns(session)
    assert states(session.run)[-1] == ("paused", False)
    session.run.send(Resume())
    turns(session)
    assert states(session.run)[-1] == ("running", False)
    assert session.trainer.progress.iteration > done


def test_resume_looks_for_room_at_once(session, room):
    room["left"] = False
    session.run.send(Pause())
    turns(session)
    session.run.send(Resume())
    turns(session)
    assert states(session.run)[-1] == ("paused", True)
    room["left"] = True
    turns(session)
    assert states(session.run)[-1] == ("running", False)


def test_a_run_without_room_can_be_stopped(session, room):
    session._save()
    saved = session.trainer.progress.iteration
    turns(session)
    room["left"] = False
    session.run.send(Stop())
    turns(session)
    assert session.over
    assert states(session.run)[-1] == ("stopped", True)
    assert checkpoint_names(session.run.checkpoints_path) == [f"iteration-{saved}"]


def test_a_run_is_not_over_before_its_log_says_so(session, monkeypatch):
    from resviz.runs import lines

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lines.os, "write", full)
    session.end("finished")
    turns(session)
    assert session.ended
    assert not session.over
    monkeypatch.undo()
    turns(session)
    assert session.over
    assert states(session.run)[-1] == ("finished", False)


def test_no_checkpoint_knows_more_than_the_log(session, monkeypatch):
    from resviz.runs import lines

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lines.os, "write", full)
    turns(session)
    assert not session._save()
    assert checkpoint_names(session.run.checkpoints_path) == []
