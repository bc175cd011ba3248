import pytest

from resviz.runs.events import Noted
from resviz.runs.series import Tail
from resviz.train.governor import Governor
from resviz.train.session import Session
from resviz.worker import Worker
from tests.train.small import experiment


@pytest.fixture
def session(tmp_path, request):
    precision = getattr(request, "param", "auto")
    [run] = experiment(tmp_path / "one", names=("resnet-8-w4",), precision=precision).runs
    session = Session(run)
    session.prepare(lambda: False, {})
    yield session
    session.stop()
    session.close()


def notes(session):
    events = Tail(session.run.events_path).read()
    return [(event.iteration, event.message) for event in events if isinstance(event, Noted)]


def test_what_the_governor_says_is_noted_in_the_run(session, monkeypatch):
    monkeypatch.setattr(Governor, "look", lambda self, iteration: f"{self.threads} threads at {iteration}")
    worker = Worker([session], 3)
    assert worker.turn()
    assert (1, "3 threads at 1") in notes(session)


def test_threads_that_a_person_chose_stay(session, monkeypatch):
    monkeypatch.setattr(Governor, "look", lambda self, iteration: "changed")
    assert Worker([session]).turn()
    assert (1, "changed") not in notes(session)


@pytest.mark.parametrize("session", ["float32"], indirect=True)
def test_threads_stay_where_the_recipe_asks_for_exact_float32(session, monkeypatch):
    monkeypatch.setattr(Governor, "look", lambda self, iteration: "changed")
    assert Worker([session], 3).turn()
    assert (1, "changed") not in notes(session)
