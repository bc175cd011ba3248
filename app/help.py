"""F1: the page of the block in hand, or the lesson where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication

from app.editor.pages import BlockPages
from app.editor.pane import EditorPane
from app.side import LESSON

if TYPE_CHECKING:
    from app.window import MainWindow


class Help(QObject):
    """Opens the pages of blocks, from wherever one asks for them."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.pages = BlockPages(window)
        for pane in window.workspace.panes:
            pane.selection_changed.connect(self._on_selection_changed)
        window.palette_panel.about_wanted.connect(self.about_kind)
        window.side.inspector.about_wanted.connect(self.about_selection)

    @Slot(str)
    def about_kind(self, kind: str) -> None:
        """Show the page of a kind."""
        self.pages.show_kind(kind)

    @Slot()
    def about_selection(self) -> bool:
        """Show the page of the block, or of the first of equal blocks, selected in the pane in use.

        Returns whether there is one.
        """
        pane = self._window.workspace.active
        block_id = _one_of(pane)
        if block_id is not None:
            self.pages.show_block(pane.document, block_id)
        return block_id is not None

    @Slot()
    def _on_selection_changed(self) -> None:
        """Let an open page follow what is selected."""
        pane = self.sender()
        if isinstance(pane, EditorPane) and self.pages.page is not None and self.pages.page.isVisible():
            block_id = _one_of(pane)
            if block_id is not None:
                self.pages.page.show_block(pane.document, block_id)

    @Slot()
    def help(self) -> None:
        """Show the page of what one points at: a kind in the palette, a selected block; else the lesson."""
        palette, focused = self._window.palette_panel, QApplication.focusWidget()
        kind = palette.current_kind
        if kind is not None and focused is not None and palette.isAncestorOf(focused):
            self.about_kind(kind)
        elif not self.about_selection():
            self._window.side.tabs.setCurrentIndex(LESSON)


def _one_of(pane: EditorPane) -> str | None:
    """Return the first selected block if all that are selected are of one kind."""
    blocks = [pane.document.architecture[block_id] for block_id in pane.scene.selection_ids()]
    return blocks[0].id if len({block.kind for block in blocks}) == 1 else None
