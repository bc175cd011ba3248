"""A bar that says or asks one thing without stopping anyone: the non-modal answer to message boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

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
        for index, (title, action) in enumerate(answers):
            button = QPushButton(title)
            set_property(button, "role", "quiet" if index else "danger" if danger else "primary")
            button.setProperty("size", "slim")
            button.clicked.connect(lambda _=False, act=action: self._answer(act))
            self._row.addWidget(button)
            self.buttons.append(button)
        self.show()

    def _answer(self, action: Callable[[], None] | None) -> None:
        self.hide()
        if action is not None:
            action()
        self.answered.emit()
