"""How much memory training takes, and what would fit where that is not enough; imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from resviz.arch.activations import Piece, pieces, segments
from resviz.arch.bypass import active
from resviz.arch.cost import cost_of
from resviz.arch.graph import Architecture
from resviz.arch.shapes import infer
from resviz.train.recipe import Recipe

_PASSING = 9
"""Maps of the widest size that come and go beside those that are kept: gradients and kernels' own copies."""
_FRAGMENTED = 1.1
_KERNELS = 32 * 2**20
"""Bytes for compiled kernels and their workspace; all three measured, see tests/train/test_memory.py."""
_ROUND_FROM, _ROUND_TO = 16, 8
_LARGEST_BATCH = 2**20


@dataclass(frozen=True)
class Estimate:
    """Bytes that training takes beside the data and the program itself.

    Attributes:
        weights: the parameters, and their copies in half precision if there are.
        gradients: one for each parameter.
        optimiser: momentum or moments, and the average of the weights.
        activations: what is kept from forward to backward, a picture.
        passing: what comes and goes meanwhile, a picture.
    """

    weights: int
    gradients: int
    optimiser: int
    activations: int
    passing: int

    def total(self, batch_size: int, measured: float = 1.0) -> int:
        """Return the peak at a batch size, within about a fifth; with checkpointing within two.

        `measured`: what tensors were measured to take, against `tensors`.
        """
        return _KERNELS + round(measured * self.tensors(batch_size))

    def tensors(self, batch_size: int) -> float:
        """Return the part of the peak that differs from network to network."""
        state = self.weights + self.gradients + self.optimiser
        return _FRAGMENTED * (state + batch_size * (self.activations + self.passing))

    def largest_batch(self, room: int) -> int:
        """Return the most pictures that `room` bytes suffice for, a multiple of 8 from 16 on; 0: none."""
        low, high = 0, _LARGEST_BATCH
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.total(middle) <= room else (low, middle - 1)
        return low if low < _ROUND_FROM else low - low % _ROUND_TO


def estimate(
    architecture: Architecture,
    recipe: Recipe,
    precision: str = "float32",
    *,
    recompute: bool | None = None,
    found: Sequence[Piece] | None = None,
) -> Estimate:
    """Return what training an architecture without problems takes.

    Args:
        architecture: what is trained.
        recipe: how.
        precision: "float32", "tf32", "bfloat16" or "float16": the one that is computed in.
        recompute: with activation checkpointing; None: as the recipe says.
        found: the network's pieces, if they are at hand.
    """
    architecture = active(architecture)
    inference = infer(architecture)
    parameters = cost_of(architecture, inference).total.parameters
    half = precision in ("bfloat16", "float16")
    bytes_a_value = 2 if half else 4
    if found is None:
        found = pieces(architecture, inference, recipe.residual_init)
    again = recipe.activation_checkpointing if recompute is None else recompute
    kept, passing = _peak(segments(found) if again else [found])
    moments = (2 if recipe.optimiser == "adamw" else 1) + (1 if recipe.ema_decay else 0)
    return Estimate(
        weights=parameters * (6 if half else 4),
        gradients=parameters * 4,
        optimiser=parameters * 4 * moments,
        activations=kept * bytes_a_value,
        passing=passing * bytes_a_value,
    )


class Budget:
    """The memory that one run found free when it started, and what to say about it."""

    def __init__(
        self, architecture: Architecture, recipe: Recipe, precision: str, available: int | None
    ) -> None:
        """Remember the circumstances.

        Args:
            architecture: what is trained; without problems.
            recipe: how.
            precision: the one that is computed in.
            available: bytes, see `free_memory`; None: not known.
        """
        self._name, self._recipe, self._available = architecture.name, recipe, available
        found = pieces(architecture, infer(architecture), recipe.residual_init)
        self._needed = estimate(architecture, recipe, precision, found=found)
        self._saving = partial(estimate, architecture, recipe, precision, recompute=True, found=found)
        """With activation checkpointing; worked out when it is asked for."""

    @property
    def need(self) -> str:
        """The memory that training takes, see `need_text`."""
        return need_text(self._needed.total(self._recipe.batch_size), self._recipe.batch_size)

    def warning(self) -> str | None:
        """Return a sentence for the beginning of a run that will hardly fit, else None."""
        needed, available = self._needed.total(self._recipe.batch_size), self._available
        if available is None or needed <= available:
            return None
        return (
            f"{self._name} needs {self.need}, but only {size_text(available)} are free: if training fails, "
            f"{self._advice(available)}."
        )

    def exhausted(self, where: str) -> str:
        """Return the sentence for a run that ran out of memory; `where` is "The graphics card", for one."""
        available, needed = self._available, self._needed.total(self._recipe.batch_size)
        if available is None or needed <= available:
            available = needed // 2  # It should have fitted, and did not.
        return f"{where} is out of memory: {self._advice(available)}, then start again."

    def _advice(self, available: int) -> str:
        """Return what to do, as the middle of a sentence."""
        batch_size = self._recipe.batch_size
        smaller = min(self._needed.largest_batch(available), batch_size - 1)
        ways = [f"choose a batch of {smaller}, which would fit"] if smaller > 0 else []
        if not self._recipe.activation_checkpointing and self._saving().total(batch_size) <= available:
            ways.append("turn activation_checkpointing on, which takes up to a third longer")
        return ", or ".join(ways) or "choose a smaller network"


def _peak(groups: Sequence[Sequence[Piece]]) -> tuple[int, int]:
    """Return the values a picture that are kept, and that pass, at the backward pass' most crowded moment."""
    peak, results = (0, 0), 0
    for group in groups:
        kept = results
        for piece in group:
            kept += piece.kept
            peak = max(peak, (kept, _PASSING * piece.widest), key=sum)
        results += group[-1].leaves
    return peak


def need_text(size: int, batch_size: int) -> str:
    """Return how every place says what training takes: "about 1.4 GiB of memory at a batch of 128"."""
    return f"about {size_text(size)} of memory at a batch of {batch_size:,}"


def size_text(size: int) -> str:
    """Return a number of bytes as a person reads it: "1.4 GiB", "250 MiB"."""
    return f"{size / 2**30:,.1f} GiB" if size >= 2**30 else f"{max(size, 0) / 2**20:.0f} MiB"
