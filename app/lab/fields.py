"""Number fields that say under themselves, in one sentence, what is wrong with what was typed."""

from __future__ import annotations

import re

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QWidget,
)

from app.theme import GRID

_COUNT = re.compile(r"(\d[\d,_ ']*)(k?)", re.IGNORECASE)


def parse_count(text: str) -> int | None:
    """Return a whole number typed as "6400", "6,400", "6 400" or "64k"; None where it is none."""
    match = _COUNT.fullmatch(text.strip())
    if match is None:
        return None
    return int(re.sub(r"\D", "", match[1])) * (1000 if match[2] else 1)


def parse_number(text: str) -> float | None:
    """Return a number typed with a point or a comma; None where it is none."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


class Sentence(QLabel):
    """Text that wraps and takes exactly the height of its lines, however many they are at its width.

    Qt's own hint is that of another width, and a layout takes it for the most that a fixed height may be.
    """

    def __init__(self, role: str) -> None:
        super().__init__()
        self.setProperty("role", role)
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        """Return the preferred width, and the height at the present one."""
        hint = super().sizeHint()
        laid_out = self.testAttribute(Qt.WidgetAttribute.WA_Resized)
        return QSize(hint.width(), self.heightForWidth(self.width()) if laid_out else hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for another height where the width is another one."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


def sentence_label(role: str) -> Sentence:
    """Return a label for a sentence in one of the theme's roles."""
    return Sentence(role)


class ElidedLabel(QLabel):
    """One line of plain text that ends in "…" where it is too long; the whole of it is the tooltip."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumWidth(1)
        self.show_text(text)

    def minimumSizeHint(self) -> QSize:
        """Return the height of a line; it may be cut to nothing."""
        return QSize(1, super().minimumSizeHint().height())

    def show_text(self, text: str) -> None:
        """Show a line."""
        if text != self.text():
            self.setText(text)
            self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw as much as there is room for."""
        painter = QPainter(self)
        where = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, where.width())
        self.style().drawItemText(
            painter,
            where,
            int(self.alignment()),
            self.palette(),
            self.isEnabled(),
            text,
            QPalette.ColorRole.WindowText,
        )
        painter.end()


class NumberField(QWidget):
    """A named number with its unit; `problem` is empty where what was typed can be used."""

    edited = Signal()

    def __init__(
        self,
        name: str,
        unit: str,
        help_text: str,
        *,
        whole: bool = True,
        minimum: float = 1,
        maximum: float = 1e9,
    ) -> None:
        super().__init__()
        self._name, self._whole, self._minimum, self._maximum = name, whole, minimum, maximum
        self.edit = QLineEdit()
        self.edit.setToolTip(help_text)
        self.edit.setAccessibleName(name)
        self.edit.setAlignment(Qt.AlignmentFlag.AlignRight)
        label, unit_label = QLabel(name), QLabel(unit)
        label.setProperty("role", "muted")
        label.setBuddy(self.edit)
        unit_label.setProperty("role", "caption")
        self._problem_label = sentence_label("error")
        self._problem_label.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.edit, 0, 1)
        grid.addWidget(unit_label, 0, 2)
        grid.addWidget(self._problem_label, 1, 0, 1, 3)
        grid.setColumnMinimumWidth(0, 96)
        grid.setColumnMinimumWidth(2, 56 if unit else 0)
        unit_label.setVisible(bool(unit))
        self.edit.setMinimumWidth(6 * GRID)
        grid.setColumnStretch(1, 1)
        self.edit.textChanged.connect(self._on_changed)

    @property
    def problem(self) -> str:
        """What is wrong with what was typed, one sentence, or ""."""
        value = self._parsed()
        kind = "whole number" if self._whole else "number"
        if value is None:
            return f"{self._name}: give a {kind}."
        if not self._minimum <= value <= self._maximum:
            return f"{self._name}: give a {kind} from {self._minimum:,g} to {self._maximum:,g}."
        return ""

    def value(self) -> float:
        """Return the number; only where there is no problem."""
        value = self._parsed()
        assert value is not None
        return value

    def count(self) -> int:
        """Return the number as a whole one."""
        return int(self.value())

    def set_value(self, value: float) -> None:
        """Show a number."""
        self.edit.setText(f"{value:,d}" if self._whole and isinstance(value, int) else f"{value:g}")

    def _parsed(self) -> float | None:
        return parse_count(self.edit.text()) if self._whole else parse_number(self.edit.text())

    @Slot()
    def _on_changed(self) -> None:
        problem = self.problem
        self._problem_label.setText(problem)
        self._problem_label.setVisible(bool(problem))
        set_state(self.edit, "error" if problem else "")
        self.edited.emit()


def set_state(widget: QWidget, state: str) -> None:
    """Set the style sheet's `state` of a widget and have it drawn."""
    set_property(widget, "state", state)


def set_property(widget: QWidget, name: str, value: str) -> None:
    """Set a property that the style sheet looks at, and have the widget drawn by it."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
