"""A few training steps on random pictures, timed: what `resviz.train.estimates` predicts by.

The steps are the trainer's own, with whatever a recipe asks for; only what it compiles is left out. A network
that takes too long, or more memory than there is, is measured by smaller ones of the same blocks: the time of
one more block of each kind is the difference between two of them.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import NamedTuple

import msgspec
import torch

from resviz.arch.cost import cost_of
from resviz.arch.graph import Architecture
from resviz.arch.shapes import infer
from resviz.arch.spec import Shape
from resviz.arch.thinned import Thinned
from resviz.data.dataset import Dataset
from resviz.errors import BuildError
from resviz.runs.events import Event
from resviz.train import devices, memory
from resviz.train.estimates import Measured, machine
from resviz.train.free_memory import free_memory
from resviz.train.peak import Peak
from resviz.train.recipe import Recipe
from resviz.train.trainer import Trainer

Clock = Callable[[], float]
Tell = Callable[[str, float], None]
"""Takes what is done now, and the share that is done, 0..1."""

_FEW, _MORE = 2, 6
"""Equal blocks of small networks, and of those of one stage more of them."""
_TRIAL, _CARD_TRIAL = 8, 32
"""Pictures of the very first steps, which tell how many can be afforded."""
_TRIAL_WORK, _FEWEST = 2e9, 2
"""Multiply-adds forward that those steps have at the most; batch norm wants two pictures."""
_STEP_S, _WHOLE_S = 2.0, 3.0
"""The longest steps, of a small network and of the whole one, that are waited for a few times."""
_TIMED_S, _LEAST, _MOST = 2.0, 3, 10
"""Seconds that are timed of each network, in so many steps."""
_ROOM = 0.7
"""Share of the free memory that is used at the most."""
_MEASURABLE = 64 * 2**20
"""Bytes of tensors from which on the peak says something."""
_MANY = 1_000_000
"""Iterations of a training that is not finished."""


class _Timed(NamedTuple):
    """Of one network: fields as of `Measured`."""

    step_s: float
    test_s: float
    memory_factor: float | None
    steps: int
    got: float


def measure(
    architecture: Architecture,
    recipe: Recipe,
    device: torch.device,
    *,
    beside: int = 0,
    clock: Clock = time.perf_counter,
    tell: Tell = lambda _what, _share: None,
) -> Measured:
    """Return what training steps of an architecture take on a device, after some seconds.

    Args:
        architecture: to be trained.
        recipe: how.
        device: where; on the CPU with as many threads as torch has now.
        beside: other runs that are measured at the same time, to be noted.
        clock: seconds from some moment.
        tell: takes how far it is.

    Raises:
        BuildError: the architecture has problems, or takes no pictures of three colours.
    """
    _check(architecture)
    return _Measuring(recipe, device, clock, tell).measure(Thinned(architecture), beside)


class _Measuring:
    def __init__(self, recipe: Recipe, device: torch.device, clock: Clock, tell: Tell) -> None:
        self._device, self._clock, self._tell = device, clock, tell
        self._precision = devices.choose_precision(recipe.precision, device)
        self._wanted = recipe.batch_size
        self._recipe = msgspec.structs.replace(
            recipe,
            iterations=_MANY,
            milestones=(),
            schedule="steps",
            warm_up="off",
            learning_rate=1e-4,  # What is learnt from noise does not matter, but it must stay finite.
            compile="off",
            probe_interval=_MANY,
        )
        free = free_memory(device)
        self._room = None if free is None else _ROOM * free

    def measure(self, thinned: Thinned, beside: int) -> Measured:
        """Measure the whole, or what it is made of."""
        base = thinned.keep(_FEW)
        size = _CARD_TRIAL if self._device.type == "cuda" else _TRIAL
        size = min(self._wanted, size, max(_FEWEST, round(_TRIAL_WORK / max(1, _work(base)))))
        self._tell("trying a few pictures", 0.1)
        trial = self._time(base, size, warm=1, steps=2)
        picture_s = trial.step_s / size
        wanted = self._wanted
        while wanted > size and (picture_s * wanted > _STEP_S or not self._fits(base, wanted)):
            wanted = max(size, wanted // 2)
        ratio = _work(thinned.whole) / max(1, _work(base))
        whole_s = picture_s * wanted * ratio
        if whole_s <= _WHOLE_S and self._fits(thinned.whole, wanted):
            self._tell("timing steps", 0.3)
            found, whole = self._time(thinned.whole, wanted, warm=2, steps=_count(whole_s)), True
        else:
            found, whole = self._by_parts(thinned, base, wanted, picture_s * wanted), False
        return Measured(
            device=devices.describe(self._device),
            machine=machine(),
            precision=self._precision,
            threads=torch.get_num_threads(),
            beside=beside,
            asked=self._wanted,
            batch_size=wanted,
            step_s=found.step_s,
            test_s=found.test_s,
            memory_factor=found.memory_factor,
            whole=whole,
            steps=found.steps,
            at=time.time(),
            got=found.got,
        )

    def _by_parts(self, thinned: Thinned, base: Architecture, size: int, base_s: float) -> _Timed:
        """Add up what the network's blocks take."""
        shapes = [shape for shape in thinned.classes if thinned.repeats(shape) > _FEW]
        shares = iter(0.3 + 0.7 * part / (len(shapes) + 2) for part in range(len(shapes) + 2))
        steps = _count(base_s)
        self._tell("timing a small network of the same blocks", next(shares))
        first = self._time(base, size, warm=1, steps=steps)
        larger: dict[Shape, _Timed] = {}
        for shape in shapes:
            self._tell(f"timing one with more blocks of {' x '.join(map(str, shape))}", next(shares))
            larger[shape] = self._time(thinned.keep(_FEW, {shape: _MORE}), size, warm=1, steps=steps)
        self._tell("timing the small network again", next(shares))
        again = self._time(base, size, warm=1, steps=steps)
        base_s = statistics.mean((first.step_s, again.step_s))
        step_s = base_s
        for shape, timed in larger.items():
            few, more = (thinned.work(shape, most) for most in (_FEW, _MORE))
            slope = max(0.0, timed.step_s - base_s) / (more - few)
            step_s += slope * (thinned.work(shape) - few)
        factors = [each.memory_factor for each in larger.values() if each.memory_factor is not None]
        return _Timed(
            step_s,
            again.test_s * step_s / base_s,
            statistics.median(factors) if factors else first.memory_factor,
            steps * (len(shapes) + 2),
            min(each.got for each in (first, again, *larger.values())),
        )

    def _fits(self, architecture: Architecture, size: int) -> bool:
        return self._room is None or self._model(architecture).total(size) <= self._room

    def _model(self, architecture: Architecture) -> memory.Estimate:
        return memory.estimate(architecture, self._recipe, self._precision)

    def _time(self, architecture: Architecture, size: int, *, warm: int, steps: int) -> _Timed:
        """Train some steps, the first not timed, and test a batch, on a card the second one."""
        on_card = self._device.type == "cuda"
        warm += 4 if on_card else 0  # A graph is captured after three.
        tested = max(size, 1000) if on_card else size  # `evaluation` takes as many at once.
        recipe = msgspec.structs.replace(self._recipe, batch_size=size, evaluate_interval=warm + steps)
        data = _pictures(architecture, size, 2 * tested if on_card else tested)
        peak = Peak(self._device)
        with tempfile.TemporaryDirectory() as folder:
            trainer = Trainer(
                architecture, recipe, data, self._device, checkpoints=Path(folder) / "none", emit=_nobody
            )
            trainer.start()
            for _ in range(warm):
                trainer.advance()
            began, wall, busy = self._now(), time.perf_counter(), time.process_time()
            laps = []
            for _ in range(steps):
                lap = self._clock()
                trainer.advance()
                laps.append(self._clock() - lap)
            step_s = (self._now() - began) / steps if on_card else statistics.median(laps)
            wall, busy = time.perf_counter() - wall, time.process_time() - busy
            taken = peak.taken()
            if on_card:
                trainer.advance()  # The fastest kernels are looked for.
            began = self._now()
            trainer.advance()
            test_s = (self._now() - began) / tested
        reckoned = self._model(architecture).tensors(size)
        # Of a small network, much fits into what the one before gave back.
        factor = taken / reckoned if taken and reckoned >= _MEASURABLE else None
        got = 1.0 if on_card else busy / max(wall * torch.get_num_threads(), 1e-9)
        return _Timed(step_s, test_s, factor, steps, round(got, 2))

    def _now(self) -> float:
        """Return the time when the device has done all that it was told."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return self._clock()


def _count(step_s: float) -> int:
    return min(max(round(_TIMED_S / max(step_s, 1e-6)), _LEAST), _MOST)


def _work(architecture: Architecture) -> int:
    return cost_of(architecture).total.multiply_adds


def _nobody(*_events: Event) -> None:
    """Take what training says, and leave it."""


def _check(architecture: Architecture) -> None:
    inference = infer(architecture)
    for problem in inference.problems[:1]:
        raise BuildError(f"{architecture.name} cannot be trained: {problem.message} {problem.mend}")
    shape, classes = inference.input_shape, inference.output_shape
    if shape is None or len(shape) != 3 or shape[0] != 3 or classes is None or len(classes) != 1:
        raise BuildError(
            f"{architecture.name} cannot be trained on pictures: its input must be 3 x height x width, and "
            "its output one number a class."
        )


def _pictures(architecture: Architecture, train: int, test: int) -> Dataset:
    """Return noise of the size that a network takes."""
    inference = infer(architecture)
    assert inference.input_shape is not None
    assert inference.output_shape is not None
    generator = torch.Generator().manual_seed(0)
    classes = prod(inference.output_shape)

    def part(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        size = (count, *inference.input_shape) if inference.input_shape else (count,)
        return torch.randint(0, 256, size, dtype=torch.uint8, generator=generator), torch.arange(
            count
        ) % classes

    return Dataset("noise", tuple(map(str, range(classes))), *part(train), *part(test))
