"""What a pane shows besides its network where the person wants it: shapes on wires, and the ruler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Slot

from app.canvas.options import canvas_options
from app.canvas.shape_labels import are_readable
from app.editor.ruler import Ruler

if TYPE_CHECKING:
    from app.editor.pane import EditorPane

_LOW = 480
"""In a pane of less height, in pixels, the ruler is low too: beside it the blocks are to keep their names."""


class Extras(QObject):
    """Keeps a pane as `canvas_options` says."""

    def __init__(self, pane: EditorPane) -> None:
        super().__init__(pane)
        self._pane = pane
        self.ruler = Ruler(pane)
        self.ruler.hide()
        self._hovered = ""
        options, actions = canvas_options(), pane.editor_actions
        actions.shapes.triggered.connect(self._on_shapes_chosen)
        actions.ruler.triggered.connect(options.set_ruler)
        options.changed.connect(self._show)
        pane.view.block_hovered.connect(self._on_hovered)
        pane.selection_changed.connect(self._show_place)
        self.ruler.chosen.connect(pane.reveal)
        pane.installEventFilter(self)

    def follow(self) -> None:
        """Show what is wanted of the pane's document, which may be another one."""
        self.ruler.set_document(self._pane.document)
        self._show()

    @Slot()
    def _show(self) -> None:
        options, pane = canvas_options(), self._pane
        pane.editor_actions.shapes.setChecked(options.shapes)
        pane.editor_actions.ruler.setChecked(options.ruler)
        pane.scene.set_shapes(options.shapes)
        self.ruler.setVisible(options.ruler)
        self._show_place()

    @Slot(bool)
    def _on_shapes_chosen(self, on: bool) -> None:
        canvas_options().set_shapes(on)
        if on and not are_readable(self._pane.view.zoom):
            self._pane.say("Shapes show when you zoom in: from here they could not be read.")

    @Slot(str)
    def _on_hovered(self, block_id: str) -> None:
        self._hovered = block_id
        self._show_place()

    @Slot()
    def _show_place(self) -> None:
        """Put the ruler's cursor where the mouse is, or else what is selected."""
        chosen = self._pane.scene.selection_ids() if self.ruler.isVisible() and not self._hovered else []
        self.ruler.show_block(self._hovered or (chosen[0] if chosen else ""))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give the ruler the height that the pane can spare."""
        if watched is self._pane and event.type() == QEvent.Type.Resize:
            self.ruler.set_low(self._pane.height() < _LOW)
        return super().eventFilter(watched, event)
