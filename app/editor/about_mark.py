"""AboutMark: a question mark at the right end of a tree's rows; a click on it asks for the row's page."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTreeWidget

from app.theme import theme
from resviz.arch.blocks import CATALOGUE

WIDTH = 24
"""Pixels of a row that the mark takes."""


class AboutMark(QStyledItemDelegate):
    """Paints the marks of the rows that have a kind, and hears clicks on them."""

    clicked = Signal(str)
    """The kind of a row."""

    def __init__(self, tree: QTreeWidget, role: int) -> None:
        super().__init__(tree)
        self._tree, self._role = tree, role
        self._pressed = ""
        tree.setItemDelegate(self)
        tree.setMouseTracking(True)
        tree.viewport().installEventFilter(self)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint the row, and the mark over its end."""
        super().paint(painter, option, index)
        if index.data(self._role) not in CATALOGUE:
            return
        painter.save()
        place = mark_rect(option.rect)
        viewport = self._tree.viewport()
        over = viewport.underMouse() and place.contains(viewport.mapFromGlobal(viewport.cursor().pos()))
        painter.setPen(QColor(theme().colours.accent if over else theme().colours.muted))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "?")
        painter.restore()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take clicks on a mark; a double-click there is no wish for a block."""
        del watched
        if not isinstance(event, QMouseEvent):  # Others come when the tree is gone already, too.
            return False
        kind = self._kind_at(event)
        if event.type() == QEvent.Type.MouseMove and not event.buttons():
            self._tree.viewport().update()
            self._tree.setToolTip("What this block computes and costs (F1)" if kind else "")
        elif event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            self._pressed = kind
            return event.type() == QEvent.Type.MouseButtonDblClick and bool(kind)
        elif event.type() == QEvent.Type.MouseButtonRelease and kind and kind == self._pressed:
            self._pressed = ""
            self.clicked.emit(kind)
        return False

    def _kind_at(self, event: QMouseEvent) -> str:
        place = event.position().toPoint()
        index = self._tree.indexAt(place)
        on_mark = index.isValid() and mark_rect(self._tree.visualRect(index)).contains(place)
        kind = index.data(self._role)
        return kind if on_mark and kind in CATALOGUE else ""


def mark_rect(row: QRect) -> QRect:
    """Return where in a row the mark is."""
    return QRect(row.right() - WIDTH, row.y(), WIDTH, row.height())
