"""Live readouts: what training measures at the blocks, as arrays, and what can be seen of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.canvas.marks import Mark
from app.canvas.paints import STEPS
from app.canvas.text import scientific

Row = NDArray[np.float64]

NOTHING = 0.05
"""A block whose |F(x)|/|s(x)| is below this adds next to nothing, and fades.

A branch so short turns what passes by less than 3 degrees. In healthy networks depth alone makes no block so
weak: at the start the ratio falls as 1/sqrt(block) within a stage (arXiv:2101.08692), to 0.07 in the last of
the 200 blocks of a stage of resnet-1202; measured at the start of resnet-110 it is 0.19 at the least, in a
trained resnet-56 0.22 on average.
"""
LANES = 12
"""Widths of a wire between nothing and the whole signal."""


@dataclass(frozen=True, slots=True)
class ReadoutScale:
    """What the colours of the blocks mean."""

    title: str = "value"
    short: str = ""
    """A symbol, for where there is little room."""
    low: float = 0.0
    high: float = 1.0
    """Values of the first and of the last colour; of a logarithmic scale their base-ten logarithms."""
    log: bool = False
    text: Callable[[float], str] = scientific
    """A value as text."""
    formula: str = ""
    """What is measured, in signs."""
    name: str = ""
    """What the legend calls it; "": by symbol and title."""

    def places(self, values: Row) -> Row:
        """Return the places of values on the scale, 0..1; NaN for what is not a number."""
        finite = np.isfinite(values)
        if self.high <= self.low:
            return np.where(finite, 0.5, np.nan)
        known = np.where(finite, values, 1.0)
        scaled = np.log10(np.maximum(known, 1e-30)) if self.log else known
        return np.where(finite, np.clip((scaled - self.low) / (self.high - self.low), 0.0, 1.0), np.nan)

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Places on the scale, 0..1, and their values as text: lower end, about the middle, upper end.

        The middle of a logarithmic scale is a whole power of ten.
        """
        middle = (self.low + self.high) / 2
        if self.log and self.low < round(middle) < self.high:
            middle = round(middle)
        span = max(self.high - self.low, 1e-30)
        values = (self.low, middle, self.high)
        return tuple(
            ((value - self.low) / span, self.text(10.0**value if self.log else value)) for value in values
        )


def _nothing_to_tell(_block_id: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, eq=False)
class Readouts:
    """One probe, a row for each of `ids`."""

    ids: tuple[str, ...]
    values: Row
    """What the blocks are filled by; NaN: not a number, which is alarming."""
    scale: ReadoutScale = field(default_factory=ReadoutScale)
    filled: NDArray[np.bool_] | None = None
    """Which blocks have such a value at all; None: all."""
    magnitude: Row | None = None
    """|F(x)|/|s(x)|; NaN where there is no shortcut or nothing was measured."""
    marks: NDArray[np.int8] | None = None
    """The `Mark` of each."""
    when: str = ""
    """The moment: "iteration 120"."""
    tell: Callable[[str], tuple[str, ...]] = _nothing_to_tell
    """What a block's tool tip says besides, a line each."""
    live: bool = True
    """Whether they come from training, rather than from the network as it is drawn."""

    @property
    def used(self) -> bool:
        """Whether any block is filled."""
        return self.filled is None or bool(self.filled.any())

    def count(self, mark: Mark) -> int:
        """Return how many blocks have a mark."""
        return 0 if self.marks is None else int(np.count_nonzero(self.marks == mark))


def lanes(magnitude: Row) -> NDArray[np.int8]:
    """Return how a signal is shared out, -1 where that is not known.

    From 0 to `LANES` the shortcut carries more, the branch so many parts of its width; from there to twice
    `LANES` the branch carries more, and the shortcut gets thinner.
    """
    known = np.isfinite(magnitude) & (magnitude >= 0)
    ratio = np.where(known, magnitude, 1.0)
    inverse = 1.0 / np.maximum(ratio, 1.0)
    steps = np.where(ratio <= 1.0, np.round(LANES * ratio), 2 * LANES - np.round(LANES * inverse))
    return np.where(known, steps, -1).astype(np.int8)


def widths(lane: int) -> tuple[float, float]:
    """Return the shares, 0..1, of the widths of shortcut and branch; the thicker one has 1."""
    return (1.0, lane / LANES) if lane <= LANES else (2.0 - lane / LANES, 1.0)


