"""A quantity over depth and time, as SVG: one picture a run, all on one scale of colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from resviz.report.numbers import count_text, nice_end, power_text
from resviz.report.palette import SCALE, scale_colour
from resviz.report.svg import Floats, drawing, element, picture, words

_COLUMNS, _ROWS = 320, 400
"""Cells of a picture at the most."""
_SHADES = 255
_LEFT, _TOP, _BOTTOM, _GAP, _TITLE = 56.0, 40.0, 44.0, 16.0, 20.0


@dataclass(frozen=True)
class Sheet:
    """The probes of one run."""

    name: str
    run: int
    iterations: NDArray[np.int64]
    """(T,)."""
    values: NDArray[np.float32]
    """(T, layers)."""
    end: int
    """The last iteration of the run."""


def heat_maps(
    sheets: Sequence[Sheet], *, key: str, log: bool, layer: str, symbol: str, size: tuple[float, float]
) -> str:
    """Return the pictures beside each other, at most two in a row, below the scale of colours.

    Args:
        sheets: one a run.
        key: a word that no other drawing of the page has.
        log: whether colours stand for logarithms.
        layer: what a row is called.
        symbol: what is shown.
        size: width and height, pixels before the drawing is scaled; many runs make it higher.
    """
    width, height = size
    columns = min(len(sheets), 2)
    rows = math.ceil(len(sheets) / columns)
    wide = (width - _LEFT - 14 - (columns - 1) * _GAP) / columns
    high = max(70.0, (height - _TOP - _BOTTOM) / rows - _TITLE)
    low, top = _colour_range(sheets, log)
    parts = [_scale(low, top, log, symbol, f"scale-{key}")]
    for index, sheet in enumerate(sheets):
        row, column = divmod(index, columns)
        left, y = _LEFT + column * (wide + _GAP), _TOP + row * (high + _TITLE) + _TITLE
        parts.append(words(left, y - 6, _fitting(sheet.name, wide), class_=f"name r{sheet.run}"))
        parts.append(picture(_cells(sheet, low, top, log), _palette(), (left, y, wide, high)))
        parts.append(element("rect", x=left, y=y, width=wide, height=high, class_="frame"))
        depth = sheet.values.shape[1]
        if column == 0:
            parts.append(words(left - 8, y + high, "1", class_="tick", text_anchor="end"))
            parts.append(words(left - 8, y + 9, str(depth), class_="tick", text_anchor="end"))
        if row == rows - 1 or index + columns >= len(sheets):
            ends = (("start", left, "0"), ("end", left + wide, count_text(sheet.end, sheet.end >= 10_000)))
            parts += [words(x, y + high + 16, text, class_="tick", text_anchor=a) for a, x, text in ends]
            middle = left + wide / 2
            parts.append(words(middle, y + high + 16, "iteration", class_="tick", text_anchor="middle"))
    whole = _TOP + rows * (high + _TITLE) + _BOTTOM - 18
    turn = f"translate(13 {(_TOP + whole - 26) / 2:g}) rotate(-90)"
    parts.append(words(0, 0, f"{layer}, from the input upwards", text_anchor="middle", transform=turn))
    names = " and ".join(sheet.name for sheet in sheets)
    about = f"{symbol} of every {layer} over the iterations of {names}, as colours from dark to bright"
    return drawing(width, whole, "".join(parts), about)


def _scaled(values: NDArray[np.floating], log: bool) -> Floats:
    wide = values.astype(np.float64)
    return np.log10(wide, out=np.full(wide.shape, np.nan), where=wide > 0) if log else wide


def _colour_range(sheets: Sequence[Sheet], log: bool) -> tuple[float, float]:
    """Return the range of the colours: all values but for the outermost hundredths, rounded outwards."""
    ends = []
    for sheet in sheets:
        found = _scaled(sheet.values, log)
        found = found[np.isfinite(found)]
        if len(found):
            ends.append(np.quantile(found, (0.01, 0.99)))
    if not ends:
        return (-4.0, 0.0) if log else (0.0, 1.0)
    low, high = min(float(a) for a, _ in ends), max(float(b) for _, b in ends)
    if not log:
        return 0.0, nice_end(high)
    low, high = math.floor(low * 2) / 2, math.ceil(high * 2) / 2
    return low, max(high, low + 1.0)


def _cells(sheet: Sheet, low: float, high: float, log: bool) -> NDArray[np.uint8]:
    """Return the colours of a run, the last layer first; a probe stands for all iterations up to the next."""
    values = _scaled(sheet.values, log)
    layers = values.shape[1]
    if layers > _ROWS:
        edges = np.linspace(0, layers, _ROWS + 1).astype(int)
        values = np.stack([_mean(values[:, a:b], 1) for a, b in pairwise(edges)], 1)
    columns = max(1, min(_COLUMNS, sheet.end))
    edges = np.linspace(0, sheet.end, columns + 1)
    starts = np.searchsorted(sheet.iterations, edges[:-1], side="right")
    ends = np.searchsorted(sheet.iterations, edges[1:], side="right")
    shown = [
        _mean(values[a:b], 0) if b > a else values[max(a - 1, 0)]
        for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    table = np.stack(shown, 1)[::-1]
    share = np.clip((table - low) / max(high - low, 1e-12), 0, 1)
    known = np.isfinite(share)
    return np.where(known, np.where(known, share, 0) * (_SHADES - 1), 255).astype(np.uint8)


def _mean(values: Floats, axis: int) -> Floats:
    """Return the mean of what is finite, NaN where nothing is."""
    finite = np.isfinite(values)
    count = finite.sum(axis)
    total = np.where(finite, values, 0.0).sum(axis)
    result: Floats = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return result


def _palette() -> list[tuple[int, int, int]]:
    return [scale_colour(step / (_SHADES - 1)) for step in range(_SHADES)]


def _scale(low: float, high: float, log: bool, symbol: str, name: str) -> str:
    """Return the scale of colours with its ends."""
    texts = (power_text(low), power_text(high)) if log else (f"{low:g}", f"{high:g}")
    stops = [
        element("stop", offset=place / (len(SCALE) - 1), stop_color="rgb({},{},{})".format(*colour))
        for place, colour in enumerate(SCALE)
    ]
    ramp = element("linearGradient", "".join(stops), id=name)
    x = _LEFT + 10 + 7.0 * len(symbol)
    start = x + 10 + 7.2 * len(texts[0])
    return (
        element("defs", ramp)
        + words(_LEFT, 16, symbol)
        + words(x, 16, texts[0], class_="tick")
        + element("rect", x=start, y=8, width=120, height=9, rx=2, fill=f"url(#{name})")
        + words(start + 128, 16, texts[1], class_="tick")
    )


def _fitting(name: str, width: float) -> str:
    most = max(4, int(width / 6.8))
    return name if len(name) <= most else f"{name[: most - 1]}…"
