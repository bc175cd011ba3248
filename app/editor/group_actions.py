"""What the actions on groups do in a pane: fold, unfold, make a block of one's own, unpack one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from app.canvas.stack_face import range_forms
from app.canvas.text import plural
from app.editor.name_dialog import NameDialog
from resviz.arch.defining import check_definition_name, check_selection
from resviz.arch.folding import LEAST_RUN, pairs, runs
from resviz.errors import ArchitectureError, ResvizError

if TYPE_CHECKING:
    from app.editor.pane import EditorPane

MANY = 100
"""Blocks from which on folding is offered."""
NEEDS_OWN = "Select a block of your own first: M makes one of what is selected."


class GroupActions(QObject):
    """Connects a pane's actions on groups: they work on the selection, or on the whole network."""

    def __init__(self, pane: EditorPane) -> None:
        super().__init__(pane)
        self._pane = pane
        actions = pane.editor_actions
        actions.bind(
            {
                actions.fold: self.fold,
                actions.unfold: self.unfold,
                actions.make_block: self.make_block,
                actions.unpack: self.unpack,
                actions.rename_own: self.rename_selected,
                actions.delete_own: self.delete_selected,
            }
        )

    def offer(self) -> None:
        """Say how a large network becomes easy to look at, if it has equal blocks in a row."""
        architecture = self._pane.document.architecture
        count = len(architecture.cells())
        if count > MANY and runs(architecture, architecture.blocks.keys(), LEAST_RUN):
            self._pane.say(f"{count:,} blocks: G folds those that are equal and stand in a row.")

    @Slot()
    def fold(self) -> None:
        """Fold what is repeated; of the whole network, say what that is, and why pairs stay as they are."""
        pane = self._pane
        architecture = pane.document.architecture
        before, chosen = architecture.grouped(), pane.scene.selection_ids()
        done = self._do(pane.units.fold)
        if chosen and len(chosen) < len(architecture.blocks):
            return
        now = pane.document.architecture
        new = [group for name, group in now.grouped().items() if group.folded and before.get(name) != group]
        stay = "Runs of two stay as they are: select them and press G." if pairs(now) else ""
        if done and new:
            more = f" and {plural(len(new) - 1, 'more stack')}" if len(new) > 1 else ""
            pane.say(f"Folded {range_forms(new[0].members[0], new[0].members[-1])[0]}{more}. {stay}".strip())
        elif stay:
            pane.say(f"{pane.toast.text} {stay}")

    @Slot()
    def unfold(self) -> None:
        """Draw folded blocks one by one."""
        self._do(self._pane.units.unfold)

    @Slot()
    def unpack(self) -> None:
        """Let the blocks of an instance follow its definition no more."""
        self._do(self._pane.units.unpack)

    @Slot()
    def make_block(self) -> None:
        """Ask for a name, and make one block of what is selected, to be used again."""
        pane = self._pane
        ids = pane.scene.selection_ids()
        architecture = pane.document.architecture
        try:
            check_selection(architecture, ids)
        except ResvizError as error:
            pane.say(str(error))
            return
        dialog = NameDialog(pane, "Make a block", partial(check_definition_name, architecture))
        dialog.chosen.connect(partial(self._on_named, ids))
        dialog.open()

    def _on_named(self, ids: list[str], name: str, doc: str) -> None:
        pane = self._pane
        if self._do(lambda _selected: pane.units.define(ids, name, doc)):
            pane.say(f"{name} stands in the palette now. Unfold one and edit it: all others follow.")

    @Slot()
    def rename_selected(self) -> None:
        """Ask for another name of the selected instance's definition."""
        name = self._selected()
        if name is not None:
            self.rename(name)

    @Slot()
    def delete_selected(self) -> None:
        """Forget the selected instance's definition."""
        name = self._selected()
        if name is not None:
            self.delete(name)

    def rename(self, name: str) -> None:
        """Ask for another name of a definition, and what it is for."""
        architecture = self._pane.document.architecture

        def check(new: str) -> None:
            if new != name:
                check_definition_name(architecture, new)

        doc = architecture.definitions[name].doc
        dialog = NameDialog(self._pane, f"Rename {name}", check, name=name, doc=doc)
        dialog.chosen.connect(lambda new, doc: self._pane.units.rename_definition(name, new, doc))
        dialog.open()

    def delete(self, name: str) -> None:
        """Forget a definition; its instances become loose blocks."""
        self._pane.units.delete_definition(name)
        self._pane.say(
            f"{name} is deleted; the blocks that were made of it are loose now. Undo brings it back."
        )

    def _selected(self) -> str | None:
        """Return the definition of what is selected, or say that there is none."""
        pane = self._pane
        chosen = set(pane.scene.selection_ids())
        for group in pane.document.architecture.grouped().values():
            if group.definition and not chosen.isdisjoint(group.members):
                return group.definition
        pane.say(NEEDS_OWN)
        return None

    def _do(self, verb: Callable[[list[str]], list[str]]) -> bool:
        """Do it to the selection; return whether it could be done."""
        pane, view = self._pane, self._pane.view
        view.cancel_gesture()
        chosen, fitted = pane.scene.selection_ids(), view.fitted
        try:
            members = verb(chosen)
        except ArchitectureError as error:
            pane.say(str(error))
            return False
        if chosen:
            pane.scene.select(members)
        else:
            pane.scene.clearSelection()
        if fitted:
            view.fit()
        else:
            view.keep_in_sight(members)
        return True
