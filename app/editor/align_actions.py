"""What the actions on how blocks stand do in a pane."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

if TYPE_CHECKING:
    from app.editor.pane import EditorPane

_FEWEST_TO_ALIGN, _FEWEST_TO_DISTRIBUTE = 2, 3


class AlignActions(QObject):
    """Connects a pane's actions that align and distribute; they rest where too few blocks are selected."""

    def __init__(self, pane: EditorPane) -> None:
        super().__init__(pane)
        self._pane = pane
        actions = pane.editor_actions
        for name, action in actions.align.items():
            action.triggered.connect(partial(self._align, name))
        for axis, action in enumerate(actions.distribute):
            action.triggered.connect(partial(self._distribute, axis))
        pane.selection_changed.connect(self._on_selection_changed)
        self._on_selection_changed([])

    @Slot(list)
    def _on_selection_changed(self, block_ids: list[str]) -> None:
        actions = self._pane.editor_actions
        for action in actions.align.values():
            action.setEnabled(len(block_ids) >= _FEWEST_TO_ALIGN)
        for action in actions.distribute:
            action.setEnabled(len(block_ids) >= _FEWEST_TO_DISTRIBUTE)

    def _align(self, name: str, _checked: bool = False) -> None:
        self._pane.view.cancel_gesture()
        self._pane.edits.align(self._pane.scene.selection_ids(), name)

    def _distribute(self, axis: int, _checked: bool = False) -> None:
        self._pane.view.cancel_gesture()
        self._pane.edits.distribute(self._pane.scene.selection_ids(), axis)
