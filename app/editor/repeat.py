"""RepeatDialog: how often a chain is wanted in a row, and whether the copies are drawn as one stack."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from app.boxes import SpinBox
from app.theme import GRID
from resviz.arch.folding import LEAST_RUN
from resviz.arch.rework import MOST_COPIES

_USUAL = 2


class RepeatDialog(QDialog):
    """Asks, and is gone when it is closed."""

    chosen = Signal(int, bool)
    """How many times, and whether to fold."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Repeat")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.times = SpinBox()
        self.times.setRange(1, MOST_COPIES)
        self.times.setValue(_USUAL)
        self.times.setAccessibleName("How many times")
        self.times.selectAll()
        self.fold = QCheckBox("Fold them into one stack")
        self.fold.setToolTip(
            "Draws the copies as one item, which Shift+G or a double-click unfolds. The network is the same."
        )
        question = QLabel("How many times in a row, this one included?")
        question.setBuddy(self.times)
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(GRID)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        for widget in (question, self.times, self.fold, box):
            column.addWidget(widget)
        self._touched = False
        self.fold.clicked.connect(self._on_fold_clicked)
        self.times.valueChanged.connect(self._on_times_changed)
        self.accepted.connect(self._on_accepted)

    @Slot()
    def _on_fold_clicked(self) -> None:
        self._touched = True

    @Slot(int)
    def _on_times_changed(self, times: int) -> None:
        """Offer to fold what is many, until the person decides."""
        if not self._touched:
            self.fold.setChecked(times >= LEAST_RUN)

    @Slot()
    def _on_accepted(self) -> None:
        self.chosen.emit(self.times.value(), self.fold.isChecked())
