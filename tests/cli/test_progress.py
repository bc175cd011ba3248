import io
import re
import time
from types import SimpleNamespace

import pytest

from resviz.cli.progress import ProgressLines, duration
from resviz.runs.events import Changed, Evaluated, Noted, Started, Stepped
from resviz.runs.series import RunSeries


def watched(iteration=50, state="running", started=True, tested=False, name="plain-8"):
    series = RunSeries()
    if started:
        series.feed([Started(time.time(), 0, 200, 4.0, 16, 0, "cpu", "float32", 10, ("c",), ("b",), ("c",))])
        series.feed(
            [Stepped(time.time() + k / 10, k, 2.0, 80.0, 0.1, 100.0) for k in range(1, iteration + 1)]
            + ([] if state == "running" else [Changed(time.time(), iteration, state)])
        )
    if tested:
        series.feed([Evaluated(time.time(), iteration, 70.0, 2.0)])
    return SimpleNamespace(run=SimpleNamespace(name=name), series=series, state=series.state, message="")


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_a_terminal_is_redrawn_in_place():
    stream = Terminal()
    lines = ProgressLines(stream)
    lines.show([watched(), watched()])
    lines.show([watched(), watched()], last=True)
    text = stream.getvalue()
    assert text.count("\x1b[2F") == 1
    assert "50/200" in text
    assert "25 %" in text
    assert "train  80.0 %" in text


def test_elsewhere_a_plain_line_now_and_then():
    stream = io.StringIO()
    lines = ProgressLines(stream)
    for _ in range(50):
        lines.show([watched()])
    lines.show([watched(200, "finished")], last=True)
    text = stream.getvalue()
    assert "\x1b" not in text
    assert len(text.splitlines()) == 2
    assert "finished" in text


def test_before_the_start_it_tells_what_is_being_done():
    early = watched(started=False)
    early.state, early.message = "running", "Starting."
    assert shown(early) == "plain-8  Starting."
    early.series.feed([Changed(0.0, 0, "running", "Starting.")])
    early.series.feed([Noted(0.0, 0, "connecting to example.org, attempt 2 of 5")])
    assert shown(early) == "plain-8  connecting to example.org, attempt 2 of 5"
    early.series.feed([Noted(0.0, 0, "downloading 170 MB", 0.25)])
    assert shown(early) == "plain-8   25 %  downloading 170 MB"
    early.state, early.message = "failed", "The disk is full."
    assert shown(early) == "plain-8  failed: The disk is full."


def shown(*runs):
    stream = io.StringIO()
    ProgressLines(stream).show(runs, last=True)
    return stream.getvalue().rstrip("\n")


def at_width(monkeypatch, columns, *runs):
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = Terminal()
    ProgressLines(stream).show(runs, last=True)
    return stream.getvalue().replace("\x1b[K", "").splitlines()


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_what_matters_fits_any_width(monkeypatch, columns):
    going, over = watched(tested=True, name="resnet-56-w8"), watched(50, "interrupted", tested=True)
    lines = at_width(monkeypatch, columns, going, over)
    assert max(map(len, lines)) < columns
    assert lines[0].startswith("resnet-56-w8  ")
    assert lines[1].endswith("  interrupted")
    for line in lines:
        assert re.search("25 ?%", line)
        assert re.search(r"test +70\.0 ?%", line)
        assert ("·" in line) == (columns >= 80)
    assert ("it/s" in lines[0]) == (columns >= 120)
    assert (" left" in lines[0]) == (columns >= 80)


def test_a_single_run_keeps_its_time_left_on_50_columns(monkeypatch):
    [line] = at_width(monkeypatch, 50, watched(tested=True))
    assert "train 80.0%  test 70.0%" in line
    assert line.endswith(" left")


def test_a_very_long_name_does_not_push_the_state_out(monkeypatch):
    lines = at_width(monkeypatch, 50, watched(50, "interrupted", tested=True, name="n" * 200), watched())
    assert lines[0].endswith("  interrupted")
    assert max(map(len, lines)) < 50


@pytest.mark.parametrize(("seconds", "text"), [(42.4, "0:42"), (725, "12:05"), (12e3, "3:20:00")])
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_a_sentence_stays_above_the_bars():
    stream = Terminal()
    lines = ProgressLines(stream)
    lines.show([watched(), watched()])
    lines.say("note")
    lines.show([watched(), watched()])
    head, tail = stream.getvalue().split("note\n")
    assert head.endswith("\x1b[2F\x1b[J")
    assert tail.count("50/200") == 2
