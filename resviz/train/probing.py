"""When to probe: as often as was asked, or densely at first and then so that it costs little."""

from __future__ import annotations

import statistics
import time
from collections import deque

import torch

COST = 0.02
"""Share of the time that adaptive probes may take, after their dense beginning."""
_DENSE = ((20, 1), (200, 2), (2_000, 10))
"""Up to this iteration, every so many; much happens early, and these few cost next to nothing in a run."""
_INTERVALS = (10, 50, 100, 200, 1_000)
"""What is left to choose from later; each divides the next, so that twins share most of their iterations."""
_USUAL = 50
_ENOUGH, _RECENT = 5, 15
"""Iterations of a kind that tell its time; only the newest do."""
_PENDING = 100
"""Iterations that the card is behind the host, at most, whose times are waited for."""


class ProbeSchedule:
    """Says which iterations are probed, the first one always.

    With an interval, its multiples. Without one: every iteration up to 20, every 2nd up to 200, every 10th up
    to 2,000, then every 50th; beyond 200 more seldom if probes would take more than `COST` of the time, as
    measured. Every interval is kept to its multiples.

    Attributes:
        measured: whether times count. Not where a probed iteration is computed otherwise than the rest, as in
            a compiled network: a resumed run must probe the iterations that the unbroken one did.
    """

    def __init__(self, interval: int | None) -> None:
        self._interval = interval
        self.measured = True
        self._seconds = {probed: deque[float](maxlen=_RECENT) for probed in (False, True)}

    def due(self, number: int) -> bool:
        """Return whether iteration `number` (from 1) is to be probed."""
        return number == 1 or number % (self._interval or self._adapted(number)) == 0

    def learn(self, probed: bool, seconds: float) -> None:
        """Take the time of an iteration."""
        if self.measured:
            self._seconds[probed].append(seconds)

    def _adapted(self, number: int) -> int:
        dense = next((interval for last, interval in _DENSE if number <= last), _USUAL)
        if dense < _INTERVALS[0]:
            return dense
        cost = self._cost()
        affordable = (k for k in _INTERVALS if k >= dense and cost <= COST * k)
        return next(affordable, _INTERVALS[-1])

    def _cost(self) -> float:
        """Return what a probe adds to an iteration, in iterations; 0 as long as it is not known."""
        if any(len(seconds) < _ENOUGH for seconds in self._seconds.values()):
            return 0.0
        plain, probed = (statistics.median(self._seconds[kind]) for kind in (False, True))
        return (probed - plain) / plain if plain > 0 else 0.0


class Stopwatch:
    """Tells a schedule how long iterations take: by the host's clock, on a CUDA card by the card's."""

    def __init__(self, schedule: ProbeSchedule, device: torch.device) -> None:
        self._schedule = schedule
        self._on_card = device.type == "cuda"
        self._began: float | torch.cuda.Event = 0.0
        self._pending: deque[tuple[bool, torch.cuda.Event, torch.cuda.Event]] = deque(maxlen=_PENDING)

    def start(self) -> None:
        """Begin an iteration."""
        self._began = _passed() if self._on_card else time.perf_counter()

    def stop(self, *, probed: bool) -> None:
        """End it. A card's times are learnt later, when they have come: nothing waits for them."""
        if isinstance(self._began, float):
            self._schedule.learn(probed, time.perf_counter() - self._began)
            return
        self._pending.append((probed, self._began, _passed()))
        while self._pending and self._pending[0][2].query():  # type: ignore[no-untyped-call]
            kind, began, ended = self._pending.popleft()
            self._schedule.learn(kind, began.elapsed_time(ended) / 1000)


def _passed() -> torch.cuda.Event:
    """Return an event that the card will pass now, with the time at which it does."""
    event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    event.record()
    return event
