"""A small writer of SVG that stands inside a page: elements, curves of few points, pictures."""

from __future__ import annotations

import base64
import io
from html import escape

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def element(name: str, content: str = "", **attributes: object) -> str:
    """Return an element; an attribute's underscores stand for hyphens, a trailing one for nothing."""
    parts = [
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"' for key, value in attributes.items()
    ]
    return f"<{name}{''.join(parts)}>{content}</{name}>"


def _text(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def words(x: float, y: float, text: str, **attributes: object) -> str:
    """Return a line of text."""
    return element("text", escape(text), x=x, y=y, **attributes)


def drawing(width: float, height: float, content: str, about: str) -> str:
    """Return a whole drawing that takes the width it is given; `about` says what it shows."""
    attributes = f'viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(about)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{content}</svg>'


def path(x: Floats, y: Floats) -> str:
    """Return the data of a path through points (T,); it breaks where a value is not finite."""
    finite = np.isfinite(y)
    starts = finite & ~np.append(False, finite[:-1])
    pairs = zip(x[finite].tolist(), y[finite].tolist(), starts[finite].tolist(), strict=True)
    return "".join(f"{'M' if begins else 'L'}{a:.1f} {b:.1f}" for a, b, begins in pairs)


def thinned(x: NDArray[np.int64], y: Floats, columns: int) -> tuple[NDArray[np.int64], Floats]:
    """Return a curve of few points that looks the same: first, lowest, highest and last of each column.

    Args:
        x: rising, (T,).
        y: (T,).
        columns: into which the width is cut; a curve of up to four points a column stays as it is.
    """
    if len(x) <= 4 * columns:
        return x, y
    column = ((x - x[0]) * columns // (x[-1] - x[0] + 1)).astype(np.int64)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    ends = np.append(starts[1:], len(x))
    low, high = np.where(np.isfinite(y), y, np.inf), np.where(np.isfinite(y), y, -np.inf)
    kept = {int(place) for place in (*starts, *(ends - 1))}
    for begin, end in zip(starts.tolist(), ends.tolist(), strict=True):
        kept |= {begin + int(low[begin:end].argmin()), begin + int(high[begin:end].argmax())}
    places = np.array(sorted(kept))
    return x[places], y[places]


def picture(
    cells: NDArray[np.uint8], colours: list[tuple[int, int, int]], place: tuple[float, float, float, float]
) -> str:
    """Return an image element whose pixels are inside it.

    Args:
        cells: indexes into `colours`, 255: see-through, (rows, columns), the uppermost row first.
        colours: at most 255.
        place: left, top, width, height.
    """
    from PIL import Image  # noqa: PLC0415

    image = Image.fromarray(cells, "P")
    image.putpalette([part for colour in colours for part in colour])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=255, optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode()
    left, top, width, height = place
    return element(
        "image", href=f"data:image/png;base64,{data}", x=left, y=top, width=width, height=height,
        preserveAspectRatio="none", class_="cells",
    )  # fmt: skip
