"""Marks: what differs between the networks of two panes, marked on both canvases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, QSettings, QTimer, Signal, Slot

from app.canvas import geometry as g
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
_MANY = 8
"""More missing blocks than that, each in its place over there, would lie among those that stand here."""
_COLUMNS = 12
"""How far to the right of a block free space is looked for."""


def marked(here: Architecture, there: Architecture) -> Marked:
    """Return what differs, seen from the first network."""
    blocks: dict[str, tuple[Differs, str]] = {}
    missing: dict[Position, list[Difference]] = {}
    for found in differences(here, there):
        if found.change != "added":
            blocks[found.block] = _sign_of(found), found.sentence
        elif (place := there[found.block].position) is not None:
            missing.setdefault(place, []).append(found)
    many = len(missing) > _MANY
    if many:
        missing = _gathered(here, there, missing)
    return Marked(blocks, [_ghost(place, found, short=many) for place, found in missing.items()])


def _gathered(
    here: Architecture, there: Architecture, missing: Mapping[Position, list[Difference]]
) -> dict[Position, list[Difference]]:
    """Return what is missing behind one and the same block as one, in the free space beside that."""
    found = {each.block: each for several in missing.values() for each in several}
    before: dict[str, str | None] = {}
    behind: dict[str, list[Difference]] = {}
    gathered: dict[Position, list[Difference]] = {}
    for block_id in there.order():
        wires = there.incoming(block_id)
        source = next(iter(wires.values())).source if wires else None
        before[block_id] = block_id if block_id in here else before.get(source or "")
        if block_id in found:
            anchor = before[block_id]
            if anchor is None or here[anchor].position is None:
                gathered.setdefault(there[block_id].position or (0.0, 0.0), []).append(found[block_id])
            else:
                behind.setdefault(anchor, []).append(found[block_id])
    taken = [block.position for block in here.blocks.values() if block.position is not None]
    for anchor, several in behind.items():
        place = _free_place(here[anchor].position or (0.0, 0.0), taken)
        taken.append(place)
        gathered[place] = several
    return gathered


def _free_place(start: Position, taken: Sequence[Position]) -> Position:
    """Return the next place in a row that no block is near; the last one that was tried if there is none."""
    x, y = start
    near = [left for left, top in taken if abs(top - y) < g.HEIGHT]
    for _ in range(_COLUMNS):
        x += g.PITCH_X
        if all(abs(left - x) >= g.WIDTH for left in near):
            break
    return x, y


def _ghost(place: Position, found: Sequence[Difference], *, short: bool) -> Ghost:
    """Return what is shown of missing blocks in one place: several where they are folded or gathered."""
    first, more = found[0], len(found) - 1
    name = first.block
    if more:
        name = f"{len(found)} more" if short else f"{first.block} + {more}"
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