def lane_width(share: float, zoom: float) -> float:
    """Return how wide a wire of a share of the signal is, in scene pixels: never unseen, never clumsy."""
    full, least = max(7.0, min(4.5 / zoom, 18.0)), max(1.0, min(0.8 / zoom, 4.0))
    return max(least, full * share)


class Board:
    """What is seen of the readouts at present, a row a block. Items read their row when they are painted."""

    def __init__(self) -> None:
        self.ratio: float | None = None
        """Pixels of the device for a pixel of the view; None: there is no view, as on paper."""
        self.readouts: Readouts | None = None
        self.rows: dict[str, int] = {}
        """Where it speaks of which block."""
        self._before: Readouts | None = None
        self.scale = ReadoutScale()
        self._clear()

    def _clear(self) -> None:
        self._colours = np.zeros(0, np.int16)
        self._lanes = np.zeros(0, np.int8)
        self._faint = np.zeros(0, np.bool_)
        self._marks = np.zeros(0, np.int8)
        self._list()

    def _list(self) -> None:
        # Painting reads single values: those of a list are ten times as quick as those of an array.
        self.colours: list[int] = self._colours.tolist()
        """Step of the scale; -1: no value, `STEPS`: not a number."""
        self.lanes: list[int] = self._lanes.tolist()
        """As `lanes` says."""
        self.faint: list[bool] = self._faint.tolist()
        """Whether the block adds next to nothing."""
        self.marks: list[int] = self._marks.tolist()
        """The `Mark`."""

    def take(self, readouts: Readouts | None) -> NDArray[np.int64] | None:
        """Show other readouts; return the rows that look different, or None where rows are other blocks.

        What only a number shows is not counted: see `renumbered`.
        """
        before, self.readouts = self.readouts, readouts
        self._before = before
        if readouts is None and before is None:
            return np.zeros(0, np.int64)
        if readouts is None:
            self.rows = {}
            self._clear()
            return None
        old: tuple[NDArray[Any], ...] = self._colours, self._lanes, self._faint, self._marks
        self.scale = readouts.scale
        self._look(readouts)
        self._list()
        if before is None or before.ids != readouts.ids:
            self.rows = {block_id: row for row, block_id in enumerate(readouts.ids)}
            return None
        new: tuple[NDArray[Any], ...] = self._colours, self._lanes, self._faint, self._marks
        return np.flatnonzero(np.logical_or.reduce([a != b for a, b in zip(old, new, strict=True)]))

    def renumbered(self, rows: Iterable[int]) -> list[int]:
        """Return which of these rows have another number than before, as it is written."""
        now, before = self.readouts, self._before
        if now is None or before is None:
            return list(rows)
        if (now.scale.short, now.scale.text) != (before.scale.short, before.scale.text):
            return list(rows)
        text = now.scale.text
        return [row for row in rows if text(float(now.values[row])) != text(float(before.values[row]))]

    def _look(self, readouts: Readouts) -> None:
        count = len(readouts.ids)
        places = readouts.scale.places(readouts.values)
        steps = np.where(np.isnan(places), STEPS, np.nan_to_num(places) * (STEPS - 1)).astype(np.int16)
        self._colours = steps if readouts.filled is None else np.where(readouts.filled, steps, -1)
        unknown = np.full(count, np.nan)
        magnitude = unknown if readouts.magnitude is None else readouts.magnitude
        self._lanes = lanes(magnitude)
        self._faint = magnitude < NOTHING
        self._marks = np.zeros(count, np.int8) if readouts.marks is None else readouts.marks

    def value(self, row: int) -> float | None:
        """Return the value that fills a block, if it has one."""
        if row < 0 or self.readouts is None or self.colours[row] < 0:
            return None
        return float(self.readouts.values[row])

    def number(self, row: int) -> str:
        """Return that value as text, "" where there is none."""
        value = self.value(row)
        return "" if value is None else self.scale.text(value)

    def told(self, block_id: str) -> tuple[str, ...]:
        """Return what was measured at a block, a line each."""
        return () if self.readouts is None else self.readouts.tell(block_id)

    @property
    def live(self) -> bool:
        """Whether what is seen comes from training."""
        return self.readouts is not None and self.readouts.live

    def mark(self, row: int) -> Mark:
        """Return what is wrong with a block."""
        return Mark(self.marks[row]) if row >= 0 else Mark.NONE
