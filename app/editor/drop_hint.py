"""DropHint: says over a widget what letting go here would do."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.theme import GRID, theme

_ROUND = 8


class DropHint(QWidget):
    """Tints its parent and shows a sentence; lets all mouse events through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.text = ""
        self._possible = True
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def say(self, text: str, *, possible: bool = True) -> None:
        """Cover the parent with a sentence; as a warning where a drop is not possible."""
        self.text, self._possible = text, possible
        parent = self.parentWidget()
        assert parent is not None
        self.setGeometry(parent.rect())
        self.raise_()
        self.show()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint tint, frame and sentence."""
        painter, colours = QPainter(self), theme().colours
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(colours.accent if self._possible else colours.danger)
        fill = QColor(colour)
        fill.setAlpha(36)
        painter.setBrush(fill)
        painter.setPen(QPen(colour, 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(3, 3, -3, -3), _ROUND, _ROUND)
        wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        room = self.rect().adjusted(3 * GRID, 3 * GRID, -3 * GRID, -3 * GRID)
        text = painter.fontMetrics().boundingRect(room, wrap, self.text)
        plate = text.adjusted(-2 * GRID, -GRID, 2 * GRID, GRID)
        painter.setPen(QPen(colour, 1))
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(QRectF(plate), _ROUND, _ROUND)
        painter.setPen(QColor(colours.text))
        painter.drawText(text, wrap, self.text)
