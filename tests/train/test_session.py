import errno
import gc
import time
import weakref

import pytest
import torch

from resviz.errors import DataError, RunError
from resviz.nn.state import checkpoint_names
from resviz.runs.events import (
    Changed,
    Checkpoint,
    Noted,
    Pause,
    RateChanged,
    Resume,
    Saved,
    SetLearningRate,
    Stop,
)
from resviz.runs.series import Tail
from resviz.train import session as sessions
from resviz.train.recipe import Recipe
from resviz.train.session import Session, sentence
from resviz.train.step import Step
from tests.train.small import dataset, experiment


@pytest.fixture
def run(tmp_path):
    return experiment(tmp_path / "out", ["resnet-8-w4"], iterations=2000).runs[0]


@pytest.fixture
def session(run):
    session = Session(run)
    session.prepare(lambda: False, {})
    yield session
    session.close()


def turns(session, count=5):
    session._looked_at = 0.0
    for _ in range(count):
        session.turn()


def events(run, kind):
    return [event for event in Tail(run.events_path).read() if isinstance(event, kind)]


def states(run):
    return [event.state for event in events(run, Changed)]


def test_a_run_says_at_once_that_it_starts(run):
    session = Session(run)
    assert [(c.state, c.message) for c in events(run, Changed)] == [("running", "Starting.")]
    session.end("stopped")
    session.close()


def test_commands_are_obeyed_between_iterations(run, session):
    turns(session)
    run.send(Pause())
    turns(session)
    paused_at = session.trainer.progress.iteration
    assert session.state == "paused"
    turns(session)
    assert session.trainer.progress.iteration == paused_at
    assert checkpoint_names(run.checkpoints_path) == [f"iteration-{paused_at}"]
    run.send(Resume())
    turns(session)
    assert session.trainer.progress.iteration > paused_at
    run.send(SetLearningRate(0.02))
    run.send(Checkpoint())
    turns(session)
    [change] = events(run, RateChanged)
    assert change.learning_rate == 0.02
    assert [saved.iteration for saved in events(run, Saved)] == [paused_at, change.iteration]
    run.send(Stop())
    turns(session)
    assert session.over
    assert states(run) == ["running", "running", "paused", "running", "stopped"]


def test_commands_to_an_earlier_worker_are_past(run):
    run.send(Stop())
    session = Session(run)
    session.prepare(lambda: False, {})
    turns(session)
    assert session.state == "running"
    session.stop()
    session.close()


def test_a_senseless_rate_is_ignored(run, session):
    run.send(SetLearningRate(-1.0))
    turns(session)
    assert session.state == "running"
    assert events(run, RateChanged) == []


def test_a_stop_while_data_is_loaded(run):
    session = Session(run)
    run.send(Stop())
    session.prepare(lambda: False, {})
    turns(session)
    assert states(run)[-1] == "stopped"
    session.close()


def test_a_paused_run_can_be_stopped(run, session):
    run.send(Pause())
    turns(session)
    run.send(Stop())
    turns(session)
    assert states(run)[-1] == "stopped"


def test_checkpoints_come_by_themselves(tmp_path):
    run = experiment(tmp_path / "out", ["plain-8-w4"], iterations=2000, checkpoint_seconds=0.05).runs[0]
    session = Session(run)
    session.prepare(lambda: False, {})
    end = time.monotonic() + 20
    while not events(run, Saved) and time.monotonic() < end:
        turns(session)
    assert events(run, Saved)
    session.stop()
    session.close()


def test_checkpoints_that_a_person_asked_for_stay(run):
    asked = []
    for command in (Checkpoint(), Checkpoint(), Pause(), Pause(), Pause()):
        session = Session(run)
        session.prepare(lambda: False, {})
        turns(session, 2)
        run.send(command)
        turns(session, 2)
        if command == Checkpoint():
            asked.append(events(run, Saved)[-1].name)
        session.stop()
        session.close()
    names = checkpoint_names(run.checkpoints_path)
    assert set(asked) <= set(names)
    assert len(names) == 4  # with the two newest
    assert names[-1] == events(run, Saved)[-1].name


def test_missing_data_is_one_sentence_in_the_log(tmp_path, capsys):
    run = experiment(tmp_path / "out", ["plain-8-w4"], data=f"folder:{tmp_path / 'nowhere'}").runs[0]
    session = Session(run)
    session.prepare(lambda: False, {})
    session.close()
    last = events(run, Changed)[-1]
    assert last.state == "failed"
    assert "nowhere" in last.message
    assert "nowhere" in capsys.readouterr().err
    assert "Traceback" in run.log_path.read_text()


def test_too_many_classes_are_told_before_training(tmp_path):
    pictures = tmp_path / "pictures"
    from PIL import Image

    for part in ("train", "test"):
        for number in range(12):
            folder = pictures / part / f"class{number:02}"
            folder.mkdir(parents=True)
            Image.new("RGB", (8, 8), (number * 20, 0, 0)).save(folder / "a.png")
    run = experiment(tmp_path / "out", ["plain-8-w4"], data=f"folder:{pictures}", train_limit=None).runs[0]
    session = Session(run)
    session.prepare(lambda: False, {})
    session.close()
    assert "12 classes, but plain-8-w4 has 10 outputs" in events(run, Changed)[-1].message


