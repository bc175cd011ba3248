import errno
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resviz.errors import DiskFullError, RunError
from resviz.runs import lines
from resviz.runs.lines import LineTail, LineWriter, append, backwards

TEXT = st.lists(st.binary(max_size=40).filter(lambda b: b"\n" not in b), max_size=20)
SHARED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SHARED
@given(wanted=TEXT, cuts=st.lists(st.integers(0, 800), max_size=8), limit=st.none() | st.integers(1, 50))
def test_any_pieces_give_the_same_lines(tmp_path, wanted, cuts, limit):
    data = b"".join(line + b"\n" for line in wanted)
    path = tmp_path / "log"
    path.write_bytes(b"")
    tail, found = LineTail(path), []
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        with path.open("ab") as file:
            file.write(data[begin:end])
        while piece := tail.read(limit):
            found += piece
    assert found == wanted
    assert tail.offset == len(data)


@SHARED
@given(wanted=TEXT, torn=st.binary(max_size=20).filter(lambda b: b"\n" not in b), chunk=st.integers(1, 30))
def test_backwards_is_forwards_reversed_without_the_torn_line(tmp_path, wanted, torn, chunk):
    path = tmp_path / "log"
    path.write_bytes(b"".join(line + b"\n" for line in wanted) + torn)
    whole, lines._CHUNK = lines._CHUNK, chunk
    try:
        assert list(backwards(path)) == wanted[::-1]
    finally:
        lines._CHUNK = whole


def test_torn_line_waits_for_its_rest(tmp_path):
    path = tmp_path / "log"
    tail = LineTail(path)
    assert tail.read() == []
    path.write_bytes(b"one\ntw")
    assert tail.read() == [b"one"]
    assert tail.read() == []
    append_raw(path, b"o\n")
    assert tail.read() == [b"two"]


def test_a_shorter_file_in_its_place_is_read_from_the_start(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"one\ntwo\n")
    tail = LineTail(path)
    tail.read()
    path.write_bytes(b"new\n")
    assert tail.read() == [b"new"]


def test_writer_ends_a_torn_line_first(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b'{"event":"st')
    append(path, b"whole\n")
    assert path.read_bytes() == b'{"event":"st\nwhole\n'
    append(path, b"next\n")
    assert path.read_bytes().endswith(b"whole\nnext\n")


def test_two_writers_do_not_mix_lines(tmp_path):
    path = tmp_path / "log"
    first, second = LineWriter(path), LineWriter(path)
    for number in range(50):
        first.write(b"a" * number + b"\n")
        second.write(b"b" * number + b"\n")
    first.close()
    second.close()
    assert sorted(path.read_bytes().split()) == sorted(c * n for c in (b"a", b"b") for n in range(1, 50))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_a_full_disk_is_one_sentence_and_no_byte_is_lost_or_doubled(tmp_path, monkeypatch, number):
    path = tmp_path / "log"
    path.write_bytes(b"tor")
    writer = LineWriter(path)
    real = os.write

    def half(descriptor, data):
        if len(data) < 4:
            raise OSError(number, "No room")
        return real(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(lines.os, "write", half)
    with pytest.raises(DiskFullError, match=r"^The disk is full, so .*log cannot grow: make room"):
        writer.write(b"long line\n")
    assert path.read_bytes() == b"tor\nlong li"
    with pytest.raises(DiskFullError):
        writer.write(b"x\n")
    assert writer.waiting > 0
    monkeypatch.setattr(lines.os, "write", real)
    writer.write(b"last\n")
    assert writer.waiting == 0
    writer.close()
    assert path.read_bytes() == b"tor\nlong line\nx\nlast\n"


def test_read_only_folder_is_one_sentence(tmp_path, monkeypatch):
    def refuse(*_):  # root may write into any folder, so the system's answer is played here
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(lines.os, "open", refuse)
    with pytest.raises(RunError, match=r"Cannot write .* \(Permission denied\): make it writable, or copy"):
        LineWriter(tmp_path / "log")


def test_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(RunError, match="is gone: put it back"):
        append(tmp_path / "nowhere" / "log", b"x\n")
    assert list(backwards(tmp_path / "nowhere" / "log")) == []


def append_raw(path, data):
    with path.open("ab") as file:
        file.write(data)
