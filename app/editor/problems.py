"""ProblemCards: problems under each other, each with its message, its mend and a button that does it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from app.document import Document
from app.editor.bits import label
from app.theme import GRID, theme
from resviz.arch.mends import Mend, Mender
from resviz.arch.shapes import Problem

MOST = 20
"""Cards at once."""


class ProblemCard(QWidget):
    """Shows a problem; `clickable` ones lead to their block. `ways`: how it can be mended, the best first."""

    clicked = Signal(object)
    mend_wanted = Signal(object)
    """The `Mend` of the button."""

    def __init__(self, problem: Problem, ways: list[Mend], *, clickable: bool) -> None:
        super().__init__()
        self.problem = problem
        self._clickable = clickable and problem.block is not None
        message, mend = QLabel(problem.message), QLabel(problem.mend)
        mend.setProperty("role", "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 8, 8)
        layout.setSpacing(4)
        for words in (message, mend):
            words.setWordWrap(True)
            words.setTextFormat(Qt.TextFormat.PlainText)
            layout.addWidget(words)
        self._ways: list[Mend] = []
        self.button = QPushButton()
        self.button.setProperty("size", "slim")
        self.button.clicked.connect(self._on_pressed)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_ways(ways)
        if self._clickable:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.setToolTip(f"Go to {problem.block}")

    def show_ways(self, ways: list[Mend]) -> None:
        """Offer the first of these ways to mend the problem."""
        self._ways = ways
        self.button.setVisible(bool(ways))
        if ways:
            self.button.setText(ways[0].title)
            self.button.setToolTip(ways[0].sentence)

    @Slot()
    def _on_pressed(self) -> None:
        self.mend_wanted.emit(self._ways[0])

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


class ProblemCards(QWidget):
    """The cards of some problems of a document; made anew only where they differ."""

    clicked = Signal(object)
    """A `Problem` that leads to its block."""
    mend_wanted = Signal(object)
    """A `Mend`."""

    def __init__(self, *, clickable: bool) -> None:
        super().__init__()
        self._clickable = clickable
        self._shown: list[Problem] = []
        self._cards: list[ProblemCard] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID)

    def show_problems(self, document: Document, problems: list[Problem]) -> None:
        """Show these problems of a document."""
        self.setVisible(bool(problems))
        mender = Mender(document.architecture, document.inference)
        ways = [mender.mends(problem) for problem in problems[:MOST]]
        if problems == self._shown:  # What mends them may be other than it was.
            for card, mends in zip(self._cards, ways, strict=True):
                card.show_ways(mends)
            return
        self._shown, self._cards = list(problems), []
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for problem, mends in zip(problems, ways, strict=False):
            card = ProblemCard(problem, mends, clickable=self._clickable)
            card.clicked.connect(self.clicked)
            card.mend_wanted.connect(self.mend_wanted)
            self._column.addWidget(card)
            self._cards.append(card)
        if len(problems) > MOST:
            self._column.addWidget(label(f"and {len(problems) - MOST} more", "muted"))
