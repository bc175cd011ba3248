"""Title, tags and note of runs or of an experiment, in a dialog that stops nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.dialogs import dialog_foot
from app.lab.fields import sentence_label
from app.theme import GRID
from resviz.errors import ResvizError
from resviz.runs import labels
from resviz.runs.labels import Labels


@dataclass(frozen=True)
class LabelChanges:
    """What to change of the labels of one or more things; None: it stays."""

    title: str | None = None
    note: str | None = None
    colour: str | None = None
    added: tuple[str, ...] = ()
    """Tags."""
    removed: tuple[str, ...] = ()

    def apply(self, folder: Path) -> None:
        """Write what is changed.

        Raises:
            ResvizError: it cannot be used or written.
        """
        tags = None
        if self.added or self.removed:
            tags = [tag for tag in labels.read(folder).tags if tag not in self.removed] + list(self.added)
        labels.change(folder, title=self.title, note=self.note, colour=self.colour, tags=tags)


class LabelDialog(QDialog):
    """Edits what a person says of one thing, or of several at once: then what differs among them stays."""

    saved = Signal(object)
    """The `LabelChanges` that are wanted."""

    def __init__(self, what: str, known: Sequence[Labels], used: Sequence[str], parent: QWidget) -> None:
        """Edit `known`, the labels of `what` (its name); `used`: tags that there are."""
        super().__init__(parent.window())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.setWindowTitle(f"Tags and note of {what}")
        single = known[0] if len(known) == 1 else None
        self._common = [tag for tag in known[0].tags if all(tag in each.tags for each in known)]
        differ = len({each.note for each in known}) > 1
        self._note = "" if differ else known[0].note
        self._title = single.title if single is not None else ""
        heading = QLabel(what)
        heading.setProperty("role", "title")
        heading.setWordWrap(True)
        self.title = QLineEdit(self._title)
        self.title.setPlaceholderText("The name, unless you give another")
        self.tags = QLineEdit(", ".join(self._common))
        self.tags.setPlaceholderText("final, talk")
        in_use = [tag for tag in used if tag not in self._common]
        self.tags.setToolTip("Separated by commas." + (f" In use: {', '.join(in_use)}" if in_use else ""))
        self.note = QPlainTextEdit(self._note)
        self.note.setTabChangesFocus(True)
        self.note.setPlaceholderText(
            "The notes differ: what you write here replaces them all."
            if differ
            else "What should be remembered"
        )
        self.note.setMinimumHeight(9 * GRID)
        form = QFormLayout()
        form.setHorizontalSpacing(GRID)
        form.setVerticalSpacing(GRID)
        for name, field in (("Title", self.title), ("Tags", self.tags), ("Note", self.note)):
            label = QLabel(name)
            label.setProperty("role", "muted")
            label.setBuddy(field)
            field.setAccessibleName(name)
            form.addRow(label, field)
        form.setRowVisible(0, single is not None)
        about = sentence_label("caption")
        if single is None:
            about.setText("Tags that all of them have are shown; those of single ones stay.")
        about.setVisible(single is None)
        self.problem = sentence_label("error")
        self.problem.hide()
        self.save_button = QPushButton("Save")
        self.save_button.clicked.connect(self.save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        for each in (heading, about):
            layout.addWidget(each)
        layout.addLayout(form, 1)
        layout.addWidget(self.problem)
        layout.addLayout(dialog_foot(self, self.save_button))
        self.resize(48 * GRID, 32 * GRID)
        self.tags.setFocus()

    @Slot()
    def save(self) -> None:
        """Tell what was changed, unless it cannot be used."""
        try:
            title, tags = labels.clean_title(self.title.text()), labels.clean_tags([self.tags.text()])
        except ResvizError as error:
            self.problem.setText(str(error))
            self.problem.show()
            return
        note = self.note.toPlainText().strip()
        changes = LabelChanges(
            title=title if title != self._title else None,
            note=note if note != self._note else None,
            added=tuple(tag for tag in tags if tag not in self._common),
            removed=tuple(tag for tag in self._common if tag not in tags),
        )
        self.saved.emit(changes)
        self.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Return saves from the note, where Return makes a line."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers():
            self.save()
        else:
            super().keyPressEvent(event)
