"""One run as the window follows it: its log folded into a series, its worker, and what to say about it."""

from __future__ import annotations

import contextlib
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from resviz.arch.graph import Architecture
from resviz.arch.twin import is_plain
from resviz.errors import ResvizError
from resviz.runs import folded, labels
from resviz.runs.events import Changed, Noted, Started
from resviz.runs.labels import NONE, Labels
from resviz.runs.seeds import repeats
from resviz.runs.series import RunSeries, Tail
from resviz.runs.store import Run

if TYPE_CHECKING:
    from app.lab.worker_process import WorkerProcess

_HEAD_BYTES = 32
"""So much of a log tells the kind of its first event."""
_IDLE_SECONDS = 1.0
"""How often a run that nobody trains is looked at."""

_PIECE_BYTES = 128 * 1024
"""A long log is read in such pieces, which take two milliseconds or so."""
_SLICE_SECONDS = 0.004

_SILENT_SECONDS = 2.0
"""After so long without a word from a run in training, its disk is looked at."""
_FULL_BYTES = 64 * 1024
"""With less room than this a disk counts as full."""

_TURNS = frozenset((Started, Noted, Changed))
ENDED = ("finished", "stopped", "failed", "interrupted")


@dataclass(eq=False)
class FollowedRun:
    """A run that is tailed. `status` is what to show: a state of the run, or "starting"."""

    run: Run
    plain: bool
    architecture: Architecture | None
    batch_size: int
    learning_rate: float = 0.0
    """The recipe's, before its first drop; 0 where it cannot be read."""
    data: str = ""
    """What the recipe trains on."""
    seed: int | None = None
    """The recipe's; None where it cannot be read."""
    repeats: str = ""
    """Runs for which this is equal differ by their seeds only; "": nothing is known of others like it."""
    labels: Labels = NONE
    """What a person said of it."""
    series: RunSeries = field(default_factory=RunSeries)
    worker: WorkerProcess | None = None
    death: str = ""
    """Why the worker died, one sentence; empty while all is well."""
    wish: str = ""
    """"pausing", "resuming" or "stopping": asked of the worker and not yet done."""
    wished_at: float = 0.0
    """When that was asked, in seconds of the monotonic clock."""
    cut_short: bool = False
    """Whether a person ended the worker rather than wait for it: no news, then, that it ended."""
    note: str = ""
    """What the worker says it is doing before the first step ("Unpacking CIFAR-10")."""
    progress: float | None = None
    """How much of that is done, 0 to 1."""
    begun: bool = True
    """Whether the worker that we started has reported since its start."""
    told_end: bool = False
    """Whether the log says how the newest worker ended."""
    fork: bool = field(init=False, default=False)
    """Whether it began as a copy of another run's checkpoint, or of its initial weights."""
    disk_full: bool = False
    """Whether the run is silent for want of room: its log cannot say so."""
    behind: bool = field(init=False, default=True)
    """Whether more of the log waits than the last look had time for."""
    _kept: bool = field(init=False, default=False)
    """Whether what the log holds is kept folded."""
    _heard: float = field(init=False, default=0.0)
    _tail: Tail = field(init=False)
    _alive: bool = field(init=False, default=False)
    _looked: float = field(init=False, default=0.0)
    _old_bytes: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._tail = Tail(self.run.events_path)
        self.read_labels()
        self._alive = self.run.alive()
        with contextlib.suppress(OSError), self.run.events_path.open("rb") as log:
            self.fork = b'"forked"' in log.read(_HEAD_BYTES)

    def read_labels(self) -> None:
        """Take up what a person said of it by now; where that cannot be read, what was known stays."""
        with contextlib.suppress(ResvizError):
            self.labels = labels.read(self.path)

    @classmethod
    def open(cls, run: Run) -> FollowedRun:
        """Follow `run`; a damaged architecture or recipe is no reason not to show its curves."""
        architecture = recipe = None
        with contextlib.suppress(ResvizError):
            architecture = run.architecture()
            recipe = run.recipe()
        plain = is_plain(architecture) if architecture is not None else run.name.startswith("plain")
        followed = cls(run, plain, architecture, recipe.batch_size if recipe else 0)
        if architecture is not None and recipe is not None:
            followed.learning_rate, followed.data = recipe.learning_rate, recipe.data
            followed.seed = recipe.seed
            followed.repeats = "" if followed.fork else repeats(architecture, recipe)
        return followed

    @property
    def path(self) -> Path:
        """The run's directory: what identifies it."""
        return Path(self.run.path)

    @property
    def name(self) -> str:
        """What the run is called: its title; else its folder's name, and a fork says that it is one."""
        if self.labels.title:
            return self.labels.title
        return f"{self.run.name} (fork)" if self.fork else self.run.name

    @property
    def status(self) -> str:
        """Tell "starting" until our worker reports; then the run's state; "interrupted": nobody holds it."""
        if self.worker is not None and not self.begun:
            return "starting"
        state = self.series.state
        if state in ("running", "paused") and self.worker is None and not self._alive:
            return "interrupted"
        return "paused" if state == "running" and self.disk_full else state

    @property
    def diverged(self) -> bool:
        """Whether the run ended because its loss was no number any more."""
        return self.status == "failed" and self.series.diverged

    @property
    def trouble(self) -> str:
        """What is wrong: why it failed, why its worker died, what a pause waits for; one sentence, or ""."""
        if self.death:
            return self.death
        if self.disk_full:
            return "The disk is full: make room, then training goes on by itself."
        # On the screen the run's name stands before it; where its folder is, the run's tooltip says.
        message = self.series.message.replace(f" of {self.path.absolute()}", "")
        return message if self.status in ("failed", "paused") else ""

    @property
    def active(self) -> bool:
        """Whether some worker has the run in hand."""
        return self.status in ("starting", "running", "paused")

    @property
    def resumable(self) -> bool:
        """Whether a new worker could take the run up; one that lacks its device would only fail again."""
        lacks_device = self.status == "failed" and self.series.message.startswith("--device")
        return not self.active and self.status != "finished" and not lacks_device

    def begin(self, worker: WorkerProcess) -> None:
        """A worker of ours takes the run up; what the log holds so far was written by earlier ones."""
        with contextlib.suppress(OSError):
            self._old_bytes = self.run.events_path.stat().st_size
        self.worker, self.begun, self.told_end, self.cut_short = worker, False, False, False
        self.death, self.wish, self.progress = "", "", None
        self.note = "Starting the worker"

    def end(self) -> None:
        """Our worker is gone: read what it left, to the last line."""
        self.worker = None
        self._read_all()
        self.wish, self.note, self.progress = "", "", None
        self.begun = True
        self.disk_full = False
        self._alive = self.run.alive()

    def poll(self, until: float | None = None) -> bool:
        """Read what is new; return whether anything on screen may have changed.

        Args:
            until: time of the monotonic clock at which to leave the rest of a long log for the next look, but
                for a piece that is read in any case; None: a few milliseconds from now.
        """
        now = time.monotonic()
        until = now + _SLICE_SECONDS if until is None else until
        live = self.worker is not None or self._alive
        due = now - self._looked > _IDLE_SECONDS
        if not live and not due and not self.behind:
            return False
        changed = self._read_some(until)
        if changed:
            self._heard = now
        if self.behind and not live:
            return True
        if due:
            self._looked = now
            full = live and now - self._heard > _SILENT_SECONDS and self._lacks_room()
            changed = changed or full != self.disk_full
            self.disk_full = full
            if self.worker is None:
                alive = self.run.alive()
                if self._alive and not alive:
                    # What it wrote between our reading and its end says how it ended.
                    self._read_all()
                changed = changed or alive != self._alive
                self._alive = alive
                if time.monotonic() < until:
                    self._keep()
        return changed

    def _recall(self) -> bool:
        """Take over the fold of a log that ended, if it is kept; return whether it is."""
        if self._alive or self.worker is not None or self._tail.offset:
            return False
        size = folded.recall(self.run.events_path, self.series)
        if size:
            self._tail = Tail(self.run.events_path, size)
            self.told_end = self.series.state in ENDED
            self._kept = True
        return size > 0

    def _keep(self) -> None:
        """Keep the fold of a log that ended, once it is read: the next time it is there at once."""
        if not self._alive and not self._kept and not self.behind:
            folded.keep(self.run.events_path, self.series, self._tail.offset)
            self._kept = True

    def _lacks_room(self) -> bool:
        if self.series.state not in ("running", "paused"):
            return False
        try:
            return shutil.disk_usage(self.path).free < _FULL_BYTES
        except OSError:
            return False

    def _read_some(self, until: float) -> bool:
        """Read what is new, of a long log what there is time for; return whether there was any."""
        self.behind = True
        if not self._tail.offset and time.monotonic() > until:
            return False  # To begin with a log may take longest: it is the first to be looked at in its turn.
        changed = self._recall()
        while self._read(_PIECE_BYTES):
            changed = True
            if time.monotonic() > until:
                return True
        self.behind = False
        return changed

    def _read_all(self) -> None:
        while self._read(_PIECE_BYTES):
            pass

    def _read(self, limit: int) -> bool:
        old = self._tail.offset < self._old_bytes
        events = self._tail.read(min(limit, self._old_bytes - self._tail.offset) if old else limit)
        # Most events are steps and probes: told apart by their type alone they cost next to nothing.
        for event in () if old else [event for event in events if type(event) in _TURNS]:
            if isinstance(event, Started):
                self.begun, self.told_end, self.note, self.progress = True, False, "", None
            elif isinstance(event, Noted):
                self.note, self.progress = event.message, event.progress
            elif isinstance(event, Changed):
                self.wish = ""
                self.told_end = event.state in ENDED
                if self.told_end:
                    self.note, self.progress = "", None
        self.series.feed(events)
        self._kept = self._kept and not events
        return bool(events)
