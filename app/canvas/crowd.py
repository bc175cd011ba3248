"""CrowdItem: all blocks and wires of a scene at once, seen from far away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from PySide6.QtCore import QLineF, QMarginsF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.canvas import geometry as g
from app.canvas.block_item import PORTS, BlockItem
from app.canvas.detail import LEVELS
from app.canvas.items import Items
from app.canvas.marks import draw_mark
from app.canvas.outline import Outline, reach
from app.canvas.paints import Paints
from app.canvas.readout import LANES, Board, lane_width
from app.canvas.stack_item import StackItem
from app.canvas.wire_item import WireItem, look_of
from resviz.arch.graph import Wire

FAR = PORTS
"""Zoom below which the crowd is painted and not each block by itself: there is nothing to take hold of."""
COLOURS = LEVELS[-1].zoom
"""Zoom below which no word could be read: colours alone are left."""

_NO_PEN, _NO_BRUSH = Qt.PenStyle.NoPen, Qt.BrushStyle.NoBrush
_CORNER = QPointF(g.WIDTH, 0)
_ROOM = QMarginsF(40, 60, 40, 40)
"""What blocks draw around their bodies at the most."""
_MOST_LIFTED = 40
"""Blocks that are dragged at once, up to which they are painted one by one."""
_FAR_AWAY = QMarginsF(20_000, 20_000, 20_000, 20_000)
"""How far blocks may be dragged, in scene pixels."""
_NONE_LIFTED: tuple[frozenset[BlockItem], frozenset[Wire]] = (frozenset(), frozenset())
_LONGEST_PATH = 256
"""Elements of a path that is stroked at once: of thousands that cross, Qt takes five times as long."""


class CrowdItem(QGraphicsItem):
    """Paints what the items of a scene show, by colour rather than one by one; the mouse goes through it."""

    def __init__(
        self,
        blocks: Items,
        wires: Mapping[Wire, WireItem],
        board: Board,
        paints: Paints,
    ) -> None:
        super().__init__()
        self._block_items, self._wire_items, self._board = blocks, wires, board
        self.paints = paints
        self.size = QSize()
        """Of the view, in its pixels."""
        self._bounds = QRectF()
        self._blocks: list[BlockItem] = []
        self._stacks: list[StackItem] = []
        """Folded groups: few, and painted one by one."""
        self._outlines: dict[BlockItem, Outline] = {}
        self._bodies: list[QRectF] = []
        self._strips: dict[str, list[QRectF]] = {}
        self._framed: dict[bool, list[QRectF]] = {}
        """Bodies of selected (True) and of broken blocks."""
        self._arcs: list[list[QLineF]] = []
        """The pieces of each block's arc; none for a block without."""
        self._branches: list[QLineF | None] = []
        """The way through each composite block."""
        self._ground: tuple[object, QPixmap] | None = None
        """The wires whose width is fixed, and for which view of them they were painted."""
        self._wires: dict[str, list[QPainterPath]] = {}
        """Wires whose width is fixed, by their looks."""
        self._lanes: list[WireItem] = []
        """Wires whose width follows the readouts."""
        self._stale = True
        self._carried: QPointF | None = None
        """How far everything is dragged at once."""
        self._lifted: tuple[frozenset[BlockItem], frozenset[Wire]] = _NONE_LIFTED
        """Blocks that are dragged, and their wires: painted by themselves above the rest."""
        self.setZValue(1)
        self.setVisible(False)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def touch(self) -> None:
        """Look at the items anew when next painted: some came, went, moved or changed."""
        self._stale, self._lifted, self._carried = True, _NONE_LIFTED, None
        self.update()

    def carry(self, step: QPointF) -> None:
        """Paint everything so much further, until `touch`."""
        if self._carried is None:
            self.prepareGeometryChange()
            self._bounds = self._bounds.marginsAdded(_FAR_AWAY)
        self._carried = step
        self.update()

    def measure(self) -> None:
        """Take in all items that there are: some came, went or moved."""
        bounds = reach(self._block_items, g.BOUNDS)
        for wire in self._wire_items.values():
            bounds |= wire.boundingRect()
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds
        self.update()

    def lift(self, blocks: Collection[BlockItem], wires: Collection[Wire]) -> None:
        """Paint blocks and wires that are dragged by themselves, until `touch`; all else is kept as it is."""
        if len(blocks) > _MOST_LIFTED:
            self.touch()
            return
        lifted = frozenset(blocks), frozenset(wires)
        if lifted != self._lifted:
            self._stale, self._lifted = True, lifted
            self.prepareGeometryChange()
            self._bounds = self._bounds.marginsAdded(_FAR_AWAY)
        self.update()

    def boundingRect(self) -> QRectF:
        """Return all that is painted."""
        return self._bounds

    def shape(self) -> QPainterPath:
        """Return nothing: what the mouse means are the blocks and wires themselves."""
        return QPainterPath()

    def _look(self) -> None:
        self._stale = False
        blocks, wires = self._lifted
        here = [item for item in self._block_items if item not in blocks]
        self._blocks = [item for item in here if not item.is_stack]
        self._stacks = [item for item in here if isinstance(item, StackItem)]
        self._outlines = {item: self._outline(item) for item in self._blocks}
        self._bodies = [outline.body for outline in self._outlines.values()]
        strips, framed = defaultdict(list), defaultdict(list)
        self._arcs, self._branches, self._ground = [], [], None
        for item, outline in self._outlines.items():
            face, selected = item.face, item.isSelected()
            strips[face.family].append(outline.strip)
            if selected or face.broken:
                framed[selected].append(outline.frame)
            self._arcs.append(outline.arc if face.shortcut not in ("", "none") else [])
            self._branches.append(outline.branch if face.shortcut else None)
        self._strips, self._framed = strips, framed
        self._wires, self._lanes = {}, []
        for key, wire in self._wire_items.items():
            if key in wires:
                continue
            if wire.row >= 0:
                self._lanes.append(wire)
                continue
            paths = self._wires.setdefault(wire.look, [])
            if not paths or paths[-1].elementCount() > _LONGEST_PATH:
                paths.append(QPainterPath())
            paths[-1].addPath(wire.path)

    def _outline(self, item: BlockItem) -> Outline:
        known, x, y = self._outlines.get(item), item.x(), item.y()
        return known if known is not None and (known.x, known.y) == (x, y) else Outline(x, y)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint wires, blocks, ways and badges, each colour at once, or block by block where words are."""
        if self._stale:
            self._look()
        if self._carried is not None:
            painter.translate(self._carried)
        transform = painter.worldTransform()
        zoom = transform.m11()
        self._paint_wires(painter)
        if zoom < COLOURS:
            self._paint_colours(painter, self.paints, zoom)
            self._paint_lifted(painter, option, widget)
            return
        seen: QRectF = (
            transform.inverted()[0]
            .mapRect(QRectF(0, 0, self.size.width(), self.size.height()))
            .marginsAdded(_ROOM)
        )
        shown = [(item, item.body_in_scene()) for item in self._stacks]
        for item, body in (*zip(self._blocks, self._bodies, strict=True), *shown):
            if seen.intersects(body):
                painter.setWorldTransform(QTransform(transform).translate(body.x(), body.y()))
                item.paint(painter, option, widget)
                painter.setOpacity(1.0)
        painter.setWorldTransform(transform)
        self._paint_lifted(painter, option, widget)

    def _paint_lifted(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None
    ) -> None:
        blocks, wires = self._lifted
        transform = painter.worldTransform()
        painter.setBrush(_NO_BRUSH)
        for wire in (self._wire_items[key] for key in wires):
            colour, width = look_of(wire.look, self.paints)
            painter.setPen(QPen(colour, max(width, min(width * 0.55 / transform.m11(), 14.0))))
            painter.drawPath(wire.path)
        for item in blocks:
            place = item.body_in_scene()
            painter.setWorldTransform(QTransform(transform).translate(place.x(), place.y()))
            item.paint(painter, option, widget)
            painter.setOpacity(1.0)
        painter.setWorldTransform(transform)

    def _paint_colours(self, painter: QPainter, paints: Paints, zoom: float) -> None:
        painter.setPen(_NO_PEN)
        for selected, frames in self._framed.items():
            painter.setBrush(paints.accent if selected else paints.danger)
            painter.drawRects(frames)
        self._paint_bodies(painter, paints)
        for family, strips in self._strips.items():
            painter.setBrush(paints.tones[family].strip)
            painter.drawRects(strips)
        self._paint_ways(painter, paints, zoom)
        for stack in self._stacks:
            stack.paint_far(painter, zoom)
        marks = self._board.marks
        for item, body in zip(self._blocks, self._bodies, strict=True) if any(marks) else ():
            if item.row >= 0 and marks[item.row] and not item.face.broken:
                draw_mark(painter, item.mark, body.topLeft() + _CORNER, zoom, paints)

    def _paint_wires(self, painter: QPainter) -> None:
        transform = painter.worldTransform()
        ground, zoom = self._painted_ground(transform), transform.m11()
        painter.setWorldTransform(QTransform())
        painter.drawPixmap(0, 0, ground)
        painter.setWorldTransform(transform)
        painter.setBrush(_NO_BRUSH)
        for wire in self._lanes:
            painter.setPen(QPen(look_of(wire.look, self.paints)[0], wire.width(zoom)))
            painter.drawPath(wire.path)

    def _painted_ground(self, transform: QTransform) -> QPixmap:
        """Return the wires that stay as they are while training goes on, painted once for a view."""
        ratio, size, zoom = self._board.ratio or 1.0, self.size, transform.m11()
        key = zoom, transform.dx(), transform.dy(), ratio, size.width(), size.height(), id(self.paints)
        if self._ground is None or self._ground[0] != key:
            pixmap = QPixmap(size * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setWorldTransform(transform)
            for look, paths in self._wires.items():
                colour, width = look_of(look, self.paints)
                painter.setPen(QPen(colour, max(width, min(width * 0.55 / zoom, 14.0))))
                for path in paths:
                    painter.drawPath(path)
            painter.end()
            self._ground = key, pixmap
        return self._ground[1]

    def _paint_bodies(self, painter: QPainter, paints: Paints) -> None:
        groups: dict[tuple[str, int, bool], list[QRectF]] = defaultdict(list)
        colours, faint = self._board.colours, self._board.faint
        for item, body in zip(self._blocks, self._bodies, strict=True):
            row = item.row
            step = colours[row] if row >= 0 else -1
            family = item.face.family if step < 0 else ""
            groups[family, step, item.face.dead or (row >= 0 and faint[row])].append(body)
        for (family, step, pale), bodies in groups.items():
            if step < 0:
                colour = QColor(paints.tones[family].far)
                colour.setAlphaF(0.4 if pale else 1.0)
            else:
                colour = (paints.faint_fills if pale else paints.fills)[step].colour
            painter.setBrush(colour)
            painter.drawRects(bodies)

    def _paint_ways(self, painter: QPainter, paints: Paints, zoom: float) -> None:
        """Paint arcs and branches, those of one width at once."""
        cool: dict[float, list[QLineF]] = defaultdict(list)
        warm: list[QLineF] = []
        lanes, arc_width, live = self._board.lanes, min(2.2 / zoom, 9.0), self._board.live
        wide = [lane_width(step / LANES, zoom) for step in range(LANES + 1)]
        for item, arc, branch in zip(self._blocks, self._arcs, self._branches, strict=True):
            if branch is None:
                continue
            row = item.row
            lane = lanes[row] if row >= 0 else -1
            if lane >= 0:
                cool[wide[min(lane, LANES)]].append(branch)
                cool[wide[min(2 * LANES - lane, LANES)]] += arc
            elif arc:
                cool[arc_width] += arc
            elif row >= 0 and live:
                warm.append(branch)
        for width, ways in cool.items():
            painter.setPen(QPen(paints.residual, width))
            painter.drawLines(ways)
        painter.setPen(QPen(paints.plain, wide[LANES]))
        painter.drawLines(warm)
