"""StageBars: what each part of a network costs, as bars that lead to its blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.canvas.costs import CostKind, share_text
from app.canvas.text import plural, shape_text, short_count
from app.document import Document
from app.theme import GRID, theme

_MOST = 12
"""Parts by name; where there are more, blocks of one shape are a part."""
_GAP = GRID


@dataclass(frozen=True)
class Part:
    """Some blocks of a network and what they cost together."""

    name: str
    blocks: tuple[str, ...]
    amount: int
    share: float
    """Percent of the whole."""


def parts_of(document: Document, kind: CostKind) -> list[Part]:
    """Return the parts of a network that cost something: stem, stages and head, or map sizes."""
    costs, shapes = document.cost.blocks, document.inference.shapes
    found = _grouped(document, lambda block_id: block_id.partition(".")[0])
    if len(found) > _MOST:
        found = _grouped(document, lambda block_id: shape_text(shapes.get(block_id)))
    total = max(1, kind.of(document.cost.total))
    amounts = [(name, ids, sum(kind.of(costs[each]) for each in ids)) for name, ids in found.items()]
    return [Part(name, tuple(ids), amount, 100 * amount / total) for name, ids, amount in amounts if amount]


def _grouped(document: Document, name: Callable[[str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for block_id in document.architecture.order():
        if block_id in document.cost.blocks:
            found.setdefault(name(block_id), []).append(block_id)
    return found


class StageBars(QWidget):
    """A row a part: name, bar, share. A click, or Enter, leads to its blocks."""

    chosen = Signal(tuple)
    """Ids of blocks."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[Part] = []
        self._kind: CostKind | None = None
        self._at = -1
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Cost by stage")

    @property
    def parts(self) -> list[Part]:
        """What is shown."""
        return self._parts

    def show_parts(self, parts: list[Part], kind: CostKind) -> None:
        """Show these."""
        if (parts, kind) != (self._parts, self._kind):
            self._parts, self._kind = parts, kind
            self._at = min(self._at, len(parts) - 1)
            self.updateGeometry()
            self.update()

    @property
    def _row(self) -> int:
        return self.fontMetrics().height() + GRID

    def sizeHint(self) -> QSize:
        """Return the height of all rows."""
        return QSize(200, self._row * len(self._parts))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the rows."""
        colours, metrics = theme().colours, self.fontMetrics()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        names = max((metrics.horizontalAdvance(part.name) for part in self._parts), default=0)
        names = min(names + 2, self.width() // 2)
        numbers = metrics.horizontalAdvance("00.0 %")
        left, right = names + _GAP, self.width() - numbers - _GAP
        most = max((part.share for part in self._parts), default=1.0)
        for number, part in enumerate(self._parts):
            row = QRectF(0, number * self._row, self.width(), self._row)
            if number == self._at:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colours.hover))
                painter.drawRoundedRect(row, 4, 4)
            painter.setPen(QColor(colours.text))
            name = metrics.elidedText(part.name, Qt.TextElideMode.ElideMiddle, names)
            painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            share = share_text(part.share)
            painter.drawText(row, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, share)
            length = max(2.0, (right - left) * part.share / most)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(QRectF(left, row.center().y() - 4, length, 8), 2, 2)
        if self.hasFocus():
            painter.setPen(QColor(colours.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _part_at(self, place: QPointF) -> int:
        number = int(place.y() // self._row)
        return number if 0 <= number < len(self._parts) else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light up the row, and say in numbers what it is."""
        at = self._part_at(event.position())
        if at != self._at:
            self._at = at
            self.update()
            if at >= 0 and self._kind is not None:
                part = self._parts[at]
                text = (
                    f"{plural(len(part.blocks), 'block')}: {short_count(part.amount)} {self._kind.unit}. "
                    "Click to go there."
                )
                QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def leaveEvent(self, _event: QEvent) -> None:
        """Darken the row."""
        self._at = -1
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go to the blocks."""
        self._choose(self._part_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down go through the rows; Enter goes to the blocks."""
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is not None and self._parts:
            self._at = min(max(self._at + step, 0), len(self._parts) - 1)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self._at)
        else:
            super().keyPressEvent(event)

    def _choose(self, number: int) -> None:
        if 0 <= number < len(self._parts):
            self.chosen.emit(self._parts[number].blocks)
