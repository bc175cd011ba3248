"""How the cells of the table of runs are drawn: numbers; tags as small chips with the note behind them."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.lab.cells import NUMBERS, RIGHT, TAGS_ROLE
from app.theme import GRID, theme

Index = QModelIndex | QPersistentModelIndex
_INSIDE, _BETWEEN = 6.0, 4.0
"""Pixels left and right inside a chip, and from one to the next."""
_NOTE = 32 * GRID
"""Pixels of a note at most, before the column is made wider by hand."""


class ReadDelegate(QStyledItemDelegate):
    """For columns that are only read; numbers stand at the right."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Place numbers."""
        super().initStyleOption(option, index)
        if index.column() in NUMBERS:
            option.displayAlignment = RIGHT

    def createEditor(self, *_: object) -> None:  # type: ignore[override]
        """Offer no editor."""


class SaidDelegate(ReadDelegate):
    """For the column of tags and notes."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one cell."""
        style, colours = QApplication.style(), theme().colours
        self.initStyleOption(option, index)
        note, option.text = option.text, ""
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        room: QRectF = QRectF(option.rect).adjusted(GRID, 0, -GRID, 0)
        font = _small(option.font)
        metrics = QFontMetricsF(font)
        painter.save()
        painter.setClipRect(room)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font)
        x, high = room.left(), metrics.height() + 2
        for tag in index.data(TAGS_ROLE) or ():
            chip = QRectF(x, room.center().y() - high / 2 + 0.5, _chip(metrics, tag), high)
            painter.setPen(QColor(colours.border))
            painter.setBrush(QColor(colours.raised))
            painter.drawRoundedRect(chip, high / 2, high / 2)
            painter.setPen(QColor(colours.text))
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, tag)
            x = chip.right() + _BETWEEN
        painter.setPen(QColor(colours.muted))
        left = QRectF(x, room.top(), max(0.0, room.right() - x), room.height())
        shown = metrics.elidedText(note, Qt.TextElideMode.ElideRight, left.width())
        painter.drawText(left, Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size that chips and note want."""
        self.initStyleOption(option, index)
        metrics = QFontMetricsF(_small(option.font))
        wide = sum(_chip(metrics, tag) + _BETWEEN for tag in index.data(TAGS_ROLE) or ())
        note = min(_NOTE, metrics.horizontalAdvance(index.data() or ""))
        return QSize(round(wide + note + 2 * GRID + 2), round(metrics.height() + GRID))


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPixelSize(theme().font_pixels - 2)
    return small


def _chip(metrics: QFontMetricsF, tag: str) -> float:
    return metrics.horizontalAdvance(tag) + 2 * _INSIDE
