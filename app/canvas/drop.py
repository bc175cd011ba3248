"""Blocks that are dragged in from the palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QDropEvent, QPen
from PySide6.QtWidgets import QGraphicsRectItem

from app.canvas import geometry as g
from app.canvas.paints import paints
from resviz.arch.graph import Wire
from resviz.arch.own_kinds import kind_named

if TYPE_CHECKING:
    from app.canvas.view import NetworkView

KIND_MIME = "application/x-resviz-kind"
"""Mime type of a kind dragged from the palette; the data is its name in UTF-8."""


def drop_radius(zoom: float) -> float:
    """Return how near to a wire a block must be dropped to go into it, in scene pixels."""
    return min(20.0 / zoom, 28.0)


class PaletteDrop:
    """Takes kinds that are dragged over a view, and tells it what was dropped where.

    Meanwhile it shows a dashed outline where the block would land, and marks the wire that would take it in.
    """

    def __init__(self, view: NetworkView) -> None:
        self._view = view
        self._ghost: QGraphicsRectItem | None = None
        self._asked: object = None

    def enter(self, event: QDropEvent) -> None:
        """Welcome a kind; leave all else to the window."""
        if self._kind_of(event) is None:
            event.ignore()
        else:
            event.acceptProposedAction()

    def move(self, event: QDropEvent) -> None:
        """Show what a drop here would do."""
        kind = self._kind_of(event)
        if kind is None:
            event.ignore()
            return
        self.show(kind, self._view.mapToScene(event.position().toPoint()))
        event.acceptProposedAction()

    def drop(self, event: QDropEvent) -> None:
        """Tell the view's listeners."""
        kind = self._kind_of(event)
        if kind is None:
            event.ignore()
            return
        place = self._view.mapToScene(event.position().toPoint())
        wire = self.wire_at(kind, place)
        self.clear()
        event.acceptProposedAction()
        self._view.setFocus(Qt.FocusReason.MouseFocusReason)
        self._view.kind_dropped.emit(kind, place, wire)

    def _kind_of(self, event: QDropEvent) -> str | None:
        if not self._view.makers or not event.mimeData().hasFormat(KIND_MIME):
            return None
        kind = bytes(event.mimeData().data(KIND_MIME).data()).decode("utf-8", "replace")
        return kind if kind_named(self._view.network.document.architecture, kind) else None

    def wire_at(self, kind: str, place: QPointF) -> Wire | None:
        """Return the wire that a block of `kind` dropped at `place` would be inserted into."""
        spec = kind_named(self._view.network.document.architecture, kind)
        if spec is None or not spec.inputs or not spec.outputs:
            return None
        return self._view.network.wire_near(place, drop_radius(self._view.zoom))

    def show(self, kind: str, place: QPointF) -> None:
        """Show what a drop at `place` would do."""
        if self._ghost is None:
            self._ghost = _new_ghost()
            self._view.network.addItem(self._ghost)
        wire = self.wire_at(kind, place)
        asked = (kind, g.snapped(place), wire)
        if asked != self._asked:
            self._asked = asked
            self._ghost.setPos(*self._view.landing(kind, place, wire))
            self._view.network.mark_wire(wire)

    def clear(self) -> None:
        """Take the preview away."""
        if self._ghost is not None:
            self._view.network.removeItem(self._ghost)
            self._ghost = self._asked = None
            self._view.network.mark_wire(None)


def _new_ghost() -> QGraphicsRectItem:
    ghost = QGraphicsRectItem(g.BODY)
    colour = paints().accent
    pen = QPen(colour, 2, Qt.PenStyle.DashLine)
    fill = QColor(colour)
    fill.setAlpha(40)
    ghost.setPen(pen)
    ghost.setBrush(fill)
    ghost.setZValue(9)
    return ghost
