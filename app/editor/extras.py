"""What a pane shows besides its network where the person wants it: shapes on wires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from app.canvas.options import canvas_options

if TYPE_CHECKING:
    from app.editor.pane import EditorPane


class Extras(QObject):
    """Keeps a pane as `canvas_options` says."""

    def __init__(self, pane: EditorPane) -> None:
        super().__init__(pane)
        self._pane = pane
        pane.editor_actions.shapes.triggered.connect(canvas_options().set_shapes)
        canvas_options().changed.connect(self.follow)

    @Slot()
    def follow(self) -> None:
        """Show what is wanted; the pane's document may be another one."""
        options, pane = canvas_options(), self._pane
        pane.editor_actions.shapes.setChecked(options.shapes)
        pane.scene.set_shapes(options.shapes)
