"""A picture of error curves (PNG), drawn with Pillow alone."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from resviz.atomic import write_atomically

Colour = tuple[int, int, int]
Points = list[tuple[float, float]]

PLAIN: Colour = (0xB0, 0x48, 0x00)
"""Warm, as plain networks are everywhere."""
RESIDUAL: Colour = (0x00, 0x6F, 0x9E)
"""Cool, as residual networks are everywhere."""

_SCALE = 3  # Drawn so many times larger, then shrunk: that is what smooths the lines.
_SIZE = (1200, 750)
_LEFT, _TOP, _RIGHT, _BOTTOM = 84, 128, 1130, 668
_TEXT: Colour = (0x22, 0x26, 0x2B)
_MUTED: Colour = (0x6A, 0x72, 0x7B)
_GRID: Colour = (0xE4, 0xE7, 0xEA)
_DASH, _SPACE = 9.0, 6.0


@dataclass(frozen=True)
class Line:
    """One curve: `y` percent over `x`; dashed for training error, solid for test error, as in the paper."""

    name: str
    colour: Colour
    dashed: bool
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@dataclass(frozen=True)
class Gap:
    """A distance worth marking: at `x`, from `low` to `high` percent."""

    x: float
    low: float
    high: float


def draw_curves(
    path: Path,
    lines: Sequence[Line],
    *,
    title: str,
    subtitle: str,
    x_label: str,
    x_end: float,
    gaps: Sequence[Gap] = (),
) -> Path:
    """Draw error curves on a scale from 0 to 100 percent and return `path`.

    Raises:
        ResvizError: the file cannot be written.
    """
    canvas = _Canvas(max(x_end, 1e-9))
    canvas.text((_LEFT, 26), title, 24, _TEXT)
    canvas.text((_LEFT, 60), subtitle, 15, _MUTED)
    canvas.axes(x_label)
    canvas.legend(lines)
    for gap in gaps:
        canvas.gap(gap)
    for line in lines:
        canvas.curve(line)
    picture = canvas.image.resize(_SIZE, Image.Resampling.LANCZOS)
    data = io.BytesIO()
    picture.save(data, "PNG", optimize=True)
    return write_atomically(path, data.getvalue())


class _Canvas:
    """A large picture and the way from data to its pixels."""

    def __init__(self, x_end: float) -> None:
        self.image = Image.new("RGB", (_SIZE[0] * _SCALE, _SIZE[1] * _SCALE), "white")
        self._draw = ImageDraw.Draw(self.image)
        self._x_end = x_end

    def text(self, at: tuple[float, float], text: str, size: int, colour: Colour, anchor: str = "la") -> None:
        font = ImageFont.load_default(size * _SCALE)
        self._draw.text((at[0] * _SCALE, at[1] * _SCALE), text, fill=colour, font=font, anchor=anchor)

    def axes(self, x_label: str) -> None:
        for percent in range(0, 101, 20):
            _, y = self._place(0, percent)
            self._stroke([(_LEFT, y), (_RIGHT, y)], _MUTED if percent == 0 else _GRID, 1)
            self.text((_LEFT - 10, y), str(percent), 15, _MUTED, "rm")
        step = _nice_step(self._x_end / 6)
        for tick in np.arange(0, self._x_end * 1.0001, step):
            x, y = self._place(float(tick), 0)
            self._stroke([(x, y), (x, y + 6)], _MUTED, 1)
            self.text((x, y + 10), f"{tick:g}", 15, _MUTED, "ma")
        self.text(((_LEFT + _RIGHT) / 2, _BOTTOM + 38), x_label, 16, _TEXT, "ma")
        self.text((_LEFT - 60, _TOP - 16), "error (%)", 16, _TEXT, "ls")

    def legend(self, lines: Sequence[Line]) -> None:
        x = float(_LEFT + 60)
        for line in lines:
            y = _TOP - 22.0
            sample = [(x, y), (x + 38, y)]
            for piece in _dashes(sample) if line.dashed else [sample]:
                self._stroke(piece, line.colour, 3)
            self.text((x + 46, y), line.name, 15, _TEXT, "lm")
            x += 66 + ImageFont.load_default(15).getlength(line.name)

    def gap(self, gap: Gap) -> None:
        x, low = self._place(gap.x, gap.low)
        _, high = self._place(gap.x, gap.high)
        for piece in _dashes([(x, high), (x, low)], 3, 3):
            self._stroke(piece, _MUTED, 1.5)
        left = x > _RIGHT - 120
        where = (x - 8 if left else x + 8, (low + high) / 2)
        self.text(where, f"{gap.high - gap.low:.0f} points", 16, _TEXT, "rm" if left else "lm")

    def curve(self, line: Line) -> None:
        points = [self._place(x, y) for x, y in _thinned(line.x, line.y, self._x_end)]
        if len(points) > 1:
            for piece in _dashes(points) if line.dashed else [points]:
                self._stroke(piece, line.colour, 3)

    def _place(self, x: float, percent: float) -> tuple[float, float]:
        share = min(max(percent, 0.0), 100.0) / 100
        return _LEFT + (_RIGHT - _LEFT) * x / self._x_end, _BOTTOM - (_BOTTOM - _TOP) * share

    def _stroke(self, points: Points, colour: Colour, width: float) -> None:
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self._draw.line(scaled, fill=colour, width=round(width * _SCALE), joint="curve")


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64], x_end: float) -> Iterator[tuple[float, float]]:
    """Yield one mean point for every two pixels of width."""
    inside = (x <= x_end) & np.isfinite(y)
    x, y = x[inside], y[inside]
    bins = (x / x_end * (_RIGHT - _LEFT) / 2).astype(np.int64)
    for index in np.unique(bins):
        chosen = bins == index
        yield float(x[chosen].mean()), float(y[chosen].mean())


def _dashes(points: Points, dash: float = _DASH, space: float = _SPACE) -> Iterator[Points]:
    """Cut a line into dashes of `dash` pixels with `space` pixels between them."""
    piece, inked, left = [points[0]], True, dash
    for (x0, y0), (x1, y1) in pairwise(points):
        length, gone = math.hypot(x1 - x0, y1 - y0), 0.0
        while length - gone > left:
            gone += left
            here = (x0 + (x1 - x0) * gone / length, y0 + (y1 - y0) * gone / length)
            if inked:
                yield [*piece, here]
            inked, left = not inked, space if inked else dash
            piece = [here]
        left -= length - gone
        piece.append((x1, y1))
    if inked and len(piece) > 1:
        yield piece


def _nice_step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, … that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * 0.999)
