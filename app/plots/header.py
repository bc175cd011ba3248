"""Title, subtitle and legend of a plot: above the curves, so that they cover none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QLinearGradient,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import GRID, scale_colour, theme

Dash = Literal["solid", "dashed", "none"]


@dataclass(frozen=True)
class Reading:
    """One number behind a name in the legend, with the look of the line that it reads where there are two."""

    dash: Dash
    text: str
    colour: QColor | None = None
    """The line's colour, where it is not the run's."""


@dataclass(frozen=True)
class Entry:
    """One run in the legend; `note` stands where there is nothing to read."""

    name: str
    colour: QColor
    readings: tuple[Reading, ...] = ()
    note: str = ""
    brief_note: str = ""
    """The note where the whole one has no room."""
    ramp: tuple[str, str] | None = None
    """The ends of a scale of colours, of which the name is the title."""


@dataclass(frozen=True)
class _Placed:
    entry: Entry
    x: float
    row: int
    width: float
    readings: bool


_SQUARE, _GAP, _SAMPLE = 15.0, 10.0, 23.0
"""Pixels of a run's square, before a reading, and of its piece of line, each with the space behind it."""
_RAMP = 96.0
"""Pixels of a scale of colours."""
_TYPE = 12.0
"""Pixels of the type for which these were chosen: larger type has larger signs."""
_CLEAR = 32.0
"""Pixels at the right of the title, kept for the tool button."""


