"""All actions of the window in one table: menu, text, shortcut, what they do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QMenuBar

from app.search_popup import Entry


@dataclass(frozen=True)
class Spec:
    """One action of a menu ("View/Colour by": of one inside of another), in the order of the table.

    "" as name: a separator.
    """

    menu: str
    name: str = ""
    text: str = ""
    shortcut: str = ""
    slot: Callable[[], object] | None = None
    checkable: bool = False
    more: tuple[str, ...] = ()
    """Further shortcuts."""


class Menus:
    """The window's actions by name, and its menu bar.

    Attributes:
        bar: to be placed in the window; None where the system shows it at the top of the screen (macOS).
    """

    def __init__(self, window: QMainWindow, specs: Sequence[Spec]) -> None:
        self.actions: dict[str, QAction] = {}
        self.menus: dict[str, QMenu] = {}
        self.bar = None if sys.platform == "darwin" else QMenuBar()
        bar = window.menuBar() if self.bar is None else self.bar
        for spec in specs:
            if spec.menu not in self.menus:
                outer, _, inner = spec.menu.partition("/")
                self.menus[spec.menu] = (
                    self.menus[outer].addMenu(inner) if inner else bar.addMenu(f"&{outer}")
                )
            if not spec.name:
                self.menus[spec.menu].addSeparator()
                continue
            action = QAction(spec.text, window)
            action.setObjectName(spec.name)
            action.setCheckable(spec.checkable)
            if spec.shortcut:
                action.setShortcuts([QKeySequence(keys) for keys in (spec.shortcut, *spec.more)])
                plain = spec.text.rstrip("…")
                action.setToolTip(
                    f"{plain} ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})"
                )
            if spec.slot is not None:
                action.triggered.connect(_without_argument(spec.slot))
            self.menus[spec.menu].addAction(action)
            window.addAction(action)
            self.actions[spec.name] = action

    def __getitem__(self, name: str) -> QAction:
        return self.actions[name]

    def entries(self, more: Sequence[QAction] = ()) -> list[Entry]:
        """Return the actions that can be done now, as entries of the command palette."""
        found = [
            _entry(action.objectName(), title.partition("/")[0], action)
            for title, menu in self.menus.items()
            for action in menu.actions()
            if action.objectName() in self.actions and action.isEnabled()
        ]
        return found + [
            _entry(f"+{i}", "Edit", action) for i, action in enumerate(more) if action.isEnabled()
        ]


def _entry(key: str, menu: str, action: QAction) -> Entry:
    text = action.text().replace("&", "").rstrip("…")
    return Entry(key, text, action.shortcut().toString(QKeySequence.SequenceFormat.NativeText), menu)


def _without_argument(slot: Callable[[], object]) -> Callable[[bool], None]:
    def call(_checked: bool = False) -> None:
        slot()

    return call
