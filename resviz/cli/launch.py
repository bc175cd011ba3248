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
from resviz.runs.events import RunState, Started, Stop
from resviz.runs.origin import start_of
from resviz.runs.series import RunSeries, Tail
from resviz.runs.store import Run
from resviz.train import devices
from resviz.train.circumstances import Circumstances
from resviz.train.describe import cautions, words
from resviz.train.placement import Placement, available_cores, place, thread_environment
from resviz.train.session import count

_OBEY_S = 5.0
"""How long a worker may take to stop when it is told; then its stdin is closed, which it cannot overhear."""
_PATIENCE_S = 60.0
"""How long it may then take to write its checkpoint before it is killed."""
_MISTAKE = 2
"""A worker's exit code for a person's mistake, as of every command."""


class Watched:
    """One run: its folder, and its log as far as it was read."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.series = RunSeries()
        self.lost = ""
        """Why the worker is gone without having said so itself."""
        self.mistaken = False
        """Whether the worker refused to begin, for a reason that lies with the person."""
        # What an earlier worker wrote is read with the first poll, as everything else is.
        self._tail = Tail(run.events_path)
        self.poll()
        self._before = self.series.revision
        self._started_before = self.series.started
        self._told = set(self.series.notes)

    @property
    def settled(self) -> bool:
        """Whether the log tells how the run ended since this watch began."""
        return self.series.revision > self._before and self.series.state not in {"running", "paused"}

    @property
    def begun(self) -> bool:
        """Whether training began, or went on, since this watch began."""
        return self.series.started is not self._started_before

    @property
    def refused(self) -> bool:
        """Whether the run could not begin for a reason that lies with the person: all is in the sentence."""
        explained = self.settled and self.series.state == "failed" and "log.txt" not in self.series.message
        return not self.begun and (self.mistaken or explained)

    def new_notes(self) -> list[str]:
        """Return what the worker noted in training since the last call; progress is shown elsewhere."""
        started = self.series.started
        if started is None or not self.begun:
            return []
        new = [n for n in self.series.notes if n.progress is None and n.time >= started.time]
        found = [n.message for n in new if n not in self._told]
        self._told.update(new)
        return found

    @property
    def ended(self) -> bool:
        """Whether the run has ended since this watch began."""
        return self.settled or bool(self.lost)

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
        self._introduced = False
        self._explained: set[Watched] = set()
        self._waiting: set[Watched] = set()
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
                    watched.lost = _reason(process, watched.run)
                    watched.mistaken = process.returncode == _MISTAKE
        return len(ended) < len(self._workers)

    @property
    def refused(self) -> bool:
        """Whether no run could begin; `demand_started` says why."""
        return bool(self.watched) and all(each.refused for each in self.watched)

    def news(self) -> list[str]:
        """Return the sentences that deserve a line of their own since the last call."""
        found: list[str] = []
        begun = [each for each in self.watched if each.begun]
        if not self._introduced and begun and all(each.begun or each.ended for each in self.watched):
            self._introduced = True
            found += _computed_with(begun)
        for each in self.watched:
            found += [f"{each.run.name}: {message}" for message in each.new_notes()]
            # It waits of its own accord, for room on the disk, or because somebody said so.
            if each.state != "paused":
                self._waiting.discard(each)
            elif each not in self._waiting:
                self._waiting.add(each)
                found.append(f"{each.run.name}: {each.message or _paused(each.run)}")
            # Of one that failed in company it is said at once: the others may go on for hours.
            if begun and each.ended and each.state != "stopped" and each not in self._explained:
                self._explained.add(each)
                found += [f"{each.run.name}: {each.message}"] if each.message else []
        return found

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


def _reason(process: subprocess.Popen[bytes], run: Run) -> str:
    """Return why a worker is gone: its last line on stderr, or the signal that killed it."""
    said = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
    if said:
        return said.splitlines()[-1].removeprefix("error: ")
    code = process.returncode
    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    try:
        logged = run.log_path.stat().st_size > 0
    except OSError:
        logged = False
    advice = "see log.txt, then resume the run" if logged else "resume the run"
    if code == -9:
        how += ", perhaps for lack of memory"
        advice = "use a smaller --batch-size, or resume the run"
    return f"The worker {how}: {advice}."


def _computed_with(watched: Sequence[Watched]) -> list[str]:
    """Return how runs are trained: "plain-20, resnet-20: cpu, float32, 1 thread each", then in words."""
    ways: dict[tuple[str, str, int, tuple[str, ...]], list[str]] = {}
    for each in watched:
        if (started := each.series.started) is not None:
            plan = tuple(_plan(each.run, started))
            way = (started.device, started.precision, started.threads, plan)
            ways.setdefault(way, []).append(each.run.name)
    found = []
    for (device, precision, threads, plan), names in ways.items():
        each_of = " each" if len(names) > 1 else ""
        found.append(f"{', '.join(names)}: {device}, {precision}, {count(threads, 'thread')}{each_of}")
        found += [f"  {sentence}" for sentence in plan]
    return found


def _plan(run: Run, started: Started) -> list[str]:
    """Return what a run does from where it begins or goes on, in sentences."""
    recipe, start = run.recipe(), start_of(run, started.iteration)
    known = Circumstances.of([run.architecture()], card=started.device.startswith("cuda"))
    doubts = [f"Caution: {caution}" for caution in cautions(recipe, known, start)]
    return [*words(recipe, known, start), *doubts]


class NothingTrainedError(RunError):
    """No run could begin, for a reason that lies with the person."""


def demand_started(launch: Launch) -> None:
    """Raise the workers' sentence where no run could begin.

    Raises:
        NothingTrainedError: nothing was trained; the message says why.
    """
    if launch.refused:
        raise NothingTrainedError(" ".join(dict.fromkeys(each.message for each in launch.watched)))


def _paused(run: Run) -> str:
    """Return what can be done with a run that somebody paused: this program waits for that."""
    where = run.path.parent
    resviz = "python -m resviz"
    return f"paused, and waits: `{resviz} resume {where}` goes on, `{resviz} stop {where}` ends it."
