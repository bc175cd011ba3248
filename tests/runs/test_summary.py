import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resviz.runs import lines
from resviz.runs.events import Changed, Noted
from resviz.runs.run import EventLog, Run
from resviz.runs.series import load
from resviz.runs.summary import mean_of_last_epoch, summary
from tests.runs.samples import evaluated, probed, started, stepped


def log(run, *messages):
    with EventLog(run) as writer:
        writer.write(*messages)


def test_a_run_without_events(tmp_path):
    found = summary(Run(tmp_path))
    assert (found.state, found.iterations, found.train_error_pct, found.test_error_pct) == (
        "stopped",
        0,
        None,
        None,
    )


def test_the_end_of_a_run(tmp_path):
    run = Run(tmp_path)
    log(run, started(), *(stepped(i, 100.0 - i) for i in range(1, 31)), evaluated(30, 71.5))
    log(run, Changed(2000.0, 30, "finished", "Done."))
    found = summary(run)
    assert (found.state, found.message, found.iterations, found.iterations_asked) == (
        "finished",
        "Done.",
        30,
        100,
    )
    assert found.train_error_pct == pytest.approx(sum(100.0 - i for i in range(21, 31)) / 10)
    assert (found.test_error_pct, found.device) == (71.5, "cpu")
    assert found.images_per_second == pytest.approx(640.0)
    assert (found.parameters, found.updated, found.diverged) == (1234, 2000.0, False)


@pytest.mark.parametrize("count", [1, 7, 10, 30])
def test_the_speed_is_images_over_seconds_here_and_in_the_series(tmp_path, count):
    run = Run(tmp_path)
    speeds = [100.0 + 37 * i % 60 for i in range(1, count + 1)]
    steps = [msgspec.structs.replace(stepped(i), images_per_second=v) for i, v in enumerate(speeds, 1)]
    log(run, started(), *steps)
    last = speeds[-10:]
    assert summary(run).images_per_second == pytest.approx(len(last) / sum(1 / v for v in last))
    assert load(run.events_path).images_per_second == pytest.approx(summary(run).images_per_second)


def test_what_a_resume_went_back_behind_does_not_count(tmp_path):
    run = Run(tmp_path)
    log(run, started(), *(stepped(i, 10.0) for i in range(1, 31)), evaluated(30, 1.0))
    log(run, started(20), Noted(1.0, 99, "Data unpacked."), stepped(21, 90.0))
    found = summary(run)
    assert found.iterations == 21
    assert found.test_error_pct is None
    assert found.train_error_pct == pytest.approx((9 * 10 + 90) / 10)
    assert found.state == "interrupted"


def test_diverged(tmp_path):
    run = Run(tmp_path)
    log(run, started(), stepped(1, 90.0, None), Changed(5.0, 1, "failed", "The loss is not a number."))
    assert summary(run).diverged


def test_a_long_finished_run_is_read_from_its_end_only(tmp_path, monkeypatch):
    run = Run(tmp_path)
    log(run, started(iterations=20_000), *(stepped(i) for i in range(1, 20_001)), evaluated(20_000))
    log(run, Changed(1.0, 20_000, "finished"))
    count = 0
    whole = lines.backwards

    def counted(path):
        nonlocal count
        for line in whole(path):
            count += 1
            yield line

    monkeypatch.setattr(lines, "backwards", counted)
    assert summary(run).iterations == 20_000
    assert run.state() == "finished"
    assert count < 50


EVENTS = st.lists(
    st.one_of(
        st.builds(stepped, st.integers(1, 40), st.floats(0, 100)),
        st.builds(evaluated, st.integers(1, 40), st.floats(0, 100)),
        st.builds(started, st.integers(0, 40)),
        st.builds(probed, st.integers(1, 40)),
    ),
    max_size=60,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS)
def test_agrees_with_the_series(tmp_path, events):
    run = Run(tmp_path)
    run.events_path.unlink(missing_ok=True)
    log(run, started(), *events)
    found, series = summary(run), load(run.events_path)
    assert found.iterations == series.iteration
    assert found.test_error_pct == series.test_error_pct
    assert found.train_error_pct == pytest.approx(series.train_error_pct, abs=1e-6)


def test_mean_weighs_a_value_by_the_iterations_it_stands_for():
    assert mean_of_last_epoch([], [], 10) is None
    assert mean_of_last_epoch([5], [40.0], 10) == 40.0
    assert mean_of_last_epoch([20, 15, 5], [10.0, 40.0, 90.0], 10) == pytest.approx((5 * 10 + 5 * 40) / 10)
