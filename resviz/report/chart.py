"""Curves between two axes, as SVG; colours come from the page's style, by the number of the run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from resviz.report.numbers import count_text, nice_step, power_text
from resviz.report.svg import Floats, drawing, element, path, thinned, words

_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 14.0, 20.0, 44.0
_X_ROOM, _Y_ROOM = 72.0, 38.0
"""Pixels a number at the least, across and upwards."""


@dataclass(frozen=True)
class Axis:
    """One axis: its ends in units of the values; of a logarithmic one the exponents of ten."""

    low: float
    high: float
    label: str
    log: bool = False
    whole: bool = False
    """Whether it counts: thousands are written as "10k"."""

    def ticks(self, size: float, room: float) -> list[tuple[float, str]]:
        """Return places, in the axis' coordinates, and what is written there."""
        span = self.high - self.low
        if self.log:
            stride = max(1, math.ceil(span / max(1.0, size / 26)))
            first, last = math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9)
            found = [float(k) for k in range(first, last + 1) if k % stride == 0]
            return [(k, power_text(k)) for k in found]
        step = nice_step(span * room / size, (1, 2, 5, 10) if self.whole else (1, 2, 2.5, 5, 10))
        step = max(step, 1.0) if self.whole else step
        places = np.arange(math.ceil(self.low / step - 1e-9), self.high / step + 1e-9) * step
        thousands = self.whole and self.high >= 10_000
        return [
            (each, (count_text(each, thousands) if self.whole else f"{each:.10g}").replace("-", "−"))
            for each in (places + 0.0).tolist()
        ]


@dataclass(frozen=True)
class Curve:
    """A curve of a run; `look` names its style: "solid", "dashed" or "faint"."""

    x: NDArray[np.int64] | Floats
    y: Floats
    run: int
    look: str = "solid"
    dotted: bool = False
    """Whether each point gets a dot."""


@dataclass(frozen=True)
class Level:
    """A faint line across, with a few words; `run` None: of none."""

    value: float
    words: str = ""
    run: int | None = None


@dataclass(frozen=True)
class Mark:
    """A faint line upwards at a place, with a few words at its top."""

    x: float
    words: str
    run: int | None = None


@dataclass(frozen=True)
class Chart:
    """Everything of a figure with axes."""

    x: Axis
    y: Axis
    curves: Sequence[Curve]
    about: str
    levels: Sequence[Level] = ()
    marks: Sequence[Mark] = ()
    sections: Sequence[tuple[str, float, float]] = field(default=())
    """Parts of the x axis by name, such as stages: (name, first, last)."""

    def svg(self, width: float, height: float) -> str:
        """Draw it, `width` by `height` pixels before it is scaled to the page."""
        frame = _Frame(self, width, height)
        parts = [frame.grid()]
        parts += [frame.section(each) for each in self.sections]
        parts += [frame.level(each) for each in self.levels]
        parts += [frame.mark(each) for each in self.marks]
        parts.append(frame.clipped("".join(frame.curve(each) for each in self.curves)))
        return drawing(width, height, "".join(parts), self.about)


