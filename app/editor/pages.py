"""BlockPages: the page of each kind of block in a window of its own, beside what one works on."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from app.boxes import ComboBox
from app.canvas.glyphs import glyph_icon
from app.canvas.paints import paints
from app.document import Document
from app.editor.figure_view import FigureView
from app.editor.page_html import page_html
from app.theme import GRID, theme
from resviz.arch.about import About, about_block, about_kind
from resviz.arch.blocks import CATALOGUE

SIZE = QSize(84 * GRID, 80 * GRID)
"""As wide as a printed page's text is read well, in pixels."""


class BlockPage(QDialog):
    """A page: figure, equations, papers, parameters, shape, cost. It stays while one goes on working."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("About a block")
        self.setModal(False)
        self._document: Document | None = None
        self._block = ""
        self.about: About | None = None
        """The page on show."""
        self.kinds = ComboBox()
        self.kinds.setAccessibleName("Kind of block")
        self.kinds.setMaxVisibleItems(len(CATALOGUE))
        self.block = QLabel()
        self.block.setProperty("role", "muted")
        self.copy = QPushButton("Copy as text")
        self.copy.setAutoDefault(False)
        self.figure = FigureView()
        self.text = QTextBrowser()
        self.text.setOpenExternalLinks(True)
        self.text.setAccessibleName("About the block")
        head = QHBoxLayout()
        head.setSpacing(2 * GRID)
        head.addWidget(self.kinds)
        head.addWidget(self.block, 1)
        head.addWidget(self.copy)
        drawn = QFrame()
        drawn.setProperty("role", "card")
        inside = QVBoxLayout(drawn)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(self.figure)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addLayout(head)
        column.addWidget(drawn)
        column.addWidget(self.text, 1)
        for name, kind in CATALOGUE.items():
            self.kinds.addItem(kind.title, name)
        self.kinds.activated.connect(self._on_kind_chosen)
        self.copy.clicked.connect(self.copy_text)
        theme().changed.connect(self._show)
        self._colour()

    def show_kind(self, kind: str) -> None:
        """Show the page of a kind, with the numbers of an example."""
        self._follow(None, "")
        self.about = about_kind(kind)
        self._show()

    def show_block(self, document: Document, block_id: str) -> None:
        """Show the page of a block with its own numbers, and follow them."""
        self._follow(document, block_id)
        self._refresh()

    def _follow(self, document: Document | None, block_id: str) -> None:
        if self._document is not None:
            self._document.analysed.disconnect(self._refresh)
            self._document.block_renamed.disconnect(self._on_renamed)
        self._document, self._block = document, block_id
        if document is not None:
            document.analysed.connect(self._refresh)
            document.block_renamed.connect(self._on_renamed)

    @Slot()
    def _refresh(self) -> None:
        document = self._document
        if document is None:
            return
        if self._block not in document.architecture:  # Gone: what its kind is stays worth reading.
            kind = self.about.kind if self.about is not None else ""
            if kind:
                self.show_kind(kind)
            return
        new = about_block(document.architecture, document.inference, self._block)
        if new != self.about:
            self.about = new
            self._show()

    @Slot(str, str)
    def _on_renamed(self, old: str, new: str) -> None:
        if old == self._block:
            self._block = new

    @Slot()
    def _show(self) -> None:
        about = self.about
        if about is None:
            return
        self._colour()
        self.kinds.setCurrentIndex(self.kinds.findData(about.kind))
        self.block.setText(about.block or "an example with the usual parameters")
        self.figure.show_about(about)
        bar = self.text.verticalScrollBar()
        place = bar.value()
        self.text.setHtml(page_html(about))
        bar.setValue(place)

    def _colour(self) -> None:
        for index in range(self.kinds.count()):
            self.kinds.setItemIcon(index, glyph_icon(self.kinds.itemData(index), paints().text))

    @Slot(int)
    def _on_kind_chosen(self, index: int) -> None:
        self.text.verticalScrollBar().setValue(0)
        self.show_kind(self.kinds.itemData(index))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F1 closes what it opened; Escape does too."""
        if event.key() == Qt.Key.Key_F1:
            self.close()
        else:
            super().keyPressEvent(event)

    @Slot()
    def copy_text(self) -> None:
        """Put the page on the clipboard as text."""
        if self.about is not None:
            QGuiApplication.clipboard().setText(self.about.text())


class BlockPages:
    """The one page window of a window; made when it is first asked for."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent
        self.page: BlockPage | None = None

    def show_kind(self, kind: str) -> None:
        """Show the page of a kind."""
        self._opened().show_kind(kind)

    def show_block(self, document: Document, block_id: str) -> None:
        """Show the page of a block."""
        self._opened().show_block(document, block_id)

    def _opened(self) -> BlockPage:
        if self.page is None:
            self.page = BlockPage(self._parent)
            screen = self._parent.screen().availableGeometry().size()
            self.page.resize((SIZE * (theme().font_pixels / 13)).boundedTo(screen * 0.92))
        self.page.show()
        self.page.raise_()
        self.page.activateWindow()
        self.page.text.setFocus()
        return self.page
