"""Strokes: lines drawn freely across the canvas that lead a shortcut around blocks, or cut wires."""

from __future__ import annotations

from collections.abc import Callable, Collection

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from app.canvas import geometry as g
from app.canvas.block_item import BlockItem
from app.canvas.gestures import Gesture, Pointer, Select
from app.canvas.paints import paints
from app.canvas.view import NetworkView
from app.canvas.wire_item import WireItem
from app.editor.stroke_keys import StrokeKeys
from resviz.arch.graph import Wire
from resviz.arch.rework import between

SHORTCUT_KEY, CUT_KEY = Qt.Key.Key_S, Qt.Key.Key_X
_REACH = 10.0
"""Pixels on the screen within which a click without a drag finds a wire."""
_ARC = g.arc_path()


class Stroke(Gesture):
    """Draws a line after the mouse; what it crosses is marked at once and used when the button is let go."""

    def __init__(self, view: NetworkView, press: Pointer, colour: QColor, *, dashed: bool = False) -> None:
        super().__init__(view, press)
        self._way = QPainterPath(press.scene)
        self._end = press.scene
        self._line = _new_line(colour, 2.5, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine)
        self._marks = _new_line(colour, 4.0)
        for item in (self._line, self._marks):
            view.network.addItem(item)

    def move(self, pointer: Pointer) -> None:
        """Draw on, and mark what the new piece crosses."""
        if not self.dragging(pointer):
            return
        piece, self._end = QLineF(self._end, pointer.scene), pointer.scene
        self._way.lineTo(pointer.scene)
        self._line.setPath(self._way)
        area = QRectF(piece.p1(), piece.p2()).normalized().adjusted(-1, -1, 1, 1)
        self.cross(piece, area)

    def cross(self, piece: QLineF, area: QRectF) -> None:
        """Take in what lies under one straight piece of the line, and in the area around it."""
        raise NotImplementedError

    def mark(self, path: QPainterPath) -> None:
        """Mark what the stroke will be used on."""
        self._marks.setPath(path)

    def finish(self, pointer: Pointer) -> None:
        """Take the line away."""
        self.move(pointer)
        self.cancel()

    def cancel(self) -> None:
        """Take the line away."""
        for item in (self._line, self._marks):
            self.view.network.removeItem(item)


class ShortcutStroke(Stroke):
    """Leads a shortcut around the blocks that it crosses and those between them."""

    def __init__(
        self, view: NetworkView, press: Pointer, around: Callable[[Collection[str]], object]
    ) -> None:
        super().__init__(view, press, paints().residual)
        self._around = around
        self._crossed: set[str] = set()
        self._chain: list[str] = []
        self.cross(QLineF(press.scene, press.scene), QRectF(press.scene, press.scene).adjusted(-1, -1, 1, 1))

    def cross(self, piece: QLineF, area: QRectF) -> None:
        """Light up the blocks that can be part of a chain."""
        network, architecture = self.view.network, self.view.network.document.architecture
        found = {
            block_id
            for item in network.items(area, Qt.ItemSelectionMode.IntersectsItemBoundingRect)
            if isinstance(item, BlockItem)
            and item.has_output
            and item.inputs
            and g.crosses(piece, item.body_in_scene())
            for block_id in item.members
        }
        if found <= self._crossed:
            return
        self._crossed |= found
        self._chain = between(architecture, self._crossed)
        path = QPainterPath()
        for item in {network.block_item(block_id): None for block_id in self._chain}:
            body = item.body_in_scene().adjusted(-4, -4, 4, 4)
            path.addRoundedRect(body, g.RADIUS + 4, g.RADIUS + 4)
        self.mark(path)

    def finish(self, pointer: Pointer) -> None:
        """Lead the shortcut, if anything was crossed; a click is one as ever."""
        super().finish(pointer)
        item = self.view.network.item_near(self.press.scene)
        if not self._dragging:
            if item is not None:
                Select(self.view, self.press, item).finish(pointer)
        elif self._chain:
            self._around(self._chain)


class CutStroke(Stroke):
    """Cuts the wires that it crosses; a residual unit whose arc it crosses becomes plain."""

    def __init__(
        self, view: NetworkView, press: Pointer, cut: Callable[[Collection[str], Collection[Wire]], object]
    ) -> None:
        super().__init__(view, press, paints().danger, dashed=True)
        self._cut = cut
        self._wires: dict[Wire, WireItem] = {}
        self._units: dict[str, BlockItem] = {}

    def cross(self, piece: QLineF, area: QRectF) -> None:
        """Mark wires and arcs."""
        before = len(self._wires) + len(self._units)
        for item in self.view.network.items(area, Qt.ItemSelectionMode.IntersectsItemBoundingRect):
            if isinstance(item, WireItem) and g.crosses_way(piece, item.path):
                self._wires[item.wire] = item
            elif (
                isinstance(item, BlockItem)
                and item.face.shortcut not in ("", "none")
                and g.crosses_way(piece.translated(-item.pos()), _ARC)
            ):
                self._units[item.block_id] = item
        if len(self._wires) + len(self._units) > before:
            path = QPainterPath()
            for wire in self._wires.values():
                path.addPath(wire.path)
            for unit in self._units.values():
                path.addPath(_ARC.translated(unit.pos()))
            self.mark(path)

    def finish(self, pointer: Pointer) -> None:
        """Cut; a click cuts the wire under the mouse."""
        super().finish(pointer)
        wires = set(self._wires)
        if not self._dragging:
            wire = self.view.network.wire_near(pointer.scene, _REACH / self.view.zoom)
            wires = set() if wire is None else {wire}
        if wires or self._units:
            self._cut([block_id for unit in self._units.values() for block_id in unit.members], wires)


class StrokeGestures:
    """Chooses a stroke for a press: a key is held or was tapped, or Alt is held beside all blocks.

    Some window managers take drags with Alt for themselves: the key says the same.
    """

    def __init__(
        self,
        keys: StrokeKeys,
        around: Callable[[Collection[str]], object],
        cut: Callable[[Collection[str], Collection[Wire]], object],
    ) -> None:
        self._keys, self._around, self._cut = keys, around, cut

    def __call__(self, view: NetworkView, press: Pointer) -> Gesture | None:
        """Return the stroke, or None for what others do."""
        tool = self._keys.tool
        if tool is not None:
            self._keys.use()
        if tool == SHORTCUT_KEY:
            return ShortcutStroke(view, press, self._around)
        alt = bool(press.modifiers & Qt.KeyboardModifier.AltModifier)
        if tool == CUT_KEY or (alt and not isinstance(view.network.item_near(press.scene), BlockItem)):
            return CutStroke(view, press, self._cut)
        return None


def _new_line(colour: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QGraphicsPathItem:
    line = QGraphicsPathItem()
    pen = QPen(colour, width, style)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    line.setPen(pen)
    line.setZValue(8)
    line.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
    return line
