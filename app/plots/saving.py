"""A plot as PNG, SVG, picture on the clipboard, or CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator

from app.theme import GRID, theme
from resviz.atomic import write_atomically
from resviz.runs.exports import table

if TYPE_CHECKING:
    from app.plots.base import Plot

_SCALE = 2.0


def picture(plot: Plot) -> QImage:
    """Return the plot as an image of twice its pixels."""
    size = plot.size()
    image = QImage(size * _SCALE, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(_SCALE)
    painter = QPainter(image)
    _paint(plot, painter, size)
    painter.end()
    return image


def save_picture(plot: Plot, path: Path) -> Path:
    """Write the plot as SVG where the name ends in .svg, else as PNG.

    Raises:
        ResvizError: the folder cannot be written.
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if path.suffix.lower() == ".svg":
        size = plot.size()
        generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)  # the only one that clips at the axes
        generator.setResolution(plot.logicalDpiX())  # pyqtgraph's axes are recorded for the screen's
        generator.setOutputDevice(buffer)
        generator.setSize(size)
        generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
        generator.setTitle(plot.title)
        painter = QPainter(generator)
        _paint(plot, painter, size)
        painter.end()
    else:
        QImageWriter(buffer, QByteArray(b"png")).write(picture(plot))
    data: QByteArray = buffer.data()
    return write_atomically(path, bytes(data.data()))


def save_table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    """Write numbers as CSV.

    Raises:
        ResvizError: the folder cannot be written.
    """
    return write_atomically(path, table(columns, rows))


def _paint(plot: Plot, painter: QPainter, size: QSize) -> None:
    """Paint title, legend and curves as on the screen, without the button."""
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor(theme().colours.panel))
    painter.save()
    painter.translate(2 * GRID, GRID)
    plot.header.draw(painter, float(plot.header.width()))
    painter.restore()
    place = plot.view.geometry()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    source = plot.view.viewport().rect()
    plot.view.render(painter, QRectF(place), source, Qt.AspectRatioMode.IgnoreAspectRatio)
