import io
import time
from types import SimpleNamespace

import pytest

from resviz.cli.progress import ProgressLines, duration
from resviz.runs.events import Changed, Noted, Started, Stepped
from resviz.runs.series import RunSeries


def watched(iteration=50, state="running", started=True):
    series = RunSeries()
    if started:
        series.feed([Started(time.time(), 0, 200, 4.0, 16, 0, "cpu", "float32", 10, ("c",), ("b",), ("c",))])
        series.feed(
            [Stepped(time.time() + k / 10, k, 2.0, 80.0, 0.1, 100.0) for k in range(1, iteration + 1)]
            + [Changed(time.time(), iteration, state)]
        )
    return SimpleNamespace(run=SimpleNamespace(name="plain-8"), series=series, state=series.state, message="")


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
    early.series.feed([Changed(0.0, 0, "running", ""), Noted(0.0, 0, "unpacking", 0.25)])
    stream = io.StringIO()
    ProgressLines(stream).show([early], last=True)
    assert "unpacking 25 %" in stream.getvalue()


@pytest.mark.parametrize(("seconds", "text"), [(42.4, "0:42"), (725, "12:05"), (12e3, "3:20:00")])
def test_durations(seconds, text):
    assert duration(seconds) == text
