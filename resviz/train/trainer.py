"""Training one run: one iteration, or one batch of an evaluation, at a time."""

from __future__ import annotations

import contextlib
import hashlib
import math
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
import torch
from torch import Tensor, nn

from resviz.arch.cost import cost_of
from resviz.arch.graph import Architecture
from resviz.data.batches import Batches
from resviz.data.dataset import Dataset
from resviz.errors import ResvizError
from resviz.nn.build import build
from resviz.runs.events import Evaluated, Event, Noted, RateChanged, Saved, Started, Stepped
from resviz.train import checkpoint, devices, schedule
from resviz.train.checkpoint import Progress
from resviz.train.probes import Probes, rounded
from resviz.train.readout import Readout
from resviz.train.recipe import Recipe
from resviz.train.step import Step

REPORTS_PER_SECOND = 20
"""How often, at most, what was measured on the device is read out."""
_REPORT_ROWS = 256
"""Points of the training curve that the device keeps between two read-outs."""
EVALUATIONS = 200
"""About so many passes over the test set in a run, unless the recipe says otherwise."""
_SLOW_S = 0.2
"""An iteration this long is prepared for being cut off in its middle, see `Trainer.rescue`."""
_LONG_PASS_S = 1.0
"""A pass over the test set that takes longer tells how far it is."""
_TELL_S, _TELL_SHARE = 0.5, 0.05
"""How often, at most, it does."""


class DivergedError(ResvizError):
    """The loss or a weight is no longer a finite number."""


class Emit(Protocol):
    """Takes events in the order in which they happened; those of one call are written together."""

    def __call__(self, *events: Event) -> None:
        """Take events."""


