"""What the actions on whole units do in a pane."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from app.editor.bits import busy
from app.editor.repeat import RepeatDialog
from app.editor.stroke_keys import StrokeKeys
from app.editor.strokes import CUT_KEY, SHORTCUT_KEY, StrokeGestures
from resviz.arch.folding import whole_stack
from resviz.errors import ResvizError

if TYPE_CHECKING:
    from app.editor.pane import EditorPane


class UnitActions(QObject):
    """Connects a pane's actions on units: the selection goes in, what came of it is selected."""

    def __init__(self, pane: EditorPane) -> None:
        super().__init__(pane)
        self._pane = pane
        actions = pane.editor_actions
        self._actions = [
            actions.heal,
            actions.plain,
            actions.bypass,
            actions.expand,
            actions.collapse,
            actions.repeat,
            actions.select_stage,
        ]
        self.keys = StrokeKeys(pane.view, {SHORTCUT_KEY: self.shortcut, CUT_KEY: self.cut})
        actions.bind(
            {
                actions.heal: self.heal,
                actions.shortcut: self.shortcut,
                actions.cut_wires: self.cut,
                actions.plain: self.plain,
                actions.bypass: self.bypass,
                actions.expand: self.expand,
                actions.collapse: self.collapse,
                actions.repeat: self.repeat,
                actions.select_stage: self.select_stage,
            }
        )

    def enable(self, possible: bool) -> None:
        """Offer the actions, or not: blocks are selected, or none is."""
        for action in self._actions:
            action.setEnabled(possible)

    @Slot()
    def heal(self) -> None:
        """Delete the selection and close the gaps."""
        wires = self._pane.scene.selected_wires()
        self._do(lambda ids: self._pane.units.heal(ids, wires))

    def gestures(self) -> StrokeGestures:
        """Return what draws strokes across the pane's canvas."""
        units = self._pane.units
        return StrokeGestures(
            self.keys,
            lambda ids: self._do(lambda _selected: units.shortcut(ids)),
            lambda ids, wires: self._do(lambda _selected: units.cut(ids, wires)),
        )

    @Slot()
    def shortcut(self) -> None:
        """Lead a shortcut around the selection; where nothing is selected, around what is dragged across."""
        if self._pane.scene.selection_ids():
            self._do(self._pane.units.shortcut)
        else:
            self.keys.arm(SHORTCUT_KEY)
            self._pane.say("Drag across the blocks that the shortcut is to lead around. Esc: not now.")

    @Slot()
    def cut(self) -> None:
        """Let the next drag cut the wires that it crosses."""
        self.keys.arm(CUT_KEY)
        self._pane.say("Drag across the wires to cut them. Esc: not now.")

    @Slot()
    def plain(self) -> None:
        """Make the selection plain, or give it its shortcuts back."""
        self._do(self._pane.units.plain)

    @Slot()
    def bypass(self) -> None:
        """Bypass the selection, or use it again."""
        self._do(self._pane.units.bypass)

    @Slot()
    def expand(self) -> None:
        """Draw the selection as loose layers."""
        self._do(self._pane.units.expand, fitted=self._pane.view.fitted)

    @Slot()
    def collapse(self) -> None:
        """Draw the selection as one block."""
        self._do(self._pane.units.collapse, fitted=self._pane.view.fitted)

    @Slot()
    def select_stage(self) -> None:
        """Select what stands in the same stage and is of the same kind."""
        self._do(self._pane.units.stage)

    @Slot()
    def repeat(self) -> None:
        """Ask how often the selection is wanted in a row, and put copies behind it; of a stack, how long."""
        chosen = self._pane.scene.selection_ids()
        stack = whole_stack(self._pane.document.architecture, chosen)
        dialog = RepeatDialog(self._pane, len(chosen), stack=stack is not None)
        dialog.chosen.connect(self._on_times_chosen if stack is None else self._on_count_chosen)
        dialog.open()

    @Slot(int, bool)
    def _on_times_chosen(self, times: int, fold: bool) -> None:
        self._do(lambda ids: self._pane.units.repeat(ids, times, fold=fold))

    @Slot(int, bool)
    def _on_count_chosen(self, count: int, _fold: bool) -> None:
        self._do(lambda ids: self._pane.units.resize(ids, count))

    def _do(self, verb: Callable[[list[str]], list[str]], *, fitted: bool = False) -> None:
        """Do something to the selection and show what comes of it; `fitted`: with all of the network."""
        pane = self._pane
        pane.view.cancel_gesture()
        chosen = pane.scene.selection_ids()
        try:
            with busy(len(chosen)):
                pane.show_new(verb(chosen))
            if fitted:
                pane.view.fit()
        except ResvizError as error:
            pane.say(str(error))
