"""Workers as child processes of a command, watched through the runs' logs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from resviz.errors import RunError
from resviz.runs.events import RunState, Stop
from resviz.runs.series import RunSeries, Tail
from resviz.runs.store import Run
from resviz.train import devices
from resviz.train.placement import Placement, available_cores, place, thread_environment

_OBEY_S = 5.0
"""How long a worker may take to stop when it is told; then its stdin is closed, which it cannot overhear."""
_PATIENCE_S = 60.0
"""How long it may then take to write its checkpoint before it is killed."""


class Watched:
    """One run: its folder, and its log as far as it was read."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.series = RunSeries()
        self.lost = ""
        """Why the worker is gone without having said so itself."""
        # What an earlier worker wrote is read with the first poll, as everything else is.
        self._tail = Tail(run.events_path)
        self.poll()
        self._before = self.series.revision

    @property
    def settled(self) -> bool:
        """Whether the log tells how the run ended since this watch began."""
        return self.series.revision > self._before and self.series.state not in {"running", "paused"}

    def poll(self) -> None:
        """Read what is new in the log."""
        self.series.feed(self._tail.read())

    @property
    def state(self) -> RunState:
        """The state as the log says, or "interrupted" if its worker died."""
        return "interrupted" if self.lost else self.series.state

    @property
    def message(self) -> str:
        """The worker's sentence about the state, or ours about its death."""
        if self.lost or self.series.message or self.state != "interrupted":
            return self.lost or self.series.message
        return "The worker was told to end: resume the run to go on."

    def result(self) -> dict[str, Any]:
        """Return what `train --json` says of a run."""
        series = self.series
        return {
            "name": self.run.name,
            "directory": str(self.run.path),
            "state": self.state,
            "message": self.message,
            "iterations": series.iteration,
            "train_error_pct": series.train_error_pct,
            "test_error_pct": series.test_error_pct,
            "diverged": series.diverged,
            "images_per_second": series.images_per_second,
        }


class Launch:
    """Tied workers on runs, placed as `placement.place` says; the context leaves no process behind."""

    def __init__(self, runs: Sequence[Run], device: str, cores: int | None = None) -> None:
        self.watched = [Watched(run) for run in runs]
        self._placements = place(
            [run.path.absolute() for run in runs], device, cores or available_cores(), devices.cuda_present()
        )
        # What a person says wins over what the run was trained with so far; our own share does not.
        self._option = "--share" if cores is None else "--threads"
        self._workers: list[tuple[Placement, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Launch:
        for placement in self._placements:
            command = [sys.executable, "-m", "resviz", "worker", *map(str, placement.runs)]
            process = subprocess.Popen(
                [*command, "--tied", self._option, str(placement.threads)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=thread_environment(placement.threads, os.environ),
                # Ctrl-C in the terminal is for the command alone; it tells the workers.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
            self._workers.append((placement, process))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def poll(self) -> bool:
        """Read the logs; return whether a worker is still there."""
        ended = [(p, process) for p, process in self._workers if process.poll() is not None]
        for watched in self.watched:
            watched.poll()
        for placement, process in ended:
            for watched in self.watched:
                if watched.run.path.absolute() in placement.runs and not (watched.settled or watched.lost):
                    watched.lost = _reason(process)
        return len(ended) < len(self._workers)

    def stop(self) -> None:
        """Have every worker write a checkpoint and end; return when all are gone."""
        if self.poll():
            for watched in self.watched:
                if not (watched.settled or watched.lost):
                    with contextlib.suppress(RunError):
                        watched.run.send(Stop())
            self._wait(_OBEY_S)
        for _, process in self._workers:
            with contextlib.suppress(OSError):
                if process.stdin is not None:
                    process.stdin.close()
        self._wait(_PATIENCE_S)
        for _, process in self._workers:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.poll()
        for _, process in self._workers:
            if process.stderr is not None:
                process.stderr.close()
        self._workers.clear()

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        for _, process in self._workers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))


def _reason(process: subprocess.Popen[bytes]) -> str:
    """Return why a worker is gone: its last line on stderr, or the signal that killed it."""
    said = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
    if said:
        return said.splitlines()[-1].removeprefix("error: ")
    code = process.returncode
    how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    hint = ", perhaps for lack of memory" if code == -9 else ""
    return f"The worker died ({how}{hint}): see log.txt, then resume the run."


def demand_started(watched: Sequence[Watched]) -> None:
    """Raise the worker's sentence where no run got as far as its first iteration.

    Raises:
        RunError: nothing was trained; the message says why.
    """
    if all(w.state in {"failed", "interrupted"} and w.series.iteration == 0 for w in watched):
        raise RunError(watched[0].message or "The worker ended before it began: see log.txt.")
