"""PlacedScene: which items there are, where they are, which of them are selected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot

from PySide6.QtCore import QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QTransform
from PySide6.QtWidgets import QGraphicsScene

from app.canvas.block_item import BlockItem
from app.canvas.items import Items
from app.canvas.wire_item import WireItem
from app.document import Document
from resviz.arch.graph import Wire


@dataclass(frozen=True, slots=True)
class Port:
    """One port of one block."""

    block: str
    name: str
    is_input: bool


class PlacedScene(QGraphicsScene):
    """Finds items by what they draw and by where they are; a scene that follows the document fills it."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self._items = Items()
        self._wires: dict[Wire, WireItem] = {}
        """Those that are drawn: not those inside a folded group."""

    def block_item(self, block_id: str) -> BlockItem:
        """Return the item that draws a block; those of a folded group have one."""
        return self._items[block_id]

    def wire_item(self, wire: Wire) -> WireItem:
        """Return the item of a wire."""
        return self._wires[wire]

    def block_items(self) -> Iterable[BlockItem]:
        """Return all block items."""
        return self._items

    def selection_ids(self) -> list[str]:
        """Return the ids of the selected blocks, in document order."""
        items = (item for item in self.selectedItems() if isinstance(item, BlockItem))
        chosen = {block_id for item in items for block_id in item.members}
        return (
            [block_id for block_id in self.document.architecture.blocks if block_id in chosen]
            if chosen
            else []
        )

    def selected_wires(self) -> list[Wire]:
        """Return the selected wires; those that lead into a folded group from one place go together."""
        chosen = {item.wire for item in self.selectedItems() if isinstance(item, WireItem)}
        for wire in [wire for wire in chosen if self._items[wire.target].is_stack]:
            stack = self._items[wire.target]
            start = wire.source, wire.source_port
            chosen.update(
                other
                for other in self._wires
                if (other.source, other.source_port) == start and self._items[other.target] is stack
            )
        return sorted(chosen)

    def item_near(self, position: QPointF) -> BlockItem | WireItem | None:
        """Return the block (first) or wire at a place."""
        found = self.items(
            position, Qt.ItemSelectionMode.IntersectsItemShape, Qt.SortOrder.DescendingOrder, QTransform()
        )
        for kind in (BlockItem, WireItem):
            for item in found:
                if isinstance(item, kind) and item.isVisible():
                    return item
        return None

    def wire_near(self, position: QPointF, radius: float, *, ignoring: str = "") -> Wire | None:
        """Return the nearest wire within `radius` of a place that is not well inside another block."""
        bodies = [item.body_in_scene() for item in self._near(position, 1.0) if item.block_id != ignoring]
        inner = (body.adjusted(radius, 0, -radius, 0) for body in bodies)
        if any(body.contains(position) for body in inner):
            return None
        area = QRectF(position.x() - radius, position.y() - radius, 2 * radius, 2 * radius)
        found = [item for item in self.items(area) if isinstance(item, WireItem)]
        return min(found, key=lambda item: item.distance_to(position)).wire if found else None

    def port_near(self, position: QPointF, radius: float, *, inputs: bool | None = None) -> Port | None:
        """Return the nearest port within `radius`; `inputs` given: only inputs (True) or outputs (False)."""
        best, best_distance = None, radius
        for item in self._near(position, radius):
            candidates: list[Port] = []
            if inputs is not False:
                candidates += [Port(item.block_id, name, True) for name in item.inputs]
            if inputs is not True and item.has_output:
                candidates.append(Port(item.exit_id, "out", False))
            for port in candidates:
                offset = item.anchor(port.name, is_input=port.is_input) - position
                distance = hypot(offset.x(), offset.y())
                if distance <= best_distance:
                    best, best_distance = port, distance
        return best

    def port_place(self, port: Port) -> QPointF:
        """Return where a port is."""
        return self._items[port.block].anchor(port.name, is_input=port.is_input)

    def port_side(self, port: Port) -> str:
        """Return on which side of its block an input port is."""
        item = self._items[port.block]
        place = item.anchor(port.name, is_input=True) - item.pos()
        return "left" if place.x() == 0 else "top" if place.y() == 0 else "bottom"

    def _near(self, position: QPointF, radius: float) -> list[BlockItem]:
        area = QRectF(position.x() - radius, position.y() - radius, 2 * radius, 2 * radius)
        found = self.items(area, Qt.ItemSelectionMode.IntersectsItemBoundingRect)
        return [item for item in found if isinstance(item, BlockItem)]

    # Selecting

    def select(self, block_ids: Iterable[str], *, add: bool = False) -> None:
        """Select blocks, and nothing else unless `add`."""
        if not add:
            self.clearSelection()
        for block_id in block_ids:
            item = self._items.get(block_id)
            if item is not None:
                item.setSelected(True)

    def select_wire(self, wire: Wire) -> None:
        """Select a wire alone."""
        self.clearSelection()
        self._wires[wire].setSelected(True)

    def select_all(self) -> None:
        """Select every block."""
        for item in self._items:
            item.setSelected(True)
