"""The plotting area of time plots, and the time cursor as it is drawn there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor

from app.plots.strokes import Dots, Stroke, pen, upright


class TimeBox(pg.ViewBox):  # type: ignore[misc]
    """Dragging moves the time cursor, or with Shift the view; the wheel zooms along the time axis."""

    scrubbed = Signal(QPointF)
    """The mouse is pressed at a place of the axes: the time cursor is wanted there."""

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        """Scrub, or move the view."""
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if axis is None and event.button() == Qt.MouseButton.LeftButton and not shifted:
            event.accept()
            self.scrubbed.emit(QPointF(self.mapToView(event.pos())))
        else:
            super().mouseDragEvent(event, axis)

    def mouseClickEvent(self, event: Any) -> None:
        """Bring the cursor."""
        if event.button() == Qt.MouseButton.LeftButton and not event.double():
            event.accept()
            self.scrubbed.emit(QPointF(self.mapToView(event.pos())))

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        """Zoom along the time axis; over the axis of values, along that."""
        super().wheelEvent(event, 0 if axis is None else axis)


def cursor_strokes(place: float, low: float, high: float, colour: QColor) -> list[Stroke]:
    """Return the time cursor: a line with a handle at its foot."""
    handle = Dots(np.array([place]), np.array([low]), pen(colour, 9))
    return [upright(place, low, high, pen(colour, 1.5)), handle]
