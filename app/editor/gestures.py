"""The gestures that edit: moving blocks, drawing and re-routing wires."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsPathItem

from app.canvas import geometry as g
from app.canvas.block_item import PORTS, BlockItem
from app.canvas.drop import drop_radius
from app.canvas.gestures import Gesture, Pointer, Select
from app.canvas.paints import paints
from app.canvas.scene import Port
from app.canvas.view import NetworkView
from app.canvas.wire_item import WireItem
from app.editor.edits import Edits
from app.editor.port_lights import PortLights, misfit
from resviz.arch.graph import Position, Wire
from resviz.errors import ResvizError

MAGNET = 28.0
"""Pixels on the screen within which a port draws a wire's end to itself."""

Hint = Callable[[str], None]
Offer = Callable[[Port, QPointF], object]
"""Takes the fixed end of a wire and the place of the empty canvas where its other end was let go."""


class Move(Select):
    """Drag the selected blocks; dropped, they are one undo step. One without wires goes into one under it."""

    def __init__(self, view: NetworkView, press: Pointer, item: BlockItem, edits: Edits) -> None:
        super().__init__(view, press, item)
        self._edits = edits
        self._home: dict[str, Position] = {}
        self._now: dict[str, Position] = {}
        self._grip = QPointF(*self._position(item.block_id)) - press.scene
        self._lead = item.block_id
        self._wire: Wire | None = None
        """The wire that would take the block in."""

    def _position(self, block_id: str) -> Position:
        return self._edits.document.architecture[block_id].position or (0.0, 0.0)

    def move(self, pointer: Pointer) -> None:
        """Carry the blocks along, on the grid; with Alt off the grid."""
        if not self.dragging(pointer):
            return
        if not self._home:
            self._home = {
                block_id: self._position(block_id) for block_id in self.view.network.selection_ids()
            }
        wanted = pointer.scene + self._grip
        free = bool(pointer.modifiers & Qt.KeyboardModifier.AltModifier)
        x, y = (wanted.x(), wanted.y()) if free else g.snapped(wanted)
        dx, dy = x - self._home[self._lead][0], y - self._home[self._lead][1]
        now = {block_id: (home[0] + dx, home[1] + dy) for block_id, home in self._home.items()}
        if now != self._now:
            self._now = now
            self.view.network.preview_move(now)
            self._look_for_wire()

    def _look_for_wire(self) -> None:
        network = self.view.network
        if len(self._home) == 1 and self._edits.can_insert(self._lead):
            centre = network.block_item(self._lead).body_in_scene().center()
            wire = network.wire_near(centre, drop_radius(self.view.zoom), ignoring=self._lead)
            if wire != self._wire:
                self._wire = wire
                network.mark_wire(wire)

    def finish(self, pointer: Pointer) -> None:
        """Tell the document."""
        super().finish(pointer)
        wire = self._forget_wire()
        if wire is not None:
            self.view.network.preview_move(self._home)
            self._edits.insert_existing(self._lead, wire, self._now[self._lead])
        elif self._now:
            self._edits.move(self._now)

    def _forget_wire(self) -> Wire | None:
        wire, self._wire = self._wire, None
        if wire is not None:
            self.view.network.mark_wire(None)
        return wire

    def cancel(self) -> None:
        """Put the blocks back."""
        self._forget_wire()
        if self._home:
            self.view.network.preview_move(self._home)


