"""Document: the open architecture as a QObject. The one place that changes it, and tells."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.rework import Rework
from app.undo import WIDE, Command, UndoStack
from resviz.arch import files
from resviz.arch.analysis import Analysis
from resviz.arch.cost import NetworkCost
from resviz.arch.field import Reading
from resviz.arch.following import followed
from resviz.arch.graph import Architecture, Block, Definition, Group, Position, Wire
from resviz.arch.layout import arrange
from resviz.arch.reinfer import Changed
from resviz.arch.shapes import Inference
from resviz.arch.spec import Value
from resviz.errors import ResvizError


class Document(QObject):
    """One open architecture with its undo stack, its file and its analysis.

    The mutators (`insert_block` to `reset`) are for undo commands alone: each makes one change and tells of
    it. Everything else goes through `undo_stack`. Shapes, problems and costs are computed again once for each
    turn of the event loop in which something changed, or when they are asked for.
    """

    block_added = Signal(str)
    block_removed = Signal(str)
    block_changed = Signal(str)
    """A block's parameters changed."""
    block_moved = Signal(str)
    groups_changed = Signal()
    """What is folded, or of which group, is new; or a block made of blocks is."""
    block_renamed = Signal(str, str)
    """Old and new id."""
    wire_added = Signal(object)
    wire_removed = Signal(object)
    changed_widely = Signal()
    """Many blocks and wires came, went or moved, without a signal for each: look at all of them."""
    was_reset = Signal()
    """Anything may have changed: the document was replaced as a whole."""
    analysed = Signal()
    """`inference` and `cost` are new, or groups are."""
    modified_changed = Signal(bool)
    name_changed = Signal(str)
    path_changed = Signal()
    history_changed = Signal()
    """Something was done, undone or done again."""

    _turn_ended = Signal()
    _untitled: ClassVar[str] = "untitled"

    def __init__(
        self,
        architecture: Architecture | None = None,
        parent: QObject | None = None,
        *,
        path: Path | None = None,
        origin: Path | None = None,
    ) -> None:
        """Hold an architecture.

        Args:
            architecture: None: an empty one.
            parent: of the object.
            path: the file that it is saved in.
            origin: where it was read from, if it cannot be saved there (a picture, a run); None: `path`.
        """
        super().__init__(parent)
        self._architecture = with_positions(architecture or Architecture(self._untitled))
        self._path, self._origin = path, origin
        self._analysis = Analysis(self._architecture)
        self._announced = True
        self._news: Changed = frozenset()
        self.undo_stack = UndoStack(self, self._do)
        self.undo_stack.cleanChanged.connect(self._on_clean_changed)
        self.undo_stack.indexChanged.connect(self._on_index_changed)
        # Queued: comes after everything that this turn of the event loop still does. No timer is needed.
        self._turn_ended.connect(self._on_turn_ended, Qt.ConnectionType.QueuedConnection)

    # Reading

    @property
    def architecture(self) -> Architecture:
        """The architecture, to be read only."""
        return self._architecture

    @property
    def name(self) -> str:
        """The architecture's name."""
        return self._architecture.name

    @property
    def path(self) -> Path | None:
        """The file this document was read from or last saved to."""
        return self._path

    @property
    def origin(self) -> Path | None:
        """Where this document was read from; its own file if it has one."""
        return self._path or self._origin

    @property
    def modified(self) -> bool:
        """Whether something changed since the document was made, opened or saved."""
        return not self.undo_stack.isClean()

    @property
    def pristine(self) -> bool:
        """Whether nobody ever did anything to it and it is of no file: it can be made again."""
        return self.origin is None and self.undo_stack.count() == 0 and not self.modified

    @property
    def inference(self) -> Inference:
        """Shapes and problems, up to date."""
        return self._analysis.inference

    @property
    def cost(self) -> NetworkCost:
        """Parameters, multiply-adds and depth, up to date."""
        return self._analysis.cost

    @property
    def ruler(self) -> dict[str, Reading]:
        """Depth, receptive field and jump at each block, up to date."""
        return self._analysis.ruler

    @property
    def news(self) -> Changed:
        """While `analysed` is told: the blocks of which it may say something else than before; None: all."""
        return self._news

    def refusal(self, wire: Wire, *, replacing: bool = True) -> str | None:
        """Return why `wire` cannot be drawn, as one sentence, or None if it can.

        With `replacing`, a wire that takes the input already is no hindrance: it gives way.
        """
        taken = self._taken(wire) if replacing else None
        if taken is None:
            return self._architecture.can_connect(wire)
        if wire == taken:
            return None
        if (
            wire.source not in self._architecture
            or wire.source_port not in self._architecture[wire.source].spec.outputs
        ):
            return f"There is no output {wire.source_port!r} at {wire.source!r}."
        # The wire that gives way ends in the target, so that it cannot be a part of a way out of the target.
        if wire.source == wire.target or self._architecture.leads_to(wire.target, wire.source):
            return f"A wire from {wire.source!r} to {wire.target!r} would close a circle."
        return None

    def _taken(self, wire: Wire) -> Wire | None:
        if wire.target not in self._architecture:
            return None
        return self._architecture.incoming(wire.target).get(wire.target_port)

    # Files

    @classmethod
    def open(
        cls, path: str | Path, parent: QObject | None = None, notes: list[str] | None = None
    ) -> Document:
        """Return the document in a file, with what a person should know of it appended to `notes`.

        What only carries it (a picture, Python, a run) is not written over: it is not the document's path.

        Raises:
            FormatError, ArchitectureError: the file is damaged, newer or something else.
        """
        source = Path(path)
        own = source.is_file() and not files.only_carries(source)
        found = files.load(source, notes)
        return cls(found, parent, path=source if own else None, origin=source)

    def save(self, path: str | Path | None = None) -> Path:
        """Write the document to `path` (None: where it came from) and return that; it is unmodified then.

        Raises:
            ResvizError: there is no path yet, or the file cannot be written.
        """
        target = Path(path) if path is not None else self._path
        if target is None:
            raise ResvizError("This network has no file yet: use Save As and choose one.")
        files.save(self._architecture, target)
        self.set_path(target)
        self.undo_stack.setClean()
        return target

    # Undoable changes of the whole

    def replace(self, architecture: Architecture, text: str) -> None:
        """Put `architecture` in the place of the present one, as one undo step; an equal one is none."""
        if with_positions(architecture) != self._architecture:
            self.undo_stack.push(ReplaceArchitecture(self, architecture, text))

    def _do(self, command: Command) -> Command:
        """Do a command with what follows from it, as one step; return that."""
        if not (self._architecture.groups and command.follows):
            command.redo()
            return command
        before = self._architecture.copy()
        if type(command) is Rework:  # where it leads is known: go there at once
            command.foresee(followed)
            command.redo()
            return command
        command.redo()
        after = followed(before, self._architecture)
        if after is None:
            return command
        step = command
        if not isinstance(step, Rework):
            step = Rework(self, command.text, after, before=before)
            step.session = command.session
        step.extend(after)
        return step

    # Mutators, for undo commands

    def insert_block(self, block: Block) -> None:
        """Add a ready-made block."""
        self._architecture.insert(block)
        self._touch(block.id)
        self.block_added.emit(block.id)

    def remove_block(self, block_id: str) -> None:
        """Remove a block; its wires are to be removed before."""
        assert not self._architecture.incoming(block_id)
        assert not self._architecture.outgoing(block_id)
        self._architecture.remove(block_id)
        self._touch(block_id)
        self.block_removed.emit(block_id)

    def connect_wire(self, wire: Wire) -> None:
        """Add a wire."""
        self._architecture.connect(wire)
        self._touch(wire.source, wire.target)
        self.wire_added.emit(wire)

    def disconnect_wire(self, wire: Wire) -> None:
        """Remove a wire."""
        self._architecture.disconnect(wire)
        self._touch(wire.source, wire.target)
        self.wire_removed.emit(wire)

    def set_params(self, block_id: str, params: Mapping[str, Value]) -> None:
        """Change some of a block's parameters."""
        self._architecture.set_params(block_id, **params)
        self._touch(block_id)
        self.block_changed.emit(block_id)

    def set_bypassed(self, block_id: str, bypassed: bool) -> None:
        """Take a block out of the network without removing it, or put it back."""
        self._architecture.set_bypassed(block_id, bypassed)
        self._touch(block_id)
        self.block_changed.emit(block_id)

    def move_block(self, block_id: str, position: Position | None) -> None:
        """Place a block."""
        self._architecture.move(block_id, position)
        self.block_moved.emit(block_id)

    def move_blocks(self, positions: Mapping[str, Position | None]) -> None:
        """Place blocks."""
        for block_id, position in positions.items():
            self._architecture.move(block_id, position)
        if len(positions) > WIDE:
            self.changed_widely.emit()
            return
        for block_id in positions:
            self.block_moved.emit(block_id)

    def rename_block(self, block_id: str, new_id: str) -> None:
        """Give a block another id."""
        self._architecture.rename(block_id, new_id)
        self._touch(block_id, new_id)
        self.block_renamed.emit(block_id, new_id)

    def set_twin_memory(self, memory: Mapping[str, str]) -> None:
        """Put back what the twin needs to come back identical."""
        self._architecture.twin_memory = dict(memory)

    def set_groups(self, groups: Mapping[str, Group]) -> None:
        """Let blocks belong together so, folded or not."""
        if groups != self._architecture.groups:
            self._architecture.groups = dict(groups)
            self._tell_of_groups()

    def set_definitions(self, definitions: Mapping[str, Definition]) -> None:
        """Have these blocks made of blocks."""
        if definitions != self._architecture.definitions:
            self._architecture.definitions = dict(definitions)
            self._tell_of_groups()

    def _tell_of_groups(self) -> None:
        self.groups_changed.emit()
        self._announce()

    def set_name(self, name: str) -> None:
        """Name the architecture."""
        self._architecture.name = name
        self.name_changed.emit(name)

    def set_path(self, path: Path | None) -> None:
        """Belong to another file from now on."""
        if path != self._path:
            self._path = path
            self.path_changed.emit()

    def reset(self, architecture: Architecture) -> None:
        """Take over `architecture` as it is (the document owns it from now on)."""
        renamed = architecture.name != self._architecture.name
        self._architecture = architecture
        self._analysis = Analysis(architecture)
        self._announce()
        self.was_reset.emit()
        if renamed:
            self.name_changed.emit(architecture.name)

    def become(self, architecture: Architecture) -> None:
        """Take over what many edits made of a copy of the architecture (more than `WIDE`), in one go."""
        before, self._architecture = self._architecture, architecture
        self._analysis = Analysis(architecture)
        self._announce()
        self.changed_widely.emit()
        if (before.groups, before.definitions) != (architecture.groups, architecture.definitions):
            self.groups_changed.emit()
        if before.name != architecture.name:
            self.name_changed.emit(architecture.name)

    def _touch(self, *block_ids: str) -> None:
        self._analysis.touch(block_ids)
        self._announce()

    def _announce(self) -> None:
        if self._announced:
            self._announced = False
            self._turn_ended.emit()

    @Slot()
    def _on_turn_ended(self) -> None:
        self._announced = True
        self._news = self._analysis.news()
        self.analysed.emit()
        self._news = frozenset()

    @Slot()
    def _on_index_changed(self) -> None:
        self.history_changed.emit()

    @Slot(bool)
    def _on_clean_changed(self, clean: bool) -> None:
        self.modified_changed.emit(not clean)


class ReplaceArchitecture(Command):
    """Replace the whole architecture (twin, new from preset, tidy up): one step."""

    follows = False

    def __init__(self, document: Document, architecture: Architecture, text: str) -> None:
        super().__init__(text)
        self._document = document
        # Copies on both sides: later edits of the document must not reach what this command keeps.
        self._before = document.architecture.copy()
        self._after = with_positions(architecture)

    def redo(self) -> None:
        """Put the new architecture in."""
        self._document.reset(self._after.copy())

    def undo(self) -> None:
        """Put the old architecture back."""
        self._document.reset(self._before.copy())


def with_positions(architecture: Architecture) -> Architecture:
    """Return a copy in which every block has a place on the canvas; places that are there already stay."""
    copy = architecture.copy()
    missing = [block.id for block in copy.blocks.values() if block.position is None]
    if missing:
        places = arrange(copy)
        for block_id in missing:
            copy.move(block_id, places[block_id])
    return copy
