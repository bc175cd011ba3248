"""GroupFrames: what is behind the blocks of groups that are drawn one by one."""

from __future__ import annotations

from collections import defaultdict

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.canvas import geometry as g
from app.canvas.items import Items
from app.canvas.paints import Paints
from app.document import Document

_EVERYWHERE = QRectF(-1e6, -1e6, 2e6, 2e6)
_EDGE = 10.0
"""Between a block and the frame."""
_GAP = 2 * g.PITCH_X - g.WIDTH
"""Blocks of a group that stand further apart in a row have frames of their own."""
_TINT, _LINE = 26, 110
"""How much of the colour the frame has inside, and at its edge; of 255."""


class GroupFrames(QGraphicsItem):
    """Paints the frames of a whole scene, of instances with a dashed edge; the mouse goes through."""

    def __init__(self, document: Document, items: Items, paints: Paints) -> None:
        super().__init__()
        self.paints = paints
        self._document, self._items = document, items
        self._frames: list[tuple[QRectF, bool]] | None = None
        """Each with whether it is of an instance; None: to be looked up anew."""
        self.setZValue(-2)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    @property
    def frames(self) -> list[tuple[QRectF, bool]]:
        """Where there are frames, each with whether it is of an instance."""
        if self._frames is None:
            self._frames = [
                (frame, bool(group.definition))
                for group in self._document.architecture.grouped().values()
                if not group.folded
                for frame in self._around([m for m in group.members if m in self._items])
            ]
        return self._frames

    def touch(self) -> None:
        """Blocks came, went or moved, or belong together in another way."""
        if self._frames is None:
            return
        had, self._frames = bool(self._frames), None
        if had or self._document.architecture.groups:
            self.update()

    def _around(self, members: list[str]) -> list[QRectF]:
        """Return a frame around each run of neighbours in a row."""
        rows: dict[float, list[QRectF]] = defaultdict(list)
        for member in members:
            body = self._items[member].body_in_scene()
            rows[body.y()].append(body)
        frames = []
        for bodies in rows.values():
            bodies.sort(key=QRectF.x)
            whole = QRectF(bodies[0])
            for body in bodies[1:]:
                if body.left() - whole.right() <= _GAP:
                    whole |= body
                else:
                    frames.append(whole)
                    whole = QRectF(body)
            frames.append(whole)
        return [frame.adjusted(-_EDGE, -_EDGE, _EDGE, _EDGE) for frame in frames]

    def boundingRect(self) -> QRectF:
        """Return a place that no network leaves."""
        return _EVERYWHERE

    def shape(self) -> QPainterPath:
        """Return nothing: what the mouse means are blocks and wires."""
        return QPainterPath()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Paint those that are seen."""
        seen: QRectF = option.exposedRect
        zoom = painter.worldTransform().m11()
        for frame, own in self.frames:
            if not seen.intersects(frame):
                continue
            fill, line = QColor(self.paints.accent), QColor(self.paints.accent)
            fill.setAlpha(_TINT)
            line.setAlpha(_LINE)
            style = Qt.PenStyle.DashLine if own else Qt.PenStyle.SolidLine
            painter.setPen(QPen(line, max(1.2, 1.0 / zoom), style))
            painter.setBrush(fill)
            painter.drawRoundedRect(frame, g.RADIUS + _EDGE / 2, g.RADIUS + _EDGE / 2)
