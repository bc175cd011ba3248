"""Bar: the switches of two panes that belong together, on the seam between their headers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from app.editor.pane import EditorPane


class Bar(QFrame):
    """A short column of buttons beside the names of the networks: it covers no block."""

    def __init__(self, panes: Sequence[EditorPane], parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._panes = panes
        self.buttons: list[QToolButton] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(1, 1, 1, 1)
        self._column.setSpacing(0)
        for pane in panes:
            pane.view.installEventFilter(self)

    def add(self, action: QAction) -> None:
        """Add a button for an action."""
        button = QToolButton()
        button.setDefaultAction(action)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setIconSize(QSize(14, 14))
        button.setFixedSize(26, 20)
        button.setProperty("role", "tiny")
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._column.addWidget(button)
        self.buttons.append(button)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay on the seam."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        left, right = (pane.view for pane in self._panes)
        parent = self.parentWidget()
        if parent is None:
            return
        start = left.mapTo(parent, QPoint(left.width(), 0))
        tops = [pane.header.mapTo(parent, QPoint(0, 0)).y() for pane in self._panes]
        seam = (start.x() + right.mapTo(parent, QPoint(0, 0)).x()) // 2
        size = self.sizeHint()
        self.setGeometry(seam - size.width() // 2, max(tops), size.width(), size.height())
        self.setVisible(left.isVisibleTo(parent) and right.isVisibleTo(parent))
        self.raise_()
