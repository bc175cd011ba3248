"""The two panes and what one does with their documents: new, open, save, twin, autosave."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from app.autosave import AutoSave, Leftover
from app.canvas.picture import save_network
from app.dialogs import file_dialog, save_file
from app.document import Document, ReplaceArchitecture
from app.drawings import FORMATS
from app.editor.pane import EditorPane
from app.lab.fields import set_property
from app.lab.readouts import structure_of
from app.theme import GRID
from resviz.arch.compare import counterparts
from resviz.arch.graph import Architecture
from resviz.arch.presets import preset
from resviz.arch.twin import is_plain, twin
from resviz.errors import ResvizError

FILTER = "Architectures (*.json)"


class OpenFile(ReplaceArchitecture):
    """Put the network of a file, and the file, in the place of what a document held."""

    def __init__(self, document: Document, architecture: Architecture, path: Path) -> None:
        super().__init__(document, architecture, f"Open {path.name}")
        self._paths = document.path, path

    def redo(self) -> None:
        """Put the file in."""
        super().redo()
        self._document.set_path(self._paths[1])

    def undo(self) -> None:
        """Put back what was there."""
        super().undo()
        self._document.set_path(self._paths[0])


class Workspace(QWidget):
    """Two editor panes side by side; the one in use is framed and gets what the menus do."""

    documents_changed = Signal()
    """A pane shows another document."""
    active_changed = Signal()
    """Another pane is in use."""
    networks_changed = Signal()
    """A pane's network was changed in any way, or is another one: told a moment later."""
    undo_changed = Signal()
    """What can be undone or redone in a pane is new."""
    told = Signal(str)
    failed = Signal(str)

    def __init__(self, architectures: tuple[Architecture, Architecture]) -> None:
        super().__init__()
        self.panes = [EditorPane(Document(architecture, self)) for architecture in architectures]
        self.active = self.panes[0]
        self.autosave = AutoSave(self)
        self._restored: list[Document] = []
        """Brought back from an earlier window: not to be replaced by what is resumed."""
        self._frames: list[QFrame] = []
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(GRID)
        for pane in self.panes:
            frame = QFrame()
            frame.setProperty("role", "card")
            inside = QVBoxLayout(frame)
            inside.setContentsMargins(1, 1, 1, 1)
            inside.addWidget(pane)
            self._frames.append(frame)
            self._splitter.addWidget(frame)
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
        self.autosave.set_documents(self.documents)
        for document in self.documents:
            document.analysed.connect(self.networks_changed)
        self._mark_active()

    @property
    def documents(self) -> list[Document]:
        """The documents, left to right."""
        return [pane.document for pane in self.panes]

    @property
    def other(self) -> EditorPane:
        """The pane that is not in use."""
        return self.panes[1] if self.active is self.panes[0] else self.panes[0]

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
        """Put a preset into the pane in use, as one undo step.

        Raises:
            PresetError: there is none of that name.
        """
        self.put_preset(preset(name), name)

    def put_preset(self, architecture: Architecture, name: str) -> None:
        """Put a preset that is made already into the pane in use, as one undo step."""
        self.active.document.replace(architecture, f"New from preset {name}")
        self.active.view.fit()

    @Slot()
    def open(self) -> None:
        """Choose a file for the pane in use."""
        dialog = file_dialog(self, "Open an architecture", filters=[FILTER])
        dialog.fileSelected.connect(self.open_file)
        dialog.show()

    @Slot(str)
    def open_file(self, path: str) -> None:
        """Show a file in the pane in use; what was there and not saved comes back by Undo."""
        try:
            document = Document.open(Path(path), self)
        except ResvizError as error:
            self.failed.emit(str(error))
            return
        old, pane = self.active.document, self.active
        if old.modified:
            # Nobody is asked: what was not saved is one undo step away, and so is the file it belonged to.
            old.undo_stack.push(OpenFile(old, document.architecture, Path(path)))
            old.undo_stack.setClean()
            pane.view.fit()
            document.deleteLater()
            self.told.emit(f"Opened {Path(path).name}. Undo brings back what was not saved.")
        else:
            pane.set_document(document)
            old.deleteLater()
            self.told.emit(f"Opened {Path(path).name}.")

    @Slot()
    def save(self) -> None:
        """Save the document in use, under the name it has."""
        document = self.active.document
        if document.path is None:
            self.save_as()
        else:
            self._save_to(document, document.path)

    @Slot()
    def save_as(self) -> None:
        """Choose a file and save the document in use there."""
        document = self.active.document
        name = str(document.path or f"{document.name}.json")
        dialog = file_dialog(self, "Save the architecture", filters=[FILTER], save_as=name)
        dialog.fileSelected.connect(lambda path: self._save_to(document, Path(path)))
        dialog.show()

    @Slot()
    def save_picture(self) -> None:
        """Choose a file and save the network in use there as a picture."""
        document = self.active.document
        name, kinds = f"{document.name}.pdf", " ".join(f"*.{suffix}" for suffix in FORMATS)

        def save(path: Path) -> None:
            path = path if path.suffix.lower()[1:] in FORMATS else path.with_name(f"{path.name}.pdf")
            try:
                save_network(document, path)
            except ResvizError as error:
                self.failed.emit(str(error))
            else:
                self.told.emit(f"Saved {path}.")

        save_file(self, "Save picture of the network", name, f"Pictures ({kinds})", save)

    @Slot()
    def twin_beside(self) -> None:
        """Make the other pane's network the twin of the one in use."""
        made = twin(self.active.document.architecture)
        self.other.document.replace(made, f"Twin of {self.active.document.name}")
        self.other.view.fit()
        self.told.emit(f"{made.name} is the twin of {self.active.document.name}.")

    def show_networks(self, architectures: Sequence[Architecture]) -> list[str]:
        """Show an experiment's networks, as far as there are panes; unsaved work is one undo step away.

        What was just restored from an earlier window stays; the names of those networks are returned.
        """
        shown = {id(pane): structure_of(pane.document.architecture) for pane in self.panes}
        wanted = [structure_of(architecture) for architecture in architectures]
        free = [pane for pane in self.panes if shown[id(pane)] not in wanted]
        kept: list[str] = []
        for architecture, structure in zip(architectures, wanted, strict=True):
            if structure in shown.values() or not free:
                continue
            plain = is_plain(architecture)
            alike = [pane for pane in free if is_plain(pane.document.architecture) == plain]
            pane = (alike or free)[0]
            free.remove(pane)
            shown[id(pane)] = structure  # Runs of one network with several seeds have one pane.
            if pane.document in self._restored and pane.document.modified:
                kept.append(pane.document.name)
            else:
                self._put(pane, architecture)
        return kept

    def _put(self, pane: EditorPane, architecture: Architecture) -> None:
        if pane.document.modified:
            pane.document.replace(architecture, f"Open {architecture.name}")
            pane.view.fit()
        else:
            old = pane.document
            pane.set_document(Document(architecture, self))
            old.deleteLater()

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

    def restore(self, leftover: Leftover) -> None:
        """Bring back what an earlier window left unsaved; undo takes it away again."""
        for index, architecture in leftover.architectures.items():
            if index < len(self.panes):
                self.panes[index].document.replace(architecture, "Restore")
                self._restored.append(self.panes[index].document)
                self.panes[index].view.fit()
        self.autosave.save()
        self.autosave.discard(leftover)

    def _save_to(self, document: Document, path: Path) -> None:
        try:
            document.save(path)
        except ResvizError as error:
            self.failed.emit(str(error))
        else:
            self.told.emit(f"Saved {path}.")

    def _mark_active(self) -> None:
        for pane, frame in zip(self.panes, self._frames, strict=True):
            set_property(frame, "role", "notice" if pane is self.active else "card")

    @Slot()
    def _on_pane_activated(self) -> None:
        pane: QObject = self.sender()
        if isinstance(pane, EditorPane):
            self.activate(pane)

    @Slot(object)
    def _on_document_changed(self, document: Document) -> None:
        self.autosave.set_documents(self.documents)
        document.analysed.connect(self.networks_changed)
        self.documents_changed.emit()
        self.networks_changed.emit()
