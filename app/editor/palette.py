"""Palette: every kind of block, to drag onto the canvas or to add with a double-click."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QDrag, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.canvas import geometry as g
from app.canvas.drop import KIND_MIME
from app.canvas.glyphs import glyph_icon
from app.canvas.paints import paints
from app.canvas.text import plural
from app.document import Document
from app.editor.about_mark import AboutMark
from app.theme import theme
from resviz.arch.blocks import CATALOGUE
from resviz.arch.composites import RESIDUAL_KINDS
from resviz.arch.definitions import key_of, name_of
from resviz.arch.graph import Definition
from resviz.arch.own_kinds import OWN, kind_from, own_kinds
from resviz.arch.spec import Kind

if TYPE_CHECKING:
    from app.editor.pane import EditorPane

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


def own_tip(document: Document, name: str) -> str:
    """Return what hovering over a definition tells: what it is made of, what it costs, who follows."""
    kind = kind_from(name, document.architecture.definitions[name])
    groups = document.architecture.grouped().values()
    instances = [group.members for group in groups if group.definition == name]
    lines = [f"<b>{escape(kind.title)}</b>", escape(kind.doc), f"Used {plural(len(instances), 'time')}."]
    for members in instances[:1]:
        costs = [document.cost.blocks[member] for member in members if member in document.cost.blocks]
        parameters, adds = (sum(getattr(c, n) for c in costs) for n in ("parameters", "multiply_adds"))
        lines.append(f"{parameters:,} parameters · {adds:,} multiply-adds in {escape(members[0])}…")
    lines.append("<i>Unfold one (double-click) and edit it: all others follow in the same step.</i>")
    return "<br>".join(lines)


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
        self.tree = _KindTree(self._zoom)
        self._marks = AboutMark(self.tree, _KIND)
        self._marks.clicked.connect(self.about_wanted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self.tree)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._kinds: dict[str, Kind] = {}
        """What each row stands for: a kind, or a definition as one."""
        self._pane: EditorPane | None = None
        self._document: Document | None = None
        self._own: dict[str, Definition] = {}
        """The definitions that are shown."""
        self._groups: list[QTreeWidgetItem] = []
        self._best: QTreeWidgetItem | None = None
        """The best answer to the search: what Enter adds."""
        self._fill()
        self.search.textChanged.connect(self._on_search)
        self.search.returnPressed.connect(self._on_return)
        self.tree.itemActivated.connect(self._on_activated)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._on_menu_wanted)
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
        """The kind in the row that is in use; None if a block of one's own is."""
        item = self.tree.currentItem()
        kind = item.data(0, _KIND) if item is not None else None
        return kind if kind in CATALOGUE else None

    def follow(self, pane: EditorPane) -> None:
        """Offer the blocks that are defined in what a pane shows too, while it is the one in use."""
        if self._pane is not None:
            self._pane.document_changed.disconnect(self._on_document_changed)
        self._pane = pane
        pane.document_changed.connect(self._on_document_changed)
        self._on_document_changed(pane.document)

    def _zoom(self) -> float:
        """Return how large a block is on the canvas in use."""
        return self._pane.view.zoom if self._pane is not None else 1.0

    @Slot(object)
    def _on_document_changed(self, document: Document) -> None:
        if document is self._document:
            return
        if self._document is not None:
            self._document.analysed.disconnect(self._show_own)
        self._document = document
        document.analysed.connect(self._show_own)
        self._show_own()

    def _fill(self) -> None:
        groups = [*GROUPS, *sorted({k.group for k in CATALOGUE.values()} - set(GROUPS))]
        for group in groups:
            heading = self._heading(group)
            for kind in CATALOGUE.values():
                if kind.group == group:
                    tip = f"<b>{escape(kind.title)}</b><br>{escape(kind.doc)}<br><i>{escape(kind.source)}</i>"
                    self._add_row(heading, kind, tip)
        self._colour()

    def _heading(self, group: str) -> QTreeWidgetItem:
        heading = QTreeWidgetItem([group])
        heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = self.tree.font()
        font.setWeight(font.Weight.DemiBold)
        heading.setFont(0, font)
        self._groups.append(heading)
        self.tree.insertTopLevelItem(0 if group == OWN else self.tree.topLevelItemCount(), heading)
        heading.setExpanded(True)
        return heading

    def _add_row(self, heading: QTreeWidgetItem, kind: Kind, tip: str) -> None:
        item = QTreeWidgetItem([kind.short_title or kind.title])
        item.setData(0, _KIND, kind.name)
        item.setToolTip(0, tip)
        item.setFlags(
            Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
        )
        heading.addChild(item)
        self._items[kind.name] = item
        self._kinds[kind.name] = kind

    @Slot()
    def _show_own(self) -> None:
        """Let the first section hold what the document defines; none where it defines nothing."""
        document = self._document
        definitions = document.architecture.definitions if document is not None else {}
        if definitions != self._own:
            self._own = dict(definitions)
            self._take_out_own()
            if document is not None and self._own:
                heading = self._heading(OWN)
                for kind in own_kinds(document.architecture):
                    self._add_row(heading, kind, "")
            self._colour()
            self._on_search(self.search.text())
        if document is not None:
            for name in self._own:
                self._items[key_of(name)].setToolTip(0, own_tip(document, name))

    def _take_out_own(self) -> None:
        for key in [key for key in self._items if name_of(key) is not None]:
            del self._items[key], self._kinds[key]
        for heading in [heading for heading in self._groups if heading.text(0) == OWN]:
            self._groups.remove(heading)
            self.tree.takeTopLevelItem(self.tree.indexOfTopLevelItem(heading))

    def _colour(self) -> None:
        look = paints()
        for name, item in self._items.items():
            residual = name in RESIDUAL_KINDS or name == "add"
            glyph = "own" if name_of(name) is not None else name
            item.setIcon(0, glyph_icon(glyph, look.residual if residual else look.text))
        for heading in self._groups:
            heading.setForeground(0, look.muted)

    @Slot()
    def _on_theme_changed(self) -> None:
        self._colour()

    @Slot(str)
    def _on_search(self, text: str) -> None:
        best, best_score = None, 0
        for name, item in self._items.items():
            score = matches(self._kinds[name], text)
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

    def _own_at(self, item: QTreeWidgetItem | None) -> str | None:
        """Return the definition in a row, None if there is another kind of block, or none."""
        return name_of(item.data(0, _KIND) or "") if item is not None else None

    @Slot(QPoint)
    def _on_menu_wanted(self, place: QPoint) -> None:
        """Offer what can be done with a definition."""
        name, pane = self._own_at(self.tree.itemAt(place)), self._pane
        if name is None or pane is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Rename… (F2)", partial(pane.group_actions.rename, name))
        menu.addAction("Delete (Del)", partial(pane.group_actions.delete, name))
        menu.popup(self.tree.viewport().mapToGlobal(place))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Down from the search field goes into the list; F2 and Delete in the list act on a definition."""
        name = self._own_at(self.tree.currentItem()) if self.tree.hasFocus() else None
        if name is not None and self._pane is not None and event.key() == Qt.Key.Key_F2:
            self._pane.group_actions.rename(name)
        elif name is not None and self._pane is not None and event.key() == Qt.Key.Key_Delete:
            self._pane.group_actions.delete(name)
        elif event.key() == Qt.Key.Key_Down and self.search.hasFocus():
            self.tree.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)


class _KindTree(QTreeWidget):
    """The list; drags carry the kind's name."""

    def __init__(self, zoom: Callable[[], float]) -> None:
        """Make the list, empty; `zoom` tells how large a block is where it will be dropped."""
        super().__init__()
        self._zoom = zoom
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
        pixmap = block_picture(item.text(0), self._zoom(), self.devicePixelRatioF())
        drag.setPixmap(pixmap)
        drag.setHotSpot((g.BODY.center() * self._zoom()).toPoint())
        drag.exec(Qt.DropAction.CopyAction)


def block_picture(title: str, zoom: float, ratio: float) -> QPixmap:
    """Return the picture of a block, as large as one is at a zoom, for a screen with a pixel ratio."""
    look = paints()
    pixmap = QPixmap((g.BODY.size() * zoom * ratio).toSize())
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(zoom, zoom)
    painter.setOpacity(0.85)
    painter.setPen(QPen(look.accent, 2))
    painter.setBrush(look.raised)
    painter.drawRoundedRect(g.BODY.adjusted(1, 1, -1, -1), g.RADIUS, g.RADIUS)
    painter.setPen(look.text)
    painter.setFont(look.title)
    painter.drawText(
        g.BODY.adjusted(8, 0, -8, 0),
        int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap),
        title,
    )
    painter.end()
    return pixmap
