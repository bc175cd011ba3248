"""Fewer threads while other programs take cores; imports no torch.

A convolution's backward pass (oneDNN) lets its threads wait for each other by spinning. When one of two has
lost its core to another program, the other spins until it has it back: measured on 2 cores beside much other
work, a resnet-20 step of two threads took 3.5 times as long as one of a single thread.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

WINDOW_S = 3.0
"""How long iterations are watched before anything is said about them."""
_WINDOW_ITERATIONS = 3
_GIVEN, _IDLE = 0.8, 0.1
"""Other programs take cores if a process is given less of its threads' time than this, while less than that
share of the cores' time is left over. Small networks leave their own threads idle: that is no reason."""
_GIVEN_BLINDLY = 0.45
"""The same where the system does not tell how idle the cores are."""
_PERSISTENT = 2
"""Windows in a row that have to be hindered."""
_GAIN = 0.9
"""A change stays if iterations then take at most so many times as long."""
RETRY_S, _LONGEST_RETRY_S = 60.0, 600.0
"""How long until all threads are tried again; twice as long after each time in vain."""


def idle_seconds() -> float | None:
    """Return how long each core that this process may use has been idle since the start, on average.

    None where the system does not tell (anywhere but on Linux).
    """
    try:
        lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
        allowed = {f"cpu{core}" for core in os.sched_getaffinity(0)}
        idle = [int(fields[4]) for line in lines if (fields := line.split()) and fields[0] in allowed]
        return sum(idle) / len(idle) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError, ZeroDivisionError):
        return None


class Governor:
    """Watches a run's iterations and sets the number of threads; sums come in another order afterwards.

    Attributes:
        threads: what is computed with now.
    """

    def __init__(
        self,
        most: int,
        set_threads: Callable[[int], object],
        *,
        clock: Callable[[], float] = time.perf_counter,
        processor_clock: Callable[[], float] = time.process_time,
        idle_clock: Callable[[], float | None] = idle_seconds,
    ) -> None:
        """Begin with `most` threads, which the process is set to already."""
        self.threads = self._most = most
        self._set_threads = set_threads
        self._clock, self._processor_clock, self._idle_clock = clock, processor_clock, idle_clock
        self._iteration = -1
        self._hindered = 0
        self._before: tuple[int, float] | None = (
            None  # Threads and seconds an iteration, while others are tried.
        )
        self._retry_s, self._retry_at = RETRY_S, 0.0
        self._begin(-1)

    def look(self, iteration: int) -> str | None:
        """Take note that `iteration` is finished; return a sentence where the threads were changed for good.

        To be called after every turn: one that finished no iteration (an evaluation, a pause) is left out.
        """
        if self._most == 1:
            return None
        finished, self._iteration = iteration == self._iteration + 1, iteration
        if not finished:
            self._begin(iteration)
            return None
        elapsed, count = self._clock() - self._began, iteration - self._first
        if self._before is not None and elapsed > _WINDOW_ITERATIONS * self._before[1]:
            return self._end_trial(elapsed / count)  # It has lasted longer than without: no need to go on.
        if count < _WINDOW_ITERATIONS or (elapsed < WINDOW_S and self._before is None):
            return None
        if self._before is not None:
            return self._end_trial(elapsed / count)
        self._hindered = self._hindered + 1 if self._is_hindered(elapsed) else 0
        if self._clock() >= self._retry_at:
            if self.threads < self._most:
                self._try(self._most, elapsed / count)
            elif self._hindered >= _PERSISTENT:
                self._try(self.threads - max(1, self.threads // 4), elapsed / count)
        self._begin(iteration)
        return None

    def _is_hindered(self, elapsed: float) -> bool:
        given = (self._processor_clock() - self._processor_began) / (elapsed * self.threads)
        idle = self._idle_clock()
        if idle is None or self._idle_began is None:
            return given < _GIVEN_BLINDLY
        return given < _GIVEN and (idle - self._idle_began) / elapsed < _IDLE

    def _try(self, threads: int, seconds: float) -> None:
        self._before = (self.threads, seconds)
        self._change(threads)

    def _end_trial(self, seconds: float) -> str | None:
        assert self._before is not None
        (threads, before), self._before, self._hindered = self._before, None, 0
        better = seconds <= _GAIN * before
        rising = self.threads > threads
        if better and rising:
            self._retry_s = RETRY_S
        elif rising:
            self._retry_s = min(2 * self._retry_s, _LONGEST_RETRY_S)
        self._retry_at = self._clock() + (0.0 if better and rising else self._retry_s)
        if not better:
            self._change(threads)
        self._begin(self._iteration)
        if not better:
            return None
        now = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        if rising:
            return f"The processor is free again: computing with {now}."
        return f"Other programs take the processor: computing with {now} instead of {threads} is faster."

    def _change(self, threads: int) -> None:
        self.threads = threads
        self._set_threads(threads)

    def _begin(self, iteration: int) -> None:
        self._first = iteration
        self._began, self._processor_began = self._clock(), self._processor_clock()
        self._idle_began = self._idle_clock()
