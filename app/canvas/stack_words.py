"""The words on a folded group, and where the range of its values stands."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from app.canvas import geometry as g
from app.canvas.detail import Level, Page
from app.canvas.glyphs import draw_glyph
from app.canvas.paints import Paints
from app.canvas.parts import LEFT
from app.canvas.stack_face import StackFace

BAND = {
    "near": QRectF(0, 53, g.WIDTH, 11),
    "mid": QRectF(0, 52, g.WIDTH, 12),
    "small": QRectF(0, 46, g.WIDTH, 18),
    "far": QRectF(0, 46, g.WIDTH, 18),
    "micro": QRectF(0, 40, g.WIDTH, 24),
}
"""Where the colours of the values stand, by level of detail."""


def draw_stack_words(painter: QPainter, paints: Paints, level: Level, face: StackFace, *, live: bool) -> None:
    """Draw what the level of detail has room for; `live`: above the range of values."""
    page = Page(face, level, paints)
    if level.name == "near":
        colour = paints.tones[face.family].strip
        draw_glyph(
            painter, face.kind, colour, QRectF(14, 4 if live else 6, 16, 16), plain=face.shortcut == "none"
        )
    _ROWS[level.name](page, live)
    for word in page.words:
        painter.setPen(paints.muted if word.muted else paints.text)
        painter.setFont(paints.fonts[word.font])
        painter.drawText(word.rect, word.flags, word.text)


def draw_range(
    painter: QPainter, paints: Paints, level: Level, face: StackFace, forms: tuple[str, ...]
) -> None:
    """Draw the range of values as text, in the first form that fits."""
    near = level.name == "near"
    rect = QRectF(14, 37, 126, 15) if near else QRectF(14, 27, 126, 22)
    painter.setPen(paints.text)
    painter.setFont(paints.fonts[level.line])
    painter.drawText(rect, LEFT, Page(face, level, paints).fitting(level.line, forms, rect.width()))


def _near(page: Page, live: bool) -> None:
    page.text(3 if live else 5, 18, _titles(page), page.level.title, left=36.0)
    page.text(20 if live else 23, 16, _lines(page), page.level.line, muted=True)
    if not live:
        page.line(40, 18, whole=True)


def _mid(page: Page, live: bool) -> None:
    page.text(2, 24 if live else 22, _titles(page), page.level.title)
    if not live:
        page.text(23, 19, _lines(page), page.level.line, muted=True)
        page.shape_and_count(42, 19)


def _small(page: Page, live: bool) -> None:
    page.text(4, 40 if live else 28, _titles(page), page.level.title)
    if not live:
        page.shape_and_count(32, 27)


def _far(page: Page, live: bool) -> None:
    page.text(1, 44 if live else 31, _titles(page), page.level.title)
    if not live:
        page.shape_and_count(31, 32)


def _micro(page: Page, live: bool) -> None:
    page.text(0, 40 if live else g.HEIGHT, _titles(page)[::-1], page.level.title)


_ROWS = {"near": _near, "mid": _mid, "small": _small, "far": _far, "micro": _micro}


def _titles(page: Page) -> tuple[str, ...]:
    """Return the name in full, and its end: of a stack how many it is."""
    title = page.face.title
    what, times, number = title.partition(" × ")
    return (title, f"{times.strip()}{number}") if times else (title, what)


def _lines(page: Page) -> tuple[str, ...]:
    assert isinstance(page.face, StackFace)
    return page.face.lines
