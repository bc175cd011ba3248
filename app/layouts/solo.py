"""One plot over the whole window, with the controls of the time cursor below it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.layouts.panel import ALONE_KEY, Panel
from app.plots.timeline import Timeline
from app.plots.transport import Transport
from app.theme import GRID

_ROOM = 75 * GRID
"""Pixels that the controls take where the window has them."""


class Solo(QWidget):
    """Borrows the plot of a panel and gives it back."""

    left = Signal()
    """The person wants the other parts of the window back."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self._panel: Panel | None = None
        self.card = QFrame()
        self.card.setProperty("role", "card")
        self._inside = QVBoxLayout(self.card)
        self._inside.setContentsMargins(1, 1, 1, 1)
        self.transport = Transport(timeline)
        self.transport.set_room(_ROOM)
        hint = QLabel("Space: replay · arrow keys: step")
        hint.setProperty("role", "caption")
        self.back_button = QToolButton()
        self.back_button.setText("Back (Esc)")
        self.back_button.setToolTip("Show all parts of the window again")
        self.back_button.clicked.connect(self.left)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(hint)
        row.addStretch(1)
        row.addWidget(self.transport)
        row.addWidget(self.back_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.card, 1)
        column.addLayout(row)
        for key in (Qt.Key.Key_Escape, ALONE_KEY):
            keys = QShortcut(QKeySequence(key), self)
            keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            keys.activated.connect(self.left)

    @property
    def panel(self) -> Panel | None:
        """Whose plot is shown."""
        return self._panel

    def borrow(self, panel: Panel) -> None:
        """Show the plot of a panel."""
        self.give_back()
        if panel.plot is not None:
            self._panel = panel
            self._inside.addWidget(panel.plot)
            panel.plot.show()
            panel.plot.setFocus()

    @Slot()
    def give_back(self) -> None:
        """Put the plot back where it was."""
        panel, self._panel = self._panel, None
        if panel is not None and panel.plot is not None:
            panel.take(panel.plot)
