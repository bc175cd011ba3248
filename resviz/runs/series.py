"""A run's events folded into arrays: what every plot, table and export reads."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from resviz.runs import events, lines
from resviz.runs.buffers import Curve, Floats, Ints, Rows
from resviz.runs.events import (
    Changed,
    Evaluated,
    Event,
    Forked,
    Noted,
    Probed,
    RateChanged,
    RunState,
    Saved,
    Started,
    Stepped,
)
from resviz.runs.summary import speed_of_last_epoch

__all__ = ["Curve", "RunSeries", "Tail", "load"]

PROBES: dict[str, str] = {
    "gradient_norm": "convolutions",
    "weight_norm": "convolutions",
    "update_ratio": "convolutions",
    "residual_magnitude": "blocks",
    "residual_share": "blocks",
    "alignment": "blocks",
    "truncated_pct": "blocks",
    "response_std": "responses",
}
"""What `Probed` holds of many places, and where `Started` names them."""
_ERROR, _LOSS, _RATE, _SPEED, _SUM, _SMOOTH = range(6)
_UNKNOWN_EPOCH = 100.0
_PACE_WINDOW_S = 30.0


class Tail:
    """Reads the events added to a log since the last look, in whichever pieces they arrive."""

    def __init__(self, path: str | os.PathLike[str], offset: int = 0) -> None:
        self._lines = lines.LineTail(Path(path), offset)
        self.skipped = 0
        """Lines so far that were no events: damaged, foreign, or of a newer version."""

    @property
    def offset(self) -> int:
        """Bytes read so far."""
        return self._lines.offset

    def read(self, limit: int | None = None) -> list[Event]:
        """Return the new events. A torn last line waits for its rest; a file not there yet is empty.

        Args:
            limit: about as many bytes are read at most, so that a long log can be taken in pieces without
                stalling a window; None: all.

        Raises:
            RunError: the file is there but cannot be read.
        """
        block = self._lines.read_block(limit)
        # All at once takes half the time; where a line is no event they are looked at one by one.
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            return events.decode_events(block)
        found: list[Event] = []
        for line in block.split(b"\n"):
            if line and not line.isspace():
                try:
                    found.append(events.decode_event(line))
                except (msgspec.DecodeError, UnicodeDecodeError):
                    self.skipped += 1
        return found


class RunSeries:
    """Everything known of a run, as arrays. Feed it events in the order of the log, in any pieces.

    A `Started` at iteration k voids whatever was said of later iterations; of two events about one iteration
    the later one wins. All arrays are views that the next `feed` may change: read them at once.
    """

    def __init__(self) -> None:
        self.revision = 0
        """Rises with every change."""
        self.started: Started | None = None
        """The newest start."""
        self.first_time: float | None = None
        """Time of the first start, seconds since 1970 (UTC)."""
        self.state: RunState = "stopped"
        """As the log says; whether a worker is there to make it true, `Run.state` knows."""
        self.message = ""
        """The worker's sentence about the state."""
        self.iteration = 0
        """Finished iterations."""
        self.forked: Forked | None = None
        """Where the run comes from, if it is a fork."""
        self.notes: list[Noted] = []
        self.progress: float | None = None
        """The share, 0 to 1, of what the newest note tells of (data being unpacked), while it goes on."""
        self.rate_changes: list[RateChanged] = []
        self.checkpoints: list[Saved] = []
        self.pace_from = 0
        """Row of the steps since which training went on unbroken."""
        self._steps = Rows(6, by_column=True)
        self._tests = Rows(2, by_column=True)
        self._probes = {name: Rows(0, np.float32) for name in PROBES}
        self._totals = Rows(1, np.float32)
        self._classes = Rows(0)
        self.train = Curve(self._steps, _ERROR)
        """Training error, percent, as measured: a batch, or the batches since the point before."""
        self.loss = Curve(self._steps, _LOSS)
        """Training loss (cross-entropy, nats); NaN where it is not finite."""
        self.rate = Curve(self._steps, _RATE)
        """Learning rate."""
        self.speed = Curve(self._steps, _SPEED)
        """Images per second."""
        self.test = Curve(self._tests, 0)
        """Test error, percent."""
        self.test_loss = Curve(self._tests, 1)
        """Test loss (cross-entropy, nats); NaN where it is not finite."""

    # Reading

    @property
    def iterations(self) -> int | None:
        """Iterations that the recipe asks for."""
        return self.started.iterations if self.started else None

    def smoothed_train(self) -> Curve:
        """Return the training error, percent, as the mean over the last epoch of batches at each point."""
        return Curve(self._steps, _SMOOTH)

    @property
    def train_error_pct(self) -> float | None:
        """Training error, percent, mean over the last epoch of batches."""
        return self.smoothed_train().last

    @property
    def test_error_pct(self) -> float | None:
        """The newest test error, percent."""
        return self.test.last

    @property
    def diverged(self) -> bool:
        """Whether the newest loss is not finite."""
        return len(self.loss) > 0 and self.loss.last is None

    @property
    def tables(self) -> dict[str, Rows]:
        """All arrays, by name: what a reader keeps of a log."""
        own = {"steps": self._steps, "tests": self._tests, "classes": self._classes, "totals": self._totals}
        return own | self._probes

    @property
    def probe_iterations(self) -> Ints:
        """Iterations of the probes, (T,)."""
        return self._totals.x

    def probe(self, name: str) -> NDArray[np.float32]:
        """Return one of `PROBES`, (T, names), in the order of the names in `started`.

        NaN: not defined (the residual magnitude of a plain block), not finite, or not measured (an old log).
        """
        return self._probes[name].values

    @property
    def gradient_norm(self) -> NDArray[np.float32]:
        """L2 norm of dL/dW, (T, convolutions)."""
        return self.probe("gradient_norm")

    @property
    def weight_norm(self) -> NDArray[np.float32]:
        """L2 norm of W before the update, (T, convolutions)."""
        return self.probe("weight_norm")

    @property
    def update_ratio(self) -> NDArray[np.float32]:
        """|W_new - W|/|W|, (T, convolutions)."""
        return self.probe("update_ratio")

    @property
    def residual_magnitude(self) -> NDArray[np.float32]:
        """Mean of |F(x)|/|s(x)|, (T, blocks)."""
        return self.probe("residual_magnitude")

    @property
    def residual_share(self) -> NDArray[np.float32]:
        """Mean of |F(x)|/|y|, (T, blocks)."""
        return self.probe("residual_share")

    @property
    def alignment(self) -> NDArray[np.float32]:
        """Mean of cos(F(x), s(x)), (T, blocks)."""
        return self.probe("alignment")

    @property
    def truncated_pct(self) -> NDArray[np.float32]:
        """Percent of y below 0 before the last ReLU, (T, blocks), plain ones too."""
        return self.probe("truncated_pct")

    @property
    def response_std(self) -> NDArray[np.float32]:
        """Standard deviation after batch norm, (T, responses)."""
        return self.probe("response_std")

    @property
    def gradient_norm_total(self) -> NDArray[np.float32]:
        """L2 norm of the gradient of all parameters, (T,); NaN as in `probe`."""
        total: NDArray[np.float32] = self._totals.values[:, 0]
        return total

    @property
    def class_error_pct(self) -> Floats:
        """Test error of each class, percent, (len(test), classes), in the order of `started.classes`.

        NaN: the test set has no picture of the class, or it was not measured (an old log).
        """
        values: Floats = self._classes.values
        return values

    @property
    def images_per_second(self) -> float | None:
        """Images over seconds of training in the last epoch, tests and pauses left out."""
        epoch = self.started.iterations_per_epoch if self.started else _UNKNOWN_EPOCH
        x = self._steps.x
        first = max(0, int(np.searchsorted(x, x[-1] - epoch, side="right")) - 1) if len(x) else 0
        newest_first = slice(None, first - 1 if first else None, -1)
        return speed_of_last_epoch(x[newest_first].tolist(), self.speed.y[newest_first].tolist(), epoch)

    @property
    def iterations_per_second(self) -> float | None:
        """Iterations per second over the last half minute, all pauses of the worker's own making included."""
        first, steps = self.pace_from, self._steps
        if steps.size - first < 2:
            return None
        time, x = steps.time[first:], steps.x[first:]
        recent = min(int(np.searchsorted(time, time[-1] - _PACE_WINDOW_S)), len(time) - 2)
        seconds = float(time[-1] - time[recent])
        return float(x[-1] - x[recent]) / seconds if seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the last iteration at the present pace; None: not running, or not known.

        Behind the last iteration comes the last pass over the test set, which tells its own `progress`.
        """
        pace = self.iterations_per_second if self.state == "running" else None
        if not pace or self.iterations is None or self.iteration >= self.iterations:
            return None
        return (self.iterations - self.iteration) / pace

    # Feeding

    def feed(self, new: Iterable[Event]) -> None:
        """Fold in the next events of the log."""
        steps: list[Stepped] = []
        tests: list[Evaluated] = []
        probes: list[Probed] = []
        count = 0
        last: Event | None = None
        for event in new:
            count += 1
            kind = type(event)
            if kind is Stepped:
                steps.append(event)  # type: ignore[arg-type]
                last = event
            elif kind is Probed:
                probes.append(event)  # type: ignore[arg-type]
                last = event
            elif kind is Evaluated:
                tests.append(event)  # type: ignore[arg-type]
                last = event
            else:
                # What came before a start or a change of state must be in the arrays when it is folded.
                self._take(steps, tests, probes, last)
                steps, tests, probes, last = [], [], [], None
                self._turn(event)
        self._take(steps, tests, probes, last)
        self.revision += count > 0

    def _take(
        self, steps: list[Stepped], tests: list[Evaluated], probes: list[Probed], last: Event | None
    ) -> None:
        if steps:
            self._take_steps(steps)
        if tests:
            pairs = [(t.test_error_pct, t.test_loss) for t in tests]
            times = np.array([t.time for t in tests], np.float64)
            self._tests.extend(_iterations(tests), times, np.array(pairs, np.float64))
            _extend(self._classes, _iterations(tests), [t.class_error_pct for t in tests])
        if probes:
            x = _iterations(probes)
            for name, rows in self._probes.items():
                _extend(rows, x, [getattr(p, name) for p in probes])
            _extend(self._totals, x, [(p.gradient_norm_total,) for p in probes])
        if last is not None:
            self.iteration, self.progress = last.iteration, None

    def _take_steps(self, steps: list[Stepped]) -> None:
        rows, count = self._steps, len(steps)
        values = np.empty((count, 6))
        values[:, _ERROR] = [s.train_error_pct for s in steps]
        values[:, _LOSS] = np.array([s.loss for s in steps], np.float64)
        values[:, _RATE] = [s.learning_rate for s in steps]
        values[:, _SPEED] = [s.images_per_second for s in steps]
        first = rows.extend(_iterations(steps), np.array([s.time for s in steps], np.float64), values)
        self.pace_from = min(self.pace_from, first)
        # The error stands for all iterations since the point before, so the mean of an epoch is a difference
        # of two values of its integral: exact for points of any spacing, and only new points are computed.
        x, table = rows.x, rows.values
        before, total = (float(x[first - 1]), float(table[first - 1, _SUM])) if first else (0.0, 0.0)
        table[first:, _SUM] = np.cumsum(
            np.concatenate(([total], table[first:, _ERROR] * np.diff(x[first:], prepend=before)))
        )[1:]
        epoch = self.started.iterations_per_epoch if self.started else _UNKNOWN_EPOCH
        edges = np.maximum(x[first:] - epoch, 0.0)
        low = max(0, int(np.searchsorted(x, edges[0], side="right")) - 1)
        knots, sums = x[low:].astype(np.float64), table[low:, _SUM]
        if low == 0:
            knots, sums = np.concatenate(([0.0], knots)), np.concatenate(([0.0], sums))
        width = np.maximum(x[first:] - edges, 1e-9)
        table[first:, _SMOOTH] = (table[first:, _SUM] - np.interp(edges, knots, sums)) / width

    def _turn(self, event: Event) -> None:
        self.progress = event.progress if isinstance(event, Noted) else None
        match event:
            case Started():
                self._start(event)
            case Changed():
                self.state, self.message, self.iteration = event.state, event.message, event.iteration
                self.pace_from = self._steps.size
            case Saved():
                self.checkpoints = [c for c in self.checkpoints if c.name != event.name] + [event]
            case Forked():
                self.forked, self.iteration = event, event.iteration
            case RateChanged():
                self.rate_changes.append(event)
            case Noted():
                newest = self.notes[-1] if self.notes else None
                if event.progress is not None and newest is not None and newest.message == event.message:
                    self.notes[-1] = event
                else:
                    self.notes.append(event)
            case _:
                raise TypeError(f"{type(event).__name__} is no event that changes a run's state.")

    def _start(self, event: Started) -> None:
        for name, names in PROBES.items():
            self._probes[name] = _of_width(self._probes[name], len(getattr(event, names)))
        self._classes = _of_width(self._classes, len(event.classes))
        for rows in (self._steps, self._tests, self._classes, self._totals, *self._probes.values()):
            rows.drop_after(event.iteration)
        if self.first_time is None:
            self.first_time = event.time
        self.started = event
        self.state, self.message, self.iteration = "running", "", event.iteration
        self.rate_changes = [c for c in self.rate_changes if c.iteration <= event.iteration]
        self.checkpoints = [c for c in self.checkpoints if c.iteration <= event.iteration]
        self.notes = [n for n in self.notes if n.iteration <= event.iteration]
        self.pace_from = self._steps.size


def load(path: str | os.PathLike[str]) -> RunSeries:
    """Return the series of a whole log (`Run.events_path`, or a recording); without a file an empty one.

    Raises:
        RunError: the file is there but cannot be read.
    """
    series = RunSeries()
    series.feed(Tail(path).read())
    return series


def _iterations(found: Sequence[Stepped | Evaluated | Probed]) -> Ints:
    return np.array([event.iteration for event in found], np.int64)


def _of_width(rows: Rows, width: int) -> Rows:
    """Return the rows; where they are of another width, new ones of the same iterations, not known."""
    if rows.width == width:
        return rows
    new = Rows(width, rows.dtype)
    new.extend(rows.x, rows.time, np.full((rows.size, width), np.nan))
    return new


def _extend(rows: Rows, x: Ints, column: list[tuple[float | None, ...]]) -> None:
    """Append what was measured; a row of another width (an old or damaged log) becomes NaN."""
    blank = (None,) * rows.width
    values: NDArray[Any] = np.array([row if len(row) == rows.width else blank for row in column], rows.dtype)
    times: Floats = np.full(len(x), np.nan)
    rows.extend(x, times, values.reshape(len(x), rows.width))