class Header(QWidget):
    """Paints the texts of a plot; its height follows its width."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.subtitle = ""
        self.entries: Sequence[Entry] = ()
        self.roomy = True
        """Whether the subtitle may have a line of its own where it does not fit beside the title."""
        self.wordy = False
        """Whether it is what the plot has to say: then it always may, and two if it needs them."""
        self.marked = False
        """Whether the title shows that the keyboard is here."""
        self.shown_names: list[str] = []
        """Names of the runs that had room when last arranged."""
        self._arranged: tuple[object, float, int, tuple[list[_Placed], int]] | None = None
        """Entries, width and type when last arranged, and how."""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_texts(self, subtitle: str, entries: Sequence[Entry]) -> None:
        """Replace subtitle and legend."""
        if subtitle != self.subtitle or list(entries) != list(self.entries):
            self.subtitle, self.entries = subtitle, tuple(entries)
            self.fit()
            self.update()

    def fit(self) -> None:
        """Take the height that the texts need at the present width."""
        height = round(self.draw(None, float(self.width())))
        if height != self.height() or self.minimumHeight() != height:
            self.setFixedHeight(height)

    def sizeHint(self) -> QSize:
        """Return the present size: the layout gives the width."""
        return QSize(240, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange anew."""
        super().resizeEvent(event)
        self.fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint."""
        painter = QPainter(self)
        self.draw(painter, float(self.width()))
        painter.end()

    def draw(self, painter: QPainter | None, width: float) -> float:
        """Paint at the origin of `painter` (None: only measure); return the height, pixels."""
        colours = theme().colours
        title_font, text_font = fonts()
        title, text = QFontMetricsF(title_font), QFontMetricsF(text_font)
        line = max(text.height(), 16.0) + 4
        top = max(title.height() + 6, 28.0)
        title_width = title.horizontalAdvance(self.title)
        clear = _CLEAR * _em()
        room = width - clear - title_width - 1.5 * GRID
        beside = text.horizontalAdvance(self.subtitle) <= room or not (self.roomy or self.wordy)
        height = top
        subtitle_at = QRectF(title_width + 1.5 * GRID, 1, room, top)
        if self.subtitle and not beside:
            lines = 2 if self.wordy and text.horizontalAdvance(self.subtitle) > width else 1
            subtitle_at = QRectF(0, top - 4, width, lines * line)
            height = top - 4 + lines * line
        if painter is not None:
            painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
            painter.setFont(title_font)
            painter.setPen(QColor(colours.accent if self.marked else colours.text))
            middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(QRectF(0, 0, width - clear, top), middle, self.title)
            painter.setFont(text_font)
            painter.setPen(QColor(colours.muted))
            if subtitle_at.height() > 1.5 * line and not beside:
                painter.drawText(subtitle_at, middle | Qt.TextFlag.TextWordWrap, self.subtitle)
            else:
                shown = text.elidedText(self.subtitle, Qt.TextElideMode.ElideRight, subtitle_at.width())
                painter.drawText(subtitle_at, middle, shown)
        placed, hidden = self._arrange(width, text)
        self.shown_names = [item.entry.name for item in placed]
        for item in placed:
            if painter is not None:
                self._draw_entry(painter, item, text, QPointF(item.x, height + item.row * line), line)
        if hidden and painter is not None and placed:
            end = placed[-1]
            at = QRectF(end.x + end.width + 2 * GRID, height + end.row * line, 80, line)
            painter.setPen(QColor(colours.muted))
            painter.drawText(at, Qt.AlignmentFlag.AlignVCenter, f"+{hidden} more")
        rows = placed[-1].row + 1 if placed else 0
        return height + rows * line

    def _arrange(self, width: float, text: QFontMetricsF) -> tuple[list[_Placed], int]:
        """Return the entries that fit, and how many do not: with readings if there is room for all.

        Measuring and painting ask for the same.
        """
        known, size = self._arranged, theme().font_pixels
        if known is None or known[0] is not self.entries or known[1:3] != (width, size):
            known = self._arranged = self.entries, width, size, self._arrange_anew(width, text)
        return known[3]

    def _arrange_anew(self, width: float, text: QFontMetricsF) -> tuple[list[_Placed], int]:
        rows = 2 if width < 560 else 3
        for readings in (True, False):
            placed = _flow(self.entries, width, text, readings)
            if not placed or placed[-1].row < rows:
                return placed, 0
        kept = [item for item in placed if item.row < rows]
        more = 2 * GRID + text.horizontalAdvance("+88 more")
        while len(kept) > 1 and kept[-1].x + kept[-1].width + more > width:
            kept.pop()
        return kept, len(placed) - len(kept)

    def _draw_entry(
        self, painter: QPainter, item: _Placed, text: QFontMetricsF, corner: QPointF, line: float
    ) -> None:
        entry, x, y = item.entry, corner.x(), corner.y()
        colours = theme().colours
        if entry.ramp is not None:
            _draw_ramp(painter, entry, text, QRectF(x, y, item.width, line))
            return
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(entry.colour)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        em = _em()
        painter.drawRoundedRect(QRectF(x, y + line / 2 - 4.5 * em, 9 * em, 9 * em), 2 * em, 2 * em)
        x += _SQUARE * em
        room = item.width - (x - corner.x())
        if item.readings:  # The numbers are what is read: a name gives way to them.
            room -= _readings_width(entry, text) - 1
        painter.setPen(QColor(colours.text))
        note = f": {entry.note}" if entry.note else ""
        name = text.elidedText(entry.name, Qt.TextElideMode.ElideMiddle, room)
        advance = text.horizontalAdvance(name)
        painter.drawText(QRectF(x, y, room, line), middle, name)
        x += advance
        painter.setPen(QColor(colours.muted))
        if note:
            left = item.width - (x - corner.x()) + 1
            if entry.brief_note and text.horizontalAdvance(note) > left:
                note = f": {entry.brief_note}"
            shown = text.elidedText(note, Qt.TextElideMode.ElideRight, left)
            painter.drawText(QRectF(x, y, left + 1, line), middle, shown)
        for reading in entry.readings if item.readings else ():
            x += _GAP * em
            if reading.dash != "none":
                shade = reading.colour or entry.colour
                _draw_sample(painter, QPointF(x, y + line / 2), shade, reading.dash)
                x += _SAMPLE * em
            painter.setPen(QColor(colours.text if reading.dash != "none" else colours.muted))
            wide = text.horizontalAdvance(reading.text)
            painter.drawText(QRectF(x, y, wide + 2, line), middle, reading.text)
            x += wide


def fonts() -> tuple[QFont, QFont]:
    """Return the fonts of titles and of all else in a plot."""
    base = theme().font_pixels
    from_application = QFont()
    title, text = QFont(from_application), QFont(from_application)
    title.setPixelSize(base + 1)
    title.setWeight(QFont.Weight.DemiBold)
    text.setPixelSize(base - 1)
    return title, text


def _flow(entries: Sequence[Entry], width: float, text: QFontMetricsF, readings: bool) -> list[_Placed]:
    placed: list[_Placed] = []
    x, row = 0.0, 0
    for entry in entries:
        wide = min(_entry_width(entry, text, readings), width)
        if placed and x + wide > width:
            x, row = 0.0, row + 1
        placed.append(_Placed(entry, x, row, wide, readings))
        x += wide + 2 * GRID
    return placed


def _entry_width(entry: Entry, text: QFontMetricsF, readings: bool) -> float:
    name, em = text.horizontalAdvance(entry.name), _em()
    if entry.ramp is not None:
        return name + sum(text.horizontalAdvance(end) for end in entry.ramp) + (_RAMP + 3 * _GAP) * em
    if readings and entry.readings:
        return _SQUARE * em + name + _readings_width(entry, text)
    note = text.horizontalAdvance(f": {entry.note}") if entry.note else 0.0
    return _SQUARE * em + name + note + 1


def _readings_width(entry: Entry, text: QFontMetricsF) -> float:
    signs = sum(_GAP + _SAMPLE * (reading.dash != "none") for reading in entry.readings)
    return signs * _em() + sum(text.horizontalAdvance(reading.text) for reading in entry.readings)


def _em() -> float:
    """Return how much larger type is than that for which signs were chosen."""
    return max(1.0, fonts()[1].pixelSize() / _TYPE)


def _draw_ramp(painter: QPainter, entry: Entry, text: QFontMetricsF, place: QRectF) -> None:
    """Paint a scale of colours between its ends, behind its title."""
    colours, em = theme().colours, _em()
    x = place.x()
    low, high = entry.ramp or ("", "")
    for words, shade in ((entry.name, colours.text), (low, colours.muted), (high, colours.muted)):
        if words is high:
            strip = QRectF(x, place.center().y() - 4 * em, _RAMP * em, 8 * em)
            ramp = QLinearGradient(strip.topLeft(), strip.topRight())
            for step in range(17):
                ramp.setColorAt(step / 16, scale_colour(step / 16))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ramp)
            painter.drawRoundedRect(strip, 3, 3)
            x += (_RAMP + _GAP) * em
        painter.setPen(QColor(shade))
        wide = text.horizontalAdvance(words)
        painter.drawText(QRectF(x, place.y(), wide + 2, place.height()), Qt.AlignmentFlag.AlignVCenter, words)
        x += wide + _GAP * em


def _draw_sample(painter: QPainter, start: QPointF, colour: QColor, dash: Dash) -> None:
    """Paint a short piece of a line."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    made = QPen(colour, theme().line_width)
    made.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(made)
    pieces = ((0.0, 18.0),) if dash == "solid" else ((0.0, 5.0), (6.5, 11.5), (13.0, 18.0))
    em = _em()
    for begin, end in pieces:
        painter.drawLine(start + QPointF(begin * em, 0), start + QPointF(end * em, 0))
