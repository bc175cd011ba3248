"""The recipe: everything that defines training apart from the architecture; defaults as in Sec. 4.2."""

from __future__ import annotations

from typing import Literal

import msgspec

from resviz.errors import FormatError, RecipeError

FORMAT = "resviz-recipe"
VERSION = 1

Precision = Literal["auto", "float32", "bfloat16"]
Normalise = Literal["pixel-mean", "channel-mean", "channel-mean-std"]


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One training recipe; every field says its unit. arXiv:1512.03385, Sec. 4.2, unless said otherwise."""

    name: str = "paper"
    data: str = "shapes"
    """"shapes", "cifar10", "cifar100" or "folder:PATH"."""
    data_dir: str | None = None
    """Folder where data sets live; None: the user's data directory."""
    train_limit: int | None = None
    """Pictures of a class-balanced part of the training set; None: all."""
    test_limit: int | None = None
    validation_split: bool = False
    """Train on nine tenths (45k of 50k) and measure test error on the rest (5k) of the training set."""
    seed: int = 0
    device: str = "auto"
    """"auto", "cpu", "cuda" or "cuda:N"."""
    precision: Precision = "float32"
    """"float32" reproduces the paper; "auto" takes bfloat16 where the hardware has it."""
    iterations: int = 64_000
    batch_size: int = 128
    learning_rate: float = 0.1
    milestones: tuple[int, ...] = (32_000, 48_000)
    """Iterations at which the rate is multiplied by `decay_factor`."""
    decay_factor: float = 0.1
    warm_up: Literal["auto", "on", "off"] = "auto"
    """At `warm_up_rate` until the training error is under `warm_up_error_pct`; "auto": from 110 layers on."""
    warm_up_rate: float = 0.01
    warm_up_error_pct: float = 80.0
    momentum: float = 0.9
    weight_decay: float = 1e-4
    decay_scope: Literal["weights", "all"] = "weights"
    """"weights": convolution and linear weights only (as the authors' code did); "all": every parameter."""
    augment: bool = True
    """Pad 4 pixels a side, random crop, random horizontal flip."""
    normalise: Normalise = "pixel-mean"
    probe_interval: int = 20
    """Iterations between two probes."""
    step_interval: int = 1
    """Iterations between two points of the training curve: means over the iterations in between."""
    evaluate_interval: int | None = None
    """Iterations between two passes over the test set; None: an epoch, but at most about 200 in a run."""
    checkpoint_seconds: float = 60.0
    """Seconds between two automatic checkpoints; one is always written at the end, on pause and on stop."""

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            RecipeError: a field cannot be used.
        """
        for field in ("iterations", "batch_size", "probe_interval", "step_interval"):
            if getattr(self, field) < 1:
                raise RecipeError(f"{field} must be at least 1, not {getattr(self, field)}.")
        for field in ("train_limit", "test_limit", "evaluate_interval"):
            value = getattr(self, field)
            if value is not None and value < 1:
                raise RecipeError(f"{field} must be at least 1, not {value}.")
        for field in ("learning_rate", "warm_up_rate", "decay_factor"):
            if not 0 < getattr(self, field) < 1e4:
                raise RecipeError(f"{field} must be a number above 0, not {getattr(self, field)}.")
        if not 0 <= self.momentum < 1:
            raise RecipeError(f"momentum must be from 0 to below 1, not {self.momentum}.")
        if not 0 <= self.weight_decay < 1:
            raise RecipeError(f"weight_decay must be from 0 to below 1, not {self.weight_decay}.")
        if list(self.milestones) != sorted(set(self.milestones)):
            raise RecipeError(f"milestones must rise, not {self.milestones}.")

    def scaled(self, iterations: int) -> Recipe:
        """Return the recipe for another number of iterations, milestones in proportion."""
        if iterations < 1:
            raise RecipeError(f"iterations must be at least 1, not {iterations}.")
        milestones = tuple(sorted({max(1, round(m * iterations / self.iterations)) for m in self.milestones}))
        return msgspec.structs.replace(self, iterations=iterations, milestones=milestones)


PAPER = Recipe()
SHORT = msgspec.structs.replace(PAPER.scaled(6_400), name="short (a tenth of the paper)", precision="auto")
QUICK = msgspec.structs.replace(
    PAPER.scaled(640), name="quick look (a hundredth)", precision="auto", probe_interval=10
)
PRESETS: dict[str, Recipe] = {"paper": PAPER, "short": SHORT, "quick": QUICK}


class _File(msgspec.Struct, frozen=True):
    format: str
    version: int
    recipe: msgspec.Raw


def to_json(recipe: Recipe) -> bytes:
    """Return the recipe file's bytes."""
    document = {"format": FORMAT, "version": VERSION, "recipe": recipe}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def from_json(data: bytes, where: str = "The recipe") -> Recipe:
    """Return the recipe of a file's bytes.

    Raises:
        FormatError: damaged, of another format or newer.
        RecipeError: a field cannot be used.
    """
    try:
        file = msgspec.json.decode(data, type=_File)
        if file.format != FORMAT:
            raise FormatError(f"{where} is a {file.format!r} file, not a recipe: choose another file.")
        if file.version > VERSION:
            raise FormatError(f"{where} is from a newer resviz (version {file.version}): update resviz.")
        return msgspec.json.decode(file.recipe, type=Recipe)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"{where} is damaged or is no recipe ({error}): choose another file.") from None
