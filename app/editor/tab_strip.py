"""The tabs over a pane: one a document, with its mark, its close button and drags to elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QContextMenuEvent, QEnterEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QTabBar, QWidget

from app.document import Document
from app.theme import theme

_WIDEST = 200
"""Pixels; longer titles are cut."""
_NARROWEST = 112
"""Pixels; where tabs would have less, the strip scrolls."""
_AWAY = 24
"""Pixels beyond the strip from which a dragged tab leaves it."""
_MARK = 16


class TabStrip(QTabBar):
    """Shows documents as tabs. What is done about a wish is up to the listener."""

    close_wanted = Signal(int)
    menu_wanted = Signal(int, QPoint)
    """A tab was pressed with the right button: its index, where on the screen."""
    dragged_away = Signal(QPoint)
    """A tab is dragged beyond the strip: where on the screen the mouse is."""
    dragged_back = Signal()
    let_go_away = Signal(int, QPoint)
    """A tab was let go beyond the strip: its index, where on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pressed: int | None = None
        """The tab on which the middle button is down."""
        self._away = False
        self.setProperty("role", "documents")
        self.setDocumentMode(True)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setMovable(True)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setUsesScrollButtons(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Open documents")

    def show_documents(self, documents: Sequence[Document], current: Document) -> None:
        """Show these, one a tab; the strip is there only for more than one."""
        blocked = self.blockSignals(True)
        while self.count() > len(documents):
            self.removeTab(self.count() - 1)
        while self.count() < len(documents):
            index = self.addTab("")
            mark = _Mark(self)
            mark.clicked.connect(self._on_mark_clicked)
            self.setTabButton(index, QTabBar.ButtonPosition.RightSide, mark)
        for index, (document, title) in enumerate(zip(documents, _titles(documents), strict=True)):
            self.setTabText(index, title.replace("&", "&&"))
            self.setTabToolTip(index, _about(document))
            self.mark(index).show_state(document.modified, title)
        self.setCurrentIndex(documents.index(current))
        self.blockSignals(blocked)
        self.setVisible(len(documents) > 1)

    def mark(self, index: int) -> _Mark:
        """Return the mark of a tab."""
        found = self.tabButton(index, QTabBar.ButtonPosition.RightSide)
        assert isinstance(found, _Mark)
        return found

    @Slot()
    def _on_mark_clicked(self) -> None:
        for index in range(self.count()):
            if self.mark(index) is self.sender():
                self.close_wanted.emit(index)
                return

    def tabSizeHint(self, index: int) -> QSize:
        """Return the size of a tab: a long title gets no more than the widest."""
        return super().tabSizeHint(index).boundedTo(QSize(_WIDEST, _WIDEST))

    def minimumTabSizeHint(self, index: int) -> QSize:
        """Return what a tab keeps: before titles cannot be read, the strip scrolls."""
        return self.tabSizeHint(index).boundedTo(QSize(_NARROWEST, _WIDEST))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember which tab the middle button is pressed on."""
        index = self.tabAt(event.position().toPoint())
        self._pressed = index if event.button() == Qt.MouseButton.MiddleButton and index >= 0 else None
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move a tab along the strip, or tell that it is dragged away from it."""
        place = event.position().toPoint()
        near = self.rect().adjusted(-_AWAY, -_AWAY, _AWAY, _AWAY)
        if event.buttons() & Qt.MouseButton.LeftButton and not near.contains(place):
            self._away = True
            self.dragged_away.emit(event.globalPosition().toPoint())
            return
        if self._away:
            self._away = False
            self.dragged_back.emit()
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drop a dragged tab; the middle button closes the tab that it was pressed on."""
        super().mouseReleaseEvent(event)
        away, self._away = self._away, False
        pressed, self._pressed = self._pressed, None
        if away and event.button() == Qt.MouseButton.LeftButton:
            self.dragged_back.emit()
            self.let_go_away.emit(self.currentIndex(), event.globalPosition().toPoint())
        elif pressed is not None and self.tabAt(event.position().toPoint()) == pressed:
            self.close_wanted.emit(pressed)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of a tab."""
        index = self.tabAt(event.pos())
        if index >= 0:
            self.menu_wanted.emit(index, event.globalPos())


class _Mark(QAbstractButton):
    """A cross that closes; of a modified document a dot, until the mouse is here."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.modified = False
        self.setFixedSize(_MARK, _MARK)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_state(self, modified: bool, title: str) -> None:
        """Show whether a document is modified."""
        self.setAccessibleName(f"Close {title}")
        self.setToolTip("Close (Ctrl+W): changed, not saved" if modified else "Close (Ctrl+W)")
        if modified != self.modified:
            self.modified = modified
            self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the cross."""
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Show the dot again."""
        super().leaveEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint a dot or a cross."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        over, colours = self.underMouse(), theme().colours
        middle = QRectF(self.rect()).center()
        if self.modified and not over:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.text))
            painter.drawEllipse(middle, 3.5, 3.5)
            return
        if over:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.hover))
            painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        painter.setPen(QPen(QColor(colours.text if over else colours.muted), 1.4))
        for side in (-3, 3):
            painter.drawLine(middle + QPointF(-3, -side), middle + QPointF(3, side))


def title_of(document: Document) -> str:
    """Return what a tab says: the file's name, or the network's while there is none."""
    return document.name if document.origin is None else document.origin.name


def _titles(documents: Sequence[Document]) -> list[str]:
    """Return what the tabs of these say; files of one name say their folders too."""
    titles = [title_of(document) for document in documents]
    return [
        f"{document.origin.parent.name}/{title}"
        if document.origin is not None and titles.count(title) > 1
        else title
        for document, title in zip(documents, titles, strict=True)
    ]


def _about(document: Document) -> str:
    if document.path is not None:
        return f"{document.name}: {document.path}"
    source = f"from {document.origin}, " if document.origin is not None else ""
    return f"{document.name}: {source}not saved in a file yet"
