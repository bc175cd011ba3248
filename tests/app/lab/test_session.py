from app.theme import run_colour
from resviz.runs.store import create_experiment
from tests.app.lab.tiny import Recorder, recipe, twins


def experiment():
    return create_experiment(twins(), recipe())


def test_runs_of_a_family_get_colours_of_their_own_and_keep_them(session):
    first, second = experiment(), experiment()
    session.take(first.runs)
    plain, residual = session.current
    assert (plain.plain, residual.plain) == (True, False)
    assert session.colour(plain.path) == run_colour(0, True)
    assert session.colour(residual.path) == run_colour(0, False)
    other = session.show(second.runs[0])
    assert session.colour(other.path) == run_colour(1, True)
    session.hide(plain.path)
    assert not session.is_shown(plain.path)
    assert session.colour(other.path) == run_colour(1, True)
    session.show(plain.run)
    assert session.colour(plain.path) == run_colour(0, True)


def test_taken_colour_is_not_given_twice(session):
    first, second = experiment(), experiment()
    a = session.show(first.runs[0])
    session.hide(a.path)
    b = session.show(second.runs[0])
    a = session.show(first.runs[0])
    assert session.colour(a.path) != session.colour(b.path)


def test_reopened_experiment_has_all_its_curves(session, qtbot):
    made = experiment()
    for run, error in zip(made.runs, (60.0, 20.0), strict=True):
        recorder = Recorder(run)
        recorder.started()
        recorder.steps(1, 50, error)
        recorder.probe(50)
        recorder.evaluated(50, error + 5)
        recorder.ended("finished", 50)
    session.take(made.runs)
    qtbot.waitUntil(lambda: all(run.status == "finished" for run in session.current), timeout=3000)
    plain, residual = session.current
    assert (plain.series.train_error_pct, residual.series.train_error_pct) == (60.0, 20.0)
    assert (plain.series.test_error_pct, len(plain.series.train)) == (65.0, 50)
    assert len(plain.series.gradient_norm) == 1


def test_taking_another_experiment_alone_hides_the_rest_and_forgetting_unfollows(session):
    first, second = experiment(), experiment()
    session.take(first.runs)
    session.take(second.runs, alone=True)
    assert [run.run for run in session.shown] == second.runs
    assert set(session.bridge.followed) == {run.path for run in second.runs}
    session.forget(second.runs[0].path)
    assert [run.run for run in session.current] == second.runs[1:]
    assert second.runs[0].path not in session.bridge.followed
