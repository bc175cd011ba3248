"""What windows leave of documents that were not saved: how it lies in a folder, and how it is read again."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec
from PySide6.QtCore import QLockFile

from resviz.arch import files
from resviz.arch.graph import Architecture
from resviz.errors import ResvizError
from resviz.runs.store import data_root

INDEX = "documents.json"
"""Lists the documents of a window; it is written after what it names."""


class Entry(msgspec.Struct, frozen=True):
    """One open document, as the index says."""

    pane: int
    shown: bool = False
    path: str | None = None
    """Its own file."""
    changed: str | None = None
    """File with the network as it was changed; None: it is as saved."""
    base: str | None = None
    """File with the network before any change, where it has no file of its own."""


@dataclass(frozen=True)
class Recovered:
    """One document of an earlier window.

    Attributes:
        pane: in which it was.
        shown: whether it was in front.
        path: its file.
        changed: the network with the changes that were not saved; None: there were none.
        base: the network before any change, where it had no file.
    """

    pane: int
    shown: bool
    path: Path | None
    changed: Architecture | None
    base: Architecture | None


@dataclass(frozen=True)
class Leftover:
    """What an earlier window had open, not all of it saved: its folder, and its documents."""

    folder: Path
    documents: list[Recovered]

    @property
    def names(self) -> list[str]:
        """The names of what was not saved."""
        return [each.changed.name for each in self.documents if each.changed is not None]

    def discard(self) -> None:
        """Delete it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def autosave_root() -> Path:
    """Return where each window has a folder for what is not saved."""
    return data_root() / "autosave"


def lock_of(folder: Path) -> QLockFile:
    """Return the lock of a window's folder: whoever holds it is alive."""
    lock = QLockFile(str(folder / "lock"))
    lock.setStaleLockTime(0)  # However long ago: a process that is gone holds nothing.
    return lock


def find_leftovers() -> list[Leftover]:
    """Return what windows that are gone left unsaved, newest first; empty folders are removed."""
    root, found = autosave_root(), []
    folders = [folder for folder in root.iterdir() if folder.is_dir()] if root.is_dir() else []
    for folder in sorted(folders, key=lambda each: each.name.rpartition("-")[2], reverse=True):
        lock = lock_of(folder)
        if not lock.tryLock(0):
            continue
        documents = _documents(folder)
        lock.unlock()
        if any(each.changed is not None for each in documents):
            found.append(Leftover(folder, documents))
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return found


def _documents(folder: Path) -> list[Recovered]:
    try:
        entries = msgspec.json.decode((folder / INDEX).read_bytes(), type=list[Entry])
    except (OSError, msgspec.DecodeError):
        return []
    return [
        Recovered(
            entry.pane,
            entry.shown,
            Path(entry.path) if entry.path is not None else None,
            _network(folder, entry.changed),
            _network(folder, entry.base),
        )
        for entry in entries
    ]


def _network(folder: Path, name: str | None) -> Architecture | None:
    if name is None:
        return None
    try:
        return files.load(folder / Path(name).name)
    except ResvizError:
        return None
