"""The program of the window: starts it with the files and folders that were named on the command line."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.signals import SignalWatch
from app.theme import theme
from app.window import MainWindow
from resviz.arch.graph import Architecture
from resviz.arch.presets import preset
from resviz.errors import PresetError


def run(argv: list[str]) -> int:
    """Open the window and return the exit status."""
    application = QApplication(argv)
    application.setApplicationName("resviz")
    application.setOrganizationName("resviz")
    theme().apply(application)
    window = MainWindow()
    SignalWatch(window)
    window.show()
    open_named(window, application.arguments()[1:])
    return application.exec()


def open_named(window: MainWindow, names: Sequence[str]) -> None:
    """Open files, folders and presets once the window is painted; the first two come side by side."""

    def open_them() -> None:
        window.arrivals.open_all([_named(name) for name in names], beside=True)

    if names:
        window.painted.connect(lambda: QTimer.singleShot(0, window, open_them))


def _named(name: str) -> Path | Architecture:
    """Return the file or folder of a name; the preset where there is none."""
    path = Path(name).absolute()
    with contextlib.suppress(PresetError):
        return path if path.exists() else preset(name)
    return path
