"""Mirror: what is edited in one pane is done again in the other, and undone with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from app.document import Document
from app.editor.pane import EditorPane
from app.rework import Rework
from app.undo import Command
from resviz.arch.graph import Architecture
from resviz.arch.replay import Change, Snapshot, change, replay


class Mirrored(Rework):
    """A step of another document, done again."""

    def __init__(
        self,
        document: Document,
        partner: Command,
        after: Architecture,
        renamed: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(document, partner.text, after)
        self.partner: Command = partner
        self._renamed = tuple(renamed)
        self._memory = self._before.twin_memory
        for old, new in self._renamed:
            self._before.rename(old, new)

    def merge_with(self, other: Command) -> bool:
        """Take in more of the same step: there it became one with what came before."""
        if not isinstance(other, Mirrored) or other.partner is not self.partner or other._renamed:
            return False
        self._after = other._after
        return True

    def redo(self) -> None:
        """Give the new names, and take over what is new."""
        for old, new in self._renamed:
            self._document.rename_block(old, new)
        super().redo()

    def undo(self) -> None:
        """Take over what was, and give the old names back."""
        super().undo()
        for old, new in reversed(self._renamed):
            self._document.rename_block(new, old)
        self._document.set_twin_memory(self._memory)


@dataclass(frozen=True)
class _Edit:
    """One step, and what the network was made of before it."""

    step: Command
    before: Snapshot
    renamed: tuple[tuple[str, str], ...]
    whole: bool
    """Another network was put in the place of the one before."""


class _Watch(QObject):
    """What is done to the document of one pane."""

    did = Signal(object)
    undid = Signal(object)
    redid = Signal(object)

    def __init__(self, pane: EditorPane, parent: QObject) -> None:
        super().__init__(parent)
        self.pane = pane
        self.last: _Edit | None = None
        """The newest edit, if nothing was undone since."""
        self.document = pane.document
        self._bind()
        pane.document_changed.connect(self._on_document_changed)

    def take(self, step: Command) -> _Edit:
        """Return the step that was done just now as an edit, and look forward to the next."""
        edit = _Edit(step, self._before, tuple(self._renamed), self._whole)
        last = self.last
        if last is not None and last.step is step:  # It took in what came next.
            self.last = replace(edit, before=last.before, renamed=last.renamed + edit.renamed)
        else:
            self.last = edit
        self.forget()
        return edit

    def change(self, edit: _Edit) -> Change:
        """Return what an edit, the newest step, did."""
        return change(edit.before, self.document.architecture, edit.renamed)

    def forget(self) -> None:
        """Take what the network is now for the beginning of the next edit."""
        self._before = Snapshot.of(self.document.architecture)
        self._renamed: list[tuple[str, str]] = []
        self._whole = False

    def _bind(self) -> None:
        document = self.document
        document.block_renamed.connect(self._on_renamed)
        document.was_reset.connect(self._on_reset)
        document.undo_stack.did.connect(self.did)
        document.undo_stack.undid.connect(self.undid)
        document.undo_stack.redid.connect(self.redid)
        self.forget()

    @Slot(object)
    def _on_document_changed(self, document: Document) -> None:
        old = self.document
        old.block_renamed.disconnect(self._on_renamed)
        old.was_reset.disconnect(self._on_reset)
        old.undo_stack.did.disconnect(self.did)
        old.undo_stack.undid.disconnect(self.undid)
        old.undo_stack.redid.disconnect(self.redid)
        self.document, self.last = document, None
        self._bind()

    @Slot(str, str)
    def _on_renamed(self, old: str, new: str) -> None:
        self._renamed.append((old, new))

    @Slot()
    def _on_reset(self) -> None:
        self._whole = True


class Mirror(QObject):
    """Does edits again on the other side: all of them while it is on, else the last one when told to.

    Steps that were made together are undone and done again together, wherever one asks for it, as long as
    nothing else was done on the other side since.
    """

    changed = Signal(bool)
    """From now on edits go to both, or no more."""

    def __init__(self, panes: Sequence[EditorPane], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._on = self._busy = False
        self.linked = False
        """Whether the panes are looked at together: then what is folded in one is folded in both."""
        self._watches = [_Watch(pane, self) for pane in panes]
        for watch in self._watches:
            watch.did.connect(partial(self._on_did, watch))
            watch.undid.connect(partial(self._on_undid, watch))
            watch.redid.connect(partial(self._on_redid, watch))

    @property
    def on(self) -> bool:
        """Whether edits go to both."""
        return self._on

    def set_on(self, on: bool) -> None:
        """Let edits go to both from now on, or not."""
        if on != self._on:
            self._on = on
            self.changed.emit(on)

    def apply_last(self, pane: EditorPane) -> None:
        """Do the last edit of a pane in the other one too."""
        watch = next(watch for watch in self._watches if watch.pane is pane)
        last = watch.last
        if last is None:
            newest = watch.document.undo_stack.newest()
            both = newest is not None and self._is_in_both(watch, newest)
            text = "This edit came from the other network" if both else "Nothing was edited here just now"
            pane.say(f"{text}: change something first.")
        elif last.whole:
            pane.say("A whole new network came here last: only edits of its blocks can be done in both.")
        elif self._is_in_both(watch, last.step):
            pane.say("The last edit was done in both networks already.")
        elif not (what := watch.change(last)):
            pane.say("The last edit concerns this network alone.")
        elif self._apply(watch, last, what):
            pane.say(f"Done in {self._other(watch).document.name} too. Undo takes both back.")

    def _other(self, watch: _Watch) -> _Watch:
        return self._watches[1] if watch is self._watches[0] else self._watches[0]

    def _is_in_both(self, watch: _Watch, step: Command) -> bool:
        partner = step.partner
        return partner is not None and self._other(watch).document.undo_stack.has_done(partner)

    def _apply(self, watch: _Watch, edit: _Edit, what: Change) -> bool:
        """Do an edit on the other side; return whether all of it could be done. If not, it is said why."""
        other = self._other(watch)
        there = other.document.architecture
        done = replay(what, there, from_plain=edit.before.is_plain)
        made = done.architecture != there
        if made:
            with self._alone():
                other.pane.view.cancel_gesture()
                stack = other.document.undo_stack
                stack.push(Mirrored(other.document, edit.step, done.architecture, what.renamed))
                edit.step.partner = stack.newest()
        elif what.shortcuts and not done.refusals:
            watch.pane.say(f"Shortcuts are each network's own: those of {there.name} stay as they are.")
            return False
        elif what and not done.refusals:
            watch.pane.say(f"There is nothing of that to change in {there.name}.")
            return False
        if done.refusals:
            more = f" (and {len(done.refusals) - 1} more)" if len(done.refusals) > 1 else ""
            begin = "Not all of it" if made else "Not"
            watch.pane.say(f"{begin} done in {there.name}: {done.refusals[0]}{more}.")
        return not done.refusals

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Do not answer to what is done now."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    def _on_did(self, watch: _Watch, step: Command) -> None:
        edit = watch.take(step)
        if self._busy:
            watch.last = None
        elif self._on and edit.whole:
            watch.pane.say("A whole new network is put on one side alone; edits of its blocks go to both.")
        elif self._on:
            self._apply(watch, edit, watch.change(edit))
        elif self.linked and self._folds_alike(watch, edit):
            self._apply(watch, edit, watch.change(edit))
            view = self._other(watch).pane.view
            if view.fitted:
                view.fit()
        else:
            step.partner = None

    def _folds_alike(self, watch: _Watch, edit: _Edit) -> bool:
        """Return whether an edit only folds or unfolds, and the other network stands as this one did."""
        now, there = watch.document.architecture, self._other(watch).document.architecture
        if edit.whole or now.grouped() == edit.before.groups or there.grouped() != edit.before.groups:
            return False
        here = edit.before.blocks
        alike = here.keys() == there.blocks.keys() and all(
            block.position == there[block_id].position for block_id, block in here.items()
        )
        return alike and watch.change(edit).only_folds

    def _on_undid(self, watch: _Watch, step: Command) -> None:
        watch.forget()
        watch.last = None
        if self._busy:
            return
        first = _first_of(step)
        with self._alone():
            for each in self._watches:
                stack = each.document.undo_stack
                while _belongs(stack.newest(), first):
                    each.pane.view.cancel_gesture()
                    stack.undo()
        if self._is_in_both(watch, step):
            watch.pane.say(f"Undone here alone: {self._other(watch).document.name} was changed since.")

    def _on_redid(self, watch: _Watch, step: Command) -> None:
        watch.forget()
        watch.last = None
        if self._busy:
            return
        first = _first_of(step)
        with self._alone():
            for each in self._watches:
                stack = each.document.undo_stack
                while _belongs(stack.next(), first):
                    each.pane.view.cancel_gesture()
                    stack.redo()


def _first_of(step: Command) -> Command:
    return step.partner if isinstance(step, Mirrored) and step.partner is not None else step


def _belongs(step: Command | None, first: Command) -> bool:
    return step is not None and _first_of(step) is first
