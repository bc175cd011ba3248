"""Documents outlive the window: what is not saved is kept in the data root and offered at the next start."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from PySide6.QtCore import QLockFile, QObject, QTimer, Signal, Slot

from app.document import Document
from app.leftovers import INDEX, Entry, autosave_root, lock_of
from resviz.arch import files
from resviz.atomic import write_atomically
from resviz.errors import ResvizError

_PATIENCE_MS = 500
"""From the first change that is not kept until it is: steady editing never puts it off."""
_BUSY_MS = 100
"""How soon to look again where the disk has not taken the last changes yet."""


class _Kept(QObject):
    """What is known of one document: its files' names, and whether they are up to date."""

    changed = Signal()

    def __init__(self, document: Document, number: int, parent: QObject) -> None:
        super().__init__(parent)
        self.document = document
        self.file, self.base_file = f"{number}.json", f"{number}-base.json"
        self.stale = document.modified
        self.pane, self.shown = 0, False
        self.base = None if document.path is not None or document.modified else document.architecture.copy()
        """The network before any change; only a network without a file needs it."""
        self.base_stale = self.base is not None
        for signal in (document.history_changed, document.modified_changed, document.path_changed):
            signal.connect(self._on_changed)

    @Slot()
    def _on_changed(self) -> None:
        self.stale = True
        self.changed.emit()

    def entry(self) -> Entry | None:
        """Return what the index says of the document; None: it can be left out."""
        path = self.document.path if self.document.modified else self.document.origin
        if not self.document.modified and path is None:
            return None
        return Entry(
            self.pane,
            self.shown,
            None if path is None else str(path),
            self.file if self.document.modified else None,
            self.base_file if self.document.modified and path is None and self.base is not None else None,
        )


@dataclass
class _Work:
    """Bytes by file name, to be written in this order; then what is to be removed."""

    writes: dict[str, bytes] = field(default_factory=dict)
    removes: list[str] = field(default_factory=list)


class AutoSave(QObject):
    """Keeps a copy of each modified document: half a second after its first change that is not kept yet.

    What is to be written becomes bytes here (some milliseconds for a thousand blocks); a thread takes it to
    the disk, so that a slow one never holds the window up. Each window has a folder of its own with a lock in
    it, so that a second window neither offers nor deletes what the first one still holds.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: dict[Document, _Kept] = {}
        self._made = 0
        self._index = b""
        """As written last; b"" where there is none."""
        self._folder = autosave_root() / f"{os.getpid()}-{time.time_ns()}"
        self._lock: QLockFile | None = None
        self._writer: threading.Thread | None = None
        self._failed = False
        """Whether something could not be written: then all is written anew."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_time)

    def set_documents(self, panes: Sequence[Sequence[Document]], shown: Sequence[Document]) -> None:
        """Look after the documents of each pane, in the order of their tabs; `shown` are in front."""
        known, self._kept = self._kept, {}
        for pane, documents in enumerate(panes):
            for document in documents:
                kept = known.pop(document, None)
                if kept is None:
                    kept = _Kept(document, self._made, self)
                    kept.changed.connect(self._on_changed)
                    self._made += 1
                kept.pane, kept.shown = pane, document in shown
                self._kept[document] = kept
        for kept in known.values():
            kept.deleteLater()
        if self._index or any(kept.stale for kept in self._kept.values()):
            self._on_changed()

    def save(self) -> None:
        """Write what is not kept yet, now; a full disk stops nobody."""
        self._timer.stop()
        self._wait()
        work = self._work()
        if work is not None:
            self._write(work)

    def close(self, *, keep: bool = True) -> None:
        """Save a last time, or with `keep` false forget all; a folder with nothing in it goes."""
        if keep:
            self.save()
        self._timer.stop()
        self._wait()
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None
        if self._folder.is_dir() and (not keep or not self._index):
            shutil.rmtree(self._folder, ignore_errors=True)

    @Slot()
    def _on_changed(self) -> None:
        if not self._timer.isActive():  # A change after the first does not put it off.
            self._timer.start(_PATIENCE_MS)

    @Slot()
    def _on_time(self) -> None:
        if self._writer is not None and self._writer.is_alive():
            self._timer.start(_BUSY_MS)
            return
        work = self._work()
        if work is not None:
            self._writer = threading.Thread(target=self._write, args=(work,), daemon=True)
            self._writer.start()
            self._timer.start(_PATIENCE_MS)  # What could not be written is tried again.

    def _wait(self) -> None:
        if self._writer is not None:
            self._writer.join()
            self._writer = None

    def _work(self) -> _Work | None:
        """Return what is to be done; None where all is as it should be."""
        work, failed, self._failed = _Work(), self._failed, False
        entries = []
        for kept in self._kept.values():
            entry = kept.entry()
            if entry is None:
                continue
            try:
                if entry.changed is not None and (kept.stale or failed):
                    work.writes[entry.changed] = files.to_json(kept.document.architecture)
                if entry.base is not None and kept.base is not None and (kept.base_stale or failed):
                    work.writes[entry.base] = files.to_json(kept.base)
            except ResvizError:  # A name that no file can hold.
                continue
            kept.stale = False
            kept.base_stale = kept.base_stale and entry.base is None
            entries.append(entry)
        needed = any(entry.changed is not None for entry in entries)
        index = msgspec.json.encode(entries) if needed else b""
        if not index and self._index:
            work.removes = [
                INDEX
            ]  # The rest says nothing without it, and is written over or goes in the end.
        elif index != self._index or (failed and index):
            work.writes[INDEX] = index
        self._index = index
        return work if work.writes or work.removes else None

    def _write(self, work: _Work) -> None:
        try:
            if self._lock is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                lock = lock_of(self._folder)
                lock.tryLock(0)
                self._lock = lock
            for name, data in work.writes.items():
                write_atomically(self._folder / name, data)
            for name in work.removes:
                (self._folder / name).unlink(missing_ok=True)
        except (ResvizError, OSError):
            self._failed = True
