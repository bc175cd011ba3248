"""Progress bars on stderr, one line a run; off a terminal a plain line now and then."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
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

    def say(self, text: str) -> None:
        """Write a line that stays, above the bars."""
        if self._live and self._drawn:
            self._stream.write(f"\x1b[{self._drawn}F\x1b[J")
            self._drawn, self._shown_at = 0, 0.0
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def show(self, watched: Sequence[Watched], *, last: bool = False) -> None:
        """Draw a line for each run, unless it is too early to draw again; `last` draws in any case."""
        now = time.monotonic()
        pause = 1 / _REDRAWS_PER_SECOND if self._live else _QUIET_S
        if not last and now - self._shown_at < pause:
            return
        self._shown_at = now
        width = shutil.get_terminal_size().columns - 1 if self._live else 120
        lines = _lines(watched, width, _blocks(self._stream))
        if self._live:
            # Up to the first line drawn before, then each line to its end.
            up = f"\x1b[{self._drawn}F" if self._drawn else ""
            self._stream.write(up + "".join(f"{line}\x1b[K\n" for line in lines))
            self._drawn = len(lines)
        else:
            self._stream.write("".join(f"{line}\n" for line in lines))
        self._stream.flush()


def _lines(watched: Sequence[Watched], width: int, blocks: str) -> list[str]:
    """Return a line a run, none longer than `width`: what matters least goes first, the state never."""
    heads = _heads([w.run.name for w in watched], max(8, width // 3))
    texts = [_preparing(w) for w in watched]
    for layout in _LAYOUTS:
        measured = [
            text if text is not None else _text(w, layout) for w, text in zip(watched, texts, strict=True)
        ]
        longest = max((len(m) for m, text in zip(measured, texts, strict=True) if text is None), default=0)
        room = min(_BAR, width - len(heads[0]) - longest - 4) if layout.bar else 0
        if longest <= width - len(heads[0]) - 2 and (room >= _SHORTEST_BAR or not layout.bar):
            break
    lines = []
    for w, head, text, prepared in zip(watched, heads, measured, texts, strict=True):
        bar = f"{_bar(_share(w), room, blocks)}  " if layout.bar and prepared is None else ""
        lines.append(_cut(f"{head}  {bar}{text}", width))
    return lines


@dataclass(frozen=True)
class _Layout:
    """What a line tells apart from the share that is done, and the state of a run that is not running."""

    bar: bool = True
    count: bool = True
    pace: bool = True
    short: bool = False
    """Numbers without padding, and closer to their units."""
    left: bool = True
    train: bool = True
    test: bool = True


_BAR, _SHORTEST_BAR = 24, 6
_LAYOUTS = (
    _Layout(),
    _Layout(pace=False),
    _Layout(pace=False, short=True),
    _Layout(pace=False, short=True, count=False),
    _Layout(pace=False, short=True, count=False, bar=False),
    _Layout(pace=False, short=True, count=False, bar=False, left=False),
    _Layout(pace=False, short=True, count=False, bar=False, left=False, train=False),
    _Layout(pace=False, short=True, count=False, bar=False, left=False, train=False, test=False),
)
"""From the fullest to the shortest: the first that fits is taken, for all runs together."""


def _preparing(watched: Watched) -> str | None:
    """Return what a run does before its first iteration, or why it never came to it; None: it trains."""
    series = watched.series
    if series.started is not None and (series.progress is None or watched.state != "running"):
        return None
    if watched.state not in ("running", "paused") and watched.message:
        return f"{watched.state}: {watched.message}"
    # The newest note tells more than the state, whose message is that the worker starts.
    text = series.notes[-1].message if series.notes else watched.message or "Starting."
    return text if series.progress is None else f"{100 * series.progress:3.0f} %  {text}"


def _text(watched: Watched, layout: _Layout) -> str:
    series = watched.series
    percent = f"{100 * _share(watched):3.0f}"
    pieces = [f"{percent}%" if layout.short else f"{percent} %"]
    if layout.count:
        pieces.append(f"{series.iteration}/{series.iterations}")
    for name, shown, error in (
        ("train", layout.train, series.train_error_pct),
        ("test", layout.test, series.test_error_pct),
    ):
        if shown and error is not None:
            pieces.append(f"{name} {error:.1f}%" if layout.short else f"{name} {error:5.1f} %")
    if watched.state != "running":
        return "  ".join([*pieces, watched.state])
    pace = series.iterations_per_second
    if layout.pace and pace is not None:
        pieces.append(f"{pace:.1f} it/s" if pace < 100 else f"{pace:.0f} it/s")
    if layout.left and series.seconds_left is not None:
        pieces.append(f"{duration(series.seconds_left)} left")
    return "  ".join(pieces)


def _share(watched: Watched) -> float:
    series = watched.series
    return min(1.0, series.iteration / series.iterations) if series.iterations else 0.0


def _heads(names: Sequence[str], longest: int) -> list[str]:
    """Return names of one length, of which only very long ones are cut."""
    width = min(longest, max(map(len, names)))
    return [_cut(name, width).ljust(width) for name in names]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 3)] + "..."


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
