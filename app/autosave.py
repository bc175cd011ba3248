"""Unsaved architectures outlive the window: they are kept in the data root and offered at the next start."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer, SignalInstance, Slot

from app.document import Document
from resviz.arch import files
from resviz.arch.graph import Architecture
from resviz.errors import ResvizError
from resviz.runs.store import data_root

_PATIENCE_MS = 1000


@dataclass(frozen=True)
class Leftover:
    """What an earlier window left unsaved: its folder, and the architectures by pane."""

    folder: Path
    architectures: dict[int, Architecture]


class AutoSave(QObject):
    """Keeps a copy of each modified document, a second after its last change.

    Each window has a folder of its own with a lock in it, so that a second window neither offers nor deletes
    what the first one still holds.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._documents: list[Document] = []
        self._root = data_root() / "autosave"
        self._folder = self._root / f"{os.getpid()}-{time.time_ns()}"
        self._lock: QLockFile | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE_MS)
        self._timer.timeout.connect(self.save)

    def set_documents(self, documents: Sequence[Document]) -> None:
        """Look after these documents, in the order of their panes."""
        for document in self._documents:
            for signal in _signals(document):
                signal.disconnect(self._on_changed)
        self._documents = list(documents)
        for document in self._documents:
            for signal in _signals(document):
                signal.connect(self._on_changed)

    @Slot()
    def save(self) -> None:
        """Write the modified documents now, forget those that are saved; a full disk stops nobody."""
        self._timer.stop()
        for index, document in enumerate(self._documents):
            path = self._folder / f"{index}.json"
            try:
                if document.modified:
                    self._claim()
                    files.save(document.architecture, path)
                else:
                    path.unlink(missing_ok=True)
            except (ResvizError, OSError):
                continue

    def close(self, *, keep: bool = True) -> None:
        """Save a last time, or with `keep` false forget all; a folder with nothing in it goes."""
        self._timer.stop()
        if not keep:
            shutil.rmtree(self._folder, ignore_errors=True)
        elif self._documents:
            self.save()
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None
        if self._folder.is_dir() and not any(self._folder.glob("*.json")):
            shutil.rmtree(self._folder, ignore_errors=True)

    def leftovers(self) -> list[Leftover]:
        """Return what earlier windows left unsaved, newest first; empty folders are removed."""
        found = []
        folders = list(self._root.iterdir()) if self._root.is_dir() else []
        for folder in sorted(folders, key=lambda each: each.name.rpartition("-")[2], reverse=True):
            lock = QLockFile(str(folder / "lock"))
            lock.setStaleLockTime(0)
            if folder == self._folder or not folder.is_dir() or not lock.tryLock(0):
                continue
            architectures = {}
            for path in sorted(folder.glob("*.json")):
                try:
                    architectures[int(path.stem)] = files.load(path)
                except (ResvizError, ValueError):
                    continue
            lock.unlock()
            if architectures:
                found.append(Leftover(folder, architectures))
            else:
                shutil.rmtree(folder, ignore_errors=True)
        return found

    @staticmethod
    def discard(leftover: Leftover) -> None:
        """Delete what an earlier window left."""
        shutil.rmtree(leftover.folder, ignore_errors=True)

    def _claim(self) -> None:
        if self._lock is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = QLockFile(str(self._folder / "lock"))
            lock.setStaleLockTime(0)
            lock.tryLock(0)
            self._lock = lock

    @Slot()
    def _on_changed(self) -> None:
        self._timer.start()


def _signals(document: Document) -> tuple[SignalInstance, ...]:
    """Return the signals that tell of a change worth keeping."""
    return document.analysed, document.block_moved, document.name_changed, document.modified_changed
