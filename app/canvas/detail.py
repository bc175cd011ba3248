"""Levels of detail: which words a block shows at which zoom, and where on its face they stand.

Type is chosen so that it is never smaller than about 8 pixels on the screen: the further away, the fewer and
the larger the words. In presentation mode each level lasts longer, which makes type larger at every zoom.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from PySide6.QtCore import QRectF, Qt

from app.canvas import geometry as g
from app.canvas.face import Face
from app.canvas.paints import Paints
from app.canvas.text import name_forms

_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_GAP = 3.0


@dataclass(frozen=True, slots=True)
class Level:
    """One level of detail. Heights and type are in scene pixels."""

    name: str
    zoom: float
    """The least zoom, before presentation mode."""
    title: str
    line: str
    """Fonts of the name and of the other words, by their names in `Paints`."""
    left: float
    """Where words begin."""
    numbers: bool = False
    """Whether a readout has its number."""


LEVELS = (
    Level("near", 0.72, "title", "line", 14, numbers=True),
    Level("mid", 0.47, "title_mid", "line_mid", 14, numbers=True),
    Level("small", 0.36, "title_small", "line_small", 15),
    Level("far", 0.31, "title_far", "line_far", 13),
    Level("micro", 0.22, "title_micro", "title_micro", 17),
)
_NEAR_WHEN_PRESENTING = 1.1
_LAYERS = {
    "input": "input",
    "output": "out",
    "conv": "conv",
    "batch_norm": "bn",
    "relu": "relu",
    "add": "add",
    "zero_pad_shortcut": "pad",
    "max_pool": "pool",
    "avg_pool": "pool",
    "global_avg_pool": "pool",
    "flatten": "flat",
    "linear": "linear",
    "dropout": "drop",
    "identity": "same",
}
"""What a loose layer is, in the largest type: from far away that says more than its channels do."""


@lru_cache(maxsize=8)
def _levels(enlarge: float) -> tuple[Level, ...]:
    if enlarge == 1.0:
        return LEVELS
    near, *others, last = LEVELS
    grown = [replace(level, zoom=level.zoom * enlarge) for level in others]
    return replace(near, zoom=_NEAR_WHEN_PRESENTING), *grown, last


def level_at(zoom: float, enlarge: float = 1.0) -> Level | None:
    """Return the level of detail at a zoom; None where no word could be read."""
    return next((level for level in _levels(enlarge) if zoom >= level.zoom), None)


@dataclass(frozen=True, slots=True)
class Word:
    """One piece of text on a block's face."""

    text: str
    rect: QRectF
    font: str
    flags: int = _LEFT
    muted: bool = False


def words_of(face: Face, level: Level, numbered: bool, paints: Paints) -> tuple[Word, ...]:
    """Return the words on a block; `numbered`: above the number of a readout."""
    page = Page(face, level, paints)
    if level.name == "micro" and face.kind in _LAYERS:
        page.text(0, g.HEIGHT, (_LAYERS[face.kind],), level.title)
    elif level.name == "micro":
        page.line(0, g.HEIGHT)
    elif level.name == "far":
        page.two_lines(1, 31, 32)
    elif level.name == "small":
        page.two_lines(5, 32, 27)
    elif level.name == "mid":
        _mid(page, numbered)
    else:
        _near(page, numbered)
    return tuple(page.words)


def _mid(page: Page, numbered: bool) -> None:
    if numbered:
        page.title(1, 22, page.face.short_parameters)
        page.line(22, 20)
    else:
        page.title(2, 22)
        page.line(22, 20)
        page.parameters(41, 20)


def _near(page: Page, numbered: bool) -> None:
    title, line = (2.0, 22.0) if numbered else (8.0, 36.0)
    page.title(title, 18 if numbered else 20, left=36.0)
    page.line(line, 16 if numbered else 18, whole=True)


