"""What lies under the network: paper with a grid, and a word where there is no network."""

from __future__ import annotations

from math import ceil, floor

from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.canvas.paints import paints

STEP = 32.0
"""Scene pixels between two lines; four times as many far away."""
COARSE, NONE = 0.45, 0.12
"""Zooms below which the grid is coarse, and is left out as mere noise."""
EMPTY = "Drag a block here from the palette, or double-click here and type its name."


def draw_paper(painter: QPainter, rect: QRectF, zoom: float) -> None:
    """Fill `rect` of the scene with paper and its grid."""
    look = paints()
    painter.fillRect(rect, look.plot)
    if zoom < NONE:
        return
    step = STEP if zoom >= COARSE else STEP * 4
    colour = QColor(look.grid)
    colour.setAlpha(70)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(colour, 0))
    columns = range(floor(rect.left() / step), ceil(rect.right() / step) + 1)
    rows = range(floor(rect.top() / step), ceil(rect.bottom() / step) + 1)
    lines = [QLineF(x * step, rect.top(), x * step, rect.bottom()) for x in columns]
    lines += [QLineF(rect.left(), y * step, rect.right(), y * step) for y in rows]
    painter.drawLines(lines)


def draw_hint(painter: QPainter, rect: QRect) -> None:
    """Write into `rect` of the view what to do with an empty canvas."""
    painter.save()
    painter.resetTransform()
    painter.setPen(paints().muted)
    painter.setFont(paints().title)
    flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
    painter.drawText(rect.adjusted(24, 0, -24, 0), flags, EMPTY)
    painter.restore()
