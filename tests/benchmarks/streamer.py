"""Runs of 110 layers that nobody trained, with everything a worker would have written; and a process that
goes on writing them.

`python streamer.py VALUES_A_SECOND STEPS_A_SECOND RUN [RUN …]` holds the runs as their worker would and
appends to their logs, 20 times a second, so many numbers in all; "nowhere" on its stdin sends the same bytes
to the null device, "log" to the logs again, and it ends when its stdin closes.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Iterator
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from resviz.arch.presets import preset
from resviz.runs.events import Changed, Evaluated, Event, Probed, Started, Stepped, encode
from resviz.runs.store import Run, create_experiment
from resviz.train.recipe import PAPER

DEPTH, ITERATIONS, EPOCH = 110, 64_000, 391
_N = (DEPTH - 2) // 6
BLOCKS = tuple(f"stage{stage}.block{block}" for stage in (1, 2, 3) for block in range(1, _N + 1))
CONVOLUTIONS = ("stem.conv", *(f"{block}.conv{place}" for block in BLOCKS for place in (1, 2)))
CLASSES = tuple(f"class {number}" for number in range(10))
VALUES_OF_STEP = 4
VALUES_OF_PROBE = 4 * len(CONVOLUTIONS) + 4 * len(BLOCKS) + 1
_POOL = 64
_TURN_S = 0.05


def due(iteration: int) -> bool:
    """Return whether training probes an iteration: densely at first."""
    every = 1 if iteration <= 20 else 2 if iteration <= 200 else 10 if iteration <= 2000 else 50
    return iteration % every == 0


class Author:
    """Knows what the log of one run says at each iteration; the numbers have as many digits as real ones."""

    def __init__(self, seed: int, plain: bool, iterations: int = ITERATIONS) -> None:
        self._rng, self.plain, self.iterations = np.random.default_rng(seed), plain, iterations
        self._seed = seed
        wide, narrow = len(CONVOLUTIONS), len(BLOCKS)
        # Real profiles are smooth over depth but for a zigzag: the first and second convolutions of blocks.
        depth = np.arange(wide) / wide
        profile = np.tile((-2.2 if plain else -1.3) + 0.5 * depth + 0.12 * (-1.0) ** np.arange(wide), 4)
        within = np.tile(0.1 - 0.7 * (np.arange(narrow) % _N) / _N, 4)
        noise = self._rng.normal
        self._wide = [_digits(10 ** (profile + noise(0, 0.05, 4 * wide))) for _ in range(_POOL)]
        self._narrow = [_digits(10 ** (within + noise(0, 0.03, 4 * narrow))) for _ in range(_POOL)]
        self._errors = _digits(self._rng.normal(0, 3, 4096), 4)

    def started(self) -> Started:
        """Return the first event."""
        place = (CONVOLUTIONS, BLOCKS, CONVOLUTIONS, CLASSES)
        told = (float(EPOCH), 128, self._seed, "cpu", "float32", 1_730_714)
        return Started(1e9, 0, self.iterations, *told, *place)

    def error(self, iteration: int) -> float:
        """Return the error of a batch, percent."""
        floor = 12.0 if self.plain else 2.0
        mean = floor + 70 * float(np.exp(-iteration / 9000))
        return round(min(max(mean + self._errors[iteration % len(self._errors)], 0.0), 100.0), 5)

    def step(self, iteration: int) -> Stepped:
        """Return a point of the training curve."""
        error = self.error(iteration)
        rate = 0.1 if iteration < 32_000 else 0.01 if iteration < 48_000 else 0.001
        return Stepped(
            round(1e9 + 0.06 * iteration, 2),
            iteration,
            round(error / 37, 6),
            error,
            rate,
            2112.0 + error // 1,
        )

    def probe(self, iteration: int) -> Probed:
        """Return all diagnostics."""
        wide, narrow = self._wide[iteration % _POOL], self._narrow[(iteration // 7) % _POOL]
        n, m = len(CONVOLUTIONS), len(BLOCKS)
        none = (None,) * m
        return Probed(
            iteration,
            gradient_norm=wide[:n],
            residual_magnitude=none if self.plain else narrow[:m],
            response_std=wide[n : 2 * n],
            weight_norm=wide[2 * n : 3 * n],
            update_ratio=wide[3 * n :],
            residual_share=none if self.plain else narrow[m : 2 * m],
            alignment=none if self.plain else narrow[2 * m : 3 * m],
            truncated_pct=narrow[3 * m :],
            gradient_norm_total=wide[0],
        )

    def evaluated(self, iteration: int) -> Evaluated:
        """Return a pass over the test set."""
        error = self.error(iteration)
        return Evaluated(
            round(1e9 + 0.06 * iteration, 2), iteration, error, round(error / 30, 6), (error,) * len(CLASSES)
        )

    def whole(self) -> Iterator[Event]:
        """Yield the log of a finished run."""
        yield self.started()
        yield Changed(1e9, 0, "running")
        for iteration in range(1, self.iterations + 1):
            yield self.step(iteration)
            if iteration == 1 or due(iteration):
                yield self.probe(iteration)
            if iteration % EPOCH == 0 or iteration == self.iterations:
                yield self.evaluated(iteration)
        yield Changed(1e9 + 0.06 * self.iterations, self.iterations, "finished")


def make_runs(folder: Path, seeds: int = 2) -> list[Run]:
    """Write an experiment of plain-110 and resnet-110, a run for each seed; nothing is in the logs."""
    architectures = [
        preset(f"{kind}-{DEPTH}", input_shape=(3, 32, 32), classes=10) for kind in ("plain", "resnet")
    ]
    return create_experiment(architectures, PAPER, out=folder, seeds=range(seeds)).runs


def author_of(run: Run, seed: int, iterations: int = ITERATIONS) -> Author:
    """Return who writes the log of a run."""
    return Author(seed, run.name.startswith("plain"), iterations)


def finish(run: Run, seed: int, iterations: int = ITERATIONS) -> None:
    """Write a run's whole log."""
    with run.events_path.open("wb") as log:
        log.writelines(map(encode, author_of(run, seed, iterations).whole()))


