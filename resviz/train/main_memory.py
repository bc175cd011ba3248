"""How much of the computer's own memory is free for this process; imports no torch."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from pathlib import Path


def free_beside_cards() -> int | None:
    """Return how many bytes of the computer's own memory this process may still take; None: not known."""
    return min((limit for limit in _limits() if limit is not None), default=None)


def _limits() -> list[int | None]:
    """Return the bytes that each of the system's bounds leaves to this process."""
    if sys.platform == "win32":
        return [_windows()]
    if not sys.platform.startswith("linux"):
        return [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2]
    import resource  # noqa: PLC0415

    available = _field("/proc/meminfo", "MemAvailable")
    space, _ = resource.getrlimit(resource.RLIMIT_AS)
    taken = _field("/proc/self/status", "VmSize")
    of_space = space - taken if space != resource.RLIM_INFINITY and taken is not None else None
    return [available, of_space, _of_group()]


def _of_group() -> int | None:
    """Return what the control group (a container) leaves."""
    try:
        most = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        taken = int(Path("/sys/fs/cgroup/memory.current").read_text())
        cached = re.search(r"^inactive_file (\d+)", Path("/sys/fs/cgroup/memory.stat").read_text(), re.M)
    except (OSError, ValueError):
        return None
    return None if most == "max" else int(most) - taken + (int(cached[1]) if cached else 0)


def _field(path: str, name: str) -> int | None:
    """Return a field in kB of a file in /proc, in bytes."""
    try:
        match = re.search(rf"^{name}:\s+(\d+) kB", Path(path).read_text(), re.M)
    except OSError:
        return None
    return int(match[1]) * 1024 if match else None


def _windows() -> int | None:
    class Status(ctypes.Structure):
        """MEMORYSTATUSEX of the Windows interface."""

        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("all", ctypes.c_ulonglong),
            ("free", ctypes.c_ulonglong),
            ("others", ctypes.c_ulonglong * 5),
        )

    status = Status(length=ctypes.sizeof(Status))
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    return int(status.free) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None
