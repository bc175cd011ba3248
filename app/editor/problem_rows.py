"""ProblemRows: the list of problems, each row painted with its message, its mend and a button."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem

from app.editor.problem_model import ProblemModel
from app.theme import GRID, theme

Index = QModelIndex | QPersistentModelIndex
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)
_NARROW = 64
"""In a list of less width, in letters, the mend is left to the line under the list, and a button to a line of
its own."""


class ProblemRows(QListView):
    """A click goes to the block, one on the button mends; so do Return and M."""

    went = Signal(int)
    """To the block of a row."""
    mend_pressed = Signal(int)
    """The button of a row."""
    left = Signal()
    """Escape."""

    def __init__(self, model: ProblemModel) -> None:
        super().__init__()
        self.rows = model
        self.setModel(model)
        self.setItemDelegate(_Painter(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setAccessibleName("Problems")
        self._pressed = -1

    @property
    def narrow(self) -> bool:
        """Whether there is too little room for words and a button side by side."""
        return self.width() < _NARROW * self.fontMetrics().averageCharWidth()

    def row_height(self) -> int:
        """Return the height of a row, in pixels: two lines of text with some air, and a button in between."""
        line = self.fontMetrics().height()
        return 2 * line + 3 * GRID // 2 + (line + GRID if self.narrow else 0)

    def button_rect(self, row: int) -> QRect:
        """Return where the button of a row is, in pixels of the viewport; empty where there is none."""
        mends = self.rows.mends(row)
        return _button_rect(self.visualRect(self.rows.index(row)), mends[0].title, self) if mends else QRect()

    def row_of_button(self, place: QPoint) -> int:
        """Return the row whose button is at a place of the viewport; -1: none."""
        row = self.indexAt(place).row()
        return row if row >= 0 and self.button_rect(row).contains(place) else -1

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make the rows as high as another width asks for; keep the chosen one in sight."""
        super().resizeEvent(event)
        self.doItemsLayout()
        self.scrollTo(self.currentIndex())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take note of a press on a button."""
        self._pressed = self.row_of_button(event.position().toPoint())
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Mend, or go to the block."""
        super().mouseReleaseEvent(event)
        if event.button() != Qt.MouseButton.LeftButton:
            return
        place = event.position().toPoint()
        row, pressed = self.indexAt(place).row(), self._pressed
        self._pressed = -1
        if pressed >= 0:
            if pressed == self.row_of_button(place):
                self.mend_pressed.emit(pressed)
        elif row >= 0:
            self.went.emit(row)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Let the button under the mouse look like one."""
        super().mouseMoveEvent(event)
        over = self.row_of_button(event.position().toPoint()) >= 0
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return goes to the block, M mends, Escape leaves; all else is the list's own."""
        row = self.currentIndex().row()
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row >= 0:
            self.went.emit(row)
        elif event.key() == Qt.Key.Key_M and not event.modifiers() and row >= 0:
            if self.rows.mends(row):
                self.mend_pressed.emit(row)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keep the key that mends from being the canvas's."""
        asked = event.type() == QEvent.Type.ShortcutOverride
        if asked and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_M and not event.modifiers():
            event.accept()
            return True
        return super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        """Let no button look pointed at when the mouse is gone."""
        if event.type() == QEvent.Type.Leave:
            self.viewport().update()
        return super().viewportEvent(event)


class _Painter(QStyledItemDelegate):
    """Paints a row: a bar in the danger colour, block and message over the mend, a button beside or below."""

    def __init__(self, view: ProblemRows) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Return the size of a row."""
        return QSize(16 * GRID, self._view.row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one row."""
        view, colours = self._view, theme().colours
        problem, mends = view.rows.problems[index.row()], view.rows.mends(index.row())
        row: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.row() == view.currentIndex().row():
            painter.fillRect(row, QColor(colours.hover))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.danger))
        painter.drawRoundedRect(QRect(row.x() + 4, row.y() + GRID, 3, row.height() - 2 * GRID), 1.5, 1.5)
        words = row.adjusted(2 * GRID, GRID // 2, -GRID, -GRID // 2)
        if view.narrow:
            words.setHeight(2 * view.fontMetrics().height() + GRID // 2)
        if mends:
            button = _button_rect(row, mends[0].title, view)
            self._paint_button(painter, button, mends[0].title)
            if not view.narrow:
                words.setRight(button.left() - GRID)
        self._paint_words(painter, words, problem.block or "", problem.message, problem.mend)
        painter.restore()

    def _paint_words(self, painter: QPainter, place: QRect, block: str, message: str, mend: str) -> None:
        """Paint block and message over the mend; where there is little room, the block over the message."""
        colours, line = theme().colours, place.height() // 2
        first = QRect(place.x(), place.y(), place.width(), line)
        second = QRect(place.x(), place.y() + line, place.width(), place.height() - line)
        elide, metrics = Qt.TextElideMode.ElideRight, self._view.fontMetrics()
        narrow = bool(block) and self._view.narrow
        if block:
            font = _bold(self._view.font())
            room = place.width() if narrow else place.width() // 2
            bold = QFontMetrics(font)
            shown = bold.elidedText(block, Qt.TextElideMode.ElideMiddle, room)
            painter.setFont(font)
            painter.setPen(QColor(colours.text))
            painter.drawText(first, _LEFT, shown)
            first.setLeft(first.left() + bold.horizontalAdvance(shown) + GRID)
            message = message.partition(": ")[2] or message  # The kind goes without saying.
        painter.setFont(self._view.font())
        if not narrow:
            painter.setPen(QColor(colours.text))
            painter.drawText(first, _LEFT, metrics.elidedText(message, elide, first.width()))
        painter.setPen(QColor(colours.muted))
        under = message[:1].upper() + message[1:] if narrow else mend
        painter.drawText(second, _LEFT, metrics.elidedText(under, elide, second.width()))

    def _paint_button(self, painter: QPainter, place: QRect, title: str) -> None:
        colours, view = theme().colours, self._view
        over = place.contains(view.viewport().mapFromGlobal(view.cursor().pos())) and view.underMouse()
        painter.setPen(QColor(colours.accent if over else colours.border))
        painter.setBrush(QColor(colours.hover if over else colours.raised))
        painter.drawRoundedRect(place, 6, 6)
        painter.setPen(QColor(colours.text))
        painter.setFont(view.font())
        room = place.width() - 2 * GRID
        painter.drawText(
            place, _CENTRE, view.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, room)
        )


def _button_rect(row: QRect, title: str, view: ProblemRows) -> QRect:
    metrics = view.fontMetrics()
    width, height = metrics.horizontalAdvance(title) + 3 * GRID, metrics.height() + GRID
    if view.narrow:
        return QRect(
            row.x() + 2 * GRID, row.bottom() - height - 2, min(width, row.width() - 3 * GRID), height - 1
        )
    width = min(width, row.width() * 2 // 5)
    return QRect(row.right() - GRID - width, row.y() + (row.height() - height) // 2, width, height)


def _bold(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    return bold
