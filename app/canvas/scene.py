"""NetworkScene: the picture of a document. Subscribes to it, keeps an item a block and a wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from PySide6.QtCore import QObject, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QGraphicsSceneHelpEvent, QToolTip

from app.canvas import geometry as g
from app.canvas.block_item import BlockItem
from app.canvas.built import BuiltScene
from app.canvas.caption import Captions
from app.canvas.difference_item import NOTHING, DifferenceItem, Marked
from app.canvas.face import Faces
from app.canvas.group_frames import GroupFrames
from app.canvas.outline import reach
from app.canvas.paints import paints
from app.canvas.placed import Port
from app.canvas.readout import Readouts
from app.canvas.stack_face import stack_face, stack_summary
from app.canvas.stack_item import StackItem
from app.canvas.stacking import folded_names, misplaced
from app.canvas.telling import block_tooltip
from app.canvas.wire_item import WireItem
from app.document import Document
from app.theme import theme
from app.undo import WIDE
from resviz.arch.graph import Wire
from resviz.arch.reinfer import Changed

__all__ = ["NetworkScene", "Port"]


class NetworkScene(BuiltScene):
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
        super().__init__(document, parent)
        self._captions = Captions(self, self._paints)
        self.differences = DifferenceItem(document, self._items, self._live.board, self._paints)
        self._frames = GroupFrames(document, self._items, self._paints)
        for item in (self.differences, self._frames):
            self.addItem(item)
        self._selection_pending = False
        self._bounds_pending = False
        self._replaced = False
        self._faces = Faces(document)
        self._sync()
        self._show_faces(None)
        document.block_added.connect(self._on_block_added)
        document.block_removed.connect(self._on_block_removed)
        document.block_moved.connect(self._on_block_moved)
        document.block_renamed.connect(self._on_block_renamed)
        document.wire_added.connect(self._on_wire_added)
        document.wire_removed.connect(self._on_wire_removed)
        document.groups_changed.connect(self._on_groups_changed)
        document.changed_widely.connect(self._on_changed_widely)
        document.was_reset.connect(self._on_reset)
        document.analysed.connect(self._on_analysed)
        theme().changed.connect(self._on_theme_changed)
        self.selectionChanged.connect(self._on_selection_changed)
        self._selection_turned.connect(self._on_selection_turned, Qt.ConnectionType.QueuedConnection)
        self._bounds_turned.connect(self._on_bounds_turned, Qt.ConnectionType.QueuedConnection)

    # Reading

    def bounds(self, zoom: float = 1.0) -> QRectF:
        """Return the rectangle around all blocks with their arcs; a middling one when there are none.

        `zoom`: as near as that the captions of the stages are seen, which are in it too.
        """
        if self._bounds_pending:
            self._captions.show(self.document)  # where blocks are now
        rect = reach(self._items, g.BODY)
        arched = [item.y() for item in self._items if item.face.shortcut not in ("", "none")]
        rect.setTop(min([rect.top(), *(y + g.ARC_TOP for y in arched)]))
        rect.setTop(min(rect.top(), self._captions.top))
        rect |= self.differences.missing_area()
        rect.setRight(max(rect.right(), self._captions.right(zoom)))
        return rect.adjusted(-24, -16, 24, 16) if self._items else QRectF(-300, -200, 600, 400)

    # Changing what is shown (never the document)

    def preview_move(self, positions: Mapping[str, tuple[float, float]]) -> None:
        """Show blocks elsewhere while they are dragged; the document is told when they are dropped."""
        blocks = self.document.architecture.blocks
        at_home = all(blocks[block_id].position == place for block_id, place in positions.items())
        step = self._shared_step(positions) if len(positions) > WIDE else None
        marked = self.differences.marked != NOTHING or bool(self.document.architecture.groups)
        everything = len(positions) == len(blocks) and not marked
        if everything and not at_home and step is not None and self._live.carry(step):
            return  # from far away the whole picture is shifted
        touched: set[Wire] = set()
        moved: dict[BlockItem, None] = {}
        for block_id, position in positions.items():
            item = self._items[block_id]
            if block_id == item.block_id:
                item.setPos(*position)
            moved[item] = None
            touched |= self._wires_of[block_id]
        for wire in touched:
            if step is not None and wire.source in positions and wire.target in positions:
                self._wires[wire].shift(step)
            else:
                self._route(self._wires[wire])
        self.differences.touch()
        self._frames.touch()
        if at_home:
            self._tell_bounds()  # All are back at home.
        else:
            self._live.lift(moved, touched)

    def _shared_step(self, positions: Mapping[str, tuple[float, float]]) -> QPointF | None:
        """Return how far all these places are from where the blocks are seen; None: not all as far."""
        steps = {
            (place[0] - item.x(), place[1] - item.y())
            for item, place in ((self._items[block_id], place) for block_id, place in positions.items())
        }
        return QPointF(*steps.pop()) if len(steps) == 1 and not self._items.stacks else None

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
        hot = None if port is None else self._items[port.block]
        for item in self._items:
            if item.hot_port is not None and item is not hot:
                item.set_hot_port(None)
        if port is not None and hot is not None:
            hot.set_hot_port(port.name)

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
        return block_tooltip(self.document, self._faces, item, self._live.board, self.differences)

    def summary(self, block_id: str) -> tuple[str, ...]:
        """Return what a block, or the stack it is in, is and costs in one line, and shorter forms of that."""
        item = self._items[block_id]
        if isinstance(item, StackItem):
            return stack_summary(self.document, item.stack_face, item.members)
        return self._faces.summary(block_id)

    # Following the document

    def _apply_states(self, block_ids: Iterable[str]) -> None:
        for wire in {wire for block_id in block_ids for wire in self._wires_of.get(block_id, ())}:
            item = self._wires[wire]
            item.set_state(broken=self._faces.wire_is_broken(wire), dead=self._faces.wire_is_dead(wire))

    @Slot(str)
    def _on_block_added(self, block_id: str) -> None:
        self._make_block(block_id)
        self._set_ports(block_id)  # an item that was kept may show those of another block of this name
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
        self._items.rename(old, new)
        self._folded = folded_names(self.document.architecture)
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
            item = self._items[block_id]
            item.set_taken(self._taken(item, item.inputs))

    @Slot()
    def _on_reset(self) -> None:
        before = {item.block_id: item.pos() for item in self._items}
        self._sync()
        self._replaced |= before != {item.block_id: item.pos() for item in self._items}
        self._tell_bounds()

    @Slot()
    def _on_changed_widely(self) -> None:
        self._sync()
        self._tell_bounds()

    @Slot()
    def _on_groups_changed(self) -> None:
        self._folded = folded_names(self.document.architecture)
        self._tell_bounds()
        moved = misplaced(self.document.architecture, self._items, self._folded)
        if not moved:
            return
        chosen = set(self.selection_ids()).intersection(moved)
        architecture = self.document.architecture
        self._take_out(moved)
        for block_id in moved:
            self._make_block(block_id)
        wires = (w for b in moved for w in (*architecture.incoming(b).values(), *architecture.outgoing(b)))
        for wire in dict.fromkeys(wires):
            if wire not in self._wires:
                self._make_wire(wire)
        for block_id in moved:
            self._set_ports(block_id)
        self._order_stacks()
        self.select(chosen, add=True)

    @Slot()
    def _on_analysed(self) -> None:
        self._show_faces(self.document.news)

    def _show_faces(self, news: Changed) -> None:
        """Let items look as the analysis says; `news`: where it may say something else, None: everywhere."""
        last, self._faces = self._faces, Faces(self.document)
        before, known = last.dead, self.document.architecture.blocks
        # Where no way leads to the output, nothing is dead, ignored wires neither: that turns at once.
        if news is None or last.judges_use != self._faces.judges_use:
            chosen = set(known)
        else:
            chosen = {b for b in (*news, *self._new, *(before ^ self._faces.dead)) if b in known}
        self._new.clear()
        self._order_stacks()
        groups = self.document.architecture.grouped() if self._items.stacks else {}
        for stack in self._items.stacks.values():
            face = stack_face(self.document, self._faces, stack.name, groups[stack.name], stack.members)
            stack.set_stack_face(face)
        for block_id in chosen:
            item = self._items[block_id]
            if not item.is_stack:
                item.set_face(self._faces.of(block_id))
        self._apply_states(chosen)
        self._captions.show(self.document)
        self._live.rearrange()

    @Slot()
    def _on_theme_changed(self) -> None:
        self._paints = paints()
        for item in self._items:
            item.set_paints(self._paints)
        for wire_item in self._wires.values():
            wire_item.set_paints(self._paints)
        self._captions.set_paints(self._paints)
        self._live.set_paints(self._paints)
        self.differences.paints = self._frames.paints = self._paints
        self._live.repaint()

    @property
    def captions(self) -> list[str]:
        """What stands over the stages."""
        return self._captions.texts

    def _tell_bounds(self) -> None:
        self._live.rearrange()
        self.differences.touch()
        self._frames.touch()
        if not self._bounds_pending:
            self._bounds_pending = True
            self._bounds_turned.emit()

    @Slot()
    def _on_bounds_turned(self) -> None:
        self._bounds_pending = False
        self._live.measure()
        self._captions.show(self.document)
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
