"""Palette: every kind of block, to drag onto the canvas or to add with a double-click."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QMimeData, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QDrag, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app.canvas import geometry as g
from app.canvas.drop import KIND_MIME
from app.canvas.glyphs import glyph_icon
from app.canvas.paints import paints
from app.editor.about_mark import AboutMark
from app.theme import theme
from resviz.arch.blocks import CATALOGUE
from resviz.arch.composites import RESIDUAL_KINDS
from resviz.arch.spec import Kind

GROUPS = ("Residual units", "Units", "Layers", "Ends")
_KIND = Qt.ItemDataRole.UserRole


def matches(kind: Kind, text: str) -> int:
    """Return how well `kind` answers a search, 0 for not at all: title before synonyms before explanation."""
    best = 0
    words = text.casefold().split()
    for words_score, haystack in (
        (4, kind.title),
        (3, " ".join((kind.name, *kind.synonyms))),
        (1, f"{kind.group} {kind.doc}"),
    ):
        folded = haystack.casefold()
        if words and all(word in folded for word in words):
            best = max(best, words_score + (1 if folded.startswith(words[0]) else 0))
    return best if words else 1


class Palette(QWidget):
    """A search field over the grouped catalogue."""

    about_wanted = Signal(str)
    """The page of a kind is wanted."""
    kind_activated = Signal(str)
    """A kind was double-clicked or chosen with Enter: add it to the document in use."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search blocks")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search blocks")
        self.tree = _KindTree()
        self._marks = AboutMark(self.tree, _KIND)
        self._marks.clicked.connect(self.about_wanted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self.tree)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._groups: list[QTreeWidgetItem] = []
        self._best: QTreeWidgetItem | None = None
        """The best answer to the search: what Enter adds."""
        self._fill()
        self.search.textChanged.connect(self._on_search)
        self.search.returnPressed.connect(self._on_return)
        self.tree.itemActivated.connect(self._on_activated)
        theme().changed.connect(self._on_theme_changed)

    def sizeHint(self) -> QSize:
        """Return a width at which every name fits."""
        return QSize(232, 480)

    def item(self, kind: str) -> QTreeWidgetItem:
        """Return the row of a kind."""
        return self._items[kind]

    def visible_kinds(self) -> list[str]:
        """Return the kinds that the search lets through."""
        return [kind for kind, item in self._items.items() if not item.isHidden()]

    @property
    def current_kind(self) -> str | None:
        """The kind in the row that is in use."""
        item = self.tree.currentItem()
        return item.data(0, _KIND) if item is not None else None

    def _fill(self) -> None:
        groups = [*GROUPS, *sorted({k.group for k in CATALOGUE.values()} - set(GROUPS))]
        for group in groups:
            heading = QTreeWidgetItem([group])
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = self.tree.font()
            font.setWeight(font.Weight.DemiBold)
            heading.setFont(0, font)
            self.tree.addTopLevelItem(heading)
            self._groups.append(heading)
            for kind in CATALOGUE.values():
                if kind.group == group:
                    item = QTreeWidgetItem([kind.short_title or kind.title])
                    item.setData(0, _KIND, kind.name)
                    item.setToolTip(
                        0,
                        f"<b>{escape(kind.title)}</b><br>{escape(kind.doc)}<br><i>{escape(kind.source)}</i>",
                    )
                    item.setFlags(
                        Qt.ItemFlag.ItemIsEnabled
                        | Qt.ItemFlag.ItemIsSelectable
                        | Qt.ItemFlag.ItemIsDragEnabled
                    )
                    heading.addChild(item)
                    self._items[kind.name] = item
            heading.setExpanded(True)
        self._colour()

    def _colour(self) -> None:
        look = paints()
        for name, item in self._items.items():
            item.setIcon(
                0, glyph_icon(name, look.residual if name in RESIDUAL_KINDS or name == "add" else look.text)
            )
        for heading in self._groups:
            heading.setForeground(0, look.muted)

    @Slot()
    def _on_theme_changed(self) -> None:
        self._colour()

    @Slot(str)
    def _on_search(self, text: str) -> None:
        best, best_score = None, 0
        for name, item in self._items.items():
            score = matches(CATALOGUE[name], text)
            item.setHidden(not score)
            if text.strip() and score > best_score:
                best, best_score = item, score
        for heading in self._groups:
            shown = [
                item for item in self._items.values() if item.parent() is heading and not item.isHidden()
            ]
            heading.setHidden(not shown)
        self._best = best
        self.tree.clearSelection()
        if best is not None:
            self.tree.setCurrentItem(best)

    @Slot()
    def _on_return(self) -> None:
        if self._best is not None:
            self._on_activated(self._best, 0)

    @Slot(QTreeWidgetItem, int)
    def _on_activated(self, item: QTreeWidgetItem, _column: int) -> None:
        kind = item.data(0, _KIND)
        if kind:
            self.kind_activated.emit(kind)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Down from the search field goes into the list."""
        if event.key() == Qt.Key.Key_Down and self.search.hasFocus():
            self.tree.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)


class _KindTree(QTreeWidget):
    """The list; drags carry the kind's name."""

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setIconSize(QSize(20, 20))
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setExpandsOnDoubleClick(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Blocks")

    def mimeData(self, items: Sequence[QTreeWidgetItem]) -> QMimeData:
        """Return the dragged kind."""
        data = QMimeData()
        kinds = [item.data(0, _KIND) for item in items if item.data(0, _KIND)]
        if kinds:
            data.setData(KIND_MIME, kinds[0].encode())
        return data

    def startDrag(self, _actions: Qt.DropAction) -> None:
        """Drag the selected kind, with a block under the mouse."""
        item = self.currentItem()
        if item is None or not item.data(0, _KIND):
            return
        drag = QDrag(self)
        drag.setMimeData(self.mimeData([item]))
        pixmap = _block_picture(item.data(0, _KIND))
        drag.setPixmap(pixmap)
        drag.setHotSpot(QPoint(int(g.WIDTH / 2), int(g.HEIGHT / 2)))
        drag.exec(Qt.DropAction.CopyAction)


def _block_picture(kind: str) -> QPixmap:
    look = paints()
    pixmap = QPixmap(QSize(int(g.WIDTH), int(g.HEIGHT)))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(0.85)
    painter.setPen(QPen(look.accent, 2))
    painter.setBrush(look.raised)
    painter.drawRoundedRect(g.BODY.adjusted(1, 1, -1, -1), g.RADIUS, g.RADIUS)
    painter.setPen(look.text)
    painter.setFont(look.title)
    painter.drawText(
        g.BODY.adjusted(8, 0, -8, 0),
        int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap),
        CATALOGUE[kind].title,
    )
    painter.end()
    return pixmap
