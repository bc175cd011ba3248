"""WireItem: one wire on the canvas."""

from __future__ import annotations

from math import hypot

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.canvas import geometry as g
from app.canvas.paints import Paints
from app.canvas.readout import Board, lane_width, widths
from resviz.arch.graph import Wire

_HIT = 14.0
_SAMPLES = 48
_MARGIN = 13.0


class WireItem(QGraphicsItem):
    """Draws one wire between two places that the scene gives."""

    def __init__(self, wire: Wire, paints: Paints, board: Board) -> None:
        super().__init__()
        self.wire = wire
        self.row = -1
        """Where the board speaks of the loose addition that the wire leads to; -1: nowhere."""
        self.adds = False
        """Whether it leads to such an addition."""
        self.into_stack = False
        """Whether it leads into a folded group, where all that comes in comes in at one place."""
        self._board = board
        self._paints = paints
        self._ends: tuple[QPointF, QPointF, str] | None = None
        self._path = QPainterPath()
        self._bounds = QRectF()
        self._hit: QPainterPath | None = None
        self._broken = self._dead = self._marked = False
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setZValue(0)

    @property
    def is_shortcut(self) -> bool:
        """Whether this wire brings a shortcut to its addition."""
        return self.wire.target_port == "shortcut" and not self.into_stack

    @property
    def path(self) -> QPainterPath:
        """The way it takes, in the scene."""
        return self._path

    @property
    def look(self) -> str:
        """A name for how it is drawn, see `look_of`."""
        if self.isSelected() or self._marked:
            return "marked"
        if self._broken or self._dead:
            return "broken" if self._broken else "dead"
        return "shortcut" if self.is_shortcut else "plain"

    @property
    def share(self) -> float | None:
        """Its share of the signal that the addition behind it gets; None: not known."""
        lane = self._board.lanes[self.row] if self.row >= 0 else -1
        if lane < 0 or self._broken or self._dead:
            return None
        shortcut, branch = widths(lane)
        return shortcut if self.is_shortcut else branch

    @property
    def broken(self) -> bool:
        """Whether the wire is marked as broken."""
        return self._broken

    def width(self, zoom: float) -> float:
        """Return how wide it is drawn, in scene pixels."""
        share, usual = self.share, look_of(self.look, self._paints)[1]
        return lane_width(share, zoom) if share is not None else max(usual, min(usual * 0.55 / zoom, 14.0))

    def set_ends(self, start: QPointF, end: QPointF, side: str) -> None:
        """Run from `start` to `end` on `side` ("left", "top", "bottom") of the target."""
        if (start, end, side) == self._ends:
            return
        self._ends = start, end, side
        self.prepareGeometryChange()
        self._path = g.wire_path(start, end, side)
        self._bounds = self._path.boundingRect().adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
        self._hit = None

    def shift(self, step: QPointF) -> None:
        """Run as before, so much further: both ends moved alike."""
        if self._ends is None or step.isNull():
            return
        start, end, side = self._ends
        self._ends = start + step, end + step, side
        self.prepareGeometryChange()
        self._path.translate(step)
        self._bounds.translate(step)
        self._hit = None

    def set_state(self, *, broken: bool, dead: bool) -> None:
        """Take over what the analysis says."""
        if (broken, dead) != (self._broken, self._dead):
            self._broken, self._dead = broken, dead
            self.update()

    def set_marked(self, marked: bool) -> None:
        """Show that a block dropped now would be inserted here."""
        if marked != self._marked:
            self._marked = marked
            self.update()

    def set_paints(self, paints: Paints) -> None:
        """Draw with other colours."""
        self._paints = paints
        self.update()

    def distance_to(self, position: QPointF) -> float:
        """Return about how far a place is from the line (measured at points along it)."""
        points = (self._path.pointAtPercent(step / _SAMPLES) for step in range(_SAMPLES + 1))
        return min(hypot(point.x() - position.x(), point.y() - position.y()) for point in points)

    def boundingRect(self) -> QRectF:
        """Return all that is painted."""
        return self._bounds

    def shape(self) -> QPainterPath:
        """Return what the mouse can hit: a band around the line."""
        if self._hit is None:
            self._hit = g.thick(self._path, _HIT)
        return self._hit

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Paint the line; broken ones in the danger colour, dashed."""
        paints = self._paints
        zoom = painter.worldTransform().m11()
        pen = QPen(look_of(self.look, paints)[0], self.width(zoom))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        if self._broken or self._dead:
            pen.setDashPattern([3.0, 2.5])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)


def look_of(look: str, paints: Paints) -> tuple[QColor, float]:
    """Return the colour of a wire and its width in scene pixels."""
    return {
        "plain": (paints.wire, 2.0),
        "shortcut": (paints.residual, 3.0),
        "dead": (paints.faint, 1.5),
        "broken": (paints.danger, 2.5),
        "marked": (paints.accent, 4.0),
    }[look]