def test_a_batch_larger_than_the_training_set_is_told_before_training(tmp_path):
    run = experiment(tmp_path / "out", ["plain-8-w4"], batch_size=41).runs[0]
    session = Session(run)
    session.prepare(lambda: False, {})
    session.close()
    last = events(run, Changed)[-1]
    assert last.state == "failed"
    assert "batch of 41 pictures is more than the training set of 40: use --batch-size 40" in last.message


def test_divergence_fails_the_run_with_a_sentence(tmp_path):
    explosive = {"iterations": 2000, "learning_rate": 50.0, "weight_decay": 0.5, "milestones": ()}
    run = experiment(tmp_path / "out", ["plain-8-w4"], **explosive).runs[0]
    session = Session(run)
    session.prepare(lambda: False, {})
    end = time.monotonic() + 30
    while not session.over and time.monotonic() < end:
        turns(session)
    session.close()
    assert session.state == "failed"
    assert "diverged" in events(run, Changed)[-1].message


def test_an_unexpected_error_ends_in_a_terminal_state(run, session, monkeypatch, capsys):
    monkeypatch.setattr(session.trainer, "advance", lambda: 1 / 0)
    turns(session)
    last = events(run, Changed)[-1]
    assert last.state == "failed"
    assert "ZeroDivisionError" in last.message
    assert "see log.txt" in last.message
    assert "ZeroDivisionError" in run.log_path.read_text()
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_failed_run_lets_go_of_its_memory(run, monkeypatch):
    session = Session(run)
    session.prepare(lambda: False, {})
    held = []

    def exhausted(*_):
        activations = torch.zeros(100)
        held.append(weakref.ref(activations))
        raise MemoryError

    monkeypatch.setattr(Step, "compute", exhausted)
    held.append(weakref.ref(session.trainer))
    given_back = []
    monkeypatch.setattr("resviz.train.session.give_back_memory", lambda: given_back.append(held[-1]()))
    session.turn()
    assert "out of memory" in events(run, Changed)[-1].message
    assert given_back == [None]
    gc.collect()
    assert [ref() for ref in held] == [None, None]
    session.close()


def test_a_full_disk_is_one_sentence_and_no_crash(run, session, monkeypatch, capsys):
    def full(*_):
        raise RunError("The disk is full, so events.jsonl cannot grow: make room, then resume the run.")

    monkeypatch.setattr(session._log, "write", full)
    turns(session)
    assert session.state == "failed"
    assert "disk is full" in capsys.readouterr().err


def test_closing_without_an_end_is_a_failure(run):
    session = Session(run)
    session.close()
    assert states(run)[-1] == "failed"


def test_data_is_loaded_once_for_runs_that_share_it(tmp_path):
    datasets = {}
    sessions = [Session(run) for run in experiment(tmp_path / "out").runs]
    for session in sessions:
        session.prepare(lambda: False, datasets)
        session.stop()
        session.close()
    assert len(datasets) == 1


def test_progress_of_loading_is_noted_now_and_then(tmp_path):
    run = experiment(tmp_path / "out", ["plain-8-w4"], train_limit=3000).runs[0]
    session = Session(run)
    session.prepare(lambda: False, {})
    session.stop()
    session.close()
    notes = [note for note in events(run, Noted) if note.progress is not None]
    assert 2 <= len(notes) <= 30
    assert notes[-1].progress == 1.0


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"), "out of memory"),
        (RuntimeError("could not create a primitive"), "out of memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), "/x"),
        (DataError("The data is gone."), "The data is gone."),
        (KeyError("k"), "KeyError"),
    ],
)
def test_sentences(error, words):
    assert words in sentence(error)
    assert "\n" not in sentence(error)


def test_waiting_is_told_at_once_and_then_every_few_seconds(monkeypatch):
    now, told = [100.0], []
    monkeypatch.setattr(sessions.time, "monotonic", lambda: now[0])
    tell = sessions._Telling(lambda stage, share: told.append((stage, share)))
    for _ in range(40):  # Twelve seconds.
        tell("waiting for another run", 0, 0, "")
        now[0] += 0.3
    assert told == [("waiting for another run", None)] * 3
    tell("painting", 0, 10, "pictures")
    tell("painting", 10, 10, "pictures")
    assert told[3:] == [("painting", 0.0), ("painting", 1.0)]


def test_more_pictures_than_there_are_is_a_note(tmp_path):
    data = dataset(50)
    said = sessions._missing(Recipe(train_limit=60), data)
    assert said == "colours has 50 training pictures, fewer than the 60 asked for: all of them are used."
    assert sessions._missing(Recipe(train_limit=50), data) == sessions._missing(Recipe(), data) == ""
