"""Undo commands: each redo and undo calls mutators of the document and never touches the view."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from app.document import Document
from app.undo import WIDE, Command
from resviz.arch.graph import Architecture, Block, Position, Wire
from resviz.arch.spec import Value


class ChangeGraph(Command):
    """Take wires and blocks out and put others in: add, remove, connect, rewire, insert and paste.

    Wires of removed blocks are taken out with them.

    Raises:
        ArchitectureError: the result would be no architecture; nothing is changed then.
    """

    def __init__(
        self,
        document: Document,
        text: str,
        *,
        add: Iterable[Block] = (),
        remove: Iterable[str] = (),
        connect: Iterable[Wire] = (),
        disconnect: Iterable[Wire] = (),
    ) -> None:
        super().__init__(text)
        self._document = document
        architecture = document.architecture
        gone = dict.fromkeys(remove)
        self._removed = [architecture[block_id] for block_id in gone]
        wires = set(disconnect)
        for block_id in gone:
            wires.update(architecture.incoming(block_id).values(), architecture.outgoing(block_id))
        self._disconnected = sorted(wires)
        self._added = list(add)
        self._connected = list(connect)
        parts = len(self._disconnected), len(self._removed), len(self._added), len(self._connected)
        self._ends: tuple[Architecture, Architecture] | None = None
        """Of a step that changes much: all there was before, and all there is after it."""
        if sum(parts) > WIDE:
            self._ends = architecture.copy(), self._rehearsed()
        elif self._added or self._connected:
            self._rehearsed()

    def _rehearsed(self) -> Architecture:
        """Try on a copy: a step that fails halfway could be neither undone nor done again."""
        trial = self._document.architecture.copy()
        for wire in self._disconnected:
            trial.disconnect(wire)
        for block in self._removed:
            trial.remove(block.id)
        for block in self._added:
            trial.insert(block)
        for wire in self._connected:
            trial.connect(wire)
        return trial

    def redo(self) -> None:
        """Take out, then put in."""
        if self._ends is not None:
            self._document.become(self._ends[1].copy())
            return
        self._swap(self._disconnected, self._removed, self._added, self._connected)

    def undo(self) -> None:
        """Take out what was put in, then put back."""
        if self._ends is not None:
            self._document.become(self._ends[0].copy())
            return
        self._swap(self._connected, self._added, self._removed, self._disconnected)

    def _swap(
        self,
        wires_out: Sequence[Wire],
        blocks_out: Sequence[Block],
        blocks_in: Sequence[Block],
        wires_in: Sequence[Wire],
    ) -> None:
        for wire in wires_out:
            self._document.disconnect_wire(wire)
        for block in blocks_out:
            self._document.remove_block(block.id)
        for block in blocks_in:
            self._document.insert_block(block)
        for wire in wires_in:
            self._document.connect_wire(wire)


class MoveBlocks(Command):
    """Place blocks. Moves with the same `gesture` number that follow each other are one step."""

    def __init__(
        self, document: Document, positions: Mapping[str, Position], gesture: int | None = None
    ) -> None:
        super().__init__("Move" if len(positions) == 1 else f"Move {len(positions)} blocks")
        self._document = document
        self._gesture = gesture
        self._after = dict(positions)
        self._before = {block_id: document.architecture[block_id].position for block_id in positions}

    def merge_with(self, other: Command) -> bool:
        """Take in a later move of the same blocks in the same gesture."""
        if (
            not isinstance(other, MoveBlocks)
            or self._gesture is None
            or other._gesture != self._gesture
            or other._after.keys() != self._after.keys()
        ):
            return False
        self._after = other._after
        return True

    def redo(self) -> None:
        """Move there."""
        self._document.move_blocks(self._after)

    def undo(self) -> None:
        """Move back."""
        self._document.move_blocks(self._before)


class ArrangeBlocks(MoveBlocks):
    """Place blocks by a rule, not by hand."""

    def __init__(self, document: Document, positions: Mapping[str, Position], text: str) -> None:
        super().__init__(document, positions)
        self.text = text

    @property
    def before(self) -> dict[str, Position]:
        """Where the blocks stood."""
        return {block_id: place or (0.0, 0.0) for block_id, place in self._before.items()}

    @property
    def after(self) -> dict[str, Position]:
        """Where they stand now."""
        return self._after


class SetParameters(Command):
    """Change parameters of blocks. Changes of the same field in the same `session` are one step."""

    def __init__(
        self, document: Document, changes: Mapping[str, Mapping[str, Value]], session: int | None = None
    ) -> None:
        self._names = sorted({name for params in changes.values() for name in params})
        super().__init__(f"Change {', '.join(self._names)}")
        self._document = document
        self.session = session
        self._after = {block_id: dict(params) for block_id, params in changes.items()}
        self._before = {
            block_id: {name: document.architecture[block_id].params[name] for name in params}
            for block_id, params in changes.items()
        }

    def merge_with(self, other: Command) -> bool:
        """Take in a later change of the same parameters in the same session (a spin box being stepped).

        Of several blocks a step may change only some: those that have the new value already stay out.
        """
        if (
            not isinstance(other, SetParameters)
            or self.session is None
            or other.session != self.session
            or other._names != self._names
        ):
            return False
        for block_id, params in other._after.items():
            self._before[block_id] = {**other._before[block_id], **self._before.get(block_id, {})}
            self._after[block_id] = {**self._after.get(block_id, {}), **params}
        return True

    def redo(self) -> None:
        """Set the new values."""
        for block_id, params in self._after.items():
            self._document.set_params(block_id, params)

    def undo(self) -> None:
        """Set the old values."""
        for block_id, params in self._before.items():
            self._document.set_params(block_id, params)


class RenameBlock(Command):
    """Give a block another id."""

    def __init__(self, document: Document, block_id: str, new_id: str) -> None:
        super().__init__(f"Rename {block_id}")
        self._document = document
        self._old, self._new = block_id, new_id
        self._memory = dict(document.architecture.twin_memory)
        self._groups = dict(document.architecture.groups)

    def redo(self) -> None:
        """Rename."""
        self._document.rename_block(self._old, self._new)

    def undo(self) -> None:
        """Rename back; what twin and groups knew under the new id comes back too."""
        self._document.rename_block(self._new, self._old)
        self._document.set_twin_memory(self._memory)
        self._document.set_groups(self._groups)


class RenameArchitecture(Command):
    """Give the architecture another name."""

    def __init__(self, document: Document, name: str) -> None:
        super().__init__(f"Name it {name}")
        self._document = document
        self._before, self._after = document.name, name

    def redo(self) -> None:
        """Set the new name."""
        self._document.set_name(self._after)

    def undo(self) -> None:
        """Set the old name."""
        self._document.set_name(self._before)