class _Frame:
    """Where values of a chart lie in its drawing."""

    def __init__(self, chart: Chart, width: float, height: float) -> None:
        self._x, self._y = chart.x, chart.y
        self._left, self._right, self._top, self._bottom = _LEFT, width - _RIGHT, _TOP, height - _BOTTOM
        self._taken: list[float] = []

    def across(self, x: NDArray[np.int64] | Floats) -> Floats:
        share = (np.asarray(x, np.float64) - self._x.low) / max(self._x.high - self._x.low, 1e-12)
        result: Floats = self._left + share * (self._right - self._left)
        return result

    def up(self, y: Floats) -> Floats:
        """Return heights; what lies far outside of the axis comes nearer, which nobody sees."""
        wide = np.asarray(y, np.float64)
        if self._y.log:
            wide = np.log10(wide, out=np.full(wide.shape, np.nan), where=wide > 0)
        share = (wide - self._y.low) / max(self._y.high - self._y.low, 1e-12)
        result: Floats = self._bottom - np.clip(share, -1.0, 2.0) * (self._bottom - self._top)
        return result

    def clipped(self, content: str) -> str:
        """Return what is to be seen within the axes only; half a dot may stand out."""
        left, top = self._left - 3, self._top - 3
        wide, high = self._right + 3 - left, self._bottom + 3 - top
        box = f"{left:g} {top:g} {wide:g} {high:g}"
        return element("svg", content, x=left, y=top, width=wide, height=high, viewBox=box)

    def grid(self) -> str:
        parts = []
        middle = (self._top + self._bottom) / 2
        for place, text in self._y.ticks(self._bottom - self._top, _Y_ROOM):
            share = (place - self._y.low) / max(self._y.high - self._y.low, 1e-12)
            y = self._bottom - share * (self._bottom - self._top)
            parts.append(element("line", x1=self._left, x2=self._right, y1=y, y2=y, class_="grid"))
            parts.append(words(self._left - 8, y + 4, text, class_="tick", text_anchor="end"))
        for place, text in self._x.ticks(self._right - self._left, _X_ROOM):
            x = float(self.across(np.array([place]))[0])
            parts.append(element("line", x1=x, x2=x, y1=self._bottom, y2=self._bottom + 4, class_="axis"))
            parts.append(words(x, self._bottom + 18, text, class_="tick", text_anchor="middle"))
        foot = self._bottom
        parts.append(element("line", x1=self._left, x2=self._right, y1=foot, y2=foot, class_="axis"))
        label = words((self._left + self._right) / 2, self._bottom + 38, self._x.label, text_anchor="middle")
        turn = f"translate(13 {middle:g}) rotate(-90)"
        return "".join(parts) + label + words(0, 0, self._y.label, text_anchor="middle", transform=turn)

    def section(self, section: tuple[str, float, float]) -> str:
        name, first, last = section
        begin, end = self.across(np.array([first - 0.5, last + 0.5])).tolist()
        line = element("line", x1=begin, x2=begin, y1=self._top, y2=self._bottom, class_="grid")
        parts = line if first > 1 else ""
        return parts + words((begin + end) / 2, self._top - 7, name, class_="tick", text_anchor="middle")

    def level(self, level: Level) -> str:
        y = float(self.up(np.array([level.value]))[0])
        look = "level" if level.run is None else f"level r{level.run}"
        parts = element("line", x1=self._left, x2=self._right, y1=y, y2=y, class_=look)
        if level.words and all(abs(y - other) > 14 for other in self._taken):
            self._taken.append(y)
            shade = "note" if level.run is None else f"note r{level.run}"
            parts += words(self._right, y - 4, level.words, class_=shade, text_anchor="end")
        return parts

    def mark(self, mark: Mark) -> str:
        x = float(self.across(np.array([mark.x]))[0])
        run = "" if mark.run is None else f" r{mark.run}"
        line = element("line", x1=x, x2=x, y1=self._top, y2=self._bottom, class_=f"level{run}")
        late = x > (self._left + self._right) / 2
        where = {"text_anchor": "end" if late else "start", "class_": f"note{run}"}
        return line + words(x + (-4 if late else 4), self._top + 10, mark.words, **where)

    def curve(self, curve: Curve) -> str:
        columns = max(32, int((self._right - self._left) / 2))
        x, y = thinned(np.asarray(curve.x), np.asarray(curve.y, np.float64), columns)
        at, height = self.across(x), self.up(y)
        found = element("path", d=path(at, height), class_=f"{curve.look} r{curve.run}")
        if curve.dotted or np.isfinite(height).sum() == 1:
            pairs = zip(at.tolist(), height.tolist(), strict=True)
            found += "".join(
                element("circle", cx=a, cy=b, r=2.4, class_=f"dot r{curve.run}")
                for a, b in pairs
                if math.isfinite(b)
            )
        return found
