import pytest

from resviz.runs.events import Noted
from resviz.runs.series import Tail
from resviz.train.governor import Governor
from resviz.train.session import Session
from resviz.worker import Worker
from tests.train.small import experiment


@pytest.fixture
def session(tmp_path):
    [run] = experiment(tmp_path / "one", names=("resnet-8-w4",)).runs
    session = Session(run)
    session.prepare(lambda: False, {})
    yield session
    session.stop()
    session.close()


def test_what_the_governor_says_is_noted_in_the_run(session, monkeypatch):
    monkeypatch.setattr(Governor, "look", lambda self, iteration: f"{self.threads} threads at {iteration}")
    worker = Worker([session], 3)
    assert worker.turn()
    notes = [event for event in Tail(session.run.events_path).read() if isinstance(event, Noted)]
    assert [(note.iteration, note.message) for note in notes] == [(1, "3 threads at 1")]


def test_threads_that_a_person_chose_stay(session, monkeypatch):
    monkeypatch.setattr(Governor, "look", lambda self, iteration: "changed")
    assert Worker([session]).turn()
    assert not any(isinstance(event, Noted) for event in Tail(session.run.events_path).read())
