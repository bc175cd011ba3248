"""Lists and number boxes that scrolling past them changes nothing in."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QSpinBox, QWidget

_BY_HAND = Qt.FocusPolicy.StrongFocus
"""As a rule the wheel gives the focus, too."""


class ComboBox(QComboBox):
    """A list that the wheel never turns: after a choice the pointer is still on it, and one scrolls on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(_BY_HAND)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to what scrolls."""
        event.ignore()


class SpinBox(QSpinBox):
    """A whole number that the wheel turns only when it is in use."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(_BY_HAND)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only when in use."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class DoubleSpinBox(QDoubleSpinBox):
    """A fraction that the wheel turns only when it is in use."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(_BY_HAND)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only when in use."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
