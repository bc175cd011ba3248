"""The training curve: the device's running totals, brought to the host and told as `Stepped`."""

from __future__ import annotations

import math
import time
from functools import partial
from typing import NamedTuple, Protocol

import msgspec
import torch
from torch import Tensor

from resviz.errors import ResvizError
from resviz.runs.events import Event, Stepped
from resviz.train.checkpoint import Progress
from resviz.train.probes import rounded
from resviz.train.readout import Readout
from resviz.train.recipe import Recipe

REPORTS_PER_SECOND = 20
"""How often, at most, what was measured on the device is read out."""
NOTICE = 25
"""Every so many iterations the totals are read out, and what was read out as many before is waited for: so a
loss that is no number is noticed within twice as many, however far the device is behind the host."""


class DivergedError(ResvizError):
    """The loss or a weight is no longer a finite number."""


class Emit(Protocol):
    """Takes events in the order in which they happened; those of one call are written together."""

    def __call__(self, *events: Event) -> None:
        """Take events."""


class _Point(NamedTuple):
    """Totals that the device keeps, as the host knows them: iteration, learning rate, time (UTC).

    Those that the curve does not show are only looked at for a loss that is no number.
    """

    iteration: int
    rate: float
    time: float
    shown: bool


class Reports:
    """Keeps the totals after the iterations that the curve is to show until they are read out together."""

    def __init__(self, recipe: Recipe, device: torch.device, readout: Readout, emit: Emit) -> None:
        self._recipe, self._readout, self._emit = recipe, readout, emit
        self._recent = torch.zeros(NOTICE, 2, dtype=torch.float64, device=device)
        self._rows = self._recent.unbind()
        self._points: list[_Point] = []
        self._clock = (0, time.perf_counter())  # Iteration and time from which images a second are counted.
        self._read_out_at = time.perf_counter()
        self._last_step = Stepped(time.time(), 0, None, 100.0, recipe.learning_rate, 0.0)

    def restart_clock(self, iteration: int) -> None:
        """Leave the time since the last read-out (a pause, a checkpoint) out of the images a second."""
        self._clock = (iteration, time.perf_counter())

    def mark(self, iteration: int, rate: float, totals: Tensor) -> None:
        """Keep the totals after `iteration`, whose step was taken at `rate`, if they will be looked at."""
        shown = iteration == self._recipe.iterations or iteration % self._recipe.step_interval == 0
        if shown or iteration % NOTICE == 0:
            self._rows[len(self._points)].copy_(totals)
            self._points.append(_Point(iteration, rate, time.time(), shown))

    def due(self, iteration: int) -> bool:
        """Return whether it is time for a read-out."""
        regular = iteration % NOTICE == 0 or iteration == self._recipe.iterations
        return regular or time.perf_counter() - self._read_out_at >= 1 / REPORTS_PER_SECOND

    def read_out(self, progress: Progress) -> None:
        """Have the points since the last time brought to the host, without waiting for them."""
        now = time.perf_counter()
        self._read_out_at = now
        if not self._points:
            return
        before, since = self._clock
        speed = (progress.iteration - before) * self._recipe.batch_size / max(now - since, 1e-9)
        points, self._points = self._points, []
        self._clock = (progress.iteration, now)
        receiver = partial(self._on_totals, progress, points, speed)
        self._readout.send(progress.iteration, self._recent[: len(points)].flatten(), receiver)

    def diverged(self, iteration: int) -> DivergedError:
        """Tell the newest point again without its loss, and return the error to raise.

        For an update that spoilt the weights before any loss has shown it: readers know divergence by the
        loss.
        """
        self._emit(msgspec.structs.replace(self._last_step, loss=None))
        return _diverged(iteration)

    def _on_totals(self, progress: Progress, points: list[_Point], speed: float, totals: list[float]) -> None:
        """Tell the points: each is a function of the recipe alone, but for its time and speed."""
        steps: list[Stepped] = []
        for point, loss, wrong in zip(points, totals[::2], totals[1::2], strict=True):
            finite = math.isfinite(loss)
            if not point.shown and finite:
                continue
            count = point.iteration - progress.told
            mean_loss = (loss - progress.told_loss) / count
            error_pct = 100 * (wrong - progress.told_wrong) / (count * self._recipe.batch_size)
            progress.told, progress.told_loss, progress.told_wrong = point.iteration, loss, wrong
            self._last_step = Stepped(
                time=round(point.time, 2),
                iteration=point.iteration,
                loss=rounded(mean_loss, 6) if finite else None,
                train_error_pct=rounded(error_pct),
                learning_rate=rounded(point.rate),
                images_per_second=rounded(speed, 4),
            )
            steps.append(self._last_step)
            if not finite:
                self._emit(*steps)
                raise _diverged(point.iteration)
        if steps:
            self._emit(*steps)


def _diverged(iteration: int) -> DivergedError:
    return DivergedError(
        f"Training diverged: the loss stopped being a number by iteration {iteration}; "
        "start again with a lower learning rate or with warm-up."
    )
