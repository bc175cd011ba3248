"""Training one run: one iteration, or one batch of an evaluation, at a time."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from resviz import __version__
from resviz.arch.cost import cost_of
from resviz.arch.graph import Architecture
from resviz.data.batches import Batches
from resviz.data.dataset import Dataset
from resviz.nn.build import build
from resviz.runs.events import Noted, RateChanged, Saved, Started
from resviz.train import checkpoint, compiled, devices, execution, schedule
from resviz.train.checkpoint import Progress
from resviz.train.evaluation import Evaluation
from resviz.train.execution import Eager, Execution
from resviz.train.graphs import CudaRecord, Graphs
from resviz.train.probes import Probes
from resviz.train.probing import ProbeSchedule, Stopwatch
from resviz.train.readout import Readout
from resviz.train.recipe import Recipe
from resviz.train.reports import NOTICE, DivergedError, Emit, Reports
from resviz.train.step import Step

_SLOW_S = 0.2
"""An iteration this long is prepared for being cut off in its middle, see `Trainer.rescue`."""


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
        flush: Callable[[], None] = lambda: None,
    ) -> None:
        """Build the network on the device and move the data there; `start` comes next.

        Args:
            architecture: what to train.
            recipe: how.
            dataset: on what.
            device: where.
            checkpoints: the folder of checkpoints, made when the first is written.
            emit: takes what happens.
            flush: has everything that was emitted safely on the disk. Called before a checkpoint is written,
                which must not know more than the log: events behind it are repeated, those before it are not.

        Raises:
            BuildError: the architecture has problems.
        """
        self.recipe = recipe
        self.progress = Progress()
        self._emit, self._flush = emit, flush
        self._device, self._checkpoints = device, checkpoints
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self._precision = devices.choose_precision(recipe.precision, device)
        network = build(
            architecture,
            seed=recipe.seed,
            residual_init=recipe.residual_init,
            survival_last=recipe.survival_last,
            recompute=recipe.activation_checkpointing,
        )
        self._step = Step(network, recipe, device, self._precision)
        self._probes = Probes(network, device)
        self._probe_schedule = ProbeSchedule(recipe.probe_interval)
        self._stopwatch = Stopwatch(self._probe_schedule, device)
        self._batches = Batches(
            dataset.train_images,
            dataset.train_labels,
            batch_size=recipe.batch_size,
            seed=recipe.seed,
            augment=recipe.augment,
            cutout=recipe.cutout,
            mixup=recipe.mixup,
            normalise=recipe.normalise,
            device=device,
        )
        self._pictures, self._classes = len(dataset.train_labels), dataset.classes
        self._depth = cost_of(architecture).depth
        self._readout = Readout()
        self._reports = Reports(recipe, device, self._readout, emit)
        self._evaluation = Evaluation(
            recipe, dataset, batches=self._batches, step=self._step, readout=self._readout, emit=emit
        )
        self._execution: Execution = Eager(self._step, self._batches, self._probes)
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
        return self.progress.iteration >= self.recipe.iterations and not self._evaluation.due(self.progress)

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
        if warm_up_end == 0 and self.progress.warm_up_end is None:
            self.progress.warm_up_end = self.progress.iteration  # A fork that does without from here on.
        with self._on_stream():
            how = self._choose_execution()
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
                execution=how,
                versions=f"resviz {__version__}, torch {torch.__version__}",
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
            if self._evaluation.due(self.progress):
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
        self._reports.restart_clock(self.progress.iteration)

    def save(self, *, keep: bool = False) -> None:
        """Write a checkpoint, unless the newest one is of this very moment.

        Args:
            keep: a person asked for it; later ones do not take its place.

        Raises:
            DivergedError: there is nothing left that is worth saving.
            DiskFullError: there is no room for it, or for what was emitted before.
            CheckpointError: the folder is read-only.
        """
        with self._on_stream():
            with self._updating:
                self._reports.read_out(self.progress)
                self._readout.deliver(sent_by=self.progress.iteration)
            if keep and self.progress.iteration not in self.progress.kept:
                self.progress.kept += (self.progress.iteration,)
            if self._saved == self.progress:
                return
            if not self._finite():
                raise self._reports.diverged(self.progress.iteration)
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
            self._reports.read_out(self.progress)
            self._readout.deliver()
        if self._saved != self.progress and self._finite():
            self._write({**checkpoint.tensors_of(self._step), **self._aside})

    # One iteration

    def _iterate(self) -> None:
        began = time.perf_counter()
        done = self.progress.iteration
        number = done + 1
        slow = self._last_iteration_s > _SLOW_S or self._execution.slow
        if slow and self._device.type == "cpu":
            self._aside = checkpoint.changed_by_forward(self._step)
        self._step.network.begin(self.recipe.seed, done)
        probing = self._probe_schedule.due(number)
        self._stopwatch.start()
        self._execution.compute(done, probed=probing)
        self._last_rate = self._rate(self.progress.rate_factor)
        with self._updating:  # What is finished in here is also told in here: `rescue` finds both or none.
            values = self._execution.update(self._last_rate, probed=probing)
            self._stopwatch.stop(probed=probing)
            self.progress.iteration = number
            self._aside = {}
            self._reports.mark(number, self._last_rate, self._step.totals)
            if values is not None:
                self._readout.send(number, values, partial(self._on_probed, number))
            if self.progress.warm_up_end is None and number % schedule.WARM_UP_WINDOW == 0:
                self._consider_warm_up()
            self._last_iteration_s = time.perf_counter() - began
            if self._reports.due(number):
                self._reports.read_out(self.progress)
            self._readout.deliver(sent_by=number - NOTICE)

    def _choose_execution(self) -> execution.Name:
        """Decide how steps are run from here on."""
        step, batches, wanted = self._step, self._batches, self.recipe.compile
        on_card = self._stream is not None
        left = self.recipe.iterations - self.progress.iteration
        if wanted == "auto" and not compiled.possible(step, self._device):
            wanted = "off"
        if wanted == "auto" and on_card:
            wanted = "on" if compiled.pays_on_a_card(left) else "off"
        name: execution.Name = "eager"
        if wanted == "on" and compiled.attempt(step, batches, self._note):
            name = "compiled"
        self._probe_schedule.measured = wanted == "off"
        eager = Eager(step, batches, self._probes)
        self._execution = eager
        if wanted == "auto":
            self._execution = compiled.Auto(
                eager, step, batches, iterations=self.recipe.iterations, tell=self._note
            )
        if self._stream is not None and self.recipe.cuda_graphs and not step.network.draws:
            record = CudaRecord(self._stream)
            self._execution = Graphs(step, batches, self._probes, record=record, tell=self._note)
            name = "graph"
        return name

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

    def _on_probed(self, iteration: int, values: list[float]) -> None:
        self._emit(self._probes.event(iteration, values))

    def _note(self, sentence: str) -> None:
        self._emit(Noted(time.time(), self.progress.iteration, sentence))

    def _evaluate_batch(self) -> None:
        if not self._evaluation.under_way:
            with self._updating:
                self._reports.read_out(self.progress)
                self._readout.deliver()
        self._evaluation.advance(self.progress.iteration)
        if self._evaluation.under_way:
            return
        with self._updating:
            self.progress.evaluated = self.progress.iteration
            self._evaluation.send(self.progress.iteration)
            self._readout.deliver()
        self.resume_clock()

    def _finite(self) -> bool:
        # The maximum norm: squares of large but finite weights would overflow.
        norms = torch._foreach_norm(list(self._step.network.parameters()), ord=math.inf)
        return bool(torch.stack(norms).isfinite().all())

    def _write(self, tensors: dict[str, Tensor]) -> None:
        self._flush()
        name = checkpoint.save(self._checkpoints, tensors, self.progress, before=self._saved)
        self._saved = _copy(self.progress)
        self._emit(Saved(self.progress.iteration, name))

    def _on_stream(self) -> contextlib.AbstractContextManager[object]:
        if self._stream is None:
            return contextlib.nullcontext()
        devices.set_products(self._precision)  # The process may train runs of several precisions.
        return torch.cuda.stream(self._stream)


def _copy(progress: Progress) -> Progress:
    return Progress(**{field: getattr(progress, field) for field in progress.__struct_fields__})
