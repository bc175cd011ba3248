"""Numbers, shapes and names as the canvas, the header and the inspector write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite, isnan

from resviz.arch.spec import Shape


def shape_text(shape: Shape | None) -> str:
    """Return "16 x 32 x 32", or "?" where the shape is unknown."""
    return " x ".join(map(str, shape)) if shape else "?"


def short_shape(shape: Shape | None) -> str:
    """Return a shape as short as it can be read: (16, 32, 32) -> "16·32²", (64,) -> "64"."""
    if not shape:
        return "?"
    if len(shape) == 3 and shape[1] == shape[2]:
        return f"{shape[0]}·{shape[1]}²"
    return f"{shape[0]}·{'x'.join(map(str, shape[1:]))}" if len(shape) > 1 else str(shape[0])


def short_count(number: float) -> str:
    """Return a count in three digits with k, M or G: 4672 -> "4.7 k"."""
    for factor, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= factor * 0.9995:
            value = number / factor
            return f"{value:.0f}{unit}" if value >= 99.95 else f"{value:.1f}{unit}"
    return f"{number:.0f}"


def scientific(value: float) -> str:
    """Return two digits: 0.0012 -> "1.2e-3", 0.35 -> "0.35"; "0" for zero, "NaN" or "inf" as they are."""
    if not isfinite(value):
        return "NaN" if isnan(value) else "inf"
    if value == 0:
        return "0"
    if 0.0995 <= abs(value) < 99.5:
        return f"{value:.2g}"
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits.removesuffix('.0')}e{int(exponent)}"


def ratio(value: float) -> str:
    """Return a residual magnitude: two decimals, fewer where it is large."""
    if not isfinite(value):
        return "NaN" if isnan(value) else "inf"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else scientific(value)


def plural(number: int, thing: str) -> str:
    """Return "1 block", "2 blocks"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


_UNIT = re.compile(r"stage(\d+)\.block(\d+)")


def name_forms(block_id: str) -> tuple[str, ...]:
    """Return a block's name and shorter forms of it: "stage2.block1" -> ("stage2.block1", "2.1", "1")."""
    unit = _UNIT.fullmatch(block_id)
    if unit:
        return (block_id, f"{unit[1]}.{unit[2]}", unit[2])
    return (block_id, block_id.rpartition(".")[2] or block_id)


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return "a, b and c"; of many names the first `most`, "and 2 more"."""
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
