import pytest

from app.lab.followed import FollowedRun
from app.lab.live_view import activity_text
from app.lab.readouts import structure_of
from resviz.runs.events import Noted
from resviz.runs.store import create_experiment
from tests.app.lab.tiny import Recorder, recipe, twins


@pytest.fixture
def run():
    return create_experiment(twins()[1:], recipe()).runs[0]


def test_a_long_test_is_told_while_it_lasts(run):
    recorder = Recorder(run)
    with run.lock():
        recorder.started()
        recorder.steps(1, 40)
        recorder.write(Noted(1.0, 40, "testing", 0.25))
        followed = FollowedRun.open(run)
        followed.poll()
        assert activity_text(followed) == "testing 25 %"
        recorder.evaluated(40, 50.0)
        followed.poll()
        assert activity_text(followed) == "iteration 40"


def test_structure_ignores_places_and_names():
    plain, residual = twins()
    moved = plain.copy()
    moved.name = "other"
    moved.move("stem", (7.0, 7.0))
    assert structure_of(moved) == structure_of(plain)
    assert structure_of(residual) != structure_of(plain)
