"""Append-only files of lines: whole lines written, complete lines read, in whichever pieces they arrive."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from resviz.atomic import is_full
from resviz.errors import DiskFullError, RunError

_CHUNK = 1 << 16
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)


class LineWriter:
    """Appends whole lines to a file that it keeps open; another's torn last line is ended first.

    What the file did not take is kept and goes out first when there is room: no byte is lost or doubled.
    """

    def __init__(self, path: Path) -> None:
        """Open `path`, made if missing.

        Raises:
            DiskFullError: there is no room for the file.
            RunError: the folder is missing or read-only.
        """
        self.path = path
        self._descriptor = -1
        self._waiting = bytearray()
        try:
            self._descriptor = os.open(path, _FLAGS, 0o666)
            self._torn = self._ends_torn()
        except OSError as error:
            self.close()
            raise _refused(path, error) from error

    def write(self, lines: bytes) -> None:
        """Append `lines`, which end with a newline, in one system call: a reader or a crash sees whole lines.

        Raises:
            DiskFullError: there is no room for all of it; the rest is kept.
            RunError: the folder is gone; it is kept, too.
        """
        if self._torn:
            self._waiting += b"\n"
            self._torn = False
        self._waiting += lines
        self.retry()

    @property
    def waiting(self) -> int:
        """Bytes that were to be written and are not in the file yet."""
        return len(self._waiting)

    def retry(self) -> None:
        """Write what is waiting.

        Raises:
            DiskFullError: there is no room for all of it; the rest is kept.
            RunError: the folder is gone; it is kept, too.
        """
        try:
            while self._waiting:
                written = os.write(self._descriptor, self._waiting)
                del self._waiting[:written]
        except OSError as error:
            raise _refused(self.path, error) from error

    def sync(self) -> None:
        """Have the operating system put everything on the disk, against a power cut.

        Raises:
            DiskFullError: there is no room for it.
            RunError: the folder is gone.
        """
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise _refused(self.path, error) from error

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _ends_torn(self) -> bool:
        size = os.fstat(self._descriptor).st_size
        if size == 0:
            return False
        os.lseek(self._descriptor, size - 1, os.SEEK_SET)
        return os.read(self._descriptor, 1) != b"\n"


class LineTail:
    """Reads the complete lines added to a file since the last look. A torn last line waits for its rest."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        """Bytes of complete lines consumed so far."""

    def read(self, limit: int | None = None) -> list[bytes]:
        """Return the new complete lines without their newlines: `read_block`, line by line."""
        return self.read_block(limit).split(b"\n")[:-1]

    def read_block(self, limit: int | None = None) -> bytes:
        """Return the new complete lines with their newlines; a missing file has none.

        Args:
            limit: about as many bytes are read at most (one line at least), so that a long log can be
                taken in pieces; None: all.

        Raises:
            RunError: the file is there but cannot be read.
        """
        try:
            size = self.path.stat().st_size
            if size < self.offset:  # Replaced by a shorter one (a copy put in its place): begin again.
                self.offset = 0
            if size == self.offset:
                return b""
            with self.path.open("rb") as file:
                file.seek(self.offset)
                data = file.read(size - self.offset if limit is None else limit)
                if limit is not None and b"\n" not in data:
                    data += file.readline()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise _unreadable(self.path, error) from error
        end = data.rfind(b"\n") + 1
        self.offset += end
        return data[:end]


def backwards(path: Path) -> Iterator[bytes]:
    """Yield a file's complete lines from the last to the first, reading no more than is asked for.

    Raises:
        RunError: the file is there but cannot be read. A missing file has no lines.
    """
    try:
        with path.open("rb") as file:
            position = file.seek(0, os.SEEK_END)
            rest: bytes | None = None  # Begins in a chunk not yet read; None: no newline seen yet.
            while position:
                step = min(_CHUNK, position)
                position -= step
                file.seek(position)
                pieces = (file.read(step) + (rest or b"")).split(b"\n")
                if rest is None:  # What follows the last newline is torn.
                    if len(pieces) == 1:
                        continue
                    pieces.pop()
                rest = pieces[0]
                yield from reversed(pieces[1:])
            if rest is not None:
                yield rest
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unreadable(path, error) from error


def append(path: Path, lines: bytes) -> None:
    """Append whole lines to a file and close it again.

    Raises:
        DiskFullError: there is no room for them; a part may be in the file.
        RunError: the folder is missing or read-only.
    """
    writer = LineWriter(path)
    try:
        writer.write(lines)
    finally:
        writer.close()


def _refused(path: Path, error: OSError) -> RunError:
    if is_full(error):
        return DiskFullError(f"The disk is full, so {path} cannot grow: make room, then try again.")
    if not path.parent.is_dir():
        return RunError(f"The folder {path.parent} is gone: put it back, or start a new run.")
    return RunError(f"Cannot write {path} ({error.strerror or error}): make it writable, or copy the run.")


def _unreadable(path: Path, error: OSError) -> RunError:
    return RunError(f"Cannot read {path} ({error.strerror or error}): check the folder.")
