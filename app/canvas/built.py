"""BuiltScene: makes, places, routes and takes out items, so that they agree with the document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from PySide6.QtCore import QObject, QPointF, QSignalBlocker

from app.canvas import geometry as g
from app.canvas.block_item import BlockItem
from app.canvas.face import bare_face
from app.canvas.limbo import Limbo
from app.canvas.live import Live
from app.canvas.paints import paints
from app.canvas.placed import PlacedScene
from app.canvas.stack_face import bare_stack_face
from app.canvas.stack_item import StackItem
from app.canvas.stacking import block_inputs, folded_names, misplaced, stack_inputs, taken_ports
from app.canvas.wire_item import WireItem
from app.document import Document
from resviz.arch.folding import way_out
from resviz.arch.graph import Wire


class BuiltScene(PlacedScene):
    """An item a block, a folded group and a wire; what they look like is told by a scene that follows."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(document, parent)
        self._wires_of: dict[str, set[Wire]] = defaultdict(set)
        self._folded: dict[str, str] = {}
        """The folded group of each of its blocks, of those removed too: undo brings them back."""
        self._new: set[str] = set()
        """Blocks whose items have no face yet."""
        self._limbo = Limbo()
        self._paints = paints()
        self._live = Live(self, self._items, self._wires, self._paints)

    def _sync(self) -> None:
        """Make items and document agree, keeping what stays."""
        architecture, wires = self.document.architecture, self.document.architecture.wires
        self._folded = folded_names(architecture)
        gone, had = self._wires.keys() - set(wires), bool(self.selectedItems())
        with QSignalBlocker(self):  # one word on the selection is enough
            for wire in gone:
                self._drop_wire(wire, kept=True)
            lost = [block_id for block_id in self._items.ids() if block_id not in architecture]
            self._take_out(lost + misplaced(architecture, self._items, self._folded), kept=True)
        made = [block_id for block_id in architecture.blocks if block_id not in self._items]
        for block_id in made:
            self._make_block(block_id)
        drawn = [wire for wire in wires if wire not in self._wires and self._make_wire(wire, routed=False)]
        astray = set(drawn)
        ends = {block_id for wire in (*gone, *drawn) for block_id in (wire.source, wire.target)}
        for block_id, block in architecture.blocks.items():
            item = self._items[block_id]
            shape = set(block.spec.inputs), bool(block.spec.outputs)
            if item.is_stack or shape != (set(item.inputs), item.has_output):
                self._set_ports(block_id)
            elif block_id in ends or block_id in self._new:
                item.set_taken(self._taken(item, item.inputs))
            if self._shift(block_id):
                astray.update(wire for member in item.members for wire in self._wires_of[member])
        for wire in astray:
            self._route(self._wires[wire])
        self._order_stacks()
        if had:
            self.selectionChanged.emit()

    def _take_out(self, block_ids: Iterable[str], *, kept: bool = False) -> None:
        for block_id in block_ids:
            for wire in list(self._wires_of[block_id]):
                self._drop_wire(wire, kept=kept)
            self._drop_block(block_id, kept=kept)

    def _make_block(self, block_id: str) -> None:
        self._new.add(block_id)
        name, face = self._folded.get(block_id), bare_face(self.document.architecture[block_id])
        if name is not None and name in self._items.stacks:
            self._items.join(block_id, name)
            return
        known = self._limbo.block(block_id, self._paints)
        if known is not None and name is None:
            known.set_face(face)
        item = known or BlockItem(block_id, face, self._paints, self._live.board)
        if name is None:
            self._items.put(item)
        else:
            item = StackItem(name, bare_stack_face(face), self._paints, self._live.board)
            self._items.put_stack(item)
            self._items.join(block_id, name)
        self._live.adopt_block(item)
        if item is not known:
            self._set_ports(block_id)
        elif "shortcut" in item.inputs:
            item.set_shortcut_below(False)
        self._place(block_id)
        self.addItem(item)

    def _drop_block(self, block_id: str, *, kept: bool = False) -> None:
        item = self._items.drop(block_id)
        if item is not None:
            self.removeItem(item)
            if kept:
                self._limbo.keep_block(item)
        self._wires_of.pop(block_id, None)

    def _order_stacks(self) -> None:
        """Let the folded groups know which of their blocks is the first, and which is read outside."""
        if not self._items.stacks:
            return
        architecture = self.document.architecture
        rank = {block_id: number for number, block_id in enumerate(architecture.order())}
        for stack in self._items.stacks.values():
            members = sorted(stack.members, key=rank.__getitem__)
            stack.settle(members, way_out(architecture, members))
            self._place(stack.block_id)
            self._set_ports(stack.block_id)

    def _make_wire(self, wire: Wire, *, routed: bool = True) -> bool:
        """Draw a wire; return whether it is drawn: not inside a folded group."""
        home = self._items.home.get(wire.source)
        if home is not None and home == self._items.home.get(wire.target):
            return False
        item = self._limbo.wire(wire, self._paints) or WireItem(wire, self._paints, self._live.board)
        item.into_stack = self._items[wire.target].is_stack
        adds = self.document.architecture[wire.target].kind == "add" and not item.into_stack
        self._live.adopt_wire(item, adds=adds)
        self._wires[wire] = item
        self._wires_of[wire.source].add(wire)
        self._wires_of[wire.target].add(wire)
        if routed:
            self._route(item)
        self.addItem(item)
        return True

    def _drop_wire(self, wire: Wire, *, kept: bool = False) -> None:
        item = self._wires.pop(wire, None)
        if item is None:
            return
        self._live.drop_wire(item)
        self.removeItem(item)
        if kept:
            self._limbo.keep_wire(item)
        self._wires_of[wire.source].discard(wire)
        self._wires_of[wire.target].discard(wire)
        target = self._items.get(wire.target)
        if item.is_shortcut and target is not None:
            target.set_shortcut_below(False)  # where it is while nothing comes in

    def _route(self, item: WireItem) -> None:
        wire = item.wire
        source, target = self._items[wire.source], self._items[wire.target]
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
        if self._shift(block_id):
            for member in self._items[block_id].members:
                for wire in self._wires_of[member]:
                    self._route(self._wires[wire])

    def _shift(self, block_id: str) -> bool:
        """Let a block's item stand where the block does; return whether it stood elsewhere."""
        item = self._items[block_id]
        position = QPointF(*(self.document.architecture[block_id].position or (0.0, 0.0)))
        if block_id != item.block_id or item.pos() == position:
            return False
        item.setPos(position)
        return True

    def _set_ports(self, block_id: str) -> None:
        item, architecture = self._items[block_id], self.document.architecture
        spec = architecture[block_id].spec
        if item.is_stack and block_id != item.block_id:
            return
        inputs = stack_inputs(architecture, item) if item.is_stack else block_inputs(spec)
        item.set_ports(inputs, bool(spec.outputs), self._taken(item, inputs))
        for member in item.members:
            for wire in self._wires_of.get(member, ()):
                self._route(self._wires[wire])

    def _taken(self, item: BlockItem, inputs: Iterable[str]) -> frozenset[str]:
        wires = (wire for member in item.members for wire in self._wires_of.get(member, ()))
        return taken_ports(item, inputs, wires)
