"""The lesson panel: one step at a time; it follows the training, and can be leafed through."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont, QHideEvent, QShowEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from app.lessons.lesson import Lesson, When
from app.theme import GRID, icon, theme

TRAINING_SECONDS = 60.0
"""After so much training the lesson goes on to what it means, even if training goes on."""


class LessonPanel(QWidget):
    """Shows a lesson's steps."""

    highlighted = Signal(str)
    """The plot that the step in front speaks of: "error", "gradient", "residual" or ""."""

    def __init__(self, lesson: Lesson) -> None:
        super().__init__()
        self._lesson = lesson
        self._index = 0
        self._reached = 0
        self._title = QLabel()
        self._title.setProperty("role", "heading")
        self._title.setWordWrap(True)
        self._elsewhere = QLabel("This is the demonstration's lesson; what is on screen is something else.")
        self._elsewhere.setProperty("role", "caption")
        self._elsewhere.setWordWrap(True)
        self._elsewhere.hide()
        self._count = QLabel()
        self._count.setProperty("role", "caption")
        self.text = QTextBrowser()
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setOpenExternalLinks(True)
        self.text.document().setDocumentMargin(0)
        self.text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.back_button, self.next_button = QPushButton("Back"), QPushButton("Next")
        self.back_button.clicked.connect(self.back)
        self.next_button.clicked.connect(self.next)
        foot = QHBoxLayout()
        foot.setSpacing(GRID)
        foot.addWidget(self.back_button)
        foot.addWidget(self.next_button)
        foot.addStretch(1)
        foot.addWidget(self._count)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID // 2, 2 * GRID, GRID // 2)
        column.setSpacing(GRID // 2)
        column.addWidget(self._title)
        column.addWidget(self._elsewhere)
        column.addWidget(self.text, 1)
        column.addLayout(foot)
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    @property
    def index(self) -> int:
        """The number of the step in front, from 0."""
        return self._index

    def follow(self, when: When) -> None:
        """Go to the first step that waits for `when`, if it was not reached before; never go back."""
        for index, step in enumerate(self._lesson.steps):
            if step.when == when and index > self._reached:
                self._reached = index
                self._show(index)
                return

    def set_subject(self, same: bool) -> None:
        """Say whether the networks and the data on screen are those that the lesson speaks of."""
        self._elsewhere.setVisible(not same)

    def start_over(self) -> None:
        """Begin again: another training starts."""
        self._reached = 0
        self._show(0)

    @Slot()
    def back(self) -> None:
        """Show the step before."""
        self._show(max(0, self._index - 1))

    @Slot()
    def next(self) -> None:
        """Show the step after."""
        self._show(min(len(self._lesson.steps) - 1, self._index + 1))

    def _show(self, index: int) -> None:
        self._index = index
        step, count = self._lesson.steps[index], len(self._lesson.steps)
        self._title.setText(step.title)
        self._title.setToolTip(self._lesson.title)
        self.text.setMarkdown(step.text)
        self._space_lines()
        self._count.setText(f"{index + 1} of {count}")
        self.back_button.setEnabled(index > 0)
        self.next_button.setEnabled(index + 1 < count)
        self._point()

    @Slot()
    def _point(self) -> None:
        """Point at the plot that the step speaks of, while the lesson is being read."""
        self.highlighted.emit(self._lesson.steps[self._index].highlight if self.isVisible() else "")

    def showEvent(self, event: QShowEvent) -> None:
        """Point again."""
        super().showEvent(event)
        self._point()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop pointing when something else is shown in the lesson's place."""
        super().hideEvent(event)
        self._point()

    def _space_lines(self) -> None:
        """Give the text the air that Markdown of its own does not have."""
        document = self.text.document()
        block = document.begin()
        while block.isValid():
            layout = block.blockFormat()
            layout.setLineHeight(120.0, 1)
            layout.setBottomMargin(6)
            cursor = self.text.textCursor()
            cursor.setPosition(block.position())
            cursor.setBlockFormat(layout)
            block = block.next()
        self._soften_bold()

    def _soften_bold(self) -> None:
        """Set emphasis in the weight of the headings: the bundled typeface has it, bolder would be faked."""
        document = self.text.document()
        half = QTextCharFormat()
        half.setFontWeight(QFont.Weight.DemiBold)
        block = document.begin()
        while block.isValid():
            for fragment in [part.fragment() for part in block]:  # type: ignore[attr-defined]
                if fragment.charFormat().fontWeight() > QFont.Weight.DemiBold:
                    cursor = QTextCursor(document)
                    cursor.setPosition(fragment.position())
                    end = fragment.position() + fragment.length()
                    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
                    cursor.mergeCharFormat(half)
            block = block.next()

    @Slot()
    def _on_theme_changed(self) -> None:
        self.back_button.setIcon(icon("chevron-left"))
        self.next_button.setIcon(icon("chevron-right"))
        self._show(self._index)