class Page:
    """Collects the words of one face."""

    def __init__(self, face: Face, level: Level, paints: Paints) -> None:
        self.face, self.level, self.paints = face, level, paints
        self.words: list[Word] = []

    def _width(self, font: str, text: str) -> float:
        return self.paints.metrics[font].horizontalAdvance(text)

    def fitting(self, font: str, forms: tuple[str, ...], width: float) -> str:
        """Return the first form that fits, or what fits of the last."""
        fits = next((form for form in forms if self._width(font, form) <= width), None)
        cut = self.paints.metrics[font].elidedText(forms[-1], Qt.TextElideMode.ElideRight, width)
        return fits or cut

    def fits(self, font: str, forms: tuple[str, ...], width: float) -> bool:
        """Return whether a form fits."""
        return any(self._width(font, form) <= width for form in forms)

    def title(self, y: float, height: float, *besides: str, left: float | None = None) -> None:
        """Put the name on a row, and at its right end the first of `besides` for which there is room."""
        x = self.level.left if left is None else left
        width = g.WIDTH - 4 - x
        font, small = self.level.title, self.level.line
        rect = QRectF(x, y, width, height)
        forms = name_forms(self.face.title)
        room = {text: width - self._width(small, text) - _GAP for text in besides if text}
        beside = next((text for text in room if self.fits(font, forms, room[text])), "")
        if beside:
            self.words.append(Word(beside, rect, small, _RIGHT, muted=True))
            width -= self._width(small, beside) + _GAP
        self.words.append(Word(self.fitting(font, forms, width), rect, font))

    def text(
        self,
        y: float,
        height: float,
        forms: tuple[str, ...],
        font: str,
        *,
        left: float | None = None,
        muted: bool = False,
    ) -> None:
        """Put the first form that fits on a row."""
        x = self.level.left if left is None else left
        rect = QRectF(x, y, g.WIDTH - 4 - x, height)
        self.words.append(Word(self.fitting(font, forms, rect.width()), rect, font, muted=muted))

    def line(self, y: float, height: float, *, whole: bool = False) -> None:
        """Put the shape on a row; `whole`: with the parameters."""
        face, font = self.face, self.level.line
        rect = QRectF(self.level.left, y, g.WIDTH - 4 - self.level.left, height)
        forms: tuple[str, ...] = (face.shape, face.shape.replace(" x ", "x"), face.short_shape)
        if whole and face.parameters:
            forms = tuple(f"{form} · {face.parameters}" for form in forms)
        forms += (face.short_shape, face.short_shape.partition("·")[0])
        muted = self.level.name != "micro"
        self.words.append(Word(self.fitting(font, forms, rect.width()), rect, font, muted=muted))

    def parameters(self, y: float, height: float) -> None:
        """Put the parameters on a row of their own."""
        if self.face.parameters:
            rect = QRectF(self.level.left, y, g.WIDTH - 4 - self.level.left, height)
            count = self.face.parameters
            text = self.fitting(
                self.level.line, (f"{count} parameters", f"{count} params", count), rect.width()
            )
            self.words.append(Word(text, rect, self.level.line, muted=True))

    def two_lines(self, first: float, second: float, height: float) -> None:
        """Put name and shape on two rows, and the parameters beside the shape, or else beside the name."""
        face, font = self.face, self.level.line
        count, width = face.short_parameters, g.WIDTH - 4 - self.level.left
        beside = width - _GAP - self._width(font, count) if count else width
        above = bool(count) and self.fits(self.level.title, name_forms(face.title), beside)
        self.title(first, height, count if above else "")
        self.shape_and_count(second, height, counted=not above)

    def shape_and_count(self, y: float, height: float, *, counted: bool = True) -> None:
        """Put the shape on a row, and the parameters at its end where there is room for both."""
        face, font = self.face, self.level.line
        rect = QRectF(self.level.left, y, g.WIDTH - 4 - self.level.left, height)
        count = face.short_parameters if counted else ""
        room = rect.width() - (_GAP + self._width(font, count) if count else 0.0)
        forms = (face.shape.replace(" x ", "x"), face.short_shape)
        if count and self.fits(font, forms, room):
            self.words.append(Word(count, rect, font, _RIGHT, muted=True))
        else:
            room = rect.width()
        self.words.append(Word(self.fitting(font, forms, room), rect, font, muted=True))
