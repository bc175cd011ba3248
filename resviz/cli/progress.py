"""Progress bars on stderr, one line a run; off a terminal a plain line now and then."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from typing import TextIO

from resviz.cli.launch import Watched

_QUIET_S = 10.0
"""Seconds between two lines where nobody watches them move."""
_REDRAWS_PER_SECOND = 8


class ProgressLines:
    """Shows how far runs are. On a terminal the lines are redrawn in place."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._live = self._stream.isatty()
        self._drawn = 0
        self._shown_at = 0.0

    def show(self, watched: Sequence[Watched], *, last: bool = False) -> None:
        """Draw a line for each run, unless it is too early to draw again; `last` draws in any case."""
        now = time.monotonic()
        pause = 1 / _REDRAWS_PER_SECOND if self._live else _QUIET_S
        if not last and now - self._shown_at < pause:
            return
        self._shown_at = now
        width = shutil.get_terminal_size().columns - 1 if self._live else 120
        name_width = max(len(w.run.name) for w in watched)
        lines = [_line(w, name_width, width, _blocks(self._stream)) for w in watched]
        if self._live:
            # Up to the first line drawn before, then each line to its end.
            up = f"\x1b[{self._drawn}F" if self._drawn else ""
            self._stream.write(up + "".join(f"{line}\x1b[K\n" for line in lines))
            self._drawn = len(lines)
        else:
            self._stream.write("".join(f"{line}\n" for line in lines))
        self._stream.flush()


def _line(watched: Watched, name_width: int, width: int, blocks: str) -> str:
    series = watched.series
    share = min(1.0, series.iteration / series.iterations) if series.iterations else 0.0
    head = watched.run.name.ljust(name_width)
    if series.started is None or (series.iteration == 0 and series.progress is not None):
        note = series.notes[-1].message if series.notes else "starting"
        part = f" {100 * series.progress:.0f} %" if series.progress is not None else ""
        return f"{head}  {watched.message or note}{part}"[:width]
    pieces = [f"{100 * share:3.0f} %", f"{series.iteration}/{series.iterations}"]
    if series.train_error_pct is not None:
        pieces.append(f"train {series.train_error_pct:5.1f} %")
    if series.test_error_pct is not None:
        pieces.append(f"test {series.test_error_pct:5.1f} %")
    if watched.state == "running":
        pace = series.iterations_per_second
        if pace is not None:
            pieces.append(f"{pace:.1f} it/s" if pace < 100 else f"{pace:.0f} it/s")
        if series.seconds_left is not None:
            pieces.append(f"{duration(series.seconds_left)} left")
    else:
        pieces.append(watched.state)
    text = "  ".join(pieces)
    room = min(24, width - len(head) - len(text) - 4)
    bar = f"{_bar(share, room, blocks)}  " if room >= 6 else ""
    return f"{head}  {bar}{text}"[:width]


def _bar(share: float, length: int, blocks: str) -> str:
    steps = len(blocks) - 1
    filled = round(share * length * steps)
    whole, part = divmod(filled, steps)
    return (blocks[-1] * whole + (blocks[part] if part else "")).ljust(length, blocks[0])


def _blocks(stream: TextIO) -> str:
    """Return what a bar is made of, from empty to full."""
    fine = "·▏▎▍▌▋▊▉█"
    try:
        fine.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ".#"
    return fine


def duration(seconds: float) -> str:
    """Return a time as people say it: 0:42, 12:05, 3:20:00."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
