"""The program of the window: starts it with the files and folders that were named on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.signals import SignalWatch
from app.theme import theme
from app.window import MainWindow


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
    """Open files and folders once the window is painted, as if they were dropped on it; two side by side."""
    paths = [Path(name).absolute() for name in names]

    def open_them() -> None:
        window.arrivals.open_all(paths, beside=True)
        window.workspace.activate(window.workspace.panes[0])

    if paths:
        window.painted.connect(lambda: QTimer.singleShot(0, window, open_them))
