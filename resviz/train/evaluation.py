"""Passes over the test set, a batch at a time, between two iterations."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

from resviz.data.batches import Batches
from resviz.data.dataset import Dataset
from resviz.runs.events import Evaluated, Noted
from resviz.train.checkpoint import Progress
from resviz.train.probes import rounded
from resviz.train.readout import Readout
from resviz.train.recipe import Recipe
from resviz.train.reports import Emit
from resviz.train.step import Step

_BATCH, _CARD_BATCH = 64, 1000
"""Pictures at once, at least: many keep a card busy; on the CPU a person may wait for the end of a batch."""
_LONG_PASS_S = 1.0
"""A pass over the test set that takes longer tells how far it is."""
_TELL_S, _TELL_SHARE = 0.5, 0.05
"""How often, at most, it does."""


class Evaluation:
    """The test set on the device, and how far the pass over it is, if one is under way.

    Attributes:
        under_way: whether a pass is begun and not finished.
    """

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset,
        *,
        batches: Batches,
        step: Step,
        readout: Readout,
        emit: Emit,
    ) -> None:
        self.under_way = False
        self._recipe, self._batches, self._step = recipe, batches, step
        self._readout, self._emit = readout, emit
        device = batches.device
        self._images, self._labels = dataset.test_images.to(device), dataset.test_labels.to(device)
        self._counts = dataset.test_labels.bincount(minlength=len(dataset.classes)).tolist()
        self._interval = recipe.evaluation_interval(batches.iterations_per_epoch)
        self._parts: Iterator[tuple[Tensor, Tensor]] = iter(())
        self._totals = torch.zeros(2 + step.network.classes, dtype=torch.float64, device=device)
        self._tested, self._began, self._told = 0, 0.0, (0.0, 0.0)

    def due(self, progress: Progress) -> bool:
        """Return whether the test set is to be run through before the next iteration."""
        iteration = progress.iteration
        if iteration in {0, progress.evaluated}:
            return False
        return iteration % self._interval == 0 or iteration == self._recipe.iterations

    def advance(self, iteration: int) -> None:
        """Take the next batch; a pass cut off by the worker's end is begun again."""
        if not self.under_way:
            self.under_way = True
            size = max(self._recipe.batch_size, _CARD_BATCH if self._labels.is_cuda else _BATCH)
            self._parts = self._batches.evaluation_batches(self._images, self._labels, batch_size=size)
            self._totals.zero_()
            self._tested, self._began, self._told = 0, time.perf_counter(), (0.0, 0.0)
        batch = next(self._parts, None)
        if batch is None:
            self.under_way = False
            return
        self._totals += self._step.evaluate(*batch)
        self._tested += len(batch[1])
        self._tell_long_pass(iteration)

    def send(self, iteration: int) -> None:
        """Have the result of the finished pass brought to the host and told."""
        self._readout.send(iteration, self._totals, partial(self._on_evaluated, iteration))

    def _tell_long_pass(self, iteration: int) -> None:
        """Note how far the pass is, a few times, if it takes long."""
        elapsed, share = time.perf_counter() - self._began, self._tested / len(self._labels)
        told_at, told_share = self._told
        early = elapsed - told_at < _TELL_S or share - told_share < _TELL_SHARE
        if early or share >= 1 or elapsed / share < _LONG_PASS_S:
            return
        self._told = (elapsed, share)
        self._emit(Noted(time.time(), iteration, "testing", round(share, 3)))

    def _on_evaluated(self, iteration: int, totals: list[float]) -> None:
        loss, wrong = (total / len(self._labels) for total in totals[:2])
        by_class = tuple(
            rounded(100 * errors / count) if count else None
            for errors, count in zip(totals[2:], self._counts, strict=False)
        )
        finite_loss = loss if math.isfinite(loss) else None
        self._emit(Evaluated(time.time(), iteration, 100 * wrong, finite_loss, by_class))
