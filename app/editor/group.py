"""PaneGroup: one pane, its documents as tabs, and how each of them was shown last."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal, Slot
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.canvas.sight import Sight
from app.document import Document
from app.editor.drop_hint import DropHint
from app.editor.pane import EditorPane
from app.editor.tab_strip import TabStrip


class PaneGroup(QFrame):
    """Holds at least one document and shows one of them; zoom, place and selection stay with each."""

    close_wanted = Signal(object)
    """A document's tab was asked to close."""
    menu_wanted = Signal(object, QPoint)
    dragged_away = Signal(object, QPoint)
    """A document's tab is over another part of the screen."""
    dragged_back = Signal()
    let_go_away = Signal(object, QPoint)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.documents = [document]
        """In the order of their tabs."""
        self._sights: dict[Document, Sight] = {}
        self.strip = TabStrip()
        self.pane = EditorPane(document)
        self.hint = DropHint(self)
        self.setProperty("role", "card")
        inside = QVBoxLayout(self)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.setSpacing(0)
        inside.addWidget(self.strip)
        inside.addWidget(self.pane)
        self.strip.currentChanged.connect(self._on_tab_chosen)
        self.strip.tabMoved.connect(self._on_tab_moved)
        self.strip.close_wanted.connect(lambda index: self.close_wanted.emit(self.documents[index]))
        self.strip.menu_wanted.connect(
            lambda index, place: self.menu_wanted.emit(self.documents[index], place)
        )
        self.strip.dragged_away.connect(lambda place: self.dragged_away.emit(self.current, place))
        self.strip.dragged_back.connect(self.dragged_back)
        self.strip.let_go_away.connect(
            lambda index, place: self.let_go_away.emit(self.documents[index], place)
        )
        self._watch(document)
        self.refresh()

    @property
    def current(self) -> Document:
        """The document that is shown."""
        return self.pane.document

    def show_document(self, document: Document) -> None:
        """Bring a document of this group to the front, as it was shown last."""
        if document is self.current:
            return
        before = self.current
        self._sights[before] = self.pane.set_document(document, self._sights.pop(document, None))
        self.refresh()

    def add(self, document: Document, sight: Sight | None = None) -> None:
        """Show one more document, its tab right of the present one."""
        self.documents.insert(self.documents.index(self.current) + 1, document)
        if sight is not None:
            sight.scene.setParent(self.pane)
            self._sights[document] = sight
        self._watch(document)
        self.show_document(document)

    def take(self, document: Document) -> Sight | None:
        """Give a document out of hand, and how it was shown last; its neighbour comes to the front.

        The last one cannot be taken: add another one before.
        """
        index = self.documents.index(document)
        if document is self.current:
            self.show_document(self.documents[index - 1 if index == len(self.documents) - 1 else index + 1])
        self.documents.remove(document)
        for signal in (document.name_changed, document.path_changed, document.modified_changed):
            signal.disconnect(self.refresh)
        self.refresh()
        return self._sights.pop(document, None)

    def step(self, by: int) -> None:
        """Show the next document, or the one before; after the last comes the first."""
        index = self.documents.index(self.current) + by
        self.show_document(self.documents[index % len(self.documents)])

    @Slot()
    def refresh(self) -> None:
        """Show titles and marks anew."""
        self.strip.show_documents(self.documents, self.current)

    def _watch(self, document: Document) -> None:
        for signal in (document.name_changed, document.path_changed, document.modified_changed):
            signal.connect(self.refresh)

    @Slot(int)
    def _on_tab_chosen(self, index: int) -> None:
        self.show_document(self.documents[index])
        self.pane.setFocus()

    @Slot(int, int)
    def _on_tab_moved(self, start: int, end: int) -> None:
        self.documents.insert(end, self.documents.pop(start))
