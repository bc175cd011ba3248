"""Documents and their files: open, save, close. Nothing is lost without being asked about."""

from __future__ import annotations

import contextlib
import mimetypes
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from app.canvas.options import canvas_options
from app.canvas.picture import painted_network
from app.closing import SaveDialog
from app.dialogs import file_dialog, save_file
from app.document import Document
from app.drawings import FORMATS
from app.editor.pane import EditorPane
from app.exporting import Exporting
from app.leftovers import Leftover, Recovered
from app.recent import RecentFiles
from app.watching import FileWatch
from app.workspace import Workspace
from resviz.arch import files
from resviz.errors import ResvizError

SAVED = "Architectures (*.json)"
OPENED = "Architectures, and what carries one (*.json *.png *.svg *.py)"
_TAB = "A closed tab can be opened again until the window closes (Ctrl+Shift+W)."
_WINDOW = "Changes that are not saved now are gone for good."


class Filing(QObject):
    """What the menu File does with the documents of a workspace."""

    told = Signal(str)
    failed = Signal(str)
    asked = Signal(str, object, str)
    """A sentence with its answers, and which sentence it takes the place of."""
    settled = Signal(str)
    """A sentence that was asked needs no answer any more."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self.question: SaveDialog | None = None
        """The question about unsaved documents, while it is open."""
        self.exporting = Exporting(workspace)
        self.exporting.told.connect(self.told)
        self.exporting.failed.connect(self.failed)
        self.exporting.asked.connect(self.asked)
        self.recent = RecentFiles()
        self.watch = FileWatch(lambda: workspace.open_documents, self)
        self.watch.changed.connect(self._on_file_changed)
        self.watch.removed.connect(self._on_file_removed)
        workspace.tabs_changed.connect(self.watch.follow)
        workspace.close_wanted.connect(self.close_document)
        workspace.menu_wanted.connect(self._show_menu)

    # Opening

    @Slot()
    def open(self) -> None:
        """Choose a file for the pane in use."""
        dialog = file_dialog(self._workspace, "Open an architecture", filters=[OPENED])
        dialog.fileSelected.connect(self.open_file)
        dialog.open()

    @Slot(str)
    def open_file(self, path: str) -> None:
        """Show a file in the pane in use, or say why that cannot be."""
        notes: list[str] = []
        try:
            self.show_file(Path(path), notes=notes)
        except ResvizError as error:
            self.failed.emit(str(error))
        else:
            self.told.emit(" ".join([f"Opened {Path(path).name}.", *notes]))

    def show_file(
        self, path: Path, pane: EditorPane | None = None, notes: list[str] | None = None
    ) -> Document:
        """Show a file in a tab of `pane` (None: the one in use); one that is open already, where it is.

        What a person should know of what was opened is appended to `notes`.

        Raises:
            ResvizError: the file cannot be opened.
        """
        known = self.document_of(path)
        if known is not None:
            self.recent.add(path)
            self._workspace.show_document(known)
            return known
        document = Document.open(path, self._workspace, notes)
        self._workspace.put(document, pane)
        self.watch.note(document)
        self.recent.add(path)
        return document

    def document_of(self, path: Path) -> Document | None:
        """Return the open document of a file, whatever the path to it is called."""
        wanted = path.resolve()
        for document in self._workspace.open_documents:
            if document.origin is not None and document.origin.resolve() == wanted:
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

    def discard(self, leftover: Leftover) -> None:
        """Take what an earlier window left for closed tabs, which can be opened again."""
        for found in leftover.documents:
            document = self._as_left(found) if found.changed is not None else None
            if document is not None:
                self._workspace.set_aside(document, self._pane_of(found))
        leftover.discard()
        self.told.emit("Discarded. Reopen closed tab (Ctrl+Shift+W) brings it back until the window closes.")

    def _pane_of(self, found: Recovered) -> int:
        return min(max(found.pane, 0), len(self._workspace.panes) - 1)

    def _recovered(self, found: Recovered) -> Document | None:
        """Return a document that is open as an earlier window had it; None where nothing is left of it."""
        document = self.document_of(found.path) if found.path is not None else None
        if document is None:
            document = self._as_left(found)
            if document is not None:
                pane = self._workspace.panes[self._pane_of(found)]
                self._workspace.put(document, pane, activate=False)
        elif found.changed is not None:
            document.replace(found.changed, "Restore")
        return document

    def _as_left(self, found: Recovered) -> Document | None:
        """Return a document as an earlier window had it, not open yet; None where nothing is left of it."""
        document = self._as_saved(found)
        if document is not None and found.changed is not None:
            document.replace(found.changed, "Restore")
        elif document is None and found.changed is not None:
            document = Document(found.changed, self._workspace, path=found.path)
            document.undo_stack.resetClean()
        if document is not None:
            self.watch.note(document)
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
        beside = document.origin.with_suffix(".json") if document.origin is not None else None
        name = str(document.path or beside or f"{document.name}.json")
        dialog = file_dialog(self._workspace, "Save the architecture", filters=[SAVED], save_as=name)
        dialog.fileSelected.connect(lambda path: self.save_to(document, Path(path)))
        dialog.open()

    def save_to(self, document: Document, path: Path) -> None:
        """Save a document in a file, or say why that cannot be."""
        if path == document.path and self.watch.is_other(document):
            answers = (
                ("Overwrite", partial(self._save_over, document, path)),
                ("Save as…", self.save_as),
                ("Reload", partial(self.reload, document)),
                ("Cancel", None),
            )
            told, late = _questions(document)
            self.asked.emit(late, answers, told)
        else:
            self._save_over(document, path)

    def _save_over(self, document: Document, path: Path) -> None:
        try:
            self._write(document, path, over=True)
        except ResvizError as error:
            self.failed.emit(str(error))
        else:
            self.told.emit(f"Saved {path}.")

    def _write(self, document: Document, path: Path, *, over: bool = False) -> None:
        if files.only_carries(path):
            raise ResvizError(
                f"{path} is of a picture, Python or a run: choose another name that ends in .json."
            )
        other = self.document_of(path)
        if other is not None and other is not document and other.path is not None:
            raise ResvizError(f"{path} is open in another tab: choose another name, or close that tab.")
        if path == document.path and self.watch.is_other(document) and not over:
            raise ResvizError(f"{path} was changed by another program since: choose another name.")
        questions = _questions(document)
        document.save(path)
        self._settle(document, questions)
        self.recent.add(path)

    # What other programs do

    @Slot(object)
    def _on_file_changed(self, document: Document) -> None:
        document.undo_stack.resetClean()  # It is in no file now.
        answers = (
            ("Reload", partial(self.reload, document)),
            ("Keep what is here", partial(self.watch.note, document)),
        )
        self.asked.emit(_questions(document)[0], answers, "")

    @Slot(object)
    def _on_file_removed(self, document: Document) -> None:
        document.undo_stack.resetClean()
        for question in _questions(document):
            self.settled.emit(question)
        self.failed.emit(f"{document.path} was moved or deleted by another program: Save writes it again.")

    def reload(self, document: Document) -> None:
        """Take over what a document's file holds; undo brings back what was here."""
        if document.path is None:
            return
        try:
            found = Document.open(document.path)
        except ResvizError as error:
            self.failed.emit(str(error))
            return
        document.replace(found.architecture, f"Reload {document.path.name}")
        document.undo_stack.setClean()
        self._settle(document, _questions(document))
        found.deleteLater()
        self.told.emit(f"Reloaded {document.path.name}. Undo brings back what was here.")

    def _settle(self, document: Document, questions: Sequence[str]) -> None:
        """Take a document's file as it is now, and questions about it back."""
        self.watch.note(document)
        for question in questions:
            self.settled.emit(question)

    @Slot()
    def save_picture(self) -> None:
        """Choose a file and save the network in use there as a picture."""
        document = self._workspace.active.document
        name, kinds = f"{document.name}.pdf", " ".join(f"*.{suffix}" for suffix in FORMATS)

        def save(path: Path) -> None:
            if mimetypes.guess_type(path.name)[0] and path.suffix.lower()[1:] not in FORMATS:
                self.failed.emit(f"{path.name} cannot be written: end its name in .png, .svg or .pdf.")
                return
            path = path if path.suffix.lower()[1:] in FORMATS else path.with_name(f"{path.name}.pdf")
            self.told.emit(f"Saving {path} …")
            write = painted_network(document, path, shapes=canvas_options().shapes)
            threading.Thread(target=self._write_picture, args=(write,)).start()

        save_file(self._workspace, "Save picture of the network", name, f"Pictures ({kinds})", save)

    def _write_picture(self, write: Callable[[], Path]) -> None:
        """Write a picture, in a thread of its own: a large one takes seconds."""
        with contextlib.suppress(RuntimeError):  # The window is gone, and nobody to tell.
            try:
                path = write()
            except ResvizError as error:
                self.failed.emit(str(error))
            else:
                self.told.emit(f"Saved {path}.")

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

    def close_others(self, document: Document) -> None:
        """Close the other documents of a pane; the changed ones stay open."""
        kept = 0
        for other in list(self._workspace.group_of(document).documents):
            if other.modified:
                kept += other is not document
            elif other is not document:
                self._workspace.close_document(other)
        if kept:
            self.told.emit(f"{'One' if kept == 1 else kept} changed and not saved: left open.")

    @Slot(object, QPoint)
    def _show_menu(self, document: Document, place: QPoint) -> None:
        """Show what can be done with a tab."""
        work, menu = self._workspace, QMenu(self._workspace)
        other = next(group.pane for group in work.groups if document not in group.documents)
        menu.addAction("Close").triggered.connect(partial(self.close_document, document))
        menu.addAction("Close the others").triggered.connect(partial(self.close_others, document))
        menu.addAction("Move to the other pane").triggered.connect(
            partial(work.move_document, document, other)
        )
        copy = menu.addAction("Copy the path")
        copy.setEnabled(document.origin is not None)
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(str(document.origin)))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    @property
    def changed(self) -> list[Document]:
        """The open documents that are not saved as they are."""
        return [document for document in self._workspace.open_documents if document.modified]

    def ask_about_all(self, besides: str = "") -> SaveDialog | None:
        """Ask about all changed documents at once; None if there are none.

        What becomes of anything else is said `besides`.
        """
        return self._ask(self.changed, " ".join([_WINDOW, besides]).strip()) if self.changed else None

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


def _questions(document: Document) -> tuple[str, str]:
    """Return what is asked when another program changed a document's file, and when it is saved then."""
    name = document.path.name if document.path is not None else document.name
    return f"{name} was changed by another program.", f"{name} was changed by another program since."