class DrawWire(Gesture):
    """Draw a wire from a port, in either direction, or lead the end of an existing one elsewhere."""

    def __init__(
        self,
        view: NetworkView,
        press: Pointer,
        fixed: Port,
        edits: Edits,
        *,
        held: Wire | None = None,
        hint: Hint,
        offer: Offer,
    ) -> None:
        """Begin.

        Args:
            view: where.
            press: of the mouse.
            fixed: the end that stays.
            edits: of the document.
            held: the wire whose other end is moved; None: a new one.
            hint: says a sentence.
            offer: takes the end of a new wire that was let go over nothing.
        """
        super().__init__(view, press)
        self._edits, self._hint, self._offer = edits, hint, offer
        self._held, self._fixed = held, fixed
        self._line: QGraphicsPathItem | None = None
        self._lights: PortLights | None = None
        self._target: Port | None = None
        self._refusal: str | None = None
        view.network.clearSelection()

    def move(self, pointer: Pointer) -> None:
        """Draw the preview; a port nearby draws the end to itself."""
        if not self.dragging(pointer):
            return
        network = self.view.network
        if self._line is None:
            self._line = QGraphicsPathItem()
            self._line.setZValue(8)
            network.addItem(self._line)
            self._lights = PortLights(network, self._fixed)
            network.addItem(self._lights)
            if self._held is not None:
                network.wire_item(self._held).setVisible(False)
        radius = min(MAGNET / self.view.zoom, 72.0)
        target = network.port_near(pointer.scene, radius, inputs=not self._fixed.is_input)
        if target is None:  # the wrong side of a block, to say why
            target = network.port_near(pointer.scene, radius / 2, inputs=self._fixed.is_input)
        if (
            target is not None
            and target.block == self._fixed.block
            and target.is_input == self._fixed.is_input
        ):
            target = None
        if target != self._target:
            self._target = target
            self._refusal = self._why_not(target) if target else None
            network.set_hot_port(target if self._refusal is None else None)
            doubt = self._refusal or (self._misfit(target) if target else None)
            if doubt:
                self._hint(doubt)
        snapped = target is not None and self._refusal is None
        end = network.port_place(target) if target is not None and snapped else pointer.scene
        self._draw(end, target if snapped else None)

    def _draw(self, end: QPointF, target: Port | None) -> None:
        assert self._line is not None
        start = self.view.network.port_place(self._fixed)
        into = self._fixed if self._fixed.is_input else target
        if self._fixed.is_input:
            start, end = end, start
        side = self.view.network.port_side(into) if into is not None else "left"
        self._line.setPath(g.wire_path(start, end, side))
        look = paints()
        colour = look.danger if self._refusal else look.accent
        pen = QPen(
            colour, max(2.5, 2.0 / self.view.zoom), Qt.PenStyle.SolidLine if target else Qt.PenStyle.DashLine
        )
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        self._line.setPen(pen)

    def _wire_to(self, target: Port) -> Wire:
        source, sink = (target, self._fixed) if self._fixed.is_input else (self._fixed, target)
        return Wire(source.block, sink.block, source.name, sink.name)

    def _why_not(self, target: Port) -> str | None:
        if target.is_input == self._fixed.is_input:
            return "A wire goes from an output to an input: these are two of a kind."
        return self._edits.document.refusal(self._wire_to(target))

    def _misfit(self, target: Port) -> str | None:
        wire = self._wire_to(target)
        return misfit(self._edits.document, wire.source, Port(wire.target, wire.target_port, True))

    def finish(self, pointer: Pointer) -> None:
        """Connect, re-route, or, on empty space, remove the wire whose end was taken."""
        self.move(pointer)
        target, refusal = self._target, self._refusal
        dragged = self._line is not None
        self._clear()
        if not dragged:
            if self._held is not None:
                self.view.network.select_wire(self._held)
            return
        try:
            if target is not None and refusal is None:
                self._edits.connect(self._wire_to(target), instead=self._held)
            elif refusal is not None:
                self._hint(refusal)
            elif self._held is not None:
                self._edits.remove([], [self._held])
            elif self.view.network.item_near(pointer.scene) is None:
                self._offer(self._fixed, pointer.scene)
        except ResvizError as error:
            self._hint(str(error))

    def cancel(self) -> None:
        """Take the preview away."""
        self._clear()

    def _clear(self) -> None:
        network = self.view.network
        if self._lights is not None:
            network.removeItem(self._lights)
            self._lights = None
        if self._line is not None:
            network.removeItem(self._line)
            self._line = None
            if self._held is not None:
                network.wire_item(self._held).setVisible(True)
        network.set_hot_port(None)


class EditingGestures:
    """Chooses the gesture for a press: a port draws a wire, a wire is led elsewhere, a block moves.

    Added to a view's makers.
    """

    def __init__(self, edits: Edits, hint: Hint, offer: Offer) -> None:
        self._edits, self._hint, self._offer = edits, hint, offer

    def __call__(self, view: NetworkView, press: Pointer) -> Gesture | None:
        """Return the gesture, or None for what the view does by itself."""
        port = view.network.port_near(press.scene, view.port_radius) if view.zoom >= PORTS else None
        if port is not None:
            held = self._edits.document.architecture.incoming(port.block).get(port.name)
            held = held if port.is_input else None
            return self._draw(view, press, port if held is None else _source(held), held)
        item = view.network.item_near(press.scene)
        if isinstance(item, BlockItem):
            return Move(view, press, item, self._edits)
        if isinstance(item, WireItem) and view.zoom >= PORTS and not press.adds:
            return self._draw(view, press, _farther_end(item, press.scene), item.wire)
        return None

    def _draw(self, view: NetworkView, press: Pointer, fixed: Port, held: Wire | None) -> DrawWire:
        return DrawWire(view, press, fixed, self._edits, held=held, hint=self._hint, offer=self._offer)


def _source(wire: Wire) -> Port:
    return Port(wire.source, wire.source_port, False)


def _farther_end(item: WireItem, place: QPointF) -> Port:
    """Return the end of a wire that stays when it is taken at a place: the one that is farther away."""
    path, wire = item.path, item.wire
    to_start, to_end = (QLineF(place, path.pointAtPercent(share)).length() for share in (0.0, 1.0))
    return Port(wire.target, wire.target_port, True) if to_start < to_end else _source(wire)
