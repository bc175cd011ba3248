"""What the actions on groups do in a pane: fold and unfold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from resviz.errors import ResvizError

if TYPE_CHECKING:
    from app.editor.pane import EditorPane


class GroupActions(QObject):
    """Connects a pane's actions on groups: they work on the selection, or on the whole network."""

    def __init__(self, pane: EditorPane) -> None:
        super().__init__(pane)
        self._pane = pane
        actions = pane.editor_actions
        actions.bind({actions.fold: self.fold, actions.unfold: self.unfold})

    @Slot()
    def fold(self) -> None:
        """Fold what is repeated."""
        self._do(self._pane.units.fold)

    @Slot()
    def unfold(self) -> None:
        """Draw folded blocks one by one."""
        self._do(self._pane.units.unfold)

    def _do(self, verb: Callable[[list[str]], list[str]]) -> None:
        pane, view = self._pane, self._pane.view
        view.cancel_gesture()
        whole, fitted = not pane.scene.selection_ids(), view.fitted
        try:
            members = verb(pane.scene.selection_ids())
        except ResvizError as error:
            pane.say(str(error))
            return
        if whole:
            pane.scene.clearSelection()
        else:
            pane.scene.select(members)
        if fitted:
            view.fit()
        else:
            view.keep_in_sight(members)
