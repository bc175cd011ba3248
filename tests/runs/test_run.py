import errno
import os
from pathlib import Path

import msgspec
import pytest

from resviz.errors import DiskFullError, FormatError, RunError
from resviz.runs import lines
from resviz.runs.events import Changed, Pause, Saved, SetLearningRate, Stop, encode
from resviz.runs.run import CommandTail, EventLog, Run
from resviz.runs.series import Tail
from resviz.train.recipe import Recipe
from tests.runs.samples import started, stepped


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path)


def log(run, *messages):
    with EventLog(run) as writer:
        writer.write(*messages)


def test_states(run):
    assert run.state() == "stopped"
    with run.lock():
        assert run.state() == "running"
        log(run, started(), stepped(1))
        assert run.state() == "running"
        log(run, Changed(1.0, 1, "paused"))
        assert run.state() == "paused"
    assert run.state() == "interrupted"
    log(run, Changed(2.0, 1, "finished"))
    assert run.state() == "finished"
    log(run, started(1))
    assert run.state() == "interrupted"


def test_threads_are_those_of_the_newest_checkpoint(run):
    def start(threads):
        return msgspec.structs.replace(started(), threads=threads)

    assert run.threads() is None
    log(run, start(3), stepped(1))
    assert run.threads() is None  # Begun anew, as many as there are may be used.
    log(run, Saved(1, "iteration-1"))
    assert run.threads() == 3
    log(run, start(2), stepped(2))
    assert run.threads() == 3
    log(run, Saved(2, "iteration-2"), Changed(1.0, 2, "stopped"))
    assert run.threads() == 2


def test_an_old_log_does_not_tell_its_threads(run):
    old = encode(started()).replace(b',"threads":0', b"")
    assert b"threads" not in old
    run.events_path.write_bytes(old + encode(Saved(1, "iteration-1")))
    assert run.threads() is None


def test_state_needs_no_sound_log(run):
    run.events_path.write_bytes(
        encode(Changed(1.0, 3, "failed", "Out of memory."))
        + b'{"event":"state","broken\n\n\xff\xfe\n{"event":"sta'
    )
    assert run.state() == "failed"


def test_log_repairs_the_torn_line_of_a_killed_worker(run):
    run.events_path.write_bytes(encode(started()) + b'{"event":"step","ti')
    log(run, Changed(1.0, 3, "stopped"))
    assert run.state() == "stopped"
    assert run.events_path.read_bytes().count(b"\n") == 3


def test_a_full_disk_takes_the_last_words_from_the_reserve(run, monkeypatch):
    room = 1000
    real_write, real_unlink = os.write, Path.unlink

    def write_in_room(descriptor, data):
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = real_write(descriptor, data[:room])
        room -= written
        return written

    def unlink(path, **options):
        nonlocal room
        if path.exists():
            room += path.stat().st_size
        real_unlink(path, **options)

    def full(path, data):
        raise DiskFullError("Full.")

    with EventLog(run) as writer:
        monkeypatch.setattr(lines.os, "write", write_in_room)
        monkeypatch.setattr(Path, "unlink", unlink)
        steps = [stepped(number) for number in range(1, 30)]
        writer.write(*steps)
        assert writer.full
        assert not writer.waiting
        writer.write(Changed(1.0, 29, "paused", "The disk is full."))
        assert run.state() == "interrupted"  # nobody holds the lock here
        assert Tail(run.events_path).read() == [*steps, Changed(1.0, 29, "paused", "The disk is full.")]
        room = 0
        writer.write(*steps)
        assert writer.waiting
        with pytest.raises(DiskFullError):
            writer.recover()
        with pytest.raises(DiskFullError):
            writer.flush()
        room = 1_000_000
        monkeypatch.setattr("resviz.runs.run.write_atomically", full)
        with pytest.raises(DiskFullError):  # No room for a reserve: it would be full again at once.
            writer.recover()
        assert writer.full
        monkeypatch.undo()
        writer.recover()
        assert not writer.full
        assert list(run.path.glob("*reserve*"))
    assert not list(run.path.glob("*reserve*"))
    assert len(Tail(run.events_path).read()) == 59


def test_commands_sent_before_a_worker_started_are_past(run):
    run.send(Stop())
    tail = CommandTail(run)
    assert tail.read() == []
    run.send(Pause())
    run.send(SetLearningRate(0.05))
    assert tail.read() == [Pause(), SetLearningRate(0.05)]
    assert tail.read() == []
    assert CommandTail(run, 0).read() == [Stop(), Pause(), SetLearningRate(0.05)]


def test_foreign_commands_are_counted_and_skipped(run):
    tail = CommandTail(run)
    run.commands_path.write_bytes(b'hello\n\n{"command":"explode"}\n{"command":"stop"}\n{"comm')
    assert tail.read() == [Stop()]
    assert tail.skipped == 2


def test_missing_and_damaged_files_are_one_sentence(run):
    assert not run.exists()
    with pytest.raises(RunError, match=r"architecture.json is missing: give the folder"):
        run.architecture()
    with pytest.raises(RunError, match=r"recipe.json is missing"):
        run.recipe()
    (run.path / "recipe.json").write_bytes(b"{")
    with pytest.raises(FormatError):
        run.recipe()


def test_recipe_can_be_replaced(run):
    recipe = msgspec.structs.replace(Recipe(), iterations=123)
    run.set_recipe(recipe)
    assert run.recipe() == recipe