class Trainer:
    """One run in memory. Everything that happens is told through `emit`; nothing else leaves.

    Attributes:
        progress: where the run stands.
        recipe: as given.
    """

    def __init__(
        self,
        architecture: Architecture,
        recipe: Recipe,
        dataset: Dataset,
        device: torch.device,
        *,
        checkpoints: Path,
        emit: Emit,
    ) -> None:
        """Build the network on the device and move the data there; `start` comes next.

        Raises:
            BuildError: the architecture has problems.
        """
        self.recipe = recipe
        self.progress = Progress()
        self._emit, self._device, self._checkpoints = emit, device, checkpoints
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self._precision = devices.choose_precision(recipe.precision, device)
        network = build(architecture, seed=recipe.seed)
        self._step = Step(network, recipe, device, self._precision)
        self._probes = Probes(network, device)
        self._batches = Batches(
            dataset.train_images,
            dataset.train_labels,
            batch_size=recipe.batch_size,
            seed=recipe.seed,
            augment=recipe.augment,
            normalise=recipe.normalise,
            device=device,
        )
        self._test = (dataset.test_images.to(device), dataset.test_labels.to(device))
        self._pictures, self._classes = len(dataset.train_labels), dataset.classes
        self._depth = cost_of(architecture).depth
        self._draws = any(isinstance(module, nn.Dropout) for module in network.modules())
        self._evaluation: Iterator[tuple[Tensor, Tensor]] | None = None
        self._evaluated = torch.zeros(2, dtype=torch.float64, device=device)
        epoch = self._batches.iterations_per_epoch
        self._evaluate_interval = recipe.evaluate_interval or max(epoch, -(-recipe.iterations // EVALUATIONS))
        self._tested, self._test_began, self._test_told = 0, 0.0, (0.0, 0.0)
        self._readout = Readout()
        # The totals after the iterations that the curve is to show and that are not read out yet.
        self._recent = torch.zeros(_REPORT_ROWS, 2, dtype=torch.float64, device=device)
        self._rows = self._recent.unbind()
        self._points: list[_Point] = []
        self._clock = (0, time.perf_counter())  # Iteration and time from which images a second are counted.
        self._read_out_at = time.perf_counter()
        self._last_step = Stepped(time.time(), 0, None, 100.0, recipe.learning_rate, 0.0)
        self._saved: Progress | None = None
        self._updating = threading.Lock()
        self._aside: dict[str, Tensor] = {}
        self._last_iteration_s, self._last_rate = math.inf, 0.0
        if device.type == "cuda":
            torch.backends.cudnn.benchmark = True  # Shapes stay: finding the fastest kernels pays.
            torch.cuda.synchronize(device)  # What was made on the default stream is used on our own.

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.progress.iteration >= self.recipe.iterations and not self._evaluation_due()

    def start(self) -> None:
        """Take up the newest good checkpoint, if there is one, and say what is being trained.

        Raises:
            CheckpointError: the checkpoint belongs to another architecture.
        """
        with self._on_stream():
            progress, skipped = checkpoint.restore(self._checkpoints, self._step)
        warm_up_end = None if schedule.warms_up(self.recipe, self._depth) else 0
        self.progress = progress or Progress(warm_up_end=warm_up_end)
        self._saved = None if progress is None else _copy(progress)
        network = self._step.network
        self._emit(
            Started(
                time=time.time(),
                iteration=self.progress.iteration,
                iterations=self.recipe.iterations,
                iterations_per_epoch=self._pictures / self.recipe.batch_size,
                batch_size=self.recipe.batch_size,
                seed=self.recipe.seed,
                device=devices.describe(self._device),
                precision=self._precision,
                parameters=sum(parameter.numel() for parameter in network.parameters()),
                convolutions=tuple(name for name, _ in network.convolutions),
                blocks=tuple(network.probe_blocks),
                responses=tuple(network.responses),
                classes=self._classes,
                threads=torch.get_num_threads(),
            )
        )
        for sentence in skipped:
            self._note(sentence)
        self.resume_clock()

    def advance(self) -> None:
        """Do the next piece of work: one batch of an evaluation that is due, else one iteration.

        Raises:
            DivergedError: the loss is not finite; noticed when it is next reported.
        """
        with self._on_stream():
            if self._evaluation_due():
                self._evaluate_batch()
            else:
                self._iterate()

    def set_learning_rate(self, rate: float) -> None:
        """Train at `rate` from the next iteration on; later drops of the schedule apply in proportion."""
        scheduled = self._rate(factor=1.0)
        self.progress.rate_factor = rate / scheduled
        self._emit(RateChanged(self.progress.iteration, self.progress.rate_factor, rate))

    def resume_clock(self) -> None:
        """Leave the time since the last report (a pause, a checkpoint) out of the images a second."""
        self._clock = (self.progress.iteration, time.perf_counter())

    def save(self) -> None:
        """Write a checkpoint, unless the newest one is of this very moment.

        Raises:
            DivergedError: there is nothing left that is worth saving.
            CheckpointError: the folder is read-only or full.
        """
        with self._on_stream():
            with self._updating:
                self._read_out()
                self._readout.deliver(wait=True)
            if self._saved == self.progress:
                return
            if not self._finite():
                # The last update did it; no loss has shown it yet. Readers know divergence by the loss.
                self._emit(msgspec.structs.replace(self._last_step, loss=None))
                raise self._diverged(self.progress.iteration)
            self._write(checkpoint.tensors_of(self._step))
        self.resume_clock()

    def rescue(self) -> None:
        """Write a checkpoint of the last finished iteration, from another thread, while the next one runs.

        Forward and backward change no parameter, and what they do change is kept aside before a slow one.
        The caller ends the process afterwards: the optimiser stays locked out. Not on CUDA, where the device
        runs behind this thread's back and only the very first iteration takes long.
        """
        self._updating.acquire()
        if self._stream is not None:
            return
        with contextlib.suppress(DivergedError):
            self._read_out()
            self._readout.deliver()
        if self._saved != self.progress and self._finite():
            self._write({**checkpoint.tensors_of(self._step), **self._aside})

    # One iteration

    def _iterate(self) -> None:
        began = time.perf_counter()
        done = self.progress.iteration
        number = done + 1
        if self._device.type == "cpu" and self._last_iteration_s > _SLOW_S:
            self._aside = checkpoint.changed_by_forward(self._step)
        if self._draws:
            # Dropout, too, is a pure function of (seed, iteration): alike in every run of an experiment.
            torch.manual_seed(_dropout_seed(self.recipe.seed, done))
        images, labels = self._batches.batch(done)
        probing = number == 1 or number % (self.recipe.probe_interval or 20) == 0
        values = self._step.compute(images, labels, self._probes if probing else None)
        self._last_rate = self._rate(self.progress.rate_factor)
        with self._updating:  # What is finished in here is also told in here: `rescue` finds both or none.
            self._step.update(self._last_rate)
            self.progress.iteration = number
            self._aside = {}
            last = number == self.recipe.iterations
            if last or number % self.recipe.step_interval == 0:
                self._rows[len(self._points)].copy_(self._step.totals)
                self._points.append(_Point(number, self._last_rate, time.time()))
            if values is not None:
                self._readout.send(values, partial(self._on_probed, number))
            if self.progress.warm_up_end is None and number % schedule.WARM_UP_WINDOW == 0:
                self._consider_warm_up()
            now = time.perf_counter()
            self._last_iteration_s = now - began
            full = len(self._points) == _REPORT_ROWS
            if last or full or now - self._read_out_at >= 1 / REPORTS_PER_SECOND:
                self._read_out()
            self._readout.deliver()

    def _rate(self, factor: float) -> float:
        progress = self.progress
        return schedule.rate(self.recipe, progress.iteration, warm_up_end=progress.warm_up_end, factor=factor)

    def _consider_warm_up(self) -> None:
        """End the warm-up if the training error is low enough (arXiv:1512.03385, Sec. 4.2, 110 layers)."""
        wrong = float(self._step.totals[1])
        answers = schedule.WARM_UP_WINDOW * self.recipe.batch_size
        error_pct = 100 * (wrong - self.progress.window_wrong) / answers
        self.progress.window_wrong = wrong
        if error_pct < self.recipe.warm_up_error_pct:
            self.progress.warm_up_end = self.progress.iteration
            self._note(f"The warm-up ended at a training error of {error_pct:.0f} %.")

    # Telling

    def _read_out(self) -> None:
        """Have the points of the curve since the last time brought to the host, without waiting for them."""
        now = time.perf_counter()
        self._read_out_at = now
        if not self._points:
            return
        before, since = self._clock
        speed = (self.progress.iteration - before) * self.recipe.batch_size / max(now - since, 1e-9)
        points, self._points = self._points, []
        self._clock = (self.progress.iteration, now)
        self._readout.send(self._recent[: len(points)].flatten(), partial(self._on_totals, points, speed))

    def _on_totals(self, points: list[_Point], speed: float, totals: list[float]) -> None:
        """Tell the points: each is a function of the recipe alone, but for its time and speed."""
        progress = self.progress
        steps: list[Stepped] = []
        for point, loss, wrong in zip(points, totals[::2], totals[1::2], strict=True):
            count = point.iteration - progress.told
            mean_loss = (loss - progress.told_loss) / count
            error_pct = 100 * (wrong - progress.told_wrong) / (count * self.recipe.batch_size)
            progress.told, progress.told_loss, progress.told_wrong = point.iteration, loss, wrong
            self._last_step = Stepped(
                time=round(point.time, 2),
                iteration=point.iteration,
                loss=rounded(mean_loss, 6) if math.isfinite(mean_loss) else None,
                train_error_pct=rounded(error_pct),
                learning_rate=rounded(point.rate),
                images_per_second=rounded(speed, 4),
            )
            steps.append(self._last_step)
            if not math.isfinite(mean_loss):
                self._emit(*steps)
                raise self._diverged(point.iteration)
        self._emit(*steps)

    def _on_probed(self, iteration: int, values: list[float]) -> None:
        self._emit(self._probes.event(iteration, values))

    def _note(self, sentence: str) -> None:
        self._emit(Noted(time.time(), self.progress.iteration, sentence))

    def _diverged(self, iteration: int) -> DivergedError:
        return DivergedError(
            f"Training diverged: the loss stopped being a number by iteration {iteration}; "
            "start again with a lower learning rate or with warm-up."
        )

    # Evaluation

    def _evaluation_due(self) -> bool:
        iteration = self.progress.iteration
        if iteration in {0, self.progress.evaluated}:
            return False
        return iteration % self._evaluate_interval == 0 or iteration == self.recipe.iterations

    def _evaluate_batch(self) -> None:
        """Take the next batch of the test set; a pass cut off by the worker's end is begun again."""
        if self._evaluation is None:
            size = max(self.recipe.batch_size, 64)
            self._evaluation = self._batches.evaluation_batches(*self._test, batch_size=size)
            self._evaluated.zero_()
            self._tested, self._test_began, self._test_told = 0, time.perf_counter(), (0.0, 0.0)
            with self._updating:
                self._read_out()
                self._readout.deliver()
        batch = next(self._evaluation, None)
        if batch is not None:
            self._evaluated += self._step.evaluate(*batch)
            self._tested += len(batch[1])
            self._tell_long_pass()
            return
        self._evaluation = None
        with self._updating:
            self.progress.evaluated = self.progress.iteration
            self._readout.send(self._evaluated, partial(self._on_evaluated, self.progress.iteration))
            self._readout.deliver()
        self.resume_clock()

    def _tell_long_pass(self) -> None:
        """Note how far a pass over the test set is, a few times, if it takes long."""
        elapsed, share = time.perf_counter() - self._test_began, self._tested / len(self._test[1])
        told_at, told_share = self._test_told
        early = elapsed - told_at < _TELL_S or share - told_share < _TELL_SHARE
        if early or share >= 1 or elapsed / share < _LONG_PASS_S:
            return
        self._test_told = (elapsed, share)
        self._emit(Noted(time.time(), self.progress.iteration, "testing", round(share, 3)))

    def _on_evaluated(self, iteration: int, totals: list[float]) -> None:
        loss, wrong = (total / len(self._test[1]) for total in totals)
        finite_loss = loss if math.isfinite(loss) else None
        self._emit(Evaluated(time.time(), iteration, 100 * wrong, finite_loss))

    def _finite(self) -> bool:
        # The maximum norm: squares of large but finite weights would overflow.
        norms = torch._foreach_norm(list(self._step.network.parameters()), ord=math.inf)
        return bool(torch.stack(norms).isfinite().all())

    def _write(self, tensors: dict[str, Tensor]) -> None:
        name = checkpoint.save(self._checkpoints, tensors, self.progress)
        self._saved = _copy(self.progress)
        self._emit(Saved(self.progress.iteration, name))

    def _on_stream(self) -> contextlib.AbstractContextManager[object]:
        return torch.cuda.stream(self._stream) if self._stream is not None else contextlib.nullcontext()


class _Point(NamedTuple):
    """One point of the training curve, as the host knows it: iteration, learning rate, time (UTC)."""

    iteration: int
    rate: float
    time: float


def _copy(progress: Progress) -> Progress:
    return Progress(**{field: getattr(progress, field) for field in progress.__struct_fields__})


def _dropout_seed(seed: int, iteration: int) -> int:
    digest = hashlib.blake2b(f"resviz dropout {seed} {iteration}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
