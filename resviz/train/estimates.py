"""What training will take, by what a few steps of it took: time and memory; imports no torch.

The measured steps are kept, for each network, machine and way of training, and for each size of batch. Time
is theirs in proportion to the pictures; memory is what `resviz.train.memory` says, times what the measured
steps took against that.
"""

from __future__ import annotations

import contextlib
import hashlib
import platform
import re
from dataclasses import dataclass
from importlib import metadata
from math import ceil
from pathlib import Path

import msgspec

from resviz.arch.bypass import active
from resviz.arch.graph import Architecture
from resviz.atomic import write_atomically
from resviz.errors import ResvizError
from resviz.runs.experiment import data_root
from resviz.train import memory
from resviz.train.cards import cuda_present
from resviz.train.circumstances import PICTURES
from resviz.train.placement import on_card
from resviz.train.recipe import Recipe

_MOST_BATCHES = 16
"""Sizes of batch of which measurements are kept for a network."""
_COUNTS = (
    "precision", "optimiser", "residual_init", "survival_last", "activation_checkpointing", "cuda_graphs",
    "augment",
)  # fmt: skip
"""Fields of a recipe whose values make a step another one."""
_COUNTS_IF_USED = ("momentum", "ema_decay", "label_smoothing", "cutout", "mixup")
"""Fields of which only matters whether they are used at all."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a few training steps took."""

    device: str
    """As `devices.describe` names it: "cpu", "cuda:0 (NVIDIA H100)"."""
    machine: str
    """The processor's name."""
    precision: str
    threads: int
    beside: int
    """Other runs that were measured at the same time."""
    asked: int
    """Pictures a step of the training that it was measured for."""
    batch_size: int
    """Pictures a step that was measured: fewer than those where they take too long, or too much memory."""
    step_s: float
    """Seconds that a training step of the whole network takes."""
    test_s: float
    """Seconds to test one picture."""
    memory_factor: float | None
    """Bytes that tensors took against what `memory.estimate` says; None: too few, or not told."""
    whole: bool
    """Whether the network itself was measured, rather than smaller ones of the same blocks."""
    steps: int
    """How many steps were timed."""
    at: float
    """Seconds since 1970 (UTC)."""
    got: float = 1.0
    """Share of its threads' time that the processor really gave it; 1 on a card."""
    version: int = 1

    @property
    def place(self) -> str:
        """Where it was measured: "cuda:0 (NVIDIA H100)", "cpu (AMD EPYC 7B13), 2 threads"."""
        if self.device != "cpu":
            return self.device
        threads = f"{self.threads} thread{'s' if self.threads != 1 else ''}"
        return f"cpu ({self.machine}), {threads}" if self.machine else f"cpu, {threads}"


@dataclass(frozen=True)
class Prediction:
    """What training takes at a size of batch; None: not known before something was measured.

    Attributes:
        batch_size: pictures a step.
        iterations: steps.
        memory: bytes beside the data and the program itself.
        activations: those of them that are kept from forward to backward.
        step_s: seconds a step.
        testing_s: seconds of all passes over the test set together.
        measured: what it goes by.
    """

    batch_size: int
    iterations: int
    memory: int
    activations: int
    step_s: float | None = None
    testing_s: float | None = None
    measured: Measured | None = None

    @property
    def training_s(self) -> float | None:
        """Seconds from the first step to the last test."""
        if self.step_s is None or self.testing_s is None:
            return None
        return self.iterations * self.step_s + self.testing_s

    @property
    def images_per_second(self) -> float | None:
        """Pictures trained on in a second, tests left out."""
        return self.batch_size / self.step_s if self.step_s else None


def predict(architecture: Architecture, recipe: Recipe, measured: Measured | None) -> Prediction:
    """Return what training an architecture without problems by a recipe takes."""
    precision = measured.precision if measured is not None else usual_precision(recipe)
    model = memory.estimate(architecture, recipe, precision)
    kept = model.activations * recipe.batch_size
    if measured is None:
        return Prediction(recipe.batch_size, recipe.iterations, model.total(recipe.batch_size), kept)
    passes, pictures = _tests(recipe)
    return Prediction(
        recipe.batch_size,
        recipe.iterations,
        model.total(recipe.batch_size, measured.memory_factor or 1.0),
        kept,
        measured.step_s * recipe.batch_size / measured.batch_size,
        passes * pictures * measured.test_s,
        measured,
    )


def usual_precision(recipe: Recipe) -> str:
    """Return the precision to reckon with where it is not known what the hardware is fast in."""
    return recipe.precision if recipe.precision in ("bfloat16", "float16") else "float32"


def _tests(recipe: Recipe) -> tuple[int, int]:
    """Return how often the test set is run through, and its pictures; (0, 0) where they are not known."""
    if recipe.data not in PICTURES:
        return 0, 0
    train, test = PICTURES[recipe.data]
    train, test = min(train, recipe.train_limit or train), min(test, recipe.test_limit or test)
    if recipe.validation_split:
        train, test = train - train // 10, train // 10
    interval = recipe.evaluation_interval(ceil(train / recipe.batch_size))
    return ceil(recipe.iterations / interval), test


# What was measured before


def find(architecture: Architecture, recipe: Recipe, threads: int, beside: int = 0) -> Measured | None:
    """Return what was measured of this network, trained in this way on this machine; None: nothing yet.

    Of several sizes of batch the nearest one.
    """
    found = _read(_path(architecture, recipe, threads, beside))
    wanted = recipe.batch_size
    return min(found, key=lambda each: max(each.asked, wanted) / min(each.asked, wanted), default=None)


def keep(architecture: Architecture, recipe: Recipe, measured: Measured) -> None:
    """Remember what was measured; where it cannot be written, nothing is remembered."""
    path = _path(architecture, recipe, measured.threads, measured.beside)
    others = [each for each in _read(path) if each.asked != measured.asked]
    with contextlib.suppress(OSError, ResvizError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, msgspec.json.encode([measured, *others][:_MOST_BATCHES]))


def _read(path: Path) -> list[Measured]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Measured])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return []  # Another version's, or damaged: it is measured anew.


def _path(architecture: Architecture, recipe: Recipe, threads: int, beside: int) -> Path:
    way = [getattr(recipe, name) for name in _COUNTS]
    way += [bool(getattr(recipe, name)) for name in _COUNTS_IF_USED]
    device = (
        recipe.device if recipe.device != "auto" else "cuda" if on_card("auto", cuda_present()) else "cpu"
    )
    what = [_structure(architecture), way, device, machine(), threads, beside, _torch()]
    digest = hashlib.sha256(msgspec.json.encode(what)).hexdigest()
    return data_root() / "estimates" / f"{digest[:32]}.json"


def _structure(architecture: Architecture) -> list[object]:
    """Return what a network computes, whatever its blocks are called and wherever they stand."""
    architecture = active(architecture)
    place = {block_id: number for number, block_id in enumerate(architecture.order())}
    return [
        (
            architecture[block_id].kind,
            sorted(architecture[block_id].params.items()),
            sorted((port, place[wire.source]) for port, wire in architecture.incoming(block_id).items()),
        )
        for block_id in place
    ]


def machine() -> str:
    """Return the processor's name, "" where the system does not tell."""
    with contextlib.suppress(OSError):
        match = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
        if match:
            return re.sub(r"\s+", " ", re.sub(r"\(R\)|\(TM\)|CPU|@.*", "", match[1])).strip()
    return platform.processor() or platform.machine()


def _torch() -> str:
    try:
        return metadata.version("torch")
    except metadata.PackageNotFoundError:
        return ""
