"""One run's folder: its files, its state, and the worker's ends of its two logs."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from resviz.arch import files
from resviz.arch.graph import Architecture
from resviz.atomic import write_atomically
from resviz.errors import DiskFullError, ResvizError, RunError
from resviz.runs import events, labels, lines, lock
from resviz.runs.events import Changed, Command, Event, RunState, Started
from resviz.train import recipe as recipes
from resviz.train.recipe import Recipe

ARCHITECTURE, RECIPE = "architecture.json", "recipe.json"
_RESERVE_BYTES = 1 << 18
"""Room for the lines of a moment of training, and for the sentence that says why it goes no further."""


class _Named(msgspec.Struct):
    name: str = ""


class Run:
    """One run's folder. Cheap to make: nothing is read before it is asked for."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.path.absolute() == other.path.absolute()

    def __hash__(self) -> int:
        return hash(self.path.absolute())

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def name(self) -> str:
        """The name of the run's folder."""
        return self.path.absolute().name

    @property
    def title(self) -> str:
        """What a person calls the run, as shown everywhere; where nobody gave it a title, its name."""
        return labels.known(self.path)[0].title or self.name

    @property
    def events_path(self) -> Path:
        """`events.jsonl`: what happened, appended by the worker."""
        return self.path / "events.jsonl"

    @property
    def commands_path(self) -> Path:
        """`commands.jsonl`: what people asked for, read by the worker."""
        return self.path / "commands.jsonl"

    @property
    def log_path(self) -> Path:
        """`log.txt`: the worker's stderr."""
        return self.path / "log.txt"

    @property
    def checkpoints_path(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    def exists(self) -> bool:
        """Say whether this folder holds a run."""
        return (self.path / ARCHITECTURE).is_file() and (self.path / RECIPE).is_file()

    def architecture(self) -> Architecture:
        """Read the architecture.

        Raises:
            RunError: the file is missing or unreadable.
            FormatError: it is damaged or newer.
        """
        path = self.path / ARCHITECTURE
        return files.from_json(read(path), str(path))

    def network(self) -> str:
        """Return the architecture's name, without making sense of the rest; "" where it has none.

        Raises:
            RunError: the file is missing or unreadable.
        """
        try:
            return msgspec.json.decode(read(self.path / ARCHITECTURE), type=_Named).name
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ""

    def recipe(self) -> Recipe:
        """Read the recipe.

        Raises:
            RunError: the file is missing or unreadable.
            FormatError, RecipeError: it is damaged, newer or has a field that cannot be used.
        """
        path = self.path / RECIPE
        return recipes.from_json(read(path), str(path))

    def set_recipe(self, recipe: Recipe) -> None:
        """Replace the recipe (as `resume --iterations` does).

        Raises:
            RunError: the folder is read-only or full.
        """
        write(self.path / RECIPE, recipes.to_json(recipe))

    def send(self, command: Command) -> None:
        """Append a command for the worker, which looks between two iterations; nobody else does.

        Raises:
            RunError: the folder is read-only, full or gone.
        """
        lines.append(self.commands_path, events.encode(command))

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Return a context manager that marks this process as the run's worker.

        Raises:
            RunError: (on entering) another worker has the run, or the folder is read-only.
        """
        return lock.held(self.path / "worker.lock")

    def alive(self) -> bool:
        """Say whether a worker has this run now, in whichever process."""
        return lock.is_held(self.path / "worker.lock")

    def state(self) -> RunState:
        """Return the run's state; reads the end of the log where that is enough.

        A run whose log says running or paused but which no worker holds was "interrupted".
        """
        alive = self.alive()
        for line in lines.backwards(self.events_path):
            if tells_state(line):
                with contextlib.suppress(msgspec.DecodeError):
                    return settled(events.decode_event(line), alive)
        return settled(None, alive)

    def threads(self) -> int | None:
        """Return the threads that the newest checkpoint was made with, which an exact resume has to use.

        None: there is no checkpoint, or the log does not tell.

        Raises:
            RunError: the log is there but cannot be read.
        """
        saved = False
        for line in lines.backwards(self.events_path):
            saved = saved or b'"checkpoint"' in line[:32]
            if saved and b'"started"' in line[:32]:
                with contextlib.suppress(msgspec.DecodeError):
                    event = events.decode_event(line)
                    return (isinstance(event, Started) and event.threads) or None
        return None


def tells_state(line: bytes) -> bool:
    """Say, without decoding it, whether a log's line may be a `Started` or `Changed`."""
    return b'"state"' in line[:32] or b'"started"' in line[:32]


def settled(last: Event | None, alive: bool) -> RunState:
    """Return a run's state from the last `Started` or `Changed` of its log and whether a worker has it."""
    if last is None:
        return "running" if alive else "stopped"
    state: RunState = last.state if isinstance(last, Changed) else "running"
    return "interrupted" if state in ("running", "paused") and not alive else state


class EventLog:
    """The worker's end of `events.jsonl`: whole lines, each in the file when `write` returns.

    On a full disk what does not fit is kept. So that readers still learn of it, a small file holds some room
    in reserve, which is given up then.
    """

    def __init__(self, run: Run) -> None:
        """Open the log; a torn last line of a killed worker is ended first.

        Raises:
            RunError: the folder is missing, read-only or full.
        """
        self._writer = lines.LineWriter(run.events_path)
        self._reserve = run.path / "worker.reserve"
        self.full = False
        """Whether the disk was found full, up to the next successful `recover`."""
        with contextlib.suppress(DiskFullError):
            self.recover()

    def write(self, *messages: Event) -> None:
        """Append events in one system call; on a full disk they are kept, and `full` says so.

        Raises:
            RunError: the folder is gone.
        """
        try:
            self._writer.write(b"".join(map(events.encode, messages)))
        except DiskFullError:
            self.full = True
            self._give_up_reserve()
            with contextlib.suppress(DiskFullError):
                self._writer.retry()

    @property
    def waiting(self) -> bool:
        """Whether there are events that are not in the file yet."""
        return self._writer.waiting > 0

    def recover(self) -> None:
        """Write what was kept and put some room in reserve again.

        Raises:
            DiskFullError: there is still no room for both.
            RunError: the folder is gone.
        """
        self.full = True
        self._writer.retry()
        if not self._reserve.is_file():
            # Random, for a file system that compresses.
            write(self._reserve, os.urandom(_RESERVE_BYTES))
        self.full = False

    def flush(self) -> None:
        """Have everything on the disk, against a power cut (a killed process loses nothing anyhow).

        Raises:
            DiskFullError: there is no room for it.
        """
        self._writer.retry()
        self._writer.sync()

    def close(self) -> None:
        """Close the file; what was kept and still finds no room is lost."""
        self._give_up_reserve()
        with contextlib.suppress(RunError):
            self._writer.retry()
        self._writer.close()

    def _give_up_reserve(self) -> None:
        with contextlib.suppress(OSError):
            self._reserve.unlink(missing_ok=True)

    def __enter__(self) -> EventLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class CommandTail:
    """The worker's end of `commands.jsonl`."""

    def __init__(self, run: Run, offset: int | None = None) -> None:
        """Begin at `offset` bytes; None: at the present end, for commands to an earlier worker are past."""
        if offset is None:
            try:
                offset = run.commands_path.stat().st_size
            except OSError:
                offset = 0
        self._tail = lines.LineTail(run.commands_path, offset)
        self.skipped = 0
        """Lines so far that were no commands."""

    def read(self) -> list[Command]:
        """Return the commands that arrived since the last call; one `stat` where there are none."""
        found: list[Command] = []
        for line in self._tail.read():
            if line.strip():
                try:
                    found.append(events.decode_command(line))
                except (msgspec.DecodeError, UnicodeDecodeError):
                    self.skipped += 1
        return found


def write(path: Path, data: bytes) -> None:
    """Write a file atomically.

    Raises:
        DiskFullError: there is no room for it.
        RunError: the folder is missing or read-only.
    """
    try:
        write_atomically(path, data)
    except RunError:
        raise
    except ResvizError as error:
        raise RunError(str(error)) from error


def read(path: Path) -> bytes:
    """Read a file.

    Raises:
        RunError: it is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise RunError(f"{path} is missing: give the folder of a run or of an experiment.") from None
    except OSError as error:
        raise RunError(f"Cannot read {path} ({error.strerror or error}): check the folder.") from error
