"""What holds for every test: a home of its own, and no process, thread or timer left behind."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
import time
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

with contextlib.suppress(ImportError):  # Tests of the engine run without Qt.
    from app.overrides import make_errors_whole

    make_errors_whole()

REAL_CIFAR = Path(__file__).resolve().parents[2] / "shared" / "data" / "cifar10"


def pytest_addoption(parser):
    """Add the options of this project's tests."""
    about = "interrupt runs more often, elsewhere each time (or as with this seed)"
    parser.addoption("--long", nargs="?", type=int, const=time.time_ns(), metavar="SEED", help=about)
    parser.addoption(
        "--new-pictures", action="store_true", help="take the golden pictures anew: look at them"
    )


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    """Give each test its own data directory and settings."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("RESVIZ_HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    if "PySide6.QtCore" in sys.modules:  # Qt reads the environment once.
        from PySide6.QtCore import QSettings

        QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(home / "config"))
    return home


def _children() -> set[int]:
    """Return the living child processes of this one (Linux; elsewhere none are seen)."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                found.add(int(stat.parent.name))
    return found


def _running_timers() -> int:
    if "PySide6.QtWidgets" not in sys.modules:
        return 0
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    if QApplication.instance() is None:
        return 0
    return sum(1 for item in gc.get_objects() if type(item) is QTimer and _alive(item) and item.isActive())


def _alive(item) -> bool:
    from shiboken6 import isValid

    return isValid(item)


_seen = {"timers": 0}


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """Fail a test that leaves a child process, a thread or a running timer."""
    processes, threads, timers = _children(), set(threading.enumerate()), _seen["timers"]
    yield
    application = None
    if "PySide6.QtWidgets" in sys.modules:
        from PySide6.QtCore import QEvent
        from PySide6.QtWidgets import QApplication

        application = QApplication.instance()
    deadline = time.monotonic() + 3
    while True:
        if application is not None:
            application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            application.processEvents()
        left = {
            "processes": _children() - processes,
            "threads": {
                t for t in threading.enumerate() if t not in threads and t.is_alive() and not t.daemon
            },
            "timers": max(0, _running_timers() - timers),
        }
        if not any(left.values()) or time.monotonic() > deadline:
            break
        gc.collect()  # a window that only a cycle keeps is no leak
        time.sleep(0.05)
    _seen["timers"] = timers
    assert not any(left.values()), f"left behind: {left}"
