"""ProblemCard: one problem with its message and its mend."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.theme import theme
from resviz.arch.shapes import Problem


class ProblemCard(QWidget):
    """Shows a problem; `clickable` ones lead to their block."""

    clicked = Signal(object)

    def __init__(self, problem: Problem, *, clickable: bool) -> None:
        super().__init__()
        self.problem = problem
        self._clickable = clickable and problem.block is not None
        message, mend = QLabel(problem.message), QLabel(problem.mend)
        mend.setProperty("role", "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 8, 8)
        layout.setSpacing(4)
        for label in (message, mend):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            layout.addWidget(label)
        if self._clickable:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.setToolTip(f"Go to {problem.block}")

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint a tinted card with a bar in the danger colour."""
        colour = QColor(theme().colours.danger)
        fill = QColor(colour)
        fill.setAlpha(36 if self.hasFocus() or (self._clickable and self.underMouse()) else 24)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(self.rect(), 6, 6)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(4, 8, 3, self.height() - 16), 1.5, 1.5)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go to the block."""
        if (
            self._clickable
            and event.button() == Qt.MouseButton.LeftButton
            and self.rect().contains(event.position().toPoint())
        ):
            self.clicked.emit(self.problem)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter or Space goes to the block."""
        if self._clickable and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit(self.problem)
        else:
            super().keyPressEvent(event)