def stream(runs: list[Run], values_per_second: float, steps_per_second: float) -> None:
    """Write until stdin closes."""
    authors = [author_of(run, seed, 10**7) for seed, run in enumerate(runs)]
    per_run = values_per_second / len(runs)
    probes_per_second = max(0.0, per_run - steps_per_second * VALUES_OF_STEP) / VALUES_OF_PROBE
    steps, owed, owed_probes = 0, 0.0, 0.0
    with contextlib.ExitStack() as stack:
        for run in runs:
            stack.enter_context(run.lock())
        logs = [stack.enter_context(run.events_path.open("ab", buffering=0)) for run in runs]
        nowhere = stack.enter_context(Path(os.devnull).open("wb", buffering=0))
        for log, author in zip(logs, authors, strict=True):
            log.write(encode(author.started()) + encode(Changed(1e9, 0, "running")))
        heard, at = True, time.monotonic()
        print("ready", flush=True)
        while True:
            at += _TURN_S
            ready, _, _ = select.select([sys.stdin], [], [], max(0.0, at - time.monotonic()))
            if ready:
                word = sys.stdin.readline().strip()
                if not word:
                    return
                heard, at = word == "log", time.monotonic()
                continue
            owed, owed_probes = owed + steps_per_second * _TURN_S, owed_probes + probes_per_second * _TURN_S
            new = range(steps + 1, steps + 1 + int(owed))
            probes = int(owed_probes)
            steps, owed, owed_probes = steps + len(new), owed - len(new), owed_probes - probes
            for log, author in zip(logs, authors, strict=True):
                lines = [encode(author.step(iteration)) for iteration in new]
                lines += [
                    encode(author.probe(steps - place)) for place in reversed(range(min(probes, steps)))
                ]
                if any(iteration % EPOCH == 0 for iteration in new):
                    lines.append(encode(author.evaluated(steps)))
                (log if heard else nowhere).write(b"".join(lines))


def _digits(values: np.ndarray, digits: int = 5) -> tuple[float, ...]:
    return tuple(float(f"{value:.{digits}g}") for value in values.tolist())


if __name__ == "__main__":
    stream([Run(path) for path in sys.argv[3:]], float(sys.argv[1]), float(sys.argv[2]))
