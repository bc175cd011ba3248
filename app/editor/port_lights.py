"""PortLights: while a wire is drawn, which ports of the whole canvas it could go to."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.block_item import PORTS
from app.canvas.paints import paints
from app.canvas.parts import PORT_RADIUS
from app.canvas.scene import NetworkScene, Port
from app.document import Document
from resviz.arch.shapes import read_ports
from resviz.arch.spec import ShapeError

_LIT, _DIM = PORT_RADIUS + 3.0, PORT_RADIUS + 1.5
_EDGE = 12.0


class PortLights(QGraphicsItem):
    """Lights up the ports that match the fixed end of a wire and dims the others; looked up when made."""

    def __init__(self, network: NetworkScene, fixed: Port) -> None:
        super().__init__()
        lit: list[QPointF] = []
        dim: list[QPointF] = []
        bounds = QRectF()
        for port, matches in _judged(network, fixed):
            place = network.port_place(port)
            (lit if matches else dim).append(place)
            bounds |= QRectF(place.x() - _EDGE, place.y() - _EDGE, 2 * _EDGE, 2 * _EDGE)
        self.lit, self.dim, self._bounds = lit, dim, bounds
        self.setZValue(6)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def boundingRect(self) -> QRectF:
        """Return all that is painted."""
        return self._bounds

    def shape(self) -> QPainterPath:
        """Return nothing: the mouse means what lies below."""
        return QPainterPath()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Paint each kind of port at once; nothing where ports are too small to be seen."""
        zoom = painter.worldTransform().m11()
        if zoom < PORTS:
            return
        look = paints()
        seen: QRectF = option.exposedRect.adjusted(-_EDGE, -_EDGE, _EDGE, _EDGE)
        veil = QColor(look.plot)
        veil.setAlpha(225)
        for places, colour, radius in (
            (self.dim, veil, _DIM),
            (self.lit, look.plot, _LIT),
            (self.lit, look.accent, _LIT - 2.0),
        ):
            here = [place for place in places if seen.contains(place)]
            if here:
                pen = QPen(colour, 2.0 * max(radius, radius * 0.7 / zoom))
                pen.setCapStyle(Qt.PenCapStyle.RoundCap)
                painter.setPen(pen)
                painter.drawPoints(here)


def _judged(network: NetworkScene, fixed: Port) -> Iterator[tuple[Port, bool]]:
    """Yield each port but the fixed one, and whether a wire from there to it would do.

    Not between two ports of a kind, not in a circle, and not where the shape, if it is known, does not fit.
    """
    document = network.document
    architecture = document.architecture
    barred = architecture.downstream(fixed.block) if fixed.is_input else architecture.upstream(fixed.block)
    barred.add(fixed.block)
    for item in network.block_items():
        free = item.block_id not in barred
        for name in item.inputs:
            port = Port(item.block_id, name, True)
            if port != fixed:
                reads = free and not fixed.is_input
                yield port, reads and misfit(document, fixed.block, port) is None
        port = Port(item.exit_id, "out", False)
        if item.has_output and port != fixed:
            feeds = free and fixed.is_input
            yield port, feeds and misfit(document, item.block_id, fixed) is None


def misfit(document: Document, source: str, port: Port) -> str | None:
    """Return why an input cannot read what a block gives, as one sentence; None if it can, as far as known.

    A wire may be drawn all the same: parameters can be changed afterwards.
    """
    block = document.architecture[port.block]
    if block.bypassed or port.name not in read_ports(block):
        return None
    wires, shapes = document.architecture.incoming(port.block), document.inference.shapes
    sources = [
        wires[name].source if name in wires and name != port.name else source for name in block.spec.inputs
    ]
    known = [shapes[each] for each in sources if each in shapes]
    if len(known) < len(sources):
        return None
    try:
        block.spec.infer(block.params, tuple(known))
    except ShapeError as error:
        return error.message
    return None
