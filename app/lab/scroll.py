"""A column that scrolls where it has too little room."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget


class Scrolled(QWidget):
    """What a scroll area shows: never squeezed below what its wrapped sentences need at its width."""

    def minimumSizeHint(self) -> QSize:
        """Return the smallest size at which every line is seen."""
        hint, inner = super().minimumSizeHint(), self.layout()
        if inner is None or not inner.hasHeightForWidth():
            return hint
        return QSize(hint.width(), max(hint.height(), inner.totalHeightForWidth(self.width())))


class ScrollColumn(QScrollArea):
    """Scrolls a column up and down. The column is as wide with the scroll bar as without.

    It has to be: a bar makes the column narrower, which may make it lower (a picture that keeps its shape),
    so that no bar is needed, which makes it wider and higher. Qt goes round this circle within itself until
    the stack is full and the process dies.

    Attributes:
        column: takes what is shown; the bar's width is at its right.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inside = Scrolled()
        self.column = QVBoxLayout(self._inside)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.setWidget(self._inside)

    @property
    def bar_width(self) -> int:
        """Width of the scroll bar, whether it is there or not, in pixels."""
        return self.verticalScrollBar().sizeHint().width()

    @property
    def column_width(self) -> int:
        """Width of the column, in pixels."""
        return max(1, self.maximumViewportSize().width() - self.bar_width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the column its width, then let Qt place it."""
        self._inside.setFixedWidth(self.column_width)
        super().resizeEvent(event)
