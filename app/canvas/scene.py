"""NetworkScene: the picture of a document. Subscribes to it, keeps an item a block and a wire."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from math import hypot

from PySide6.QtCore import QObject, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QTransform
from PySide6.QtWidgets import QGraphicsScene, QGraphicsSceneHelpEvent, QToolTip

from app.canvas import geometry as g
from app.canvas.block_item import BlockItem
from app.canvas.caption import CaptionItem, stages_of
from app.canvas.difference_item import DifferenceItem, Marked
from app.canvas.face import Face, Faces, bare_face
from app.canvas.live import Live
from app.canvas.paints import paints
from app.canvas.readout import Readouts
from app.canvas.wire_item import WireItem
from app.document import Document
from app.theme import theme
from resviz.arch.graph import Wire


@dataclass(frozen=True, slots=True)
class Port:
    """One port of one block."""

    block: str
    name: str
    is_input: bool


class NetworkScene(QGraphicsScene):
    """Items for one document, selection, and live readouts."""

    block_selected = Signal(str)
    """The id of the one selected block; "" for none or several. Once a turn of the event loop."""
    selection_settled = Signal()
    """The selection changed; once a turn of the event loop, however many items it touched."""
    bounds_changed = Signal()
    """Blocks came, went or moved; once a turn of the event loop."""

    replaced = Signal()
    """The document was replaced by one that stands elsewhere (not by its twin), or that was undone."""

    _selection_turned = Signal()
    _bounds_turned = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self._blocks: dict[str, BlockItem] = {}
        self._wires: dict[Wire, WireItem] = {}
        self._wires_of: dict[str, set[Wire]] = defaultdict(set)
        self._captions: dict[str, CaptionItem] = {}
        self._paints = paints()
        self._live = Live(self, self._blocks, self._wires, self._paints)
        self.differences = DifferenceItem(document, self._blocks, self._live.board, self._paints)
        self.addItem(self.differences)
        self._selection_pending = False
        self._bounds_pending = False
        self._replaced = False
        self._faces = Faces(document)
        self._sync()
        self._on_analysed()
        document.block_added.connect(self._on_block_added)
        document.block_removed.connect(self._on_block_removed)
        document.block_moved.connect(self._on_block_moved)
        document.block_renamed.connect(self._on_block_renamed)
        document.wire_added.connect(self._on_wire_added)
        document.wire_removed.connect(self._on_wire_removed)
        document.was_reset.connect(self._on_reset)
        document.analysed.connect(self._on_analysed)
        theme().changed.connect(self._on_theme_changed)
        self.selectionChanged.connect(self._on_selection_changed)
        self._selection_turned.connect(self._on_selection_turned, Qt.ConnectionType.QueuedConnection)
        self._bounds_turned.connect(self._on_bounds_turned, Qt.ConnectionType.QueuedConnection)

    # Reading

    def block_item(self, block_id: str) -> BlockItem:
        """Return the item of a block."""
        return self._blocks[block_id]

    def wire_item(self, wire: Wire) -> WireItem:
        """Return the item of a wire."""
        return self._wires[wire]

    def block_items(self) -> Iterable[BlockItem]:
        """Return all block items."""
        return self._blocks.values()

    def selection_ids(self) -> list[str]:
        """Return the ids of the selected blocks, in document order."""
        chosen = {item.block_id for item in self.selectedItems() if isinstance(item, BlockItem)}
        return (
            [block_id for block_id in self.document.architecture.blocks if block_id in chosen]
            if chosen
            else []
        )

    def selected_wires(self) -> list[Wire]:
        """Return the selected wires."""
        return sorted(item.wire for item in self.selectedItems() if isinstance(item, WireItem))

    def bounds(self) -> QRectF:
        """Return the rectangle around all blocks with their arcs; a middling one when there are none."""
        rect = QRectF()
        for item in self._blocks.values():
            above = g.ARC_TOP if item.face.shortcut not in ("", "none") else 0.0
            rect |= item.body_in_scene().adjusted(0, above, 0, 0)
        for caption in self._captions.values():  # as high as it is; it may be wider than what it stands over
            rect.setTop(min(rect.top(), caption.pos().y()))
        rect |= self.differences.missing_area()
        return rect.adjusted(-24, -16, 24, 16) if self._blocks else QRectF(-300, -200, 600, 400)

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

    def wire_near(self, position: QPointF, radius: float) -> Wire | None:
        """Return the nearest wire within `radius` of a place that is not well inside a block."""
        inner = (item.body_in_scene().adjusted(radius, 0, -radius, 0) for item in self._near(position, 1.0))
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
                candidates.append(Port(item.block_id, "out", False))
            for port in candidates:
                offset = item.anchor(port.name, is_input=port.is_input) - position
                distance = hypot(offset.x(), offset.y())
                if distance <= best_distance:
                    best, best_distance = port, distance
        return best

    def port_place(self, port: Port) -> QPointF:
        """Return where a port is."""
        return self._blocks[port.block].anchor(port.name, is_input=port.is_input)

    def port_side(self, port: Port) -> str:
        """Return on which side of its block an input port is."""
        place = self._blocks[port.block].inputs[port.name]
        return "left" if place.x() == 0 else "top" if place.y() == 0 else "bottom"

    def _near(self, position: QPointF, radius: float) -> list[BlockItem]:
        area = QRectF(position.x() - radius, position.y() - radius, 2 * radius, 2 * radius)
        found = self.items(area, Qt.ItemSelectionMode.IntersectsItemBoundingRect)
        return [item for item in found if isinstance(item, BlockItem)]

    # Changing what is shown (never the document)

    def select(self, block_ids: Iterable[str], *, add: bool = False) -> None:
        """Select blocks, and nothing else unless `add`."""
        if not add:
            self.clearSelection()
        for block_id in block_ids:
            if block_id in self._blocks:
                self._blocks[block_id].setSelected(True)

    def select_wire(self, wire: Wire) -> None:
        """Select a wire alone."""
        self.clearSelection()
        self._wires[wire].setSelected(True)

    def select_all(self) -> None:
        """Select every block."""
        self.select(self._blocks)

    def preview_move(self, positions: Mapping[str, tuple[float, float]]) -> None:
        """Show blocks elsewhere while they are dragged; the document is told when they are dropped."""
        touched: set[Wire] = set()
        for block_id, position in positions.items():
            self._blocks[block_id].setPos(*position)
            touched |= self._wires_of[block_id]
        for wire in touched:
            self._route(self._wires[wire])
        self.differences.touch()
        blocks = self.document.architecture.blocks
        if all(blocks[block_id].position == place for block_id, place in positions.items()):
            self._tell_bounds()  # All are back at home.
        else:
            self._live.lift(positions.keys(), touched)

    def show_differences(self, marked: Marked) -> None:
        """Mark what differs from another network; what is missing takes room."""
        before = self.differences.missing_area()
        self.differences.show_marked(marked)
        if self.differences.missing_area() != before:
            self._tell_bounds()

    def set_readouts(self, readouts: Readouts | None) -> int:
        """Show other live values (None: none); return how many blocks were painted anew for that."""
        return self._live.show(readouts)

    def set_shapes(self, on: bool) -> None:
        """Write beside each wire what shape it carries, or not."""
        self._live.shapes.show_for(self.document if on else None)

    def set_zoom(self, zoom: float) -> None:
        """Take over the view's zoom: it decides what of a change can be seen, and who paints."""
        self._live.set_zoom(zoom, self._paints.enlarge)

    def set_window(self, size: QSize, ratio: float) -> None:
        """Take over how large the view is, and how many pixels of the device one of its pixels has."""
        self._live.set_window(size, ratio)

    def set_hot_port(self, port: Port | None) -> None:
        """Enlarge one port."""
        for item in self._blocks.values():
            if item.hot_port is not None and (port is None or item.block_id != port.block):
                item.set_hot_port(None)
        if port is not None:
            self._blocks[port.block].set_hot_port(port.name)

    def mark_wire(self, wire: Wire | None) -> None:
        """Show where a block would be inserted."""
        for known, item in self._wires.items():
            item.set_marked(known == wire)
        self._live.touch()

    def helpEvent(self, event: QGraphicsSceneHelpEvent) -> None:
        """Show the tooltip of the block or wire under the mouse; made only now."""
        item = self.item_near(event.scenePos())
        missing = escape(self.differences.told_at(event.scenePos()))
        QToolTip.showText(event.screenPos(), self.tooltip(item) if item is not None else missing)

    def tooltip(self, item: BlockItem | WireItem) -> str:
        """Return what hovering over an item tells, as rich text."""
        if isinstance(item, WireItem):
            return self._faces.wire_tooltip(item.wire)
        measured = self._live.board.told(item.block_id)
        differs = self.differences.told(item.block_id)
        more = [f"Differs: {differs}"] if differs else []
        return "<br>".join([self._faces.block_tooltip(item.block_id), *map(escape, [*more, *measured])])

    def summary(self, block_id: str) -> tuple[str, ...]:
        """Return what a block is and costs in one line, and shorter forms of that."""
        return self._faces.summary(block_id)

    # Following the document

    def _sync(self) -> None:
        """Make items and document agree, keeping what stays."""
        architecture = self.document.architecture
        wires = architecture.wires
        for wire in self._wires.keys() - set(wires):
            self._drop_wire(wire)
        for block_id in [b for b in self._blocks if b not in architecture]:
            self._drop_block(block_id)
        for block_id in architecture.blocks:
            if block_id in self._blocks:
                self._place(block_id)
            else:
                self._make_block(block_id, bare_face(architecture[block_id]))
        for wire in wires:
            if wire not in self._wires:
                self._make_wire(wire)
        for block_id in architecture.blocks:
            self._set_ports(block_id)

    def _make_block(self, block_id: str, face: Face) -> None:
        item = BlockItem(block_id, face, self._paints, self._live.board)
        self._live.adopt_block(item)
        self._blocks[block_id] = item
        self._set_ports(block_id)
        self._place(block_id)
        self.addItem(item)

    def _drop_block(self, block_id: str) -> None:
        self.removeItem(self._blocks.pop(block_id))
        self._wires_of.pop(block_id, None)

    def _make_wire(self, wire: Wire) -> None:
        item = WireItem(wire, self._paints, self._live.board)
        self._live.adopt_wire(item, adds=self.document.architecture[wire.target].kind == "add")
        self._wires[wire] = item
        self._wires_of[wire.source].add(wire)
        self._wires_of[wire.target].add(wire)
        self._route(item)
        self.addItem(item)

    def _drop_wire(self, wire: Wire) -> None:
        item = self._wires.pop(wire)
        self._live.drop_wire(item)
        self.removeItem(item)
        self._wires_of[wire.source].discard(wire)
        self._wires_of[wire.target].discard(wire)

    def _route(self, item: WireItem) -> None:
        wire = item.wire
        source, target = self._blocks[wire.source], self._blocks[wire.target]
        side = "left"
        if item.is_shortcut:
            below = source.pos().y() >= target.pos().y() + g.HEIGHT and source.pos().x() < target.pos().x()
            target.set_shortcut_below(below)
            side = "bottom" if below else "top"
        item.set_ends(
            source.anchor(wire.source_port, is_input=False),
            target.anchor(wire.target_port, is_input=True),
            side,
        )

    def _place(self, block_id: str) -> None:
        position = QPointF(*(self.document.architecture[block_id].position or (0.0, 0.0)))
        if self._blocks[block_id].pos() != position:
            self._blocks[block_id].setPos(position)
            for wire in self._wires_of[block_id]:
                self._route(self._wires[wire])

    def _set_ports(self, block_id: str) -> None:
        spec = self.document.architecture[block_id].spec
        inputs = {port: g.input_anchor(spec.inputs, port) for port in spec.inputs}
        self._blocks[block_id].set_ports(inputs, bool(spec.outputs), self._taken(block_id))
        for wire in self._wires_of.get(block_id, ()):
            self._route(self._wires[wire])

    def _taken(self, block_id: str) -> frozenset[str]:
        return frozenset(
            wire.target_port if wire.target == block_id else "out"
            for wire in self._wires_of.get(block_id, ())
        )

    def _apply_states(self) -> None:
        for wire, item in self._wires.items():
            item.set_state(broken=self._faces.wire_is_broken(wire), dead=self._faces.wire_is_dead(wire))

    @Slot(str)
    def _on_block_added(self, block_id: str) -> None:
        self._make_block(block_id, bare_face(self.document.architecture[block_id]))
        self._tell_bounds()

    @Slot(str)
    def _on_block_removed(self, block_id: str) -> None:
        self._drop_block(block_id)
        self._tell_bounds()

    @Slot(str)
    def _on_block_moved(self, block_id: str) -> None:
        self._place(block_id)
        self._tell_bounds()

    @Slot(str, str)
    def _on_block_renamed(self, old: str, new: str) -> None:
        item = self._blocks.pop(old)
        item.block_id = new
        self._blocks[new] = item
        for wire in list(self._wires_of.pop(old, ())):
            self._wires_of[old].add(wire)
            self._drop_wire(wire)
        self._wires_of.pop(old, None)
        for wire in (
            *self.document.architecture.incoming(new).values(),
            *self.document.architecture.outgoing(new),
        ):
            self._make_wire(wire)

    @Slot(object)
    def _on_wire_added(self, wire: Wire) -> None:
        self._make_wire(wire)
        self._refresh_taken(wire)

    @Slot(object)
    def _on_wire_removed(self, wire: Wire) -> None:
        self._drop_wire(wire)
        self._refresh_taken(wire)

    def _refresh_taken(self, wire: Wire) -> None:
        for block_id in (wire.source, wire.target):
            self._blocks[block_id].set_taken(self._taken(block_id))

    @Slot()
    def _on_reset(self) -> None:
        before = {block_id: item.pos() for block_id, item in self._blocks.items()}
        self._sync()
        self._replaced |= before != {block_id: item.pos() for block_id, item in self._blocks.items()}
        self._tell_bounds()

    @Slot()
    def _on_analysed(self) -> None:
        self._faces = Faces(self.document)
        for block_id, item in self._blocks.items():
            item.set_face(self._faces.of(block_id))
        self._apply_states()
        self._caption()
        self._live.rearrange()

    @Slot()
    def _on_theme_changed(self) -> None:
        self._paints = paints()
        for item in self._blocks.values():
            item.set_paints(self._paints)
        for wire_item in self._wires.values():
            wire_item.set_paints(self._paints)
        for caption in self._captions.values():
            caption.set_paints(self._paints)
        self._live.set_paints(self._paints)
        self.differences.paints = self._paints
        self.update()

    def _caption(self) -> None:
        """Let the captions say and stand where the stages are now."""
        stages = {stage.name: stage for stage in stages_of(self.document)}
        for name in self._captions.keys() - stages:
            self.removeItem(self._captions.pop(name))
        for name, stage in stages.items():
            if name not in self._captions:
                self._captions[name] = CaptionItem(self._paints)
                self.addItem(self._captions[name])
            self._captions[name].set_stage(stage)

    @property
    def captions(self) -> list[str]:
        """What stands over the stages."""
        return [caption.text for caption in self._captions.values()]

    def _tell_bounds(self) -> None:
        self._live.rearrange()
        self.differences.touch()
        if not self._bounds_pending:
            self._bounds_pending = True
            self._bounds_turned.emit()

    @Slot()
    def _on_bounds_turned(self) -> None:
        self._bounds_pending = False
        self._caption()
        self.bounds_changed.emit()
        if self._replaced:
            self._replaced = False
            self.replaced.emit()

    @Slot()
    def _on_selection_changed(self) -> None:
        self._live.touch()
        if not self._selection_pending:
            self._selection_pending = True
            self._selection_turned.emit()

    @Slot()
    def _on_selection_turned(self) -> None:
        self._selection_pending = False
        ids = self.selection_ids()
        self.block_selected.emit(ids[0] if len(ids) == 1 else "")
        self.selection_settled.emit()
