"""The bridge between the window and the workers: starts them, steers them, and reads what they write."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer, Signal, Slot

from app.lab.followed import FollowedRun
from app.lab.warm import WarmWorkers
from app.lab.worker_process import WorkerProcess
from resviz.arch.graph import Architecture
from resviz.errors import DiskFullError, ResvizError
from resviz.runs.events import Checkpoint, Command, Pause, Resume, SetLearningRate, Stop
from resviz.runs.store import Experiment, Run, create_experiment
from resviz.train.cards import cuda_present
from resviz.train.placement import available_cores, place
from resviz.train.recipe import Recipe

TICK_MS = 50
"""Between two looks at the logs."""
_HURRIED_MS = 4
"""The same while a long log is being read."""
_LOOK_SECONDS = 0.012
"""How long one look may take, at all runs together."""
_TELL_SECONDS = 0.1
"""Between two words of new values: no one reads digits that change more often. States are told at once."""


class WorkerBridge(QObject):
    """Follows runs by their folders and trains them in child processes.

    Signals carry the run's directory (`Path`).
    """

    updated = Signal()
    """Something was read or changed: a state at once, values ten times a second at most."""
    run_ended = Signal(object, str, str)
    """Directory, state ("finished", "stopped", "failed", "interrupted"), message."""
    worker_died = Signal(object, str)
    """Directory, reason in one sentence."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.followed: dict[Path, FollowedRun] = {}
        self.warm = WarmWorkers(self)
        """Workers that wait for the next training; none before `warm.allow`."""
        self._warming = False
        self._workers: list[WorkerProcess] = []
        self._ticking = QTimer(self)
        self._ticking.setInterval(TICK_MS)
        self._ticking.setTimerType(Qt.TimerType.PreciseTimer)
        self._ticking.timeout.connect(self._on_tick)
        self._untold = False
        """Whether values were read since `updated` was told last."""
        self._told_at = 0.0
        self._first = 0

    @property
    def training(self) -> bool:
        """Whether a worker of ours is running."""
        return bool(self._workers)

    @property
    def process_ids(self) -> list[int]:
        """The process numbers of our workers."""
        return [worker.process_id for worker in self._workers]

    # Following

    def follow(self, run: Run) -> FollowedRun:
        """Tail a run from now on, whoever trains it; the same object for the same directory."""
        path = Path(run.path)
        if path not in self.followed:
            self.followed[path] = FollowedRun.open(run)
            self._ticking.start(_HURRIED_MS)
        return self.followed[path]

    def unfollow(self, path: Path) -> None:
        """Stop tailing a run that no worker of ours trains."""
        followed = self.followed.get(path)
        if followed is not None and followed.worker is None:
            del self.followed[path]
        if not self.followed:
            self._ticking.stop()

    # Training

    def train(
        self, architectures: Sequence[Architecture], recipe: Recipe, seeds: Sequence[int] | None = None
    ) -> Experiment:
        """Write an experiment, of a run for each architecture and seed, and start training it.

        Raises:
            ResvizError: the folder cannot be written.
        """
        experiment = create_experiment(list(architectures), recipe, seeds=seeds)
        self.start(experiment.runs, recipe.device)
        return experiment

    def start(self, runs: Sequence[Run], device: str | None = None) -> None:
        """Start workers on runs that nobody has in hand; each goes on from its newest checkpoint.

        Raises:
            ResvizError: a run's recipe cannot be read.
        """
        followed = [self.follow(run) for run in runs]
        waiting = {f.path: f for f in followed if not f.active}
        if not waiting:
            return
        if device is None:
            device = next(iter(waiting.values())).run.recipe().device
        for placement in place(list(waiting), device, available_cores(), cuda_present()):
            chosen = [waiting[Path(path)] for path in placement.runs]
            runs_of_it = tuple(f.run for f in chosen)
            worker = WorkerProcess(runs_of_it, placement.threads, self, self.warm.take())
            worker.ended.connect(self._on_worker_ended)
            for f in chosen:
                f.begin(worker)
            self._workers.append(worker)
            worker.start()
        self.warm.allow(False)
        self.updated.emit()

    def warm_up(self) -> None:
        """Keep workers warm from now on, whenever none is at work."""
        self._warming = True
        self.warm.allow(not self.training)

    def pause(self, runs: Iterable[FollowedRun]) -> None:
        """Ask for a pause between two iterations."""
        self._send(runs, Pause(), "pausing", ("running",))

    def resume(self, runs: Iterable[FollowedRun]) -> None:
        """Go on: a paused worker continues, a run without one gets a new worker."""
        chosen = list(runs)
        self._send(chosen, Resume(), "resuming", ("paused",))
        resting = [f.run for f in chosen if f.resumable]
        if resting:
            self.start(resting)

    def stop(self, runs: Iterable[FollowedRun]) -> None:
        """Ask the workers to checkpoint and end. One that has not begun yet is ended at once."""
        chosen = list(runs)
        try:
            self._send(chosen, Stop(), "stopping", ("running", "paused"))
        except DiskFullError:
            self.end_now(chosen)  # Which needs no room: the worker's input closes.
        for followed in chosen:
            if followed.status == "starting" and followed.worker is not None:
                followed.wish = "stopping"
                followed.worker.kill()

    def end_now(self, runs: Iterable[FollowedRun]) -> None:
        """Let our workers save the last finished iteration and end in the middle of the present one."""
        for followed in runs:
            worker = followed.worker
            if worker is not None:
                followed.cut_short = True
                worker.end_now()
        self.updated.emit()

    def checkpoint(self, runs: Iterable[FollowedRun]) -> None:
        """Ask for a checkpoint now."""
        self._send(runs, Checkpoint(), "", ("running", "paused"))

    def set_learning_rate(self, runs: Iterable[FollowedRun], rate: float) -> None:
        """Change the learning rate from the next iteration on."""
        self._send(runs, SetLearningRate(rate), "", ("running", "paused"))

    def close(self, patience_ms: int = 4000) -> None:
        """Let all workers checkpoint and end themselves; events go on being handled meanwhile.

        A worker that has recorded nothing since its start has nothing to save and is ended at once; so is one
        that has not ended after `patience_ms` (its last automatic checkpoint stays).
        """
        self.warm.close()
        if self._workers:
            waiting = QEventLoop()
            self.updated.connect(lambda: None if self._workers else waiting.quit())
            patience = QTimer(waiting)
            patience.setSingleShot(True)
            patience.timeout.connect(waiting.quit)
            patience.start(patience_ms)
            for worker in list(self._workers):
                worker.close_input()
                if all(f.worker is not worker or not f.begun for f in self.followed.values()):
                    worker.kill()
            waiting.exec()
            patience.stop()
            for worker in list(self._workers):
                worker.kill()
                worker.wait(1000)
        self._ticking.stop()

    def _send(
        self, runs: Iterable[FollowedRun], command: Command, wish: str, states: tuple[str, ...]
    ) -> None:
        for followed in runs:
            if followed.status in states:
                followed.run.send(command)
                followed.wish, followed.wished_at = wish or followed.wish, time.monotonic()
        self.updated.emit()

    @Slot()
    def _on_tick(self) -> None:
        until = time.monotonic() + _LOOK_SECONDS
        urgent = False
        # Each run is looked at first in turn: the first may take all the time there is.
        self._first += 1
        runs = list(self.followed.values())
        first = self._first % max(1, len(runs))
        for followed in runs[first:] + runs[:first]:
            before = followed.status
            try:
                self._untold = followed.poll(until) or self._untold
            except ResvizError as error:
                followed.death = str(error)
                urgent = True
            after = followed.status
            urgent = urgent or after != before
            was_alive = followed.worker is None and before in ("running", "paused")
            if was_alive and after not in ("running", "paused"):
                self._tell_end(followed, "Its worker is gone without a word.")
        hurried = any(followed.behind for followed in runs)
        self._ticking.setInterval(_HURRIED_MS if hurried else TICK_MS)
        now = time.monotonic()
        if urgent or (self._untold and now - self._told_at >= _TELL_SECONDS):
            self._untold, self._told_at = False, now
            self.updated.emit()

    @Slot(object)
    def _on_worker_ended(self, worker: WorkerProcess) -> None:
        self._workers.remove(worker)
        for followed in self.followed.values():
            if followed.worker is worker:
                stopping = followed.wish == "stopping" and not followed.begun
                followed.end()
                if not stopping:
                    self._tell_end(followed, worker.reason())
        worker.deleteLater()
        if self._warming and not self._workers:
            self.warm.allow(True)
        self.updated.emit()

    def _tell_end(self, followed: FollowedRun, reason: str) -> None:
        """Emit how a run ended: as its log says, or by the death of its worker."""
        if followed.told_end:
            self.run_ended.emit(followed.path, followed.status, followed.series.message)
        else:
            followed.death = reason
            self.worker_died.emit(followed.path, reason)
