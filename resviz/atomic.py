"""Writing files so that a crash leaves either the old file or the new one."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from resviz.errors import DiskFullError, ResvizError

_NO_ROOM = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def write_atomically(path: str | os.PathLike[str], data: bytes) -> Path:
    """Write `data` to a temporary file beside `path`, flush, fsync, rename; return `path`.

    Raises:
        DiskFullError: there is no room for it.
        ResvizError: the folder is read-only or missing. An existing file is untouched in any case.
    """
    target = Path(path)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
        if is_full(error):
            raise DiskFullError(f"The disk is full, so {target} cannot be written: make room.") from error
        raise ResvizError(
            f"Cannot write {target} ({error.strerror or error}): choose another folder or make room."
        ) from error
    return target


def is_full(error: OSError) -> bool:
    """Say whether an error means that there is no room: a full disk, a quota, or a limit to a file's size."""
    return error.errno in _NO_ROOM


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
