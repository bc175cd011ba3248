import math

import pytest

from app.lab.followed import FollowedRun
from app.lab.live_view import activity_text
from app.lab.readouts import ranges_of, readouts_of, structure_of
from resviz.runs.events import Noted
from resviz.runs.series import load
from resviz.runs.store import create_experiment
from tests.app.lab.tiny import Recorder, recipe, twins


@pytest.fixture
def run():
    return create_experiment(twins()[1:], recipe()).runs[0]


def test_convolutions_of_a_block_are_combined(run):
    recorder = Recorder(run)
    recorder.started()
    recorder.probe(5, (1.0, 1.0, 1.0), 0.1)
    recorder.probe(10, (2.0, 3.0, 4.0), 0.5)
    readouts = readouts_of(load(run.events_path), run.architecture().blocks)
    assert readouts["stem"].gradient_norm == 2.0
    assert readouts["stem"].residual_magnitude is None
    assert readouts["stage1.block1"].gradient_norm == 5.0
    assert readouts["stage1.block1"].residual_magnitude == 0.5


def test_undefined_values_are_left_out(run):
    recorder = Recorder(run)
    recorder.started()
    recorder.probe(5, (None, 3.0, 4.0), None)
    readouts = readouts_of(load(run.events_path), run.architecture().blocks)
    assert set(readouts) == {"stage1.block1"}
    assert readouts["stage1.block1"].residual_magnitude is None


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


def test_no_probe_no_readout(run):
    Recorder(run).started()
    assert readouts_of(load(run.events_path), run.architecture().blocks) == {}


def test_both_twins_share_rounded_ranges(run):
    recorder = Recorder(run)
    recorder.started()
    recorder.probe(5, (0.02, 3.0, 4.0), 0.6)
    readouts = readouts_of(load(run.events_path), run.architecture().blocks)
    (low, high), magnitudes = ranges_of([readouts, {}])
    assert low == pytest.approx(0.01)
    assert high == pytest.approx(10.0)
    assert magnitudes == (0.0, 0.75)
    assert all(math.isfinite(value) for value in ranges_of([])[0])


def test_structure_ignores_places_and_names():
    plain, residual = twins()
    moved = plain.copy()
    moved.name = "other"
    moved.move("stem", (7.0, 7.0))
    assert structure_of(moved) == structure_of(plain)
    assert structure_of(residual) != structure_of(plain)
