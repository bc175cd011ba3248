"""ProblemPanel: all problems of a document under its canvas, with what mends them."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.canvas.text import plural
from app.document import Document
from app.editor.bits import label
from app.editor.problem_model import ProblemModel
from app.editor.problem_rows import ProblemRows
from app.theme import GRID, icon, theme
from resviz.arch.mends import Mend
from resviz.arch.shapes import Problem

_MOST_WAYS = 3
"""Ways to mend one problem that are offered."""
_ROWS = 4
"""Rows in sight where there is room."""


class ProblemPanel(QFrame):
    """The list over the ways to mend the chosen problem. Follows its document; closes when all is mended."""

    went = Signal(str)
    """To a block."""
    mend_wanted = Signal(object)
    """A `Mend` was chosen."""
    all_wanted = Signal()
    """Mend all."""
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._document: Document | None = None
        self._current: Problem | None = None
        self.model = ProblemModel()
        self.rows = ProblemRows(self.model)
        self.title = QLabel()
        self.title.setProperty("role", "heading")
        self.all_button = QPushButton("Mend all")
        self.all_button.setProperty("size", "slim")
        self.all_button.setToolTip(
            "Mend what can be mended without deleting anything, each problem in the first way (Ctrl+F8)"
        )
        self.all_button.setAutoDefault(True)
        self.close_button = QToolButton()
        self.close_button.setProperty("role", "tiny")
        self.close_button.setToolTip("Close (Esc)")
        self.close_button.setAccessibleName("Close the list of problems")
        self.does = label("", "caption")
        self.does.setTextFormat(Qt.TextFormat.PlainText)
        self.ways = [QPushButton() for _ in range(_MOST_WAYS)]
        self._build()
        self.rows.went.connect(self._on_went)
        self.rows.mend_pressed.connect(self._on_mend_pressed)
        self.rows.left.connect(self.close_list)
        self.rows.selectionModel().currentChanged.connect(self._on_current_changed)
        self.all_button.clicked.connect(self.all_wanted)
        self.close_button.clicked.connect(self.close_list)
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.hide()

    def _build(self) -> None:
        self._head, self._foot = QHBoxLayout(), QVBoxLayout()
        head, foot = self._head, self._foot
        head.setContentsMargins(2 * GRID, 2, GRID // 2, 2)
        head.setSpacing(GRID)
        head.addWidget(self.title, 1)
        head.addWidget(self.all_button)
        head.addWidget(self.close_button)
        ways = QHBoxLayout()
        ways.setSpacing(GRID)
        for number, button in enumerate(self.ways):
            button.setProperty("size", "slim")
            button.setAutoDefault(True)
            button.setMinimumWidth(6 * GRID)  # In a narrow pane they share what there is.
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _checked=False, number=number: self._mend(number))
            ways.addWidget(button)
        ways.addStretch(1)
        foot.setContentsMargins(2 * GRID, GRID // 2, GRID, GRID // 2)
        foot.setSpacing(GRID // 2)
        foot.addWidget(self.does)
        foot.addLayout(ways)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.rows, 1)
        column.addLayout(foot)

    # What it shows

    def set_document(self, document: Document) -> None:
        """Show the problems of another document, if any are to be shown."""
        if self._document is not None:
            self._document.analysed.disconnect(self._on_analysed)
        self._document = document
        document.analysed.connect(self._on_analysed)
        self._on_analysed()

    def open_list(self) -> None:
        """Show the list, the first problem chosen; nothing where there is no problem."""
        if self._document is None or not self._document.inference.problems:
            return
        self.show()
        self._on_analysed()
        if not self.rows.currentIndex().isValid():
            self.choose(0)

    @Slot()
    def close_list(self) -> None:
        """Go away."""
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def choose(self, row: int) -> None:
        """Choose a row, as far as there are any."""
        rows = self.model.rowCount()
        if rows:
            self.rows.setCurrentIndex(self.model.index(row % rows))

    def step(self, by: int) -> None:
        """Go to the next problem, or the one before, and to its block."""
        row = self.rows.currentIndex().row()
        self.choose(row + by if row >= 0 else 0)
        self._on_went(self.rows.currentIndex().row())

    @property
    def mends(self) -> list[Mend]:
        """The ways to mend the chosen problem."""
        row = self.rows.currentIndex().row()
        return self.model.mends(row) if row >= 0 else []

    def wanted_height(self, room: int) -> int:
        """Return the height in pixels: some rows, and no more than `room`, but for one whole row."""
        row = self.rows.row_height()
        rows = min(max(self.model.rowCount(), 1), _ROWS) * row
        # Reckoned: the layout itself knows no height before it was shown.
        margins = self._foot.contentsMargins()
        around = self._head.sizeHint().height() + margins.top() + margins.bottom() + 4
        around += self.does.heightForWidth(self.width() - margins.left() - margins.right())
        if len(self.mends) > 1:
            around += self._foot.spacing() + self.ways[0].sizeHint().height()
        return max(min(room, around + rows), around + row)

    @Slot()
    def _on_analysed(self) -> None:
        document = self._document
        if self.isHidden() or document is None:
            return
        if not document.inference.problems:
            self.model.show(None)
            self.close_list()
            return
        kept, row = self._current, self.rows.currentIndex().row()
        anchor, offset = self._anchor()
        self.model.show(document)
        found = self.model.row_of(kept)
        if kept is not None:
            # What was chosen stays so; where it is gone, what stands in its place.
            self.choose(found if found >= 0 else min(max(row, 0), self.model.rowCount() - 1))
        top = self.model.row_of(anchor)
        if top >= 0:
            bar = self.rows.verticalScrollBar()
            bar.setValue(bar.value() + self.rows.visualRect(self.model.index(top)).top() - offset)
        number = len(document.inference.problems)
        self.title.setText(plural(number, "problem"))
        self._show_ways()

    def _anchor(self) -> tuple[Problem | None, int]:
        """Return the first problem in sight, and where its row begins in the viewport."""
        index = self.rows.indexAt(self.rows.viewport().rect().topLeft())
        if not index.isValid():
            return None, 0
        return self.model.problems[index.row()], self.rows.visualRect(index).top()

    @Slot(QModelIndex, QModelIndex)
    def _on_current_changed(self, current: QModelIndex, _before: QModelIndex) -> None:
        if current.isValid() and current.row() < len(self.model.problems):
            self._current = self.model.problems[current.row()]
        self._show_ways()

    def _show_ways(self) -> None:
        """Say what the first way would change, and offer the others."""
        mends = self.mends
        row = self.rows.currentIndex().row()
        problem = self.model.problems[row] if 0 <= row < self.model.rowCount() else None
        held = next((button for button in self.ways if button.hasFocus()), None)
        for number, button in enumerate(self.ways):
            # A single way has its button in the row; where there is little room, the first of several too.
            button.setVisible(1 < len(mends) > number >= self.rows.narrow)
            if number < len(mends):
                button.setText(self._shortened(mends[number].title, len(mends)))
                button.setToolTip(mends[number].sentence)
        if mends:
            self.does.setText(mends[0].sentence)
        else:
            self.does.setText(problem.mend if problem is not None else "")
        if held is not None and held.isHidden():
            self.rows.setFocus()

    def _shortened(self, title: str, number: int) -> str:
        """Return a title that leaves the buttons of the other ways their room."""
        number = min(number, _MOST_WAYS) - self.rows.narrow
        room = (self.width() - (2 + number) * GRID) // max(number, 1) - 3 * GRID
        return self.ways[0].fontMetrics().elidedText(title, Qt.TextElideMode.ElideMiddle, room)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Write on the buttons what there is room for now."""
        super().resizeEvent(event)
        self._show_ways()

    @Slot()
    def _on_theme_changed(self) -> None:
        self.close_button.setIcon(icon("close"))

    # What the person does

    @Slot(int)
    def _on_went(self, row: int) -> None:
        block = self.model.problems[row].block if 0 <= row < self.model.rowCount() else None
        if block is not None:
            self.went.emit(block)

    @Slot(int)
    def _on_mend_pressed(self, row: int) -> None:
        self.choose(row)
        self._mend(0)

    def _mend(self, number: int) -> None:
        mends = self.mends
        if number < len(mends):
            self.mend_wanted.emit(mends[number])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes the list, from its buttons too."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_list()
        else:
            super().keyPressEvent(event)
