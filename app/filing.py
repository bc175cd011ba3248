"""Documents and their files: open, save, close. Nothing is lost without being asked about."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from app.canvas.options import canvas_options
from app.canvas.picture import save_network
from app.closing import SaveDialog
from app.dialogs import file_dialog, save_file
from app.document import Document
from app.drawings import FORMATS
from app.editor.pane import EditorPane
from app.leftovers import Leftover, Recovered
from app.workspace import Workspace
from resviz.errors import ResvizError

FILTER = "Architectures (*.json)"
_TAB = "A closed tab can be opened again until the window closes (Ctrl+Shift+W)."
_WINDOW = "Changes that are not saved now are gone for good."


class Filing(QObject):
    """What the menu File does with the documents of a workspace."""

    told = Signal(str)
    failed = Signal(str)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self.question: SaveDialog | None = None
        """The question about unsaved documents, while it is open."""
        workspace.close_wanted.connect(self.close_document)

    # Opening

    @Slot()
    def open(self) -> None:
        """Choose a file for the pane in use."""
        dialog = file_dialog(self._workspace, "Open an architecture", filters=[FILTER])
        dialog.fileSelected.connect(self.open_file)
        dialog.show()

    @Slot(str)
    def open_file(self, path: str) -> None:
        """Show a file in the pane in use, or say why that cannot be."""
        try:
            self.show_file(Path(path))
        except ResvizError as error:
            self.failed.emit(str(error))
        else:
            self.told.emit(f"Opened {Path(path).name}.")

    def show_file(self, path: Path, pane: EditorPane | None = None) -> Document:
        """Show a file in a tab of `pane` (None: the one in use); one that is open already, where it is.

        Raises:
            ResvizError: the file cannot be opened.
        """
        known = self.document_of(path)
        if known is not None:
            self._workspace.show_document(known)
            return known
        document = Document.open(path, self._workspace)
        self._workspace.put(document, pane)
        return document

    def document_of(self, path: Path) -> Document | None:
        """Return the open document of a file, whatever the path to it is called."""
        wanted = path.resolve()
        for document in self._workspace.open_documents:
            if document.path is not None and document.path.resolve() == wanted:
                return document
        return None

    def restore(self, leftover: Leftover) -> None:
        """Open again what an earlier window had open; undo takes away what was not saved."""
        found = [(self._recovered(each), each.shown) for each in leftover.documents]
        for document, shown in found:
            if document is not None and shown:
                self._workspace.group_of(document).show_document(document)
        self._workspace.autosave.save()
        leftover.discard()

    def _recovered(self, found: Recovered) -> Document | None:
        """Return a document that is open as an earlier window had it; None where nothing is left of it."""
        document = self.document_of(found.path) if found.path is not None else None
        new = document is None
        if document is None:
            document = self._as_saved(found)
        if document is not None and found.changed is not None:
            document.replace(found.changed, "Restore")
        elif document is None and found.changed is not None:
            document = Document(found.changed, self._workspace, path=found.path)
            document.undo_stack.resetClean()
        if document is not None and new:
            panes = self._workspace.panes
            self._workspace.put(document, panes[min(max(found.pane, 0), len(panes) - 1)], activate=False)
        return document

    def _as_saved(self, found: Recovered) -> Document | None:
        """Return a document as it was without the changes, if that can be had."""
        if found.path is None:
            return None if found.base is None else Document(found.base, self._workspace)
        try:
            return Document.open(found.path, self._workspace)
        except ResvizError:
            return None

    # Saving

    @Slot()
    def save(self) -> None:
        """Save the document in use, under the name it has."""
        document = self._workspace.active.document
        if document.path is None:
            self.save_as()
        else:
            self.save_to(document, document.path)

    @Slot()
    def save_as(self) -> None:
        """Choose a file and save the document in use there."""
        document = self._workspace.active.document
        name = str(document.path or f"{document.name}.json")
        dialog = file_dialog(self._workspace, "Save the architecture", filters=[FILTER], save_as=name)
        dialog.fileSelected.connect(lambda path: self.save_to(document, Path(path)))
        dialog.show()

    def save_to(self, document: Document, path: Path) -> None:
        """Save a document in a file, or say why that cannot be."""
        try:
            self._write(document, path)
        except ResvizError as error:
            self.failed.emit(str(error))
        else:
            self.told.emit(f"Saved {path}.")

    def _write(self, document: Document, path: Path) -> None:
        document.save(path)

    @Slot()
    def save_picture(self) -> None:
        """Choose a file and save the network in use there as a picture."""
        document = self._workspace.active.document
        name, kinds = f"{document.name}.pdf", " ".join(f"*.{suffix}" for suffix in FORMATS)

        def save(path: Path) -> None:
            path = path if path.suffix.lower()[1:] in FORMATS else path.with_name(f"{path.name}.pdf")
            try:
                save_network(document, path, shapes=canvas_options().shapes)
            except ResvizError as error:
                self.failed.emit(str(error))
            else:
                self.told.emit(f"Saved {path}.")

        save_file(self._workspace, "Save picture of the network", name, f"Pictures ({kinds})", save)

    # Closing

    @Slot()
    def close_tab(self) -> None:
        """Close the document in use; a changed one asks."""
        self.close_document(self._workspace.active.document)

    @Slot(object)
    def close_document(self, document: Document) -> None:
        """Close a document; a changed one asks."""
        if not document.modified:
            self._workspace.close_document(document)
            return
        self._workspace.show_document(document)
        self._ask([document], _TAB).accepted.connect(lambda: self._workspace.close_document(document))

    @property
    def changed(self) -> list[Document]:
        """The open documents that are not saved as they are."""
        return [document for document in self._workspace.open_documents if document.modified]

    def ask_about_all(self) -> SaveDialog | None:
        """Ask about all changed documents at once; None if there are none."""
        return self._ask(self.changed, _WINDOW) if self.changed else None

    def _ask(self, documents: list[Document], consequence: str) -> SaveDialog:
        if self.question is not None:
            self.question.close()
        dialog = SaveDialog(documents, self._write, self._workspace, consequence)
        self.question = dialog
        dialog.finished.connect(lambda: self._on_answered(dialog))
        dialog.open()
        return dialog

    def _on_answered(self, dialog: SaveDialog) -> None:
        if self.question is dialog:
            self.question = None
