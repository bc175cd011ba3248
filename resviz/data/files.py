"""Small helpers for files: atomic writing, hashes, and a lock between processes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from resviz.errors import DataError

_BLOCK = 1 << 20


def sha256_of(path: Path, progress: Callable[[float], None] | None = None) -> str:
    """Return the SHA-256 of a file as hexadecimal digits; `progress` is called with the bytes read so far."""
    digest = hashlib.sha256()
    done = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            if progress is not None:
                progress(done)
    return digest.hexdigest()


def sync_and_rename(temporary: Path, destination: Path) -> None:
    """Flush `temporary` to the disk and put it in the place of `destination` in one step."""
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(destination)
    if sys.platform != "win32":
        directory = os.open(destination.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


@contextlib.contextmanager
def locked(
    path: Path, waiting: Callable[[], None] | None = None, cancelled: Callable[[], bool] | None = None
) -> Iterator[None]:
    """Hold an exclusive lock on `path` (made if missing) between the processes of this machine.

    The system frees it when its holder dies, so that nothing is left behind. Where the file system knows no
    locks, or the folder cannot be written, work goes on without one: at worst something is made twice.

    Args:
        path: the lock file; it stays, empty.
        waiting: called a few times a second while another process holds the lock.
        cancelled: asked as often; when true, the wait ends.

    Raises:
        DataError: the wait was cancelled.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError:
        yield
        return
    try:
        while not _try_lock(handle):
            if waiting is not None:
                waiting()
            if cancelled is not None and cancelled():
                raise DataError(
                    "Waiting for another run that prepares the same data was cancelled; start again."
                )
            time.sleep(0.1)
        yield
    finally:
        os.close(handle)  # closing frees the lock


if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import errno
    import fcntl

    def _try_lock(handle: int) -> bool:
        """Take the lock; true also where the file system has none."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno not in (errno.EWOULDBLOCK, errno.EACCES)
        return True
