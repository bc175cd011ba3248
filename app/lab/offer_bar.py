"""A bar that says or asks one thing without stopping anyone: the non-modal answer to message boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QPushButton

from app.lab.fields import ElidedLabel, set_property
from app.theme import GRID

Answer = tuple[str, Callable[[], None] | None]
"""Text of a button and what it does; None: nothing but closing the bar."""


class OfferBar(QFrame):
    """One sentence and its buttons in one slim line; hidden when answered."""

    answered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "notice")
        self._text = ElidedLabel()
        self.buttons: list[QPushButton] = []
        self._answering = False
        self._followed = QElapsedTimer()
        """Runs since a question took the place of one that was answered."""
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(2 * GRID, 1, GRID // 2, 1)
        self._row.setSpacing(GRID)
        self._row.addWidget(self._text, 1)

    @property
    def text(self) -> str:
        """The sentence in the bar."""
        return self._text.text()

    def ask(self, text: str, answers: Sequence[Answer], *, danger: bool = False) -> None:
        """Show a sentence with its answers; the first one is the obvious one."""
        for button in self.buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = []
        self._text.show_text(text)
        if self._answering:
            self._followed.start()
        else:
            self._followed.invalidate()
        for index, (title, action) in enumerate(answers):
            button = QPushButton(title)
            set_property(button, "role", "quiet" if index else "danger" if danger else "primary")
            button.setProperty("size", "slim")
            button.installEventFilter(self)
            button.clicked.connect(lambda _=False, act=action: self._answer(act))
            self._row.addWidget(button)
            self.buttons.append(button)
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the second click of a double click not answer what only came with the first."""
        pressed = event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
        if pressed and isinstance(event, QMouseEvent) and self._followed.isValid():
            return not self._followed.hasExpired(QApplication.doubleClickInterval())
        return super().eventFilter(watched, event)

    def _answer(self, action: Callable[[], None] | None) -> None:
        self.hide()
        if action is not None:
            action()
        self._answering = True
        self.answered.emit()
        self._answering = False
