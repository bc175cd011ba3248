"""Gestures: one object from press to release, with move, finish and cancel (Esc). These edit nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QGraphicsRectItem

from app.canvas import geometry as g
from app.canvas.block_item import BlockItem
from app.canvas.paints import paints
from app.canvas.wire_item import WireItem

if TYPE_CHECKING:
    from app.canvas.view import NetworkView

ADDS = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
"""With one of these held a click adds to the selection."""
DRAG_DISTANCE = 4
"""Pixels on the screen that the mouse moves before a press is a drag."""


@dataclass(frozen=True)
class Pointer:
    """Where the mouse is, on the view and in the scene, and what is held."""

    view: QPoint
    scene: QPointF
    modifiers: Qt.KeyboardModifier

    @property
    def adds(self) -> bool:
        """Whether the selection is to be added to."""
        return bool(self.modifiers & ADDS)


class Gesture:
    """Base of all gestures; each method may be left out."""

    def __init__(self, view: NetworkView, press: Pointer) -> None:
        self.view = view
        self.press = press
        self._dragging = False

    def dragging(self, pointer: Pointer) -> bool:
        """Return whether the mouse went far enough from the press, once it did."""
        if not self._dragging:
            self._dragging = (pointer.view - self.press.view).manhattanLength() >= DRAG_DISTANCE
        return self._dragging

    def move(self, pointer: Pointer) -> None:
        """Follow the mouse."""

    def finish(self, pointer: Pointer) -> None:
        """Take effect: the button was let go."""

    def cancel(self) -> None:
        """Leave everything as it was before the press."""


class Pan(Gesture):
    """Move the paper under the mouse."""

    def __init__(self, view: NetworkView, press: Pointer) -> None:
        super().__init__(view, press)
        self._last = press.view
        view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def move(self, pointer: Pointer) -> None:
        """Scroll by what the mouse moved."""
        self.view.pan_by(pointer.view - self._last)
        self._last = pointer.view

    def finish(self, _pointer: Pointer) -> None:
        """Give the cursor back."""
        self.view.viewport().unsetCursor()

    def cancel(self) -> None:
        """Give the cursor back."""
        self.view.viewport().unsetCursor()


class RubberBand(Gesture):
    """Select what a rectangle touches; a click on empty space selects nothing."""

    def __init__(self, view: NetworkView, press: Pointer) -> None:
        super().__init__(view, press)
        self._kept = set(view.network.selection_ids()) if press.adds else set()
        self._before = view.network.selection_ids()
        self._band: QGraphicsRectItem | None = None
        if not press.adds:
            view.network.clearSelection()

    def move(self, pointer: Pointer) -> None:
        """Draw the rectangle and select the blocks in it."""
        if not self.dragging(pointer):
            return
        rect = QRectF(self.press.scene, pointer.scene).normalized()
        if self._band is None:
            self._band = _new_band()
            self.view.network.addItem(self._band)
        self._band.setRect(rect)
        # In numbers: of thousands of blocks their rectangles would take longer than to paint them.
        left, top, right, bottom = rect.left() - g.WIDTH, rect.top() - g.HEIGHT, rect.right(), rect.bottom()
        inside = {
            item.block_id
            for item in self.view.network.block_items()
            if left < item.x() < right and top < item.y() < bottom
        }
        wanted = self._kept | inside
        for item in self.view.network.block_items():
            if item.isSelected() != (item.block_id in wanted):
                item.setSelected(item.block_id in wanted)

    def finish(self, _pointer: Pointer) -> None:
        """Take the rectangle away."""
        self._remove_band()

    def cancel(self) -> None:
        """Take the rectangle away and select what was selected."""
        self._remove_band()
        self.view.network.select(self._before)

    def _remove_band(self) -> None:
        if self._band is not None:
            self.view.network.removeItem(self._band)
            self._band = None


class Select(Gesture):
    """Select the block or wire under the press, as every canvas does."""

    def __init__(self, view: NetworkView, press: Pointer, item: BlockItem | WireItem) -> None:
        super().__init__(view, press)
        self.item = item
        self._was_selected = item.isSelected()
        if not press.adds and not item.isSelected():
            view.network.clearSelection()
        item.setSelected(True)

    def finish(self, _pointer: Pointer) -> None:
        """A click on one of several: that one alone; with Shift or Ctrl: out of the selection again."""
        if self._dragging or not self._was_selected:
            return
        if self.press.adds:
            self.item.setSelected(False)
        else:
            self.view.network.clearSelection()
            self.item.setSelected(True)


def _new_band() -> QGraphicsRectItem:
    band = QGraphicsRectItem()
    colour = paints().accent
    pen = QPen(colour, 1)
    pen.setCosmetic(True)
    fill = QColor(colour)
    fill.setAlpha(36)
    band.setPen(pen)
    band.setBrush(fill)
    band.setZValue(10)
    return band
