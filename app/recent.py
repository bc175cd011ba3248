"""The files opened or saved last, kept from window to window, and their menu."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal, Slot
from PySide6.QtWidgets import QMenu

from app.search_popup import Entry

RECENT = "recent:"
"""What begins the key of a file in the command palette."""
_KEY = "files/recent"
_MOST = 12


class RecentFiles(QObject):
    """A list of files, the newest first."""

    @property
    def paths(self) -> list[Path]:
        """The files, those that are gone too."""
        try:
            found = json.loads(str(QSettings().value(_KEY, "[]")))
        except ValueError:
            return []
        if not isinstance(found, list):
            return []
        return [Path(each) for each in found if isinstance(each, str)][:_MOST]

    def add(self, path: Path) -> None:
        """Put a file in front."""
        path = path.absolute()
        self._keep([path, *(each for each in self.paths if each != path)])

    @Slot()
    def forget_missing(self) -> None:
        """Take away what is not there any more."""
        self._keep([path for path in self.paths if path.exists()])

    @Slot()
    def clear(self) -> None:
        """Forget all."""
        self._keep([])

    def entries(self) -> list[Entry]:
        """Return those that are there as entries of the command palette."""
        return [
            Entry(f"{RECENT}{path}", f"Open {path.name}", str(short(path.parent)), "recent file")
            for path in self.paths
            if path.exists()
        ]

    def _keep(self, paths: list[Path]) -> None:
        QSettings().setValue(_KEY, json.dumps([str(path) for path in paths[:_MOST]]))


class RecentMenu(QMenu):
    """Opens recent files; those that are gone are grey, and can be taken away."""

    chosen = Signal(str)

    def __init__(self, recent: RecentFiles) -> None:
        super().__init__("Open recent")
        self._recent = recent
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)

    @Slot()
    def fill(self) -> None:
        """Show the files as they are now."""
        self.clear()
        missing = False
        for path in self._recent.paths:
            there = path.exists()
            missing |= not there
            folder = short(path.parent)
            text = f"{path.name}   {folder}" if there else f"{path.name}   not there any more"
            action = self.addAction(text.replace("&", "&&"))
            action.setToolTip(str(path))
            action.setEnabled(there)
            action.triggered.connect(partial(self.chosen.emit, str(path)))
        if self.isEmpty():
            self.addAction("No file was opened or saved yet").setEnabled(False)
            return
        self.addSeparator()
        forget = self.addAction("Take away what is not there any more")
        forget.setEnabled(missing)
        forget.triggered.connect(self._recent.forget_missing)
        self.addAction("Clear the list").triggered.connect(self._recent.clear)


def short(path: Path) -> Path:
    """Return a path as it is written by hand: from home."""
    home = Path.home()
    return Path("~") / path.relative_to(home) if path.is_relative_to(home) else path
