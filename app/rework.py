"""One undo step that leads from the document as it is to a reworked copy, by the fewest changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.undo import WIDE, Command
from resviz.arch.graph import Architecture

if TYPE_CHECKING:
    from app.document import Document


class Rework(Command):
    """Make the document what a reworked copy of it is; blocks that stay as they are are not touched.

    Raises:
        ArchitectureError: the copy is no architecture.
    """

    def __init__(
        self, document: Document, text: str, after: Architecture, *, before: Architecture | None = None
    ) -> None:
        """Keep both ends.

        Args:
            document: to be changed.
            text: what the step is called.
            after: what the document will be.
            before: what undo leads back to; None: what the document is now.
        """
        super().__init__(text)
        self._document = document
        self._before, self._after = (before or document.architecture).copy(), after.copy()

    @property
    def changes(self) -> bool:
        """Whether there is any difference."""
        return self._before != self._after

    def merge_with(self, other: Command) -> bool:
        """Take in a later step of the same session (a spin box being stepped)."""
        if (
            not isinstance(other, Rework)
            or self.session is None
            or other.session != self.session
            or other.text != self.text
        ):
            return False
        self._after = other._after
        return True

    def foresee(self, followed: Callable[[Architecture, Architecture], Architecture | None]) -> None:
        """Lead also to what follows from it, before it is done."""
        after = followed(self._before, self._after)
        if after is not None:
            self._after = after.copy()

    def extend(self, after: Architecture) -> None:
        """Lead to `after` from now on, and take that over: what leads there so far is done already."""
        self._after = after.copy()
        self._go(self._document.architecture.copy(), self._after)

    def redo(self) -> None:
        """Take over what is new."""
        self._go(self._before, self._after)

    def undo(self) -> None:
        """Take over what was."""
        self._go(self._after, self._before)

    def _go(self, here: Architecture, there: Architecture) -> None:
        document = self._document
        gone = {b for b in here.blocks if b not in there or there[b].kind != here[b].kind}
        new = [b for b in there.blocks if b not in here or b in gone]
        wires, wanted = set(here.wires), set(there.wires)
        touched = {*gone, *new}
        kept = {w for w in wires & wanted if w.source not in touched and w.target not in touched}
        changed = sum(b in here and here[b] != block for b, block in there.blocks.items())
        if changed + len(touched) + len(wires - kept) + len(wanted - kept) > WIDE:
            document.become(there.copy())
            return
        for wire in sorted(wires - kept):
            document.disconnect_wire(wire)
        for block_id in here.blocks:
            if block_id in gone:
                document.remove_block(block_id)
        for block_id in new:
            document.insert_block(there[block_id])
        document.set_definitions(there.definitions)
        document.set_groups(there.groups)
        for block_id, block in there.blocks.items():
            if block_id in touched:
                continue
            old = here[block_id]
            params = {name: value for name, value in block.params.items() if old.params[name] != value}
            if params:
                document.set_params(block_id, params)
            if block.bypassed != old.bypassed:
                document.set_bypassed(block_id, block.bypassed)
            if block.position != old.position:
                document.move_block(block_id, block.position)
        for wire in sorted(wanted - kept):
            document.connect_wire(wire)
        document.set_twin_memory(there.twin_memory)
        if there.name != here.name:
            document.set_name(there.name)
