"""The little pictures of the block kinds, drawn by code in a square of 16 units."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

Draw = Callable[[QPainter, QColor], None]


def draw_glyph(painter: QPainter, kind: str, colour: QColor, rect: QRectF, *, plain: bool = False) -> None:
    """Draw the glyph of `kind` into `rect`; a residual unit with `plain` on is drawn without its arc."""
    painter.save()
    painter.translate(rect.topLeft())
    painter.scale(rect.width() / 16, rect.height() / 16)
    painter.setPen(
        QPen(colour, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)
    name = {"preact_basic": "basic", "preact_bottleneck": "bottleneck"}.get(kind, kind)
    if name in ("basic", "bottleneck"):
        _unit(painter, colour, narrow=name == "bottleneck", arc=not plain)
    else:
        _GLYPHS.get(name, _box)(painter, colour)
    if kind.startswith("preact"):  # a dot before the layers: what comes first is the activation
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(2.2, 11), 0.8, 0.8)
    painter.restore()


def glyph_icon(kind: str, colour: QColor, size: int = 20, *, plain: bool = False) -> QIcon:
    """Return the glyph as an icon."""
    pixmap = QPixmap(QSize(size * 2, size * 2))
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_glyph(painter, kind, colour, QRectF(0, 0, size, size), plain=plain)
    painter.end()
    return QIcon(pixmap)


def _unit(painter: QPainter, colour: QColor, *, narrow: bool, arc: bool) -> None:
    heights: tuple[float, ...] = (3.0, 6.0, 3.0) if narrow else (6.0, 6.0)
    middle = 11.0
    if not arc:
        heights, middle = tuple(height * 1.7 for height in heights), 8.0
    width, gap = (2.4, 1.4) if narrow else (3.4, 2.0)
    x = (16 - len(heights) * width - (len(heights) - 1) * gap) / 2
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for height in heights:
        painter.drawRoundedRect(QRectF(x, middle - height / 2, width, height), 0.8, 0.8)
        x += width + gap
    painter.restore()
    if arc:
        path = QPainterPath(QPointF(1.2, 11))
        path.cubicTo(0.5, 1, 15.5, 1, 14.8, 11)
        painter.drawPath(path)


def _box(painter: QPainter, _colour: QColor) -> None:
    painter.drawRoundedRect(QRectF(3, 3, 10, 10), 2, 2)


def _conv(painter: QPainter, colour: QColor) -> None:
    painter.drawRect(QRectF(2, 2, 12, 12))
    painter.fillRect(QRectF(2, 2, 6, 6), colour)


def _conv_bn_relu(painter: QPainter, colour: QColor) -> None:
    painter.fillRect(QRectF(1.5, 3, 4, 10), colour)
    painter.drawLine(QPointF(8.5, 3), QPointF(8.5, 13))
    painter.drawPolyline([QPointF(11, 13), QPointF(12.5, 13), QPointF(15, 5)])


def _batch_norm(painter: QPainter, _colour: QColor) -> None:
    path = QPainterPath(QPointF(1.5, 13))
    path.cubicTo(6, 13, 5.5, 3, 8, 3)
    path.cubicTo(10.5, 3, 10, 13, 14.5, 13)
    painter.drawPath(path)


def _relu(painter: QPainter, _colour: QColor) -> None:
    painter.drawPolyline([QPointF(2, 12), QPointF(8, 12), QPointF(14, 4)])


def _add(painter: QPainter, _colour: QColor) -> None:
    painter.drawEllipse(QPointF(8, 8), 6, 6)
    painter.drawLine(QPointF(8, 5), QPointF(8, 11))
    painter.drawLine(QPointF(5, 8), QPointF(11, 8))


def _zero_pad(painter: QPainter, colour: QColor) -> None:
    painter.fillRect(QRectF(5, 5, 6, 6), colour)
    pen = QPen(painter.pen())
    pen.setStyle(Qt.PenStyle.DotLine)
    painter.setPen(pen)
    painter.drawRect(QRectF(2, 2, 12, 12))


def _max_pool(painter: QPainter, colour: QColor) -> None:
    painter.drawPolyline([QPointF(2, 4), QPointF(14, 4), QPointF(10, 12), QPointF(6, 12), QPointF(2, 4)])
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(8, 7.2), 1.2, 1.2)


def _avg_pool(painter: QPainter, _colour: QColor) -> None:
    painter.drawPolyline([QPointF(2, 4), QPointF(14, 4), QPointF(10, 12), QPointF(6, 12), QPointF(2, 4)])
    painter.drawLine(QPointF(6.5, 7.5), QPointF(9.5, 7.5))


def _global_avg_pool(painter: QPainter, colour: QColor) -> None:
    painter.drawPolyline([QPointF(2, 3), QPointF(14, 3), QPointF(8, 11), QPointF(2, 3)])
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(8, 13.6), 0.9, 0.9)


def _flatten(painter: QPainter, _colour: QColor) -> None:
    for y in (4.0, 8.0, 12.0):
        painter.drawLine(QPointF(2, y), QPointF(6, y))
    painter.drawLine(QPointF(10, 2), QPointF(10, 14))
    painter.drawLine(QPointF(13, 2), QPointF(13, 14))


def _linear(painter: QPainter, _colour: QColor) -> None:
    for left in (4.0, 12.0):
        for right in (3.0, 8.0, 13.0):
            painter.drawLine(QPointF(3, left), QPointF(13, right))


def _dropout(painter: QPainter, colour: QColor) -> None:
    for x, y, on in ((4, 4, 1), (12, 4, 0), (8, 8, 1), (4, 12, 0), (12, 12, 1)):
        painter.setBrush(colour if on else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(x, y), 1.6, 1.6)


def _identity(painter: QPainter, _colour: QColor) -> None:
    painter.drawLine(QPointF(2, 8), QPointF(14, 8))
    painter.drawPolyline([QPointF(10.5, 4.5), QPointF(14, 8), QPointF(10.5, 11.5)])


def _input(painter: QPainter, colour: QColor) -> None:
    painter.drawRoundedRect(QRectF(2, 3, 12, 10), 1.5, 1.5)
    painter.drawPolyline(
        [QPointF(3, 12), QPointF(6.5, 8), QPointF(9, 10.5), QPointF(11, 8.5), QPointF(13.5, 11.5)]
    )
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(10.8, 5.8), 0.9, 0.9)


def _output(painter: QPainter, colour: QColor) -> None:
    for x, height in ((2.5, 4.0), (6.7, 10.0), (10.9, 6.0)):
        painter.fillRect(QRectF(x, 13 - height, 2.8, height), colour)


def _own(painter: QPainter, colour: QColor) -> None:
    painter.drawRoundedRect(QRectF(1.5, 2.5, 13, 11), 2.5, 2.5)
    for x in (4.2, 9.4):
        painter.fillRect(QRectF(x, 6, 2.6, 4), colour)
    painter.drawLine(QPointF(6.8, 8), QPointF(9.4, 8))


_GLYPHS: dict[str, Draw] = {
    "own": _own,
    "conv": _conv,
    "conv_bn_relu": _conv_bn_relu,
    "batch_norm": _batch_norm,
    "relu": _relu,
    "add": _add,
    "zero_pad_shortcut": _zero_pad,
    "max_pool": _max_pool,
    "avg_pool": _avg_pool,
    "global_avg_pool": _global_avg_pool,
    "flatten": _flatten,
    "linear": _linear,
    "dropout": _dropout,
    "identity": _identity,
    "input": _input,
    "output": _output,
}
