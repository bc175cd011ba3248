"""The actions of one editor pane, each with its shortcut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QIcon, QKeySequence
from PySide6.QtWidgets import QWidget

from app.theme import icon, theme

_ICON = 48
"""Pixels of a picture that is scaled down to its place."""

Keys = QKeySequence.StandardKey | str | None


class EditorActions(QObject):
    """QActions that work on the pane that has the keyboard focus; a menu may show them too."""

    def __init__(self, owner: QWidget) -> None:
        super().__init__(owner)
        self._owner = owner
        self._icons: dict[QAction, str] = {}
        standard = QKeySequence.StandardKey
        self.undo = self._make("Undo", standard.Undo, "undo")
        self.redo = self._make("Redo", "Ctrl+Shift+Z", "redo", "Ctrl+Y")
        self.cut = self._make("Cut", standard.Cut)
        self.copy = self._make("Copy", standard.Copy, "copy")
        self.paste = self._make("Paste", standard.Paste)
        self.duplicate = self._make("Duplicate", "Ctrl+D")
        self.delete = self._make("Delete", standard.Delete, "trash", "Backspace")
        self.heal = self._make("Delete and close the gap", "Ctrl+Delete", None, "Ctrl+Backspace")
        self.shortcut = self._make("Shortcut around the selection, or hold S and drag across blocks", "S")
        self.cut_wires = self._make("Cut wires: hold X or Alt and drag across them", "X")
        self.plain = self._make("Plain and back", "P")
        self.bypass = self._make("Bypass and back", "B")
        self.expand = self._make("Expand into loose layers", "E")
        self.collapse = self._make("Collapse into one block", "Shift+E")
        self.repeat = self._make("Repeat…", "R")
        self.fold = self._make("Fold equal blocks that stand in a row", "G")
        self.unfold = self._make("Unfold", "Shift+G")
        self.make_block = self._make("Make a block of the selection…", "M")
        self.unpack = self._make("Unpack a block of one's own: it follows no more", "U")
        self.rename_own = self._make("Rename the selected block of one's own…", "Ctrl+M")
        self.delete_own = self._make("Delete the selected block of one's own", "Ctrl+Shift+U")
        self.select_stage = self._make("Select the stage", "Ctrl+Shift+A")
        self.add_by_name = self._make("Add a block by name…", "Tab")
        self.problems = self._make("Problems, with what mends them", "Ctrl+Shift+F8")
        self.next_problem = self._make("Next problem", "F8")
        self.previous_problem = self._make("Problem before", "Shift+F8")
        self.mend_all = self._make("Mend all problems", "Ctrl+F8")
        self.select_all = self._make("Select all", standard.SelectAll)
        self.twin = self._make("Twin: remove the shortcuts or put them back", "Ctrl+T", "twin")
        self.tidy_up = self._make("Tidy up: stages as rows", "Ctrl+L")
        self.align = {
            name: self._make(f"Align {text}", f"A, {key}")
            for name, text, key in (
                ("left", "left edges", "L"),
                ("centre", "centres in a column", "C"),
                ("right", "right edges", "R"),
                ("top", "top edges", "T"),
                ("middle", "middles in a row", "M"),
                ("bottom", "bottom edges", "B"),
            )
        }
        self.distribute = (
            self._make("Distribute horizontally", "A, H"),
            self._make("Distribute vertically", "A, V"),
        )
        self.fit = self._make("Fit the whole network", "F", "fit")
        self.zoom_in = self._make("Zoom in", "Ctrl++", "zoom-in", "Ctrl+=", "+")
        self.zoom_out = self._make("Zoom out", "Ctrl+-", "zoom-out", "-")
        self.actual_size = self._make("Actual size", "Ctrl+0")
        self.zoom_to_selection = self._make("Zoom to the selection", "Shift+F")
        self.minimap = self._make_switch("Minimap", "Shift+M")
        self.link = self._make_switch("Link the two networks", "L", "link")
        self.edit_both = self._make_switch("Edit both networks at once", "Shift+L", "both")
        self.mark_differences = self._make_switch("Mark the differences on both networks", "Alt+D", "differ")
        self.apply_to_other = self._make("Apply the last edit to the other network too", "Alt+A")
        self.shapes = self._make("Shapes on the wires", "W")
        self.ruler = self._make("Ruler: depth, receptive field, map size", "Shift+R")
        for action in (self.shapes, self.ruler):
            action.setCheckable(True)
        theme().changed.connect(self._on_theme_changed)

    def __iter__(self) -> Iterator[QAction]:
        single = [value for value in vars(self).values() if isinstance(value, QAction)]
        return iter((*single, *self.align.values(), *self.distribute))

    def bind(self, slots: dict[QAction, Callable[[], Any]]) -> None:
        """Connect actions to what they do."""
        for action, slot in slots.items():
            action.triggered.connect(slot)

    def _make(self, text: str, keys: Keys, icon_name: str | None = None, *more: str) -> QAction:
        action = QAction(text, self)
        shortcuts = [QKeySequence(keys)] if keys is not None else []
        action.setShortcuts([*shortcuts, *(QKeySequence(key) for key in more)])
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.setToolTip(f"{text} ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})")
        if icon_name is not None:
            self._icons[action] = icon_name
            action.setIcon(_icon_of(action, icon_name))
        self._owner.addAction(action)
        return action

    def _make_switch(self, text: str, keys: Keys, icon_name: str | None = None) -> QAction:
        action = self._make(text, keys, icon_name)
        action.setCheckable(True)
        self._on_theme_changed()
        return action

    @Slot()
    def _on_theme_changed(self) -> None:
        for action, name in self._icons.items():
            action.setIcon(_icon_of(action, name))


def _icon_of(action: QAction, name: str) -> QIcon:
    """Return an action's icon; that of a switch is in the accent colour while it is on."""
    made = icon(name)
    if action.isCheckable():
        lit = icon(name, theme().colours.accent).pixmap(_ICON)
        made.addPixmap(lit, QIcon.Mode.Normal, QIcon.State.On)
    return made
