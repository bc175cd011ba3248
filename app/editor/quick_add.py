"""Adding a block by typing its name: at a place, or at the end of a wire, where only what fits is offered."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QPointF, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.canvas.scene import Port
from app.document import Document
from app.editor.edits import Edits, fitting
from app.editor.palette import GROUPS, matches
from app.search_popup import Entry, SearchPopup
from resviz.arch.blocks import CATALOGUE
from resviz.arch.own_kinds import own_kinds
from resviz.arch.spec import Kind, Shape, ShapeError

_HINT = "Return adds the first one; Escape closes."
_NOTHING = "Nothing fits “{}”: try another word. Escape closes."


def kinds_for(document: Document, port: Port | None) -> list[Kind]:
    """Return the kinds that fit at a port, in the palette's order; None: all, an input first where none is.

    Behind an output: those that can read its shape, as far as that is known. Before an input: those that have
    an output.
    """
    kinds = own_kinds(document.architecture)
    kinds += sorted(CATALOGUE.values(), key=lambda kind: GROUPS.index(kind.group))
    if port is None:
        begun = any(document.architecture.of_kind("input"))
        return kinds if begun else sorted(kinds, key=lambda kind: kind.name != "input")
    if port.is_input:
        return [kind for kind in kinds if kind.outputs]
    shape = document.inference.shapes.get(port.block)
    return [kind for kind in kinds if kind.inputs and (shape is None or _reads(kind, shape))]


def _reads(kind: Kind, shape: Shape) -> bool:
    try:
        kind.infer(kind.complete(fitting(kind, shape)), (shape,) * len(kind.inputs))
    except ShapeError:
        return False
    return True


class QuickAdd(QObject):
    """Asks for a kind and adds it."""

    added = Signal(list)
    """The new block's id."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.popup = SearchPopup(
            parent,
            "Name or purpose of a block",
            _HINT,
            score=lambda key, text: matches(self._kinds[key], text),
            nothing=_NOTHING,
        )
        self.popup.chosen.connect(self._on_chosen)
        self._kinds: dict[str, Kind] = {}
        self._wanted: tuple[Edits, QPointF, Port | None] | None = None

    def ask(self, edits: Edits, place: QPointF, port: Port | None, where: QPoint) -> None:
        """Offer the kinds that fit; the chosen one comes to `place` in the scene, wired to `port`.

        Args:
            edits: of the document.
            place: where the block's middle is wanted.
            port: the end of a wire that was let go over empty canvas; None: no wire.
            where: the list's corner, on the screen.
        """
        self._wanted = edits, place, port
        self._kinds = {kind.name: kind for kind in kinds_for(edits.document, port)}
        entries = [Entry(kind.name, kind.title, kind.group) for kind in self._kinds.values()]
        self.popup.open_at(where, entries)

    @Slot(str)
    def _on_chosen(self, name: str) -> None:
        if self._wanted is None:
            return
        if name not in self._kinds and name not in CATALOGUE:
            self.popup.complain(f"No block is called or does {name!r}: try another word.")
            return
        (edits, place, port), self._wanted = self._wanted, None
        if port is None:
            block_id = edits.add(name, place)
        else:
            block_id = edits.add_at(name, place, port.block, port.name, is_input=port.is_input)
        self.added.emit([block_id])
