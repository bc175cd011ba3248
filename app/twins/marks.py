"""Marks: what differs between the networks of two panes, marked on both canvases."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QSettings, QTimer, Signal, Slot

from app.canvas.difference_item import NOTHING, Ghost, Marked
from app.canvas.difference_signs import Differs
from app.canvas.text import plural
from app.document import Document
from app.editor.pane import EditorPane
from resviz.arch.compare import Difference, differences
from resviz.arch.graph import Architecture, Position

_SETTING = "twins/marks"
_WAIT_MS = 50
"""After an edit: what a person does comes first."""


def marked(here: Architecture, there: Architecture) -> Marked:
    """Return what differs, seen from the first network."""
    blocks: dict[str, tuple[Differs, str]] = {}
    missing: dict[Position, list[Difference]] = {}
    for found in differences(here, there):
        if found.change != "added":
            blocks[found.block] = _sign_of(found), found.sentence
        elif (place := there[found.block].position) is not None:
            missing.setdefault(place, []).append(found)
    return Marked(blocks, [_ghost(place, found) for place, found in missing.items()])


def _ghost(place: Position, found: Sequence[Difference]) -> Ghost:
    """Return what is shown of missing blocks in one place: several where they are folded over there."""
    first, more = found[0], len(found) - 1
    name = f"{first.block} + {more}" if more else first.block
    told = f"{first.text}, and {plural(more, 'block')} more" if more else first.text
    return Ghost(name, place, told)


def _sign_of(found: Difference) -> Differs:
    if found.change == "removed":
        return Differs.ONLY_HERE
    if found.change == "rewired":
        return Differs.REWIRED
    return Differs.SHORTCUT if found.shortcut_alone else Differs.CHANGED


class Marks(QObject):
    """Marks differences while it is on, and keeps up with edits of either network: remembered."""

    changed = Signal(bool)
    """From now on differences are marked, or no more."""

    def __init__(self, panes: Sequence[EditorPane], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panes = tuple(panes)
        self._documents: list[Document] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self.mark)
        self._on = bool(QSettings().value(_SETTING, False, type=bool))
        for pane in self._panes:
            pane.document_changed.connect(self._attend)
        self._attend()

    @property
    def on(self) -> bool:
        """Whether differences are marked."""
        return self._on

    def choose(self, on: bool) -> None:
        """Mark differences, or not, as a person says."""
        self._on = on
        QSettings().setValue(_SETTING, on)
        self.mark()
        for pane in self._panes:
            if pane.view.fitted:
                pane.view.fit()  # What is missing is in sight too.
        self.changed.emit(on)

    @Slot()
    def mark(self) -> None:
        """Mark what differs now."""
        self._timer.stop()
        left, right = self._panes
        here, there = (pane.document.architecture for pane in self._panes)
        left.scene.show_differences(marked(here, there) if self._on else NOTHING)
        right.scene.show_differences(marked(there, here) if self._on else NOTHING)
        for pane in self._panes:
            pane.minimap.touch()

    @Slot()
    def _attend(self) -> None:
        for document in self._documents:
            document.analysed.disconnect(self._on_edited)
            document.history_changed.disconnect(self._on_edited)
        self._documents = [pane.document for pane in self._panes]
        for document in self._documents:
            document.analysed.connect(self._on_edited)
            document.history_changed.connect(self._on_edited)
        if self._on:
            self._timer.start()
        else:
            self.mark()  # A document that is shown again has the marks it had.

    @Slot()
    def _on_edited(self) -> None:
        if self._on:
            self._timer.start()
