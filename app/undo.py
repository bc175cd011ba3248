"""UndoStack: commands done and undone, without limit.

It stands in for Qt's QUndoStack and has its names. Under PySide6 6.11.3 the interpreter crashes when the
garbage collector finds a QUndoStack together with commands written in Python (and it does find them: a window
and its document refer to each other), for the stack deletes commands that the collector is still visiting.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

WIDE = 60
"""A step that changes more blocks and wires than this changes them in one go."""


class Command:
    """One step. `redo` does it, the first time too; `undo` takes it back."""

    partner: Command | None = None
    """The step in another document that was made together with this one."""
    follows = True
    """Whether what follows from it (blocks that come into a group) is done with it."""
    session: int | None = None
    """Steps of one session that change the same things are one step."""

    def __init__(self, text: str) -> None:
        self.text = text

    def redo(self) -> None:
        """Do it."""
        raise NotImplementedError

    def undo(self) -> None:
        """Take it back."""
        raise NotImplementedError

    def merge_with(self, other: Command) -> bool:
        """Take in `other`, which was done right after this one; return whether the two are one step now."""
        del other
        return False


class Macro(Command):
    """Several commands as one step."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.commands: list[Command] = []

    def redo(self) -> None:
        """Do them in order."""
        for command in self.commands:
            command.redo()

    def undo(self) -> None:
        """Take them back, last first."""
        for command in reversed(self.commands):
            command.undo()


def _done(command: Command) -> Command:
    command.redo()
    return command


class UndoStack(QObject):
    """What was done, and what was undone and can be done again."""

    indexChanged = Signal(int)
    cleanChanged = Signal(bool)
    did = Signal(object)
    """A step was done for the first time, or the newest one took it in: which is the newest now."""
    undid = Signal(object)
    """A step was taken back."""
    redid = Signal(object)
    """A step was done again."""

    def __init__(self, parent: QObject | None = None, do: Callable[[Command], Command] | None = None) -> None:
        """Begin empty; `do`: does a command for the first time and returns what to keep of it."""
        super().__init__(parent)
        self._do = _done if do is None else do
        self._commands: list[Command] = []
        self._index = 0
        self._clean: int | None = 0
        """Index at which the document is as saved; None when no way leads there any more."""
        self._macros: list[Macro] = []

    def count(self) -> int:
        """Return how many steps there are, done and undone."""
        return len(self._commands)

    def index(self) -> int:
        """Return how many steps are done."""
        return self._index

    def canUndo(self) -> bool:
        """Return whether there is a step to take back."""
        return self._index > 0 and not self._macros

    def canRedo(self) -> bool:
        """Return whether there is a step to do again."""
        return self._index < len(self._commands) and not self._macros

    def has_done(self, step: Command) -> bool:
        """Return whether a step is among those that are done."""
        return step in self._commands[: self._index]

    def newest(self) -> Command | None:
        """Return what `undo` would take back."""
        return self._commands[self._index - 1] if self.canUndo() else None

    def next(self) -> Command | None:
        """Return what `redo` would do again."""
        return self._commands[self._index] if self.canRedo() else None

    def undoText(self) -> str:
        """Return what `undo` would take back, "" for nothing."""
        newest = self.newest()
        return newest.text if newest is not None else ""

    def redoText(self) -> str:
        """Return what `redo` would do again, "" for nothing."""
        following = self.next()
        return following.text if following is not None else ""

    def isClean(self) -> bool:
        """Return whether the document is as it was at `setClean`."""
        return self._clean == self._index

    def setClean(self) -> None:
        """Take the present state for the saved one."""
        was_clean = self.isClean()
        self._clean = self._index
        if not was_clean:
            self.cleanChanged.emit(True)

    def resetClean(self) -> None:
        """Take no state for the saved one: nothing that can be undone or done again is in a file."""
        was_clean = self.isClean()
        self._clean = None
        if was_clean:
            self.cleanChanged.emit(False)

    def push(self, command: Command) -> None:
        """Do `command` and keep it; what was undone is forgotten. A command that raises is not kept."""
        step = self._do(command)
        if self._macros:
            self._macros[-1].commands.append(step)
        else:
            self._keep(step)

    def _keep(self, command: Command) -> None:
        was_clean = self.isClean()
        del self._commands[self._index :]
        if self._clean is not None and self._clean > self._index:
            self._clean = None
        # The saved state must stay reachable: nothing merges into the step that led to it.
        if self._index and not was_clean and self._commands[-1].merge_with(command):
            self.indexChanged.emit(self._index)
            self.did.emit(self._commands[-1])
            return
        self._commands.append(command)
        self._move_to(self._index + 1, was_clean)
        self.did.emit(command)

    def undo(self) -> None:
        """Take the last step back, if there is one."""
        step = self.newest()
        if step is not None:
            was_clean = self.isClean()
            step.undo()
            self._move_to(self._index - 1, was_clean)
            self.undid.emit(step)

    def redo(self) -> None:
        """Do the step undone last again, if there is one."""
        step = self.next()
        if step is not None:
            was_clean = self.isClean()
            step.redo()
            self._move_to(self._index + 1, was_clean)
            self.redid.emit(step)

    def beginMacro(self, text: str) -> None:
        """Make one step of all that is pushed until `endMacro`."""
        self._macros.append(Macro(text))

    def endMacro(self) -> None:
        """End the macro begun last; an empty one leaves no step."""
        macro = self._macros.pop()
        if not macro.commands:
            return
        if self._macros:
            self._macros[-1].commands.append(macro)
        else:
            self._keep(macro)

    def clear(self) -> None:
        """Forget all steps; the present state counts as saved."""
        was_clean = self.isClean()
        self._commands.clear()
        self._macros.clear()
        self._clean = 0
        self._move_to(0, was_clean)

    def _move_to(self, index: int, was_clean: bool) -> None:
        self._index = index
        self.indexChanged.emit(index)
        if self.isClean() != was_clean:
            self.cleanChanged.emit(self.isClean())
