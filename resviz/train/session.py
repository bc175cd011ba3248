"""One run in a worker: its data, its trainer, its commands, and the state it ends in.

What needs torch is imported in `prepare`: that takes seconds, and the log tells at once that the run starts.
"""

from __future__ import annotations

import contextlib
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from resviz.arch.graph import Architecture
from resviz.arch.shapes import infer
from resviz.atomic import is_full
from resviz.errors import DataError, DiskFullError, ResvizError
from resviz.nn.memory import give_back_memory
from resviz.runs.events import (
    Changed,
    Checkpoint,
    Command,
    Event,
    Noted,
    Pause,
    Resume,
    RunState,
    SetLearningRate,
    Stop,
)
from resviz.runs.store import CommandTail, EventLog, Run, summary
from resviz.train import devices
from resviz.train.free_memory import free_memory
from resviz.train.memory import Budget
from resviz.train.recipe import Recipe

if TYPE_CHECKING:
    from resviz.data.dataset import Dataset
    from resviz.train.trainer import Trainer

LOOKS_PER_SECOND = 20
"""How often the command file is looked at."""
_LOOK_FOR_ROOM_S = 1.0
"""How often a run that waits for room on the disk tries again."""
_WANTS_MEMORY = ("allocate memory", "not enough memory", "could not create a primitive")
"""How torch and oneDNN say that the computer's memory is at its end."""
_TELL_S, _TELL_SHARE = 0.25, 0.005
"""Loading data tells how far it is no more often than this: a download may take an hour."""
_REPEAT_S = 5.0
"""What goes on without a share that is done (waiting for another run) is told again after so long."""


