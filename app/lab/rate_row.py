"""The learning rate during training: shows the one in force, and changes it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.lab.fields import NumberField, sentence_label
from app.lab.followed import FollowedRun
from app.theme import GRID

_MUCH = 10.0
"""So many times the recipe's rate is asked about before it is set."""


class RateRow(QWidget):
    """Follows the rate in force, unless somebody types another one."""

    chosen = Signal(float)
    """A rate was typed and is to be set."""
    applied = Signal(str)
    """The workers took the rate over: one sentence."""

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[FollowedRun] = []
        self._asked: dict[FollowedRun, int] = {}
        """Runs that were sent the rate and have not taken it over yet: number of changes before."""
        self._wanted = 0.0
        self.rate = NumberField(
            "Learning rate", "", "From the next iteration on.", whole=False, minimum=1e-7, maximum=100
        )
        self.set_button = QPushButton("Set")
        self.question = sentence_label("caption")
        self.anyway_button = QPushButton("Set anyway")
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.rate, 1)
        row.addWidget(self.set_button, 0, Qt.AlignmentFlag.AlignTop)
        ask = QHBoxLayout()
        ask.setSpacing(GRID)
        ask.addWidget(self.question, 1)
        ask.addWidget(self.anyway_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(row)
        column.addLayout(ask)
        self._ask("")
        self.rate.edit.installEventFilter(self)
        self.rate.edit.returnPressed.connect(self._on_set)
        self.rate.edited.connect(self._on_edited)
        self.set_button.clicked.connect(self._on_set)
        self.anyway_button.clicked.connect(self._set)

    def set_runs(self, runs: Sequence[FollowedRun]) -> None:
        """Show the rate of these runs from now on."""
        self._runs, self._asked = list(runs), {}
        self.rate.edit.setModified(False)
        self._ask("")
        self.refresh()

    def refresh(self) -> None:
        """Show the rate in force, and tell when a new one has come into force."""
        self._look_for_changes()
        if self.rate.edit.isModified() or self._asked:
            return
        rate = next((rate for rate in map(rate_in_force, self._runs) if rate is not None), None)
        text = f"{rate:g}" if rate is not None else ""
        if text and text != self.rate.edit.text():
            self.rate.set_value(float(text))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape gives up what was typed."""
        if (
            watched is self.rate.edit
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
        ):
            self.rate.edit.setModified(False)
            self._ask("")
            self.refresh()
            return True
        return super().eventFilter(watched, event)

    def _look_for_changes(self) -> None:
        for run, before in list(self._asked.items()):
            changes = run.series.rate_changes
            if len(changes) > before and _close(changes[-1].learning_rate, self._wanted):
                del self._asked[run]
                if not self._asked:
                    at = f"{changes[-1].iteration:,}"
                    self.applied.emit(f"The learning rate is {self._wanted:g} from iteration {at} on.")
            elif not run.active:
                del self._asked[run]

    def _ask(self, text: str) -> None:
        self.question.setText(text)
        self.question.setVisible(bool(text))
        self.anyway_button.setVisible(bool(text))

    @Slot()
    def _on_edited(self) -> None:
        self._ask("")

    @Slot()
    def _on_set(self) -> None:
        if self.rate.problem:
            return
        wanted = self.rate.value()
        base = max((run.learning_rate for run in self._runs), default=0.0)
        if base and wanted > _MUCH * base:
            self._ask(f"{base:g} → {wanted:g} is {wanted / base:,.0f} times as much.")
            return
        self._set()

    @Slot()
    def _set(self) -> None:
        self._ask("")
        self._wanted = self.rate.value()
        self._asked = {
            run: len(run.series.rate_changes) for run in self._runs if run.status in ("running", "paused")
        }
        self.rate.edit.setModified(False)
        self.chosen.emit(self._wanted)


def rate_in_force(run: FollowedRun) -> float | None:
    """Return the learning rate of a run's newest step, or the one set since; None before the first step."""
    series = run.series
    changes = series.rate_changes
    newest = int(series.rate.x[-1]) if len(series.rate) else -1
    if changes and changes[-1].iteration >= newest:
        return changes[-1].learning_rate
    return series.rate.last


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-6 * max(abs(one), abs(other))
