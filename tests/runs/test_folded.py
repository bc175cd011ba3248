import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.runs import folded
from resviz.runs.events import Changed, Forked, Noted, RateChanged, Saved, encode
from resviz.runs.series import RunSeries, Tail, load
from tests.runs.samples import evaluated, probed, started, stepped
from tests.runs.test_series import ANY_EVENT, SHARED, arrays, same

FACTS = folded._Facts.__struct_fields__
TURN = st.one_of(
    ANY_EVENT,
    st.builds(lambda i: Saved(i, f"step-{i}"), st.integers(1, 60)),
    st.builds(lambda i: RateChanged(i, 0.1, 0.01), st.integers(1, 60)),
    st.builds(lambda i, p: Noted(1.0, i, "Unpacking.", p), st.integers(0, 60), st.none() | st.floats(0, 1)),
    st.builds(lambda i: Changed(2.0, i, "finished", "Done."), st.integers(1, 60)),
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of the test's own, for logs of any length."""
    monkeypatch.setenv("RESVIZ_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(folded, "LEAST_BYTES", 1)
    return tmp_path / "home" / "cache" / "series"


def write(path, *events):
    path.write_bytes(b"".join(map(encode, events)))
    tail, series = Tail(path), RunSeries()
    series.feed(tail.read())
    return series, tail.offset


def facts(series):
    return {field: getattr(series, field) for field in FACTS}


@SHARED
@given(
    first=st.lists(TURN, max_size=40),
    later=st.lists(TURN, max_size=20),
    torn=st.binary(max_size=5).filter(lambda tail: b"\n" not in tail),
)
def test_what_is_kept_is_what_the_log_says_and_goes_on_like_it(tmp_path, first, later, torn):
    path = tmp_path / "events.jsonl"
    fork = Forked(1.0, 0, "/runs/parent", None, ("learning_rate: 0.1 -> 0.01",))
    series, size = write(path, fork, started(), *first)
    folded.keep(path, series, size)
    recalled = RunSeries()
    assert folded.recall(path, recalled) == size
    assert same(recalled, series)
    assert facts(recalled) == facts(series)
    assert recalled.revision > 0
    # A worker takes the run up again.
    with path.open("ab") as log:
        log.write(b"".join(map(encode, later)) + torn)
    recalled.feed(Tail(path, size).read())
    whole = load(path)
    assert same(recalled, whole)
    assert facts(recalled) == facts(whole)


def test_every_field_of_a_series_is_kept_or_is_an_array_of_it():
    fields = set(vars(RunSeries()))
    views = {"train", "loss", "rate", "speed", "test", "test_loss"}
    tables = {"_steps", "_tests", "_classes", "_totals", "_probes"}
    assert fields == set(FACTS) | views | tables | {"revision"}


def test_a_log_that_is_another_by_now_is_not_taken_for_the_old_one(tmp_path):
    path = tmp_path / "events.jsonl"
    series, size = write(path, started(), *(stepped(i) for i in range(1, 50)))
    folded.keep(path, series, size)
    before = path.stat()
    edited = path.read_bytes().replace(b'"iteration":25,', b'"iteration":26,')
    assert len(edited) == size
    path.write_bytes(edited)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000))
    assert folded.recall(path, RunSeries()) == 0
    grown, _ = write(path, started(), *(stepped(i) for i in range(1, 51)))
    assert folded.recall(path, RunSeries()) == 0
    folded.keep(path, grown, size)  # The fold of fewer bytes than the log has.
    assert folded.recall(path, RunSeries()) == 0
    assert folded.recall(tmp_path / "nothing", RunSeries()) == 0


def test_a_moved_run_is_known_and_a_damaged_file_is_read_anew(tmp_path, cache):
    path = tmp_path / "events.jsonl"
    series, size = write(path, started(), *(stepped(i) for i in range(1, 500)), probed(7), evaluated(9))
    folded.keep(path, series, size)
    path = path.rename(tmp_path / "moved.jsonl")
    assert folded.recall(path, RunSeries()) == size
    [kept] = cache.iterdir()
    sound = kept.read_bytes()
    for damaged in (sound[: len(sound) // 2], b"", b"nonsense", flipped(sound)):
        kept.write_bytes(damaged)
        empty = RunSeries()
        assert folded.recall(path, empty) == 0
        assert (len(empty.train), empty.started, empty.revision) == (0, None, 0)


def flipped(data):
    """Return the bytes with one bit of the arrays turned."""
    place = data.rindex(b"steps.values.npy", 0, len(data) // 2) + 1000
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_no_more_room_is_taken_than_is_allowed(tmp_path, cache, monkeypatch):
    paths = []
    for number in range(4):
        paths.append(tmp_path / f"{number}.jsonl")
        series, size = write(paths[-1], started(), *(stepped(i, float(number)) for i in range(1, 2000)))
        folded.keep(paths[-1], series, size)
        for age, kept in enumerate(sorted(cache.iterdir(), key=lambda f: f.stat().st_mtime, reverse=True)):
            os.utime(kept, (1e9 - age, 1e9 - age))
        if number == 2:
            one = next(cache.iterdir()).stat().st_size
            monkeypatch.setattr(folded, "MOST_BYTES", 2.5 * one)
            assert folded.recall(paths[0], RunSeries()) > 0, "asked for: it is the newest now"
    assert [folded.recall(path, RunSeries()) > 0 for path in paths] == [True, False, False, True]


def test_where_nothing_can_be_kept_nothing_is(tmp_path, cache):
    path = tmp_path / "events.jsonl"
    series, size = write(path, started(), stepped(1))
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"a file where the folder should be")
    folded.keep(path, series, size)
    assert folded.recall(path, RunSeries()) == 0
    assert np.array_equal(arrays(series)[0], [1])
