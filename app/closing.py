"""What to do with documents that are not saved and are to be closed: asked once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.canvas.text import plural
from app.dialogs import dialog_foot, usual_folder
from app.document import Document
from app.lab.bridge import WorkerBridge
from app.lab.fields import sentence_label
from app.theme import GRID
from resviz.errors import ResvizError


class SaveDialog(QDialog):
    """Lists changed documents with where each goes: save the ticked ones, discard all, or stay.

    It is accepted once what was ticked is saved: then all of them may be closed.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        save: Callable[[Document, Path], None],
        parent: QWidget,
        consequence: str,
    ) -> None:
        """Ask about `documents`.

        Args:
            documents: changed ones.
            save: writes one of them, or raises a `ResvizError`.
            parent: the dialog stands above its window.
            consequence: what becomes of changes that are not saved, as a sentence.
        """
        super().__init__(parent.window())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._save = save
        single = len(documents) == 1
        self.setWindowTitle("Save the changes?")
        heading = QLabel(f"Save the changes to {documents[0].name}?" if single else "Save these networks?")
        heading.setTextFormat(Qt.TextFormat.PlainText)
        heading.setProperty("role", "title")
        heading.setWordWrap(True)
        about = sentence_label("caption")
        about.setText(consequence)
        self.problem = sentence_label("error")
        self.problem.hide()
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        self.rows: list[tuple[Document, QCheckBox, QLineEdit]] = []
        """Each document with its tick and where it goes."""
        taken: set[Path] = set()
        for row, document in enumerate(documents):
            tick = QCheckBox(document.name.replace("&", "&&"))
            tick.setChecked(True)
            tick.toggled.connect(self._on_ticked)
            where = QLineEdit(str(document.path or _free_name(document, taken)))
            taken.add(Path(where.text()))
            where.setAccessibleName(f"File of {document.name}")
            where.setToolTip(where.text())
            where.setMinimumWidth(40 * GRID)
            tick.toggled.connect(where.setEnabled)
            if single:  # To show one that has no parent yet would open a window.
                tick.hide()
            grid.addWidget(tick, row, 0)
            grid.addWidget(where, row, 1)
            self.rows.append((document, tick, where))
        self.save_button = QPushButton("Save")
        self.save_button.clicked.connect(self.save)
        self.discard_button = QPushButton("Discard" if single else "Discard all")
        self.discard_button.setProperty("role", "danger")
        self.discard_button.setAutoDefault(False)
        self.discard_button.clicked.connect(self.accept)
        foot = dialog_foot(self, self.save_button)
        foot.insertWidget(0, self.discard_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(heading)
        layout.addWidget(about)
        layout.addLayout(grid)
        layout.addStretch(1)
        layout.addWidget(self.problem)
        layout.addLayout(foot)
        self.save_button.setFocus()

    @Slot()
    def save(self) -> None:
        """Save what is ticked; where that fails, say why and stay."""
        for document, tick, where in self.rows:
            if not tick.isChecked() or not document.modified:
                continue
            try:
                self._save(document, _target(document, where.text()))
            except ResvizError as error:
                self.problem.setText(str(error))
                self.problem.show()
                where.setFocus()
                where.selectAll()
                return
        self.accept()

    @Slot()
    def _on_ticked(self) -> None:
        count = sum(tick.isChecked() for _, tick, _ in self.rows)
        self.save_button.setText("Save" if count == len(self.rows) else f"Save {count}, discard the rest")
        self.save_button.setEnabled(bool(count))


def what_ends(bridge: WorkerBridge) -> str:
    """Return what becomes of the trainings of this window when it closes, a sentence; "" without any."""
    count = sum(run.worker is not None for run in bridge.followed.values())
    if not count:
        return ""
    return f"{plural(count, 'training')} will stop with a checkpoint, to be resumed at the next start."


def _target(document: Document, text: str) -> Path:
    path = Path(text.strip()).expanduser()
    if not text.strip():
        raise ResvizError(f"Say where {document.name} shall be saved.")
    path = path if path.suffix else path.with_name(f"{path.name}.json")
    if path != document.path and path.exists():
        raise ResvizError(f"There is a file {path} already: choose another name.")
    return path


def _free_name(document: Document, taken: set[Path]) -> Path:
    """Return a file in the folder used last that is not there yet."""
    stem = "".join("-" if c in '/\\:*?"<>|' else c for c in document.name) or "network"
    folder = usual_folder()
    path, number = folder / f"{stem}.json", 2
    while path.exists() or path in taken:
        path, number = folder / f"{stem}-{number}.json", number + 1
    return path
