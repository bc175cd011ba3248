import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resviz.runs.events import Changed, Evaluated, Forked, Noted, Probed, RateChanged, Saved, Stepped, encode
from resviz.runs.series import PROBES, RunSeries, Tail, load
from tests.runs.samples import evaluated, old_probed, probed, started, stepped

SHARED = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PERCENT = st.floats(0, 100)
ANY_EVENT = st.one_of(
    st.builds(stepped, st.integers(1, 60), PERCENT, st.none() | st.floats(0, 9)),
    st.builds(evaluated, st.integers(1, 60), PERCENT),
    st.builds(
        probed,
        st.integers(1, 60),
        st.none() | st.floats(0, 9, width=32),
        st.none() | st.floats(0, 9, width=32),
    ),
    st.builds(old_probed, st.integers(1, 60)),
    st.builds(started, st.integers(0, 60)),
    st.builds(lambda i: Changed(1.0, i, "paused"), st.integers(1, 60)),
)


def arrays(series):
    curves = (
        series.train,
        series.loss,
        series.rate,
        series.speed,
        series.test,
        series.test_loss,
        series.smoothed_train(),
    )
    return [array.copy() for curve in curves for array in (curve.x, curve.y, curve.time)] + [
        series.probe_iterations.copy(),
        *(series.probe(name).copy() for name in PROBES),
        series.gradient_norm_total.copy(),
        series.class_error_pct.copy(),
        np.array([series.iteration]),
    ]


def folded(*events):
    series = RunSeries()
    series.feed([started(), *events])
    return series


def same(a, b):
    return all(np.array_equal(x, y, equal_nan=True) for x, y in zip(arrays(a), arrays(b), strict=True))


@SHARED
@given(events=st.lists(ANY_EVENT, max_size=60), cuts=st.lists(st.integers(0, 61), max_size=6))
def test_any_pieces_give_the_same_arrays(events, cuts):
    events = [started(), *events]
    pieces = RunSeries()
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(events)], strict=True):
        pieces.feed(events[begin:end])
    assert same(pieces, folded(*events[1:]))


@SHARED
@given(
    events=st.lists(ANY_EVENT, max_size=40), cuts=st.lists(st.integers(0, 4000), max_size=6), junk=st.data()
)
def test_torn_reads_and_foreign_lines_give_the_same_arrays(tmp_path, events, cuts, junk):
    foreign = st.sampled_from(
        [b"", b"\n", b"hello\n", b'{"event":"step","iter\n', b"\xff\n", b'{"event":"new"}\n']
    )
    data = encode(started()) + b"".join(junk.draw(foreign) + encode(event) for event in events)
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"")
    tail, series = Tail(path), RunSeries()
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        with path.open("ab") as file:
            file.write(data[begin:end])
        series.feed(tail.read())
    assert same(series, folded(*events))


@SHARED
@given(
    first=st.lists(PERCENT, min_size=1, max_size=40),
    back=st.integers(0, 40),
    second=st.lists(PERCENT, max_size=40),
)
def test_after_a_resume_the_later_events_count(first, back, second):
    back = min(back, len(first))
    once = [stepped(i, error) for i, error in enumerate(first, 1)]
    again = [stepped(i, error) for i, error in enumerate(second, back + 1)]
    series = folded(*once, probed(len(first)), started(back), *again)
    expected = [*first[:back], *second]
    assert series.train.x.tolist() == list(range(1, len(expected) + 1))
    assert series.train.y.tolist() == expected
    assert series.probe_iterations.tolist() == ([len(first)] if back == len(first) else [])


@SHARED
@given(gaps=st.lists(st.integers(1, 7), min_size=1, max_size=60), per_epoch=st.floats(1, 40), data=st.data())
def test_smoothed_error_is_the_mean_of_the_last_epoch(gaps, per_epoch, data):
    x = np.cumsum(gaps)
    errors = data.draw(st.lists(PERCENT, min_size=len(x), max_size=len(x)))
    series = RunSeries()
    series.feed([started(per_epoch=per_epoch), *(stepped(int(i), e) for i, e in zip(x, errors, strict=True))])
    every = np.repeat(errors, gaps)  # one value an iteration
    for i, smooth in zip(x, series.smoothed_train().y, strict=True):
        begin = max(i - per_epoch, 0.0)
        whole = int(np.ceil(begin))
        total = every[whole:i].sum() + (every[whole - 1] * (whole - begin) if whole > begin else 0.0)
        assert smooth == pytest.approx(total / (i - begin), abs=1e-6)
    assert series.train_error_pct == series.smoothed_train().last


def test_what_is_not_finite_or_not_there_is_nan():
    series = folded(stepped(1, 90.0, None), probed(1, None, None))
    assert np.isnan(series.loss.y[0])
    assert series.diverged
    assert np.isnan(series.gradient_norm[0, 0])
    assert series.gradient_norm[0, 1] == 0.25
    assert np.isnan(series.residual_magnitude).all()
    assert series.gradient_norm.dtype == np.float32


