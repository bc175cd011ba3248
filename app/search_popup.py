"""A small list that is searched by typing: the command palette, and the choice of a preset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.theme import GRID, theme

Score = Callable[[str, str], int]
"""Takes an entry's key and what is typed."""
_HINT_ROLE = Qt.ItemDataRole.UserRole + 1
_WIDTH, _HEIGHT = 45 * GRID, 46 * GRID
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}


@dataclass(frozen=True)
class Entry:
    """One line: what `chosen` says, what is read, a hint at the right (a shortcut), words to find it by."""

    key: str
    title: str
    hint: str = ""
    words: str = ""


class _TwoColumns(QStyledItemDelegate):
    """Draws the hint at the right of the title."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: object) -> None:
        """Draw one line."""
        super().paint(painter, option, index)  # type: ignore[arg-type]
        hint = index.data(_HINT_ROLE)  # type: ignore[attr-defined]
        if hint:
            painter.save()
            painter.setPen(QColor(theme().colours.muted))
            where: QRect = option.rect.adjusted(GRID, 0, -GRID, 0)
            painter.drawText(where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, hint)
            painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: object) -> QSize:
        """Return the size of one line."""
        size = super().sizeHint(option, index)  # type: ignore[arg-type]
        return QSize(size.width(), max(size.height(), 4 * GRID))


class SearchPopup(QFrame):
    """A line to type in above the entries that match it. Arrow keys choose, Return takes, Escape closes."""

    chosen = Signal(str)
    """An entry's key, or what was typed where no entry matches."""

    def __init__(
        self,
        parent: QWidget,
        placeholder: str,
        hint: str = "",
        *,
        score: Score | None = None,
        nothing: str = "",
    ) -> None:
        """Make the list, closed.

        Args:
            parent: of the list.
            placeholder: in the empty line.
            hint: a sentence under the entries.
            score: says how well an entry, by its key, answers what is typed (0: not at all); the best come
                first. None: those that hold every word, in the order in which they are given.
            nothing: the sentence, with {} for what is typed, where no entry matches; empty: the hint still.
        """
        super().__init__(parent, Qt.WindowType.Popup)
        self._score = score
        self.setProperty("role", "card")
        self._entries: list[Entry] = []
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(placeholder)
        self.edit.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setItemDelegate(_TwoColumns(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._hint_text, self._nothing = hint, nothing
        self._hint = QLabel(hint)
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setProperty("role", "caption")
        self._hint.setWordWrap(True)
        self._hint.setVisible(bool(hint))
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.edit)
        column.addWidget(self.list, 1)
        column.addWidget(self._hint)
        self.edit.textChanged.connect(self._on_text)
        self.edit.installEventFilter(self)
        self.list.itemClicked.connect(self._on_clicked)
        self.list.itemActivated.connect(self._on_clicked)

    def open_at(self, where: QPoint, entries: Sequence[Entry]) -> None:
        """Show the entries, the top left corner at `where` on the screen."""
        self._entries = list(entries)
        self.edit.clear()
        self._on_text("")
        area = self.screen().availableGeometry()
        size = QSize(_WIDTH, min(_HEIGHT, area.height() - 4 * GRID))
        x = max(area.left(), min(where.x(), area.right() - size.width()))
        y = max(area.top(), min(where.y(), area.bottom() - size.height()))
        self.setGeometry(QRect(QPoint(x, y), size))
        self.show()
        self.edit.setFocus()

    def complain(self, sentence: str) -> None:
        """Say what is wrong with what was typed, and stay open."""
        self._tell(sentence, "error")
        self.show()
        self.edit.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys and Return of the line work on the list."""
        if watched is self.edit and event.type() == QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            if event.key() in _STEPS:
                self._step(_STEPS[Qt.Key(event.key())])
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take()
                return True
        return super().eventFilter(watched, event)

    def _step(self, by: int) -> None:
        count = self.list.count()
        if count:
            self.list.setCurrentRow(max(0, min(count - 1, self.list.currentRow() + by)))

    def _take(self) -> None:
        text = self.edit.text().strip()
        exact = next((entry.key for entry in self._entries if entry.key == text), None)
        item = self.list.currentItem()
        key = exact or (item.data(Qt.ItemDataRole.UserRole) if item is not None else text)
        if key:
            self.hide()
            self.chosen.emit(key)

    def _tell(self, text: str, role: str) -> None:
        self._hint.setText(text)
        self._hint.setProperty("role", role)
        self._hint.style().unpolish(self._hint)
        self._hint.style().polish(self._hint)
        self._hint.setVisible(bool(text))

    def _found(self, text: str) -> list[Entry]:
        if self._score is not None:
            scored = [(self._score(entry.key, text), entry) for entry in self._entries]
            best = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])
            return [entry for _, entry in best]
        wanted = text.lower().split()
        return [
            entry
            for entry in self._entries
            if all(word in f"{entry.title} {entry.words} {entry.key}".lower() for word in wanted)
        ]

    @Slot(str)
    def _on_text(self, text: str) -> None:
        self.list.clear()
        for entry in self._found(text):
            item = QListWidgetItem(entry.title, self.list)
            item.setData(Qt.ItemDataRole.UserRole, entry.key)
            item.setData(_HINT_ROLE, entry.hint)
        self.list.setCurrentRow(0)
        missing = self._nothing and not self.list.count()
        self._tell(self._nothing.format(text.strip()) if missing else self._hint_text, "caption")

    @Slot(QListWidgetItem)
    def _on_clicked(self, item: QListWidgetItem) -> None:
        self.hide()
        self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))
