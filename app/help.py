"""F1: the page of the block in hand, or the lesson where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication

from app.editor.pages import BlockPages
from app.side import LESSON

if TYPE_CHECKING:
    from app.window import MainWindow


class Help(QObject):
    """Opens the pages of blocks, from wherever one asks for them."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.pages = BlockPages(window)
        window.palette_panel.about_wanted.connect(self.about_kind)
        window.side.inspector.about_wanted.connect(self.about_selection)

    @Slot(str)
    def about_kind(self, kind: str) -> None:
        """Show the page of a kind."""
        self.pages.show_kind(kind)

    @Slot()
    def about_selection(self) -> bool:
        """Show the page of the one block that is selected in the pane in use; return whether there is one."""
        pane = self._window.workspace.active
        chosen = pane.scene.selection_ids()
        if len(chosen) != 1:
            return False
        self.pages.show_block(pane.document, chosen[0])
        return True

    @Slot()
    def help(self) -> None:
        """Show the page of what one points at: a kind in the palette, a selected block; else the lesson."""
        palette, focused = self._window.palette_panel, QApplication.focusWidget()
        kind = palette.current_kind
        if kind is not None and focused is not None and palette.isAncestorOf(focused):
            self.about_kind(kind)
        elif not self.about_selection():
            self._window.side.tabs.setCurrentIndex(LESSON)
