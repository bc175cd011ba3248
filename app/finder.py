"""Finding blocks: by name in the network in use, and by what differs between the two networks."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.search_popup import Entry, SearchPopup
from app.theme import GRID
from app.workspace import Workspace
from resviz.arch.compare import differences, summary

_HINT = "A click goes to the block in both networks."


class Finder(QObject):
    """Two lists that are searched by typing; what is chosen is selected and brought into sight."""

    told = Signal(str)

    def __init__(self, parent: QWidget, workspace: Workspace) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.blocks = SearchPopup(parent, "Block, stage or kind: stage2.block1, conv …")
        self.differences = SearchPopup(parent, "Search the differences", _HINT)
        self.blocks.chosen.connect(self._on_block_chosen)
        self.differences.chosen.connect(self._on_difference_chosen)
        for pane in workspace.panes:
            pane.find_wanted.connect(self.find)

    @Slot()
    def find(self) -> None:
        """List the blocks of the network in use."""
        architecture = self._workspace.active.document.architecture
        entries = [
            Entry(block.id, block.id, block.spec.title, " ".join((block.kind, *block.spec.synonyms)))
            for block in (architecture[block_id] for block_id in architecture.order())
        ]
        self.blocks.open_at(self._place(), entries)

    @Slot()
    def compare(self) -> None:
        """List what differs between the two networks, the left one "here"."""
        here, there = (document.architecture for document in self._workspace.documents)
        found = differences(here, there)
        self.told.emit(summary(found, here.name, there.name))
        if found:
            self.differences.open_at(self._place(), [Entry(each.block, each.text) for each in found])

    def _place(self) -> QPoint:
        return self._workspace.active.mapToGlobal(QPoint(2 * GRID, 8 * GRID))

    @Slot(str)
    def _on_block_chosen(self, block_id: str) -> None:
        self._workspace.active.reveal(block_id)

    @Slot(str)
    def _on_difference_chosen(self, block_id: str) -> None:
        for pane in self._workspace.panes:
            pane.reveal(block_id)
