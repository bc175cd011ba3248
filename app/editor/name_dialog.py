"""NameDialog: what a block of one's own is called, and what it is for."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QFormLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.dialogs import dialog_foot
from app.editor.bits import label
from app.theme import GRID
from resviz.arch.group_files import LONGEST_DOC
from resviz.arch.names import LONGEST_ID
from resviz.errors import ResvizError

_WIDTH = 44 * GRID
_INSTANCE = 24
"""Characters that are left for what comes behind the name in the ids of an instance's blocks."""


class NameDialog(QDialog):
    """Asks until the name is of use, and is gone when it is closed."""

    chosen = Signal(str, str)
    """Name and purpose."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        check: Callable[[str], object],
        *,
        name: str = "",
        doc: str | None = "",
    ) -> None:
        """Ask.

        Args:
            parent: above whose window it stands.
            title: of the dialog.
            check: raises `ResvizError` where a name is of no use.
            name: to begin with.
            doc: what it is for so far; None: that is not asked.
        """
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(_WIDTH)
        self._check = check
        self.name = QLineEdit(name)
        self.name.setMaxLength(LONGEST_ID - _INSTANCE)
        self.name.selectAll()
        self.doc = QLineEdit(doc or "")
        self.doc.setMaxLength(LONGEST_DOC)
        self.doc.setPlaceholderText("Optional: shown in the palette, and searched")
        self.error = label("", "error")
        self.error.hide()
        fields = QFormLayout()
        fields.addRow("Name", self.name)
        if doc is not None:
            fields.addRow("What it is for", self.doc)
        self.main = QPushButton("Rename" if name else "Make")
        self.main.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setSpacing(GRID)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.addLayout(fields)
        column.addWidget(self.error)
        column.addLayout(dialog_foot(self, self.main))

    @Slot()
    def accept(self) -> None:
        """Take the name, or say why it is of no use."""
        name = self.name.text().strip()
        try:
            self._check(name)
        except ResvizError as error:
            self.error.setText(escape(str(error)))
            self.error.show()
            self.name.setFocus()
            return
        super().accept()
        self.chosen.emit(name, " ".join(self.doc.text().split()))
