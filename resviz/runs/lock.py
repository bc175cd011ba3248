"""An operating-system lock on a file: held by the worker, gone with it, however it ends."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from resviz.errors import RunError

if sys.platform == "win32":
    import msvcrt

    def _try(descriptor: int) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    # flock, not lockf: closing another descriptor of the file in this process must not let go of the lock.
    def _try(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _release(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def is_held(path: Path) -> bool:
    """Say whether some process holds the lock on `path`. A missing file is not held."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except PermissionError:
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            return False
    except OSError as error:
        if not path.exists():
            return False
        try:  # A read-only file system.
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            raise RunError(f"Cannot read {path} ({error.strerror or error}): check the folder.") from error
    try:
        if not _try(descriptor):
            return True
        _release(descriptor)
        return False
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def held(path: Path, patience_s: float = 0.5) -> Iterator[None]:
    """Hold the lock on `path` (made if missing) for the length of a `with` block.

    `patience_s` covers readers that look, by `is_held`, at the very moment at which a worker starts.

    Raises:
        RunError: another process holds it, or the folder cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise RunError(
            f"Cannot write into {path.parent} ({error.strerror or error}): "
            "make the folder writable or copy the run elsewhere."
        ) from error
    try:
        end = time.monotonic() + patience_s
        while not _try(descriptor):
            if time.monotonic() > end:
                raise RunError(f"Another worker has {path.parent}: stop it, or wait until it ends.")
            time.sleep(0.02)
        try:
            yield
        finally:
            _release(descriptor)
    finally:
        os.close(descriptor)
