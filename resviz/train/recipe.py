"""The recipe: everything that defines training apart from the architecture; defaults as in Sec. 4.2."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from resviz.errors import FormatError, RecipeError

FORMAT = "resviz-recipe"
VERSION = 2

Precision = Literal["auto", "float32", "tf32", "bfloat16", "float16"]
Schedule = Literal["steps", "cosine", "one-cycle"]
Optimiser = Literal["sgd", "adamw"]
ResidualInit = Literal["he", "zero-gamma", "skipinit", "fixup"]
EVALUATIONS = 200
"""About so many passes over the test set in a run, unless the recipe says otherwise."""
REFERENCE_BATCH = 128
"""The batch size that a linearly scaled learning rate refers to (Sec. 4.2)."""
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
    """"float32" reproduces the paper; "auto" takes what the hardware is fast in: bfloat16, on older CUDA
    cards float16 with a scaled loss, else float32. "tf32": CUDA's shortened products, float32 elsewhere."""
    compile: Literal["auto", "on", "off"] = "off"
    """torch.compile; "auto" where it pays after the time it takes: in long runs on CUDA cards, and on
    processors with AMX if it proves faster. Sums round otherwise than without."""
    cuda_graphs: bool = True
    """On CUDA, capture the whole step in a graph: the same kernels without the time to launch them."""
    activation_checkpointing: bool = False
    """Keep few activations, between runs of blocks, and compute the others twice (arXiv:1604.06174)."""
    iterations: int = 64_000
    batch_size: int = 128
    learning_rate: float = 0.1
    rate_scaling: Literal["none", "linear"] = "none"
    """"linear": every rate is multiplied by batch_size / 128 (arXiv:1706.02677, Sec. 2.1)."""
    schedule: Schedule = "steps"
    """"steps": the milestones; "cosine": to 0 along half a cosine (arXiv:1608.03983, Eq. 5, one period);
    "one-cycle": up from a 25th and down to nearly 0 by cosines (arXiv:1708.07120, rate only)."""
    one_cycle_peak: float = 0.3
    """Share of the iterations after which "one-cycle" is at `learning_rate`."""
    milestones: tuple[int, ...] = (32_000, 48_000)
    """Iterations at which the rate is multiplied by `decay_factor`."""
    decay_factor: float = 0.1
    warm_up: Literal["auto", "on", "off"] = "auto"
    """At `warm_up_rate` until the training error is under `warm_up_error_pct`; "auto": from 110 layers on."""
    warm_up_rate: float = 0.01
    warm_up_error_pct: float = 80.0
    optimiser: Optimiser = "sgd"
    """"adamw": decoupled weight decay (arXiv:1711.05101), in place of SGD with momentum."""
    momentum: float = 0.9
    nesterov: bool = False
    """Nesterov's momentum in the form of Sutskever et al. 2013, as PyTorch computes it; SGD only."""
    adam_betas: tuple[float, float] = (0.9, 0.999)
    adam_epsilon: float = 1e-8
    weight_decay: float = 1e-4
    decay_scope: Literal["weights", "all"] = "weights"
    """"weights": convolution and linear weights only (as the authors' code did); "all": every parameter."""
    label_smoothing: float = 0.0
    """Share of the target spread over all classes (arXiv:1512.00567, Sec. 7)."""
    ema_decay: float = 0.0
    """Test with an exponential moving average of the weights of this decay an iteration (Polyak and Juditsky
    1992, in the form of arXiv:1703.01780); 0: with the weights themselves."""
    residual_init: ResidualInit = "he"
    """"zero-gamma": the last batch norm of a branch begins at 0 (arXiv:1706.02677, Sec. 5.1); "skipinit":
    no batch norm, a scalar 0 before the addition (arXiv:2002.10444); "fixup": no batch norm, scaled weights,
    scalar biases and multipliers, which learn at a tenth of the rate (arXiv:1901.09321)."""
    survival_last: float = 1.0
    """Probability that the last residual block survives an iteration; earlier ones linearly more (stochastic
    depth, arXiv:1603.09382, Eq. 4; its p_L is 0.5); 1: every block always does."""
    augment: bool = True
    """Pad 4 pixels a side, random crop, random horizontal flip."""
    cutout: int = 0
    """Side of a random square of zeros, pixels (arXiv:1708.04552; 16 there for CIFAR-10); 0: none."""
    mixup: float = 0.0
    """alpha of the Beta distribution that mixes pairs of pictures (arXiv:1710.09412); 0: none."""
    normalise: Normalise = "pixel-mean"
    probe_interval: int | None = None
    """Iterations between two probes; None: dense early, then so that they cost under 2 % of the time."""
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
        for field in ("iterations", "batch_size", "step_interval"):
            if getattr(self, field) < 1:
                raise RecipeError(f"{field} must be at least 1, not {getattr(self, field)}.")
        for field in ("train_limit", "test_limit", "evaluate_interval", "probe_interval"):
            value = getattr(self, field)
            if value is not None and value < 1:
                raise RecipeError(f"{field} must be at least 1, not {value}.")
        for field in ("learning_rate", "warm_up_rate", "decay_factor", "adam_epsilon"):
            if not 0 < getattr(self, field) < 1e4:
                raise RecipeError(f"{field} must be a number above 0, not {getattr(self, field)}.")
        for field in ("momentum", "weight_decay", "label_smoothing", "ema_decay"):
            if not 0 <= getattr(self, field) < 1:
                raise RecipeError(f"{field} must be from 0 to below 1, not {getattr(self, field)}.")
        if not self.checkpoint_seconds > 0:
            raise RecipeError(f"checkpoint_seconds must be above 0, not {self.checkpoint_seconds}.")
        if not 0 <= self.warm_up_error_pct <= 100:
            raise RecipeError(f"warm_up_error_pct must be from 0 to 100, not {self.warm_up_error_pct}.")
        if not all(0 <= beta < 1 for beta in self.adam_betas):
            raise RecipeError(f"adam_betas must be from 0 to below 1, not {self.adam_betas}.")
        if not 0 < self.one_cycle_peak < 1:
            raise RecipeError(f"one_cycle_peak must be between 0 and 1, not {self.one_cycle_peak}.")
        if not 0 < self.survival_last <= 1:
            raise RecipeError(f"survival_last must be above 0 and at most 1, not {self.survival_last}.")
        if self.cutout < 0:
            raise RecipeError(f"cutout must be 0 or a number of pixels, not {self.cutout}.")
        if not 0 <= self.mixup <= 100:
            raise RecipeError(f"mixup must be from 0 to 100, not {self.mixup}.")
        if self.nesterov and (self.optimiser != "sgd" or self.momentum == 0):
            raise RecipeError(
                "nesterov needs the optimiser sgd with a momentum above 0: set both, or turn it off."
            )
        if self.seed < 0:
            raise RecipeError(f"seed must be 0 or more, not {self.seed}.")
        if any(milestone < 1 for milestone in self.milestones):
            raise RecipeError(f"milestones must be at least 1, not {min(self.milestones)}.")
        if list(self.milestones) != sorted(set(self.milestones)):
            raise RecipeError(f"milestones must rise, not {','.join(map(str, self.milestones))}.")

    def scaled(self, iterations: int) -> Recipe:
        """Return the recipe for another number of iterations, milestones in proportion."""
        if iterations < 1:
            raise RecipeError(f"iterations must be at least 1, not {iterations}.")
        moved = {m: max(1, round(m * iterations / self.iterations)) for m in self.milestones}
        # Rounding moves none behind the end that was before it: a run of one iteration has no drop.
        kept = {to for m, to in moved.items() if to < iterations or m >= self.iterations}
        return msgspec.structs.replace(self, iterations=iterations, milestones=tuple(sorted(kept)))

    def evaluation_interval(self, iterations_per_epoch: int) -> int:
        """Return after how many iterations the test set is run through."""
        return self.evaluate_interval or max(iterations_per_epoch, -(-self.iterations // EVALUATIONS))


PAPER = Recipe()
SHORT = msgspec.structs.replace(
    PAPER.scaled(6_400), name="short (a tenth of the paper)", precision="auto", compile="auto"
)
QUICK = msgspec.structs.replace(
    PAPER.scaled(640), name="quick look (a hundredth)", precision="auto", probe_interval=10
)
PRESETS: dict[str, Recipe] = {"paper": PAPER, "short": SHORT, "quick": QUICK}


def field_name(text: str) -> str:
    """Return the field that a person means: "Batch-Size" is "batch_size"."""
    return text.strip().lower().replace("-", "_")


def with_changes(recipe: Recipe, changes: Mapping[str, str]) -> Recipe:
    """Return a copy with fields set from what a person typed, all of them at once.

    Args:
        recipe: stays as it is.
        changes: text by field name ("batch_size" or "batch-size"): "0.1"; "on" or "off"; "none" where there
            may be none; "32000,48000". A new number of iterations leaves the milestones where they are.

    Raises:
        RecipeError: there is no such field (the sentence names the nearest), or it cannot take the value.
    """
    types = get_type_hints(Recipe)
    values: dict[str, Any] = {}
    for name, text in changes.items():
        field = field_name(name)
        if field not in types:
            near = difflib.get_close_matches(field, types, n=1, cutoff=0.5)
            mend = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(types)}."
            raise RecipeError(f"A recipe has no field {name.strip()!r}: {mend}")
        values[field] = _value(field, types[field], text.strip())
    return msgspec.structs.replace(recipe, **values)


_SWITCH = {
    "on": True,
    "true": True,
    "yes": True,
    "1": True,
    "off": False,
    "false": False,
    "no": False,
    "0": False,
}


def _value(field: str, kind: Any, text: str) -> object:
    """Return the value that the text stands for in a field of this type."""
    none = text.lower() in {"", "none"}
    if type(None) in get_args(kind):
        if none:
            return None
        kind = next(each for each in get_args(kind) if each is not type(None))
    try:
        if kind is bool:
            return _SWITCH[text.lower()]
        if get_origin(kind) is tuple:
            parts = [] if none else [part.strip() for part in text.strip("[]()").split(",")]
            return msgspec.convert(parts, kind, strict=False)
        return msgspec.convert(text, kind, strict=False)
    except (KeyError, msgspec.ValidationError):
        raise RecipeError(f"{field} must be {_expected(kind)}, not {text!r}.") from None


def _expected(kind: Any) -> str:
    """Return in words what a field of this type takes."""
    if get_origin(kind) is Literal:
        *most, last = get_args(kind)
        return f"{', '.join(most)} or {last}"
    if get_origin(kind) is tuple:
        return (
            "two numbers such as 0.9,0.999" if float in get_args(kind) else "32000,48000 or the like, or none"
        )
    return {bool: "on or off", int: "a whole number", float: "a number"}.get(kind, "a text")


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
