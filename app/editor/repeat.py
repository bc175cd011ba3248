"""RepeatDialog: how often a chain is wanted in a row, or how long a stack."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QLabel, QPushButton, QVBoxLayout, QWidget

from app.boxes import SpinBox
from app.dialogs import dialog_foot
from app.editor.bits import label
from app.theme import GRID
from resviz.arch.folding import LEAST_RUN
from resviz.arch.rework import MOST_COPIES

_USUAL = 2


class RepeatDialog(QDialog):
    """Asks, and is gone when it is closed."""

    chosen = Signal(int, bool)
    """How many times, or blocks of a stack, and whether to fold."""

    def __init__(self, parent: QWidget, blocks: int, *, stack: bool) -> None:
        """Ask; `blocks`: how many are selected; `stack`: they are one, and its length is asked for."""
        super().__init__(parent)
        self.setWindowTitle("Blocks of the stack" if stack else "Repeat")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._blocks = 1 if stack else blocks
        which = "this one" if blocks == 1 else f"the selected {blocks:,} blocks"
        question = QLabel(
            "How many blocks shall the stack have?"
            if stack
            else f"How many times in a row, {which} included?"
        )
        self.times = SpinBox()
        self.times.setRange(1, max(MOST_COPIES, blocks) if stack else MOST_COPIES)
        self.times.setValue(blocks if stack else _USUAL)
        self.times.setAccessibleName("How many blocks" if stack else "How many times")
        self.times.selectAll()
        question.setBuddy(self.times)
        self.total = label("", "caption")
        self.total.setVisible(self._blocks > 1)
        self.fold = QCheckBox("Fold them into one stack")
        self.fold.setToolTip(
            "Draws the copies as one item, which Shift+G or a double-click unfolds. The network is the same."
        )
        self.fold.setVisible(not stack)
        self.main = QPushButton("Change" if stack else "Repeat")
        self.main.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setSpacing(GRID)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        for widget in (question, self.times, self.total, self.fold):
            column.addWidget(widget)
        column.addLayout(dialog_foot(self, self.main))
        self._touched = False
        self.fold.clicked.connect(self._on_fold_clicked)
        self.times.valueChanged.connect(self._on_times_changed)
        self.accepted.connect(self._on_accepted)
        self._on_times_changed(self.times.value())

    @Slot()
    def _on_fold_clicked(self) -> None:
        self._touched = True

    @Slot(int)
    def _on_times_changed(self, times: int) -> None:
        """Say how many blocks that makes; offer to fold what is many, until the person decides."""
        self.total.setText(f"{self._blocks * times:,} blocks then")
        if not self._touched:
            self.fold.setChecked(times >= LEAST_RUN)

    @Slot()
    def _on_accepted(self) -> None:
        self.chosen.emit(self.times.value(), self.fold.isChecked())