def test_every_quantity_has_its_array():
    series = folded(probed(5, 0.5, 1.5), probed(6, 0.75, 3.0))
    expected = {
        "gradient_norm": [0.75, 0.25], "weight_norm": [4.0, 2.0], "update_ratio": [0.5, 0.125],
        "residual_magnitude": [3.0], "residual_share": [3.0], "alignment": [-0.5], "truncated_pct": [12.5],
        "response_std": [1.0],
    }  # fmt: skip
    assert set(PROBES) == set(expected)
    for name, values in expected.items():
        assert getattr(series, name)[1].tolist() == values, name
        assert getattr(series, name).shape == (2, len(values))
    assert series.gradient_norm_total.tolist() == [0.5, 0.75]
    assert set(PROBES) | {"iteration", "gradient_norm_total"} == set(Probed.__struct_fields__)


def test_an_old_log_lacks_what_was_not_measured():
    series = RunSeries()
    old_start = msgspec.structs.replace(started(), classes=())
    series.feed(
        [old_start, old_probed(5), Evaluated(1.0, 5, 60.0, 1.5), started(5), probed(6), evaluated(6, 30.0)]
    )
    assert series.probe_iterations.tolist() == [5, 6]
    assert series.gradient_norm[0].tolist() == [0.5, 0.25]
    for name in set(PROBES) - {"gradient_norm", "residual_magnitude", "response_std"}:
        assert np.isnan(getattr(series, name)[0]).all(), name
    assert np.isnan(series.gradient_norm_total).tolist() == [True, False]
    assert np.isnan(series.class_error_pct).tolist() == [[True, True], [False, True]]
    assert series.class_error_pct[1, 0] == 30.0
    assert series.test.y.tolist() == [60.0, 30.0]


def test_a_fork_says_where_it_comes_from():
    fork = Forked(1.0, 40, "/runs/parent", "step-40", ("learning_rate: 0.1 -> 0.01",))
    series = RunSeries()
    series.feed([fork])
    assert (series.forked, series.iteration, series.state) == (fork, 40, "stopped")
    series.feed([started(40), stepped(41)])
    assert series.forked == fork
    assert series.train.x.tolist() == [41]
    assert folded().forked is None


def test_a_probe_of_another_width_becomes_nan():
    series = folded(Probed(5, (1.0,), (), (1.0, 2.0)), probed(6))
    assert np.isnan(series.gradient_norm[0]).all()
    assert series.gradient_norm[1].tolist() == [0.5, 0.25]


def test_state_message_and_revision():
    series = RunSeries()
    assert (series.state, series.iterations, series.revision) == ("stopped", None, 0)
    series.feed([])
    assert series.revision == 0
    series.feed([started()])
    assert (series.state, series.iterations, series.revision) == ("running", 100, 1)
    series.feed([stepped(4), Changed(1.0, 4, "failed", "Out of memory.")])
    assert (series.state, series.message, series.iteration, series.revision) == (
        "failed",
        "Out of memory.",
        4,
        2,
    )
    series.feed([started(2)])
    assert (series.state, series.message, series.iteration) == ("running", "", 2)


def test_pace_and_time_left_do_not_count_pauses():
    series = folded(*(stepped(i, time=1000.0 + i / 2) for i in range(1, 21)))
    assert series.iterations_per_second == pytest.approx(2.0)
    assert series.seconds_left == pytest.approx(40.0)
    assert series.images_per_second == pytest.approx(640.0)
    series.feed([Changed(1010.0, 20, "paused")])
    assert series.seconds_left is None
    series.feed([Changed(5000.0, 20, "running")])
    assert series.seconds_left is None
    series.feed([stepped(i, time=5000.0 + i / 4) for i in range(21, 31)])
    assert series.iterations_per_second == pytest.approx(4.0)


def test_notes_checkpoints_and_rate_changes():
    series = folded(
        Noted(1.0, 0, "Unpacking data.", 0.1),
        Noted(2.0, 0, "Unpacking data.", 0.9),
        Saved(10, "000010"),
        RateChanged(10, 0.5, 0.05),
        Noted(3.0, 12, "Warm-up ended."),
        RateChanged(15, 0.1, 0.01),
        Saved(15, "000015"),
    )
    assert [(n.message, n.progress) for n in series.notes] == [
        ("Unpacking data.", 0.9),
        ("Warm-up ended.", None),
    ]
    assert series.progress is None
    series.feed([Noted(4.0, 12, "Unpacking data.", 0.4)])
    assert series.progress == 0.4
    series.feed([stepped(13)])
    assert series.progress is None
    series.feed([started(10)])
    assert [c.name for c in series.checkpoints] == ["000010"]
    assert [c.factor for c in series.rate_changes] == [0.5]
    assert len(series.notes) == 1


def test_a_missing_log_is_empty(tmp_path):
    series = load(tmp_path / "events.jsonl")
    assert series.started is None
    assert len(series.train) == 0
    assert series.train_error_pct is None
    assert series.gradient_norm.shape == (0, 0)


def test_tail_counts_what_it_skips_and_reads_in_pieces(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"junk\n\n" + b"".join(encode(stepped(i)) for i in range(1, 101)) + b'{"torn')
    tail = Tail(path)
    pieces = []
    while piece := tail.read(1000):
        pieces.append(piece)
    assert tail.skipped == 1
    assert len(pieces) > 5
    assert [event.iteration for piece in pieces for event in piece] == list(range(1, 101))


def test_views_grow_without_losing_what_was_there():
    series = folded()
    for i in range(1, 1001):
        series.feed([Stepped(float(i), i, 1.0, i % 100, 0.1, 1.0)])
    assert series.train.x.tolist() == list(range(1, 1001))
    assert series.train.y.tolist() == [i % 100 for i in range(1, 1001)]
    assert series.train.y.flags.c_contiguous
