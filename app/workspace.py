"""The two panes, the documents in their tabs, and what one does with networks side by side."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakSet

from PySide6.QtCore import QObject, QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSplitter, QWidget

from app.autosave import AutoSave
from app.document import Document
from app.editor.group import PaneGroup
from app.editor.pane import EditorPane
from app.editor.tab_strip import title_of
from app.lab.fields import set_property
from app.lab.readouts import structure_of
from app.theme import GRID
from resviz.arch.compare import counterparts
from resviz.arch.graph import Architecture
from resviz.arch.presets import preset
from resviz.arch.twin import is_plain, twin

_CLOSED = 10
"""How many closed documents can be opened again."""


class Workspace(QWidget):
    """Two editor panes side by side; the one in use is framed and gets what the menus do."""

    documents_changed = Signal()
    """A pane shows another document."""
    tabs_changed = Signal()
    """A document was opened, closed, moved, or has another name, file or mark."""
    active_changed = Signal()
    """Another pane is in use."""
    networks_changed = Signal()
    """A pane's network was changed in any way, or is another one: told a moment later."""
    undo_changed = Signal()
    """What can be undone or redone in a pane is new."""
    close_wanted = Signal(object)
    """A document's tab was asked to close."""
    menu_wanted = Signal(object, QPoint)
    """The menu of a document's tab is asked for."""
    told = Signal(str)
    failed = Signal(str)

    def __init__(self, architectures: tuple[Architecture, Architecture]) -> None:
        super().__init__()
        self.groups = [PaneGroup(Document(architecture, self)) for architecture in architectures]
        self.panes = [group.pane for group in self.groups]
        self.active = self.panes[0]
        self.closed: list[tuple[Document, int]] = []
        """Closed documents and the places of their panes, the one closed last at the end."""
        self._spare = WeakSet(self.documents)
        """Documents that nobody asked for: untouched, they make room for what is opened."""
        self._twins: WeakSet[Document] = WeakSet()
        """Documents that were made as twins."""
        self.autosave = AutoSave(self)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(GRID)
        for group in self.groups:
            pane = group.pane
            self._splitter.addWidget(group)
            group.close_wanted.connect(self.close_wanted)
            group.menu_wanted.connect(self.menu_wanted)
            group.dragged_away.connect(self._on_dragged_away)
            group.dragged_back.connect(self._on_dragged_back)
            group.let_go_away.connect(self._on_let_go_away)
            group.strip.tabMoved.connect(self.tabs_changed)
            pane.activated.connect(self._on_pane_activated)
            pane.document_changed.connect(self._on_document_changed)
            pane.editor_actions.undo.changed.connect(self.undo_changed)
            pane.editor_actions.redo.changed.connect(self.undo_changed)
            # The window's own Undo and Redo work wherever the focus is; two of one key would cancel out.
            pane.editor_actions.undo.setShortcuts([])
            pane.editor_actions.redo.setShortcuts([])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._splitter)
        for document in self.documents:
            self._watch(document)
        self._keep()
        self.tabs_changed.connect(self._keep)
        self._mark_active()

    @property
    def documents(self) -> list[Document]:
        """The documents that are shown, left to right."""
        return [pane.document for pane in self.panes]

    @property
    def open_documents(self) -> list[Document]:
        """All documents, those behind other tabs too, left to right."""
        return [document for group in self.groups for document in group.documents]

    @property
    def other(self) -> EditorPane:
        """The pane that is not in use."""
        return self.panes[1] if self.active is self.panes[0] else self.panes[0]

    def group_of(self, document: Document) -> PaneGroup:
        """Return the group in which a document is open."""
        return next(group for group in self.groups if document in group.documents)

    def activate(self, pane: EditorPane) -> None:
        """Let the menus work on `pane`."""
        if pane is not self.active:
            self.active = pane
            self._mark_active()
            self.active_changed.emit()

    # What people do

    @Slot()
    def undo(self) -> None:
        """Take the last step of the pane in use back."""
        self.active.undo()

    @Slot()
    def redo(self) -> None:
        """Do it again."""
        self.active.redo()

    def new_from_preset(self, name: str) -> None:
        """Show a preset in the pane in use.

        Raises:
            PresetError: there is none of that name.
        """
        self.put(Document(preset(name), self))

    @Slot()
    def new_empty(self) -> None:
        """Show an empty canvas in the pane in use."""
        self.put(Document(parent=self))

    @Slot()
    def twin_beside(self) -> None:
        """Make the other pane's network the twin of the one in use.

        What was made or changed there is one undo step away; what was opened or chosen keeps its tab.
        """
        made = twin(self.active.document.architecture)
        there = self.other.document
        if there.origin is not None or (there.pristine and there not in self._twins):
            document = Document(made, self)
            self._twins.add(document)
            self.put(document, self.other, activate=False)
        else:
            there.replace(made, f"Twin of {self.active.document.name}")
            self.other.view.fit()
        self.told.emit(f"{made.name} is the twin of {self.active.document.name}.")

    # Tabs

    @Slot()
    def keep_shown(self) -> None:
        """Let what is shown keep its tab from now on, as if it had been opened."""
        self._spare.difference_update(self.documents)

    def put(self, document: Document, pane: EditorPane | None = None, *, activate: bool = True) -> None:
        """Show one more document, in a tab of `pane` (None: of the one in use).

        It takes the place of one that nobody asked for and nobody ever did anything to.
        """
        pane = pane or self.active
        group = self.groups[self.panes.index(pane)]
        before = group.current
        self._watch(document)
        group.add(document)
        if before.pristine and (before in self._spare or not before.architecture.blocks):
            self._drop(group, before)
        if activate:
            self.activate(pane)
        self.tabs_changed.emit()

    def show_document(self, document: Document) -> None:
        """Bring an open document to the front, and use its pane."""
        group = self.group_of(document)
        group.show_document(document)
        self.activate(group.pane)
        group.pane.setFocus()

    def step_tab(self, by: int) -> None:
        """Show the next document of the pane in use, or the one before."""
        self.groups[self.panes.index(self.active)].step(by)

    def close_document(self, document: Document) -> None:
        """Close a document; it can be opened again with all its steps. The last one leaves a blank."""
        group = self.group_of(document)
        if len(group.documents) == 1:
            empty = Document(parent=self)
            self._watch(empty)
            group.add(empty)
        sight = group.take(document)
        assert sight is not None
        sight.scene.deleteLater()
        self._unwatch(document)
        if document.pristine and not document.architecture.blocks:
            document.deleteLater()
        else:
            self.set_aside(document, self.groups.index(group))
        self.tabs_changed.emit()

    def set_aside(self, document: Document, place: int) -> None:
        """Keep a document that is not open, to be opened again in the pane of that place."""
        self.closed.append((document, place))
        for forgotten, _ in self.closed[:-_CLOSED]:
            forgotten.deleteLater()
        del self.closed[:-_CLOSED]

    @Slot()
    def reopen(self) -> None:
        """Open again what was closed last, as it was."""
        if not self.closed:
            self.told.emit("No tab was closed yet.")
            return
        document, place = self.closed.pop()
        self._spare.discard(document)
        self.put(document, self.panes[place])
        self.active.view.fit()

    @Slot()
    def move_to_other_pane(self) -> None:
        """Move the document in use to the other pane."""
        self.move_document(self.active.document, self.other)

    def move_document(self, document: Document, pane: EditorPane) -> None:
        """Move a document to another pane, as it was shown; after the last one comes an empty canvas."""
        group, target = self.group_of(document), self.groups[self.panes.index(pane)]
        if group is target:
            return
        if len(group.documents) == 1:
            empty = Document(parent=self)
            self._watch(empty)
            group.add(empty)
        sight = group.take(document)
        before = target.current
        target.add(document, sight)
        if before.pristine and not before.architecture.blocks:
            self._drop(target, before)
        self.activate(pane)
        pane.setFocus()
        self.tabs_changed.emit()

    def show_networks(self, architectures: Sequence[Architecture]) -> None:
        """Show an experiment's networks, as far as there are panes; what was edited keeps its tab."""
        wanted = {id(each): structure_of(each) for each in architectures}
        shown = [structure_of(pane.document.architecture) for pane in self.panes]
        free = [
            pane
            for pane, structure in zip(self.panes, shown, strict=True)
            if structure not in wanted.values()
        ]
        for architecture in architectures:
            structure = wanted[id(architecture)]
            if structure in shown or not free:
                continue
            plain = is_plain(architecture)
            alike = [pane for pane in free if is_plain(pane.document.architecture) == plain]
            pane = (alike or free)[0]
            group = self.groups[self.panes.index(pane)]
            behind = [d for d in group.documents if structure_of(d.architecture) == structure]
            if behind:
                group.show_document(behind[0])
            else:
                document = Document(architecture, self)
                self._spare.add(document)
                self.put(document, pane, activate=False)
            free.remove(pane)
            shown.append(structure)  # Runs of one network with several seeds have one pane.

    @Slot(str)
    def select_layer(self, name: str) -> None:
        """Select the block that a layer ("stage1.block2.conv1") belongs to, in each network that has it.

        A unit that a network has as loose layers is all of these. The pane in use tells last, and stays so.
        """
        for pane in (self.other, self.active):
            found = counterparts([name], pane.document.architecture)
            if found:
                pane.scene.select(found)
                pane.view.keep_in_sight(found)

    @Slot()
    def _keep(self) -> None:
        self.autosave.set_documents([group.documents for group in self.groups], self.documents)

    def _drop(self, group: PaneGroup, document: Document) -> None:
        """Forget a document for good."""
        sight = group.take(document)
        if sight is not None:
            sight.scene.deleteLater()
        self._unwatch(document)
        document.deleteLater()

    def _watch(self, document: Document) -> None:
        document.analysed.connect(self.networks_changed)
        for signal in (document.name_changed, document.path_changed, document.modified_changed):
            signal.connect(self.tabs_changed)

    def _unwatch(self, document: Document) -> None:
        document.analysed.disconnect(self.networks_changed)
        for signal in (document.name_changed, document.path_changed, document.modified_changed):
            signal.disconnect(self.tabs_changed)

    def _mark_active(self) -> None:
        for group in self.groups:
            set_property(group, "role", "notice" if group.pane is self.active else "card")

    @Slot()
    def _on_pane_activated(self) -> None:
        pane: QObject = self.sender()
        if isinstance(pane, EditorPane):
            self.activate(pane)

    @Slot(object)
    def _on_document_changed(self, _document: Document) -> None:
        self._keep()
        self.documents_changed.emit()
        self.networks_changed.emit()

    # Tabs that are dragged

    def _group_at(self, place: QPoint) -> PaneGroup | None:
        widget: QWidget | None = QApplication.widgetAt(place)
        while widget is not None and not isinstance(widget, PaneGroup):
            widget = widget.parentWidget()
        return widget if widget in self.groups else None

    @Slot(object, QPoint)
    def _on_dragged_away(self, document: Document, place: QPoint) -> None:
        target = self._group_at(place)
        for group in self.groups:
            if group is target and document not in group.documents:
                group.hint.say(f"Move {title_of(document)} here")
            else:
                group.hint.hide()

    @Slot()
    def _on_dragged_back(self) -> None:
        for group in self.groups:
            group.hint.hide()

    @Slot(object, QPoint)
    def _on_let_go_away(self, document: Document, place: QPoint) -> None:
        target = self._group_at(place)
        if target is not None:
            self.move_document(document, target.pane)
