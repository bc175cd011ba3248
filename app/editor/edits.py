"""Edits: what a person can do to a document, each verb one undo step. Gestures, keys, menus end here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count

import msgspec
from PySide6.QtCore import QPointF, QRectF

from app.canvas import geometry as g
from app.canvas.text import plural
from app.document import Document
from app.editor import clipboard
from app.editor.align import aligned, distributed
from app.editor.commands import (
    ArrangeBlocks,
    ChangeGraph,
    MoveBlocks,
    RenameArchitecture,
    RenameBlock,
    SetParameters,
)
from app.editor.instances import add_instance, add_instance_at, insert_instance
from app.editor.places import moves_to_make_room, shift_into_free_space, taken_places, with_cells
from app.rework import Rework
from app.undo import Command
from resviz.arch.blocks import kind_of
from resviz.arch.definitions import bundle, instance_around, name_of
from resviz.arch.graph import Architecture, Block, Position, Wire
from resviz.arch.layout import arrange
from resviz.arch.spec import Kind, Shape, Value
from resviz.arch.twin import is_plain, twin
from resviz.errors import ArchitectureError

PASTE_OFFSET = 32.0
_SESSIONS = count(1)


def new_session() -> int:
    """Return a number under which undo steps that belong together merge."""
    return next(_SESSIONS)


class Edits:
    """The verbs for one document. They raise `ResvizError` with the sentence to show where they refuse."""

    def __init__(self, document: Document) -> None:
        self.document = document

    # Blocks

    def add(self, kind: str, centre: QPointF, *, after: str | None = None, wire: Wire | None = None) -> str:
        """Add a block of `kind`, wired behind `after` (if that has an output) or into `wire`; return its id.

        Channels are taken over from what comes in, so that the new block fits. Inserted into a wire it goes
        between the wire's ends, and the blocks behind make room.
        """
        if after is not None and not self.document.architecture[after].spec.outputs:
            after = None
        own = name_of(kind)
        if own is not None:
            return self._add_own(own, centre, after=after, wire=wire)
        spec = kind_of(kind)
        source = wire.source if wire else after
        inside = instance_around(self.document.architecture, wire) if wire is not None else None
        block_id = self.document.architecture.free_id(f"{inside}.{kind}1" if inside else f"{kind}1")
        params = spec.complete(fitting(spec, self.document.inference.shapes.get(source) if source else None))
        if wire is not None:
            return self._insert(Block(block_id, kind, params, self.landing(kind, centre, wire)), wire)
        position = self.landing(kind, centre) if after is None else self._place_behind(after)
        wires = [Wire(after, block_id, target_port=spec.inputs[0])] if after and spec.inputs else []
        self._push(
            ChangeGraph(
                self.document,
                f"Add {spec.title}",
                add=[Block(block_id, kind, params, self._free_place(position, kind))],
                connect=wires,
            )
        )
        return block_id

    def _add_own(self, name: str, centre: QPointF, *, after: str | None, wire: Wire | None) -> str:
        """Add an instance of a definition; return its first block's id."""
        if wire is not None:
            place = self.landing(name, centre, wire)
            return insert_instance(
                self.document, name, place, wire, self._moves(self.document.architecture, wire, place)
            )
        place = self.landing(name, centre)
        if after is not None:
            place = self._free_place(self._place_behind(after), name)
        return add_instance(self.document, name, place, after=after)

    def add_at(self, kind: str, centre: QPointF, block_id: str, port: str, *, is_input: bool) -> str:
        """Add a block of `kind` around `centre`, wired to a port of another block; return its id.

        Channels are taken over from what comes in. A wire that takes the input already gives way.
        """
        own = name_of(kind)
        if own is not None:
            place = self.landing(own, centre)
            return add_instance_at(self.document, own, place, block_id, port, is_input=is_input)
        architecture, spec = self.document.architecture, kind_of(kind)
        source = self.document.architecture.incoming(block_id).get(port) if is_input else None
        feeding = (source.source if source else "") if is_input else block_id
        params = spec.complete(fitting(spec, self.document.inference.shapes.get(feeding)))
        new = architecture.free_id(f"{kind}1")
        gone: list[Wire] = []
        if is_input:
            wires = bundle(architecture, Wire(new, block_id, spec.outputs[0], port))
            taken = (architecture.incoming(w.target).get(w.target_port) for w in wires)
            gone = [w for w in taken if w is not None]
            wires += [Wire(w.source, new, w.source_port, spec.inputs[0]) for w in gone[:1] if spec.inputs]
        else:
            wires = [Wire(block_id, new, port, spec.inputs[0])]
        block = Block(new, kind, params, self._free_place(self._beside(block_id, centre, is_input), kind))
        self._push(
            ChangeGraph(self.document, f"Add {spec.title}", add=[block], disconnect=gone, connect=wires)
        )
        return new

    def landing(self, kind: str, centre: QPointF, wire: Wire | None = None) -> Position:
        """Return where a block of `kind` dropped at `centre` (into `wire`) would stand.

        Between neighbours in a row, which make room; else the nearest place that is free.
        """
        dropped = g.snapped(centre - g.BODY.center())
        place = self._between(wire, dropped) if wire is not None else None
        return place or self._free_place(dropped, kind)

    def can_insert(self, block_id: str) -> bool:
        """Return whether a block would go into a wire that it is dropped on: it has none yet."""
        architecture = self.document.architecture
        spec = architecture[block_id].spec
        free = not architecture.incoming(block_id) and not architecture.outgoing(block_id)
        return free and bool(spec.inputs) and bool(spec.outputs)

    def insert_existing(self, block_id: str, wire: Wire, dropped: Position) -> None:
        """Put a block that has no wires into a wire that it was dropped on."""
        block, place = self.document.architecture[block_id], self._between(wire, dropped) or dropped
        without = self.document.architecture.copy()
        without.remove(block_id)
        moves = {**self._moves(without, wire, place), block_id: place}
        self._into(wire, block, moves, [])

    def _insert(self, block: Block, wire: Wire) -> str:
        moves = self._moves(self.document.architecture, wire, block.position or (0.0, 0.0))
        self._into(wire, block, moves, [block])
        return block.id

    def _into(self, wire: Wire, block: Block, moves: Mapping[str, Position], add: list[Block]) -> None:
        """Lead a wire through a block, as one step with the moves that make room."""
        spec, stack, gone = block.spec, self.document.undo_stack, self._there(wire)
        stack.beginMacro(f"Insert {spec.title}")
        try:
            if moves:
                stack.push(MoveBlocks(self.document, moves))
            stack.push(
                ChangeGraph(
                    self.document,
                    f"Insert {spec.title}",
                    add=add,
                    disconnect=gone,
                    connect=[
                        Wire(wire.source, block.id, wire.source_port, spec.inputs[0]),
                        *(Wire(block.id, w.target, spec.outputs[0], w.target_port) for w in gone),
                    ],
                )
            )
        finally:
            stack.endMacro()

    def remove(self, block_ids: Iterable[str], wires: Iterable[Wire] = ()) -> None:
        """Remove blocks with their wires, and wires."""
        blocks, loose = list(block_ids), list(wires)
        if blocks or loose:
            what = plural(len(blocks), "block") if blocks else plural(len(loose), "wire")
            self._push(ChangeGraph(self.document, f"Delete {what}", remove=blocks, disconnect=loose))

    def move(self, positions: Mapping[str, Position], session: int | None = None) -> None:
        """Place blocks; nothing happens where all are there already."""
        moved = {b: p for b, p in positions.items() if self.document.architecture[b].position != p}
        if moved:
            self._push(MoveBlocks(self.document, moved, session))

    def nudge(self, block_ids: Iterable[str], right: float, down: float, session: int | None = None) -> None:
        """Move blocks by so much."""
        positions = {}
        for block_id in block_ids:
            x, y = self.document.architecture[block_id].position or (0.0, 0.0)
            positions[block_id] = (x + right, y + down)
        self.move(positions, session)

    def set_params(self, changes: Mapping[str, Mapping[str, Value]], session: int | None = None) -> None:
        """Change parameters of blocks.

        Raises:
            ParameterError: a value cannot be used; nothing is changed.
        """
        architecture = self.document.architecture
        real = {}
        for block_id, params in changes.items():
            block = architecture[block_id]
            checked = {
                name: block.spec.parameter(name).check(block.kind, value) for name, value in params.items()
            }
            new = {name: value for name, value in checked.items() if block.params[name] != value}
            if new:
                real[block_id] = new
        if real:
            self._push(SetParameters(self.document, real, session))

    def rename(self, block_id: str, new_id: str) -> None:
        """Give a block another id.

        Raises:
            ArchitectureError: the id is empty or taken.
        """
        wanted = new_id.strip()
        if wanted == block_id:
            return
        if not wanted:
            raise ArchitectureError("A block needs a name: type one.")
        if wanted in self.document.architecture:
            raise ArchitectureError(f"There is already a block called {wanted!r}: choose another name.")
        self._push(RenameBlock(self.document, block_id, wanted))

    # Wires

    def connect(self, wire: Wire, *, instead: Wire | None = None) -> None:
        """Add a wire. What takes the input gives way, and so does `instead` (the wire whose end was moved).

        Raises:
            ArchitectureError: the wire would close a circle, or has no port to go to.
        """
        if wire == instead:
            return
        architecture = self.document.architecture
        wires = bundle(architecture, wire)
        for each in wires:
            refusal = self.document.refusal(each)
            if refusal is not None:
                raise ArchitectureError(refusal)
        taken = {architecture.incoming(w.target).get(w.target_port) for w in wires}
        held = self._there(instead) if instead is not None else []
        out = {w for w in (*taken, *held) if w is not None} - set(wires)
        new = [w for w in wires if w not in taken]
        if new or out:
            text = ("Rewire" if out else "Connect") if new else "Remove wire"
            self._push(ChangeGraph(self.document, text, disconnect=out, connect=new))

    # Copy and paste

    def copy_text(self, block_ids: Iterable[str]) -> str:
        """Return blocks with the wires among them as text for the clipboard."""
        return clipboard.to_text(self.document.architecture, block_ids)

    def paste_text(self, text: str, centre: QPointF | None = None, what: str = "Paste") -> list[str]:
        """Add what a text holds, around `centre` or beside where it was, in free space; return the new ids.

        Raises:
            ResvizError: the text holds no blocks.
        """
        piece = clipboard.renamed_for(self.document.architecture, clipboard.from_text(text))
        blocks = list(piece.blocks.values())
        if not blocks:
            return []
        area = QRectF()
        for block in blocks:
            area |= g.BODY.translated(*(block.position or (0.0, 0.0)))
        wanted = QPointF(PASTE_OFFSET, PASTE_OFFSET) if centre is None else centre - area.center()
        offset = QPointF(*shift_into_free_space(self.document.architecture, blocks, g.snapped(wanted)))
        placed = [
            msgspec.structs.replace(b, position=g.snapped(QPointF(*(b.position or (0.0, 0.0))) + offset))
            for b in blocks
        ]
        after = self.document.architecture.copy()
        for block in placed:
            after.insert(block)
        for wire in piece.wires:
            after.connect(wire)
        after.twin_memory |= piece.twin_memory
        after.groups |= piece.groups
        after.definitions |= piece.definitions
        self._push(Rework(self.document, f"{what} {plural(len(placed), 'block')}", after))
        return [block.id for block in placed]

    def duplicate(self, block_ids: Iterable[str]) -> list[str]:
        """Copy blocks beside themselves; return the new ids."""
        return self.paste_text(self.copy_text(block_ids), what="Duplicate")

    # The whole

    def rename_architecture(self, name: str) -> None:
        """Give the architecture another name."""
        wanted = name.strip()
        if wanted and wanted != self.document.name:
            self._push(RenameArchitecture(self.document, wanted))

    def twin(self) -> None:
        """Remove the shortcuts, or put them back.

        Raises:
            ArchitectureError: nothing here can have one.
        """
        text = "Put the shortcuts back" if is_plain(self.document.architecture) else "Remove the shortcuts"
        made = twin(self.document.architecture)
        if made == self.document.architecture:
            raise ArchitectureError(
                "Nothing here can have a shortcut: add residual units or additions first."
            )
        self.document.replace(made, text)

    def tidy_up(self) -> None:
        """Arrange all blocks: stages as rows."""
        self._arrange(arrange(self.document.architecture), "Tidy up")

    def align(self, block_ids: Iterable[str], name: str) -> None:
        """Let blocks stand in one line: "left", "centre", "right", "top", "middle" or "bottom"."""
        self._arrange_cells(aligned(self._places(block_ids), name), f"Align {name}")

    def distribute(self, block_ids: Iterable[str], axis: int) -> None:
        """Let blocks stand at equal distances along x (0) or y (1)."""
        text = f"Distribute {'vertically' if axis else 'horizontally'}"
        self._arrange_cells(distributed(self._places(block_ids), axis), text)

    def _places(self, block_ids: Iterable[str]) -> dict[str, Position]:
        """Return where blocks stand, a folded group by its first one."""
        architecture, chosen = self.document.architecture, set(block_ids)
        return {b: architecture[b].position or (0.0, 0.0) for b in architecture.cells() if b in chosen}

    def _arrange_cells(self, positions: Mapping[str, Position], text: str) -> None:
        """Place blocks, and with the first one of a folded group the others."""
        self._arrange(with_cells(self.document.architecture, positions), text)

    def _arrange(self, positions: Mapping[str, Position], text: str) -> None:
        moved = {b: p for b, p in positions.items() if self.document.architecture[b].position != p}
        if moved:
            self._push(ArrangeBlocks(self.document, moved, text))

    # Places

    def _there(self, wire: Wire) -> list[Wire]:
        """Return the wires of the document that one stands for: into a folded group may lead several."""
        architecture = self.document.architecture
        wires = bundle(architecture, wire)
        return [w for w in wires if architecture.incoming(w.target).get(w.target_port) == w]

    def _moves(self, architecture: Architecture, wire: Wire, place: Position) -> dict[str, Position]:
        """Return what moves so that a block can stand at `place`, in a wire, if that runs along a row."""
        ahead = architecture[wire.target].position or place
        return moves_to_make_room(architecture, place, ahead) if self._between(wire, place) else {}

    def _push(self, command: Command) -> None:
        self.document.undo_stack.push(command)

    def _free_place(self, position: Position, kind: str) -> Position:
        """Return the place nearest to `position` where a block of `kind` covers no other one and no arc."""
        return g.free_place(g.footprint(kind), position, taken_places(self.document.architecture))

    def _beside(self, block_id: str, centre: QPointF, before: bool) -> Position:
        """Return where a block around `centre` stands: in line with its neighbour, if it is about there."""
        x, y = g.snapped(centre - g.BODY.center())
        near_x, near_y = self.document.architecture[block_id].position or (0.0, 0.0)
        near_x += -g.PITCH_X if before else g.PITCH_X
        about = abs(x - near_x) <= g.WIDTH / 2 and abs(y - near_y) <= g.HEIGHT / 2
        return (near_x, near_y) if about else (x, y)

    def _place_behind(self, block_id: str) -> Position:
        x, y = self.document.architecture[block_id].position or (0.0, 0.0)
        return x + g.PITCH_X, y

    def _between(self, wire: Wire, dropped: Position) -> Position | None:
        """Return the place for a block in a wire whose ends stand about in one row, else None."""
        source = self.document.architecture[wire.source].position or (0.0, 0.0)
        target = self.document.architecture[wire.target].position or (0.0, 0.0)
        if target[0] <= source[0] or abs(target[1] - source[1]) >= g.PITCH_Y:
            return None
        if target[0] - source[0] < 2 * g.PITCH_X:
            return source[0] + g.PITCH_X, source[1]
        return min(max(dropped[0], source[0] + g.PITCH_X), target[0] - g.PITCH_X), source[1]


def fitting(spec: Kind, shape: Shape | None) -> dict[str, Value]:
    """Return parameters that let a block of `spec` keep the channels of what comes in."""
    names = {parameter.name for parameter in spec.parameters}
    if shape is None or len(shape) != 3 or "out_channels" not in names:
        return {}
    fitting: dict[str, Value] = {"out_channels": shape[0]}
    if "width" in names:
        fitting["width"] = max(shape[0] // 4, 1)
    return fitting
