"""Notices when another program changes the file of an open document."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from weakref import WeakKeyDictionary

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal, Slot

from app.document import Document

_SETTLED_MS = 250
"""Programs write in several steps: only then a file is looked at."""
Stamp = tuple[int, int, int]


class FileWatch(QObject):
    """Compares the files of open documents with what was read or written here last."""

    changed = Signal(object)
    """The file of a document holds something else now."""
    removed = Signal(object)
    """The file of a document is gone."""

    def __init__(self, documents: Callable[[], Sequence[Document]], parent: QObject) -> None:
        super().__init__(parent)
        self._documents = documents
        self._known: WeakKeyDictionary[Document, tuple[Stamp, str]] = WeakKeyDictionary()
        """How each document's file looked, and a digest of what was in it, as the person knows it."""
        self._seen: WeakKeyDictionary[Document, tuple[Stamp, str] | None] = WeakKeyDictionary()
        """The same as it was told last; None: it is gone."""
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._on_stirred)
        self._watcher.directoryChanged.connect(self._on_stirred)
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLED_MS)
        self._settled.timeout.connect(self.look)

    def note(self, document: Document) -> None:
        """Take what is in a document's file now for what the person knows of."""
        known = _look_at(document.path)
        if known is None:
            self._known.pop(document, None)
            self._seen.pop(document, None)
        else:
            self._known[document] = self._seen[document] = known
        self.follow()

    def is_other(self, document: Document) -> bool:
        """Return whether a document's file was changed by another program since it was noted.

        That it was told of the change does not count: only `note` does.
        """
        known, now = self._known.get(document), _look_at(document.path)
        return known is not None and now is not None and now[1] != known[1]

    @Slot()
    def follow(self) -> None:
        """Watch the files of what is open, and their folders: a file may go and come again."""
        files = {str(document.path) for document in self._watched() if document.path is not None}
        wanted = files | {os.path.dirname(path) for path in files}  # noqa: PTH120
        present = {*self._watcher.files(), *self._watcher.directories()}
        if present - wanted:
            self._watcher.removePaths(sorted(present - wanted))
        new = [path for path in sorted(wanted - present) if Path(path).exists()]
        if new:
            self._watcher.addPaths(new)
            self._settled.start()  # A document that was closed for a while may have missed something.

    @Slot()
    def look(self) -> None:
        """Tell what is not as it was."""
        for document in self._watched():
            seen = self._seen[document]
            if _stamp(document.path) == (seen and seen[0]):
                continue
            now = self._seen[document] = _look_at(document.path)
            if now is None:
                if seen is not None:
                    self.removed.emit(document)
            elif now[1] != (seen or self._known[document])[1]:
                self.changed.emit(document)
        self.follow()

    def _watched(self) -> list[Document]:
        return [document for document in self._documents() if document in self._known]

    @Slot()
    def _on_stirred(self) -> None:
        self._settled.start()


def _stamp(path: Path | None) -> Stamp | None:
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _look_at(path: Path | None) -> tuple[Stamp, str] | None:
    stamp = _stamp(path)
    if path is None or stamp is None:
        return None
    try:
        return stamp, hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
