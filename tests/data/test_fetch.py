import hashlib

import pytest

from resviz.data.fetch import DownloadCancelledError, fetch
from resviz.errors import DataError
from tests.data.server import Behaviour, Server

CONTENT = bytes(range(256)) * 2000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def get(server, *names, to, **options):
    return fetch([server.url(name) for name in names], to, SHA256, pause_s=0.01, timeout_s=5, **options)


def part_of(path):
    return path.with_name(path.name + ".part")


def test_a_file_arrives_with_progress(tmp_path):
    said = []
    with Server(a=Behaviour(CONTENT)) as server:
        path = get(server, "a", to=tmp_path / "deep" / "file", progress=lambda *words: said.append(words))
    assert path.read_bytes() == CONTENT
    assert not part_of(path).exists()
    assert said[0] == (f"connecting to {server.url('').split('/')[2]}, attempt 1 of 5", 0.0, 0.0, "")
    assert ("downloading 1 MB", 0.0, float(len(CONTENT)), "bytes") in said
    assert ("downloading 1 MB", float(len(CONTENT)), float(len(CONTENT)), "bytes") in said


def test_a_broken_line_is_resumed_where_it_broke(tmp_path):
    a = Behaviour(CONTENT, breaks=[100_000, 50_000])
    with Server(a=a) as server:
        assert get(server, "a", to=tmp_path / "file").read_bytes() == CONTENT
    assert a.seen == [None, "bytes=100000-", "bytes=150000-"]


def test_a_line_that_keeps_breaking_but_brings_something_is_not_given_up(tmp_path):
    with Server(a=Behaviour(CONTENT, breaks=[20_000] * 20)) as server:
        assert get(server, "a", to=tmp_path / "file", attempts=2).read_bytes() == CONTENT


def test_another_start_goes_on_from_the_part(tmp_path):
    part_of(tmp_path / "file").write_bytes(CONTENT[:300_000])
    a = Behaviour(CONTENT)
    with Server(a=a) as server:
        assert get(server, "a", to=tmp_path / "file").read_bytes() == CONTENT
    assert a.seen == ["bytes=300000-"]


def test_a_complete_part_is_only_checked(tmp_path):
    part_of(tmp_path / "file").write_bytes(CONTENT)
    with Server(a=Behaviour(CONTENT)) as server:
        assert get(server, "a", to=tmp_path / "file").read_bytes() == CONTENT


def test_a_part_that_is_too_long_is_begun_anew(tmp_path):
    part_of(tmp_path / "file").write_bytes(CONTENT + b"more")
    with Server(a=Behaviour(CONTENT)) as server:
        assert get(server, "a", to=tmp_path / "file").read_bytes() == CONTENT


def test_a_server_that_ignores_ranges_sends_all_of_it_again(tmp_path):
    a = Behaviour(CONTENT, breaks=[100_000], ranges=False)
    with Server(a=a) as server:
        assert get(server, "a", to=tmp_path / "file").read_bytes() == CONTENT
    assert a.seen == [None, "bytes=100000-"]


def test_a_wrong_beginning_is_thrown_away_and_fetched_again_from_the_same_server(tmp_path):
    part_of(tmp_path / "file").write_bytes(b"x" * 1000)
    a = Behaviour(CONTENT)
    with Server(a=a) as server:
        assert get(server, "a", to=tmp_path / "file").read_bytes() == CONTENT
    assert a.seen == ["bytes=1000-", None]


def test_a_wrong_file_is_refused_and_a_mirror_asked(tmp_path):
    with Server(bad=Behaviour(CONTENT[::-1]), good=Behaviour(CONTENT)) as server:
        assert get(server, "bad", "good", to=tmp_path / "file").read_bytes() == CONTENT


def test_a_wrong_file_alone_is_a_sentence_and_leaves_nothing(tmp_path):
    with Server(bad=Behaviour(CONTENT[::-1])) as server, pytest.raises(DataError) as caught:
        get(server, "bad", to=tmp_path / "file")
    assert "SHA-256 differs" in str(caught.value)
    assert f"put it into {tmp_path} (--data-dir names another folder)" in str(caught.value)
    assert not (tmp_path / "file").exists()
    assert not part_of(tmp_path / "file").exists()


def test_a_missing_file_sends_on_to_the_mirror_at_once(tmp_path):
    gone = Behaviour(status=404)
    with Server(gone=gone, good=Behaviour(CONTENT)) as server:
        assert get(server, "gone", "good", to=tmp_path / "file").read_bytes() == CONTENT
    assert len(gone.seen) == 1


def test_a_busy_server_is_asked_again_and_then_left(tmp_path):
    busy = Behaviour(status=503)
    with Server(busy=busy, good=Behaviour(CONTENT)) as server:
        said = []
        get(server, "busy", "good", to=tmp_path / "file", attempts=3, progress=lambda s, *_: said.append(s))
    assert len(busy.seen) == 3
    assert [stage.rpartition(", ")[2] for stage in said[:4]] == [
        "attempt 1 of 3", "attempt 2 of 3", "attempt 3 of 3", "attempt 1 of 3",
    ]  # fmt: skip


def test_nobody_there_is_one_sentence(tmp_path):
    with Server() as server:
        nobody = server.url("x")
    with pytest.raises(DataError, match="could not be downloaded") as caught:
        fetch([nobody], tmp_path / "file", SHA256, attempts=2, pause_s=0.01)
    assert "\n" not in str(caught.value)


def test_cancel_keeps_what_has_arrived(tmp_path):
    arrived = []
    with Server(a=Behaviour(CONTENT)) as server:
        with pytest.raises(DownloadCancelledError):
            get(
                server,
                "a",
                to=tmp_path / "file",
                progress=lambda stage, done, total, unit: arrived.append(done),
                cancel=lambda: bool(arrived) and arrived[-1] > 100_000,
            )
        assert part_of(tmp_path / "file").stat().st_size > 60_000
        assert get(server, "a", to=tmp_path / "file").read_bytes() == CONTENT


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "blocked").write_text("")
    with pytest.raises(DataError, match="choose another data folder"):
        fetch(["http://127.0.0.1:9/x"], tmp_path / "blocked" / "data" / "file", SHA256)


def test_a_sound_file_is_not_fetched_again_and_a_damaged_one_is_replaced(tmp_path):
    a = Behaviour(CONTENT)
    with Server(a=a) as server:
        path = get(server, "a", to=tmp_path / "file")
        get(server, "a", to=path)
        assert len(a.seen) == 1
        path.write_bytes(CONTENT[:-1])
        assert get(server, "a", to=path).read_bytes() == CONTENT