class Session:
    """A run from the moment a worker has its lock until it lets go of it.

    Attributes:
        state: "running" or "paused" while there is something to do, then "finished", "stopped", "interrupted"
            or "failed".

    On a full disk the run is paused: what the log did not take is kept in memory, no checkpoint is written
    that knows more than the log, and training goes on by itself when there is room.
    """

    def __init__(self, run: Run) -> None:
        """Open the run's logs and say at once that a worker has it.

        Raises:
            RunError: the folder is read-only or full.
        """
        self.run = run
        self.state: RunState = "running"
        self.trainer: Trainer | None = None
        self._log = EventLog(run)
        self._commands = CommandTail(run)
        self._looked_at = self._saved_at = self._tried_at = 0.0
        self._short = False  # Waiting for room on the disk.
        self._held = False  # Paused by a person.
        self._iteration = summary(run).iterations
        self._budget: Budget | None = None
        self._threads = run.threads()
        self._change("running", "Starting.")

    @property
    def ended(self) -> bool:
        """Whether nothing is left to train here."""
        return self.state not in {"running", "paused"}

    @property
    def over(self) -> bool:
        """Whether the run has ended and its log, which may wait for room on the disk, says so."""
        return self.ended and not self._log.waiting

    def prepare(self, cut_off: Callable[[], bool], datasets: dict[object, Dataset]) -> None:
        """Load the data, build the network, take up the newest checkpoint.

        Args:
            cut_off: says whether the worker must end; asked while data is loaded.
            datasets: those loaded by this worker so far.
        """
        with self._ending_in_a_sentence():
            recipe, architecture = self.run.recipe(), self.run.architecture()
            devices.check_present(recipe.device)
            from resviz.train.trainer import Trainer  # noqa: PLC0415

            device = devices.choose(recipe.device)
            dataset = self._load(recipe, architecture, cut_off, datasets)
            if dataset is None:
                self.end("interrupted" if cut_off() else "stopped")
                return
            _check_classes(architecture, dataset)
            _check_batch(recipe, dataset)
            if missing := _missing(recipe, dataset):
                self.note(missing)
            trainer = Trainer(
                architecture,
                recipe,
                dataset,
                device,
                checkpoints=self.run.checkpoints_path,
                emit=self._emit,
                flush=self._log.flush,
            )
            precision = devices.choose_precision(recipe.precision, device)
            self._budget = Budget(architecture, recipe, precision, free_memory(device))
            trainer.start()
            self.trainer = trainer  # Not before it stands where the run stands.
            if warning := self._budget.warning():
                self.note(warning)
            if device.type == "cpu" and trainer.progress.iteration > 0:
                self._tell_other_threads()
            self._saved_at = time.monotonic()
            self._change("running")

    def turn(self) -> None:
        """Obey commands that have come, then train one iteration further, unless paused or out of room."""
        with self._ending_in_a_sentence():
            self._turn()

    def _turn(self) -> None:
        now = time.monotonic()
        if now - self._looked_at >= 1 / LOOKS_PER_SECOND:
            self._looked_at = now
            for command in self._commands.read():
                self._obey(command)
        if self._log.full and not self._short:
            self._run_short()
        if self._short and now - self._tried_at >= _LOOK_FOR_ROOM_S:
            self._look_for_room()
        trainer = self.trainer
        if trainer is None or self.state != "running":
            return
        if trainer.finished:
            if self._save():
                self.end("finished")
            return
        trainer.advance()
        if now - self._saved_at > trainer.recipe.checkpoint_seconds:
            self._save()

    def stop(self, state: RunState = "stopped") -> None:
        """Checkpoint and end; "interrupted" says that the worker had to end, not that a person wished it."""
        with self._ending_in_a_sentence():
            if not self.ended:
                message = ""
                try:
                    if self.trainer is not None:
                        self.trainer.save()
                except DiskFullError:
                    message = "The disk is full: what came after the last checkpoint will be repeated."
                self.end(state, message)

    def rescue(self) -> None:
        """Stop from another thread in the middle of an iteration; the process ends next."""
        if not self.ended:
            try:
                if self.trainer is not None:
                    self.trainer.rescue()
            finally:
                self.end("interrupted", "Stopped in the middle of an iteration, which will be repeated.")

    def end(self, state: RunState, message: str = "") -> None:
        """Write the state in which the run ends here."""
        if not self.ended:
            self._change(state, message)
            self.trainer = None  # Its memory is the other runs'.
            with contextlib.suppress(DiskFullError):
                self._log.flush()

    def close(self) -> None:
        """Close the log; a run that has not ended by now has failed."""
        with contextlib.suppress(ResvizError):
            self.end("failed", "The worker ended unexpectedly: see log.txt, then resume.")
        self._log.close()

    def fail(self, error: BaseException) -> None:
        """End the run with one sentence about `error`; its traceback goes to log.txt."""
        message = sentence(error, self._budget)
        with contextlib.suppress(OSError):  # A full disk may not take it.
            print(f"error: {self.run.name}: {message}", file=sys.stderr)
            with self.run.log_path.open("a", encoding="utf-8") as log:
                traceback.print_exception(error, file=log)
        try:
            self.end("failed", message)
        except ResvizError:
            self.state = "failed"  # The folder may be gone.

    def _obey(self, command: Command) -> None:
        trainer = self.trainer
        if trainer is None or self.ended:
            return
        match command:
            case Pause() if not self._held:
                self._held = True
                if not self._short and self._save():
                    self._change("paused")
            case Resume() if self.state == "paused":
                self._held = False
                if self._short:
                    self._look_for_room()
                else:
                    trainer.resume_clock()
                    self._change("running")
            case Stop():
                self.stop()
            case Checkpoint():
                self._save(keep=True)
            case SetLearningRate(learning_rate=rate) if rate > 0:
                trainer.set_learning_rate(rate)
            case _:
                pass

    def _save(self, *, keep: bool = False) -> bool:
        """Write a checkpoint, which stays if it is to `keep`; return whether there was room for it."""
        try:
            if self.trainer is not None:
                self.trainer.save(keep=keep)
        except DiskFullError:
            if not self._short:
                self._run_short()
            return False
        self._saved_at = time.monotonic()
        return True

    def _run_short(self) -> None:
        """Wait for room on the disk."""
        self._short, self._tried_at = True, time.monotonic()
        if not self.ended:
            where = self.run.path.absolute()
            self._change(
                "paused", f"The disk of {where} is full: make room, then training goes on by itself."
            )

    def _look_for_room(self) -> None:
        """Write what waits for room; go on if all of it found some."""
        self._tried_at = time.monotonic()
        try:
            self._log.recover()
        except DiskFullError:
            return
        if self._save():
            self._short = False
            if self.trainer is not None:
                self.trainer.resume_clock()
                self._change("paused" if self._held else "running")

    def _load(
        self,
        recipe: Recipe,
        architecture: Architecture,
        cut_off: Callable[[], bool],
        datasets: dict[object, Dataset],
    ) -> Dataset | None:
        """Return the run's data, or None if it was told to stop meanwhile."""
        shape = infer(architecture).input_shape
        size = (shape[1], shape[2]) if shape is not None and len(shape) == 3 else None
        limits = (recipe.train_limit, recipe.test_limit)
        key = (recipe.data, recipe.data_dir, size, *limits, recipe.validation_split)
        if key not in datasets:
            stop = False

            def cancelled() -> bool:
                nonlocal stop
                stop = stop or cut_off() or any(isinstance(c, Stop) for c in self._commands.read())
                return stop

            from resviz.data.sources import load_dataset  # noqa: PLC0415

            try:
                dataset = load_dataset(
                    recipe.data,
                    recipe.data_dir,
                    image_size=size,
                    train_limit=limits[0],
                    test_limit=limits[1],
                    progress=_Telling(self.note),
                    cancel=cancelled,
                )
            except DataError:
                if stop:
                    return None
                raise
            datasets[key] = dataset.split_validation() if recipe.validation_split else dataset
        return datasets[key]

    def _tell_other_threads(self) -> None:
        import torch  # noqa: PLC0415

        threads = torch.get_num_threads()
        if self._threads not in {None, threads}:
            self.note(
                f"The run was trained with {count(self._threads or 0, 'thread')} so far and goes on with "
                f"{threads}: sums come in another order, so it is not bit for bit the unbroken run."
            )

    def note(self, message: str, progress: float | None = None) -> None:
        """Write a sentence worth showing into the run's log."""
        if self.trainer is not None:
            self._iteration = self.trainer.progress.iteration
        self._emit(Noted(time.time(), self._iteration, message, progress))

    def _change(self, state: RunState, message: str = "") -> None:
        if self.trainer is not None:
            self._iteration = self.trainer.progress.iteration
        self._emit(Changed(time.time(), self._iteration, state, message))
        self.state = state

    def _emit(self, *happened: Event) -> None:
        self._log.write(*happened)

    @contextlib.contextmanager
    def _ending_in_a_sentence(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.fail(error)
            traceback.clear_frames(error.__traceback__)  # They hold the network and its activations.
            give_back_memory()


class _Telling:
    """Turns the progress of data loading into notes, a few a second."""

    def __init__(self, note: Callable[[str, float | None], None]) -> None:
        self._note, self._told_at, self._stage, self._share = note, 0.0, "", 0.0

    def __call__(self, stage: str, done: float, total: float, unit: str) -> None:
        now = time.monotonic()
        share = min(1.0, done / total) if total else None
        if share is None:
            soon = now - self._told_at < _REPEAT_S
        else:
            soon = now - self._told_at < _TELL_S or share - self._share < _TELL_SHARE
        if stage == self._stage and soon and share != 1.0:
            return
        self._told_at, self._stage, self._share = now, stage, share or 0.0
        self._note(stage, share)


def sentence(error: BaseException, budget: Budget | None = None) -> str:
    """Return one sentence about an error: what happened, and what to do; `budget` is the run's."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if isinstance(error, ResvizError):
        return str(error)
    exhausted = ""
    if type(error).__name__ == "OutOfMemoryError":  # torch's
        exhausted = "The graphics card"
    elif isinstance(error, MemoryError) or any(words in text for words in _WANTS_MEMORY):
        exhausted = "The computer"
    if exhausted and budget is not None:
        return budget.exhausted(exhausted)
    if exhausted:
        return f"{exhausted} is out of memory: choose a smaller batch or network, then start again."
    if isinstance(error, OSError) and is_full(error):
        return "The disk is full: make room, then resume the run."
    if isinstance(error, OSError):
        return f"{error.strerror or text} ({error.filename or 'no file'}): see log.txt, then resume the run."
    return f"Training failed unexpectedly ({type(error).__name__}: {text}): see log.txt."


def count(number: int, thing: str) -> str:
    """Return "1 thread", "2 threads"."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _check_classes(architecture: Architecture, dataset: Dataset) -> None:
    output = infer(architecture).output_shape
    if output is not None and output[0] < len(dataset.classes):
        raise DataError(
            f"{dataset.name} has {len(dataset.classes)} classes, but {architecture.name} has {output[0]} "
            f"outputs: set the classifier's out_features to {len(dataset.classes)}."
        )


def _missing(recipe: Recipe, dataset: Dataset) -> str:
    """Return a sentence where a folder has fewer pictures than are to be trained on, else ""."""
    there = len(dataset.train_labels)
    if recipe.train_limit is None or recipe.validation_split or recipe.train_limit <= there:
        return ""
    return (
        f"{dataset.name} has {count(there, 'training picture')}, fewer than the {recipe.train_limit:,} asked "
        "for: all of them are used."
    )


def _check_batch(recipe: Recipe, dataset: Dataset) -> None:
    pictures = len(dataset.train_labels)
    if recipe.batch_size > pictures:
        raise DataError(
            f"A batch of {recipe.batch_size} pictures is more than the training set of {pictures}: "
            f"use --batch-size {pictures} or less, or more pictures."
        )
