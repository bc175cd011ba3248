"""Anything that paints, as a PNG, SVG or PDF file."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSize, QSizeF
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QImage,
    QImageWriter,
    QPageSize,
    QPainter,
    QPdfWriter,
)
from PySide6.QtSvg import QSvgGenerator

from app.theme import LIGHT
from resviz.arch.pictures import put_into_png, put_into_svg
from resviz.atomic import write_atomically

DPI = 96
"""Pixels an inch in which things are laid out for paper: 0.75 points each."""
PRINT_DPI = 300
"""Pixels an inch of a PNG picture."""
MM = 25.4
"""Millimetres an inch."""
_MOST_PIXELS = 40_000_000
"""Of a PNG: a larger thing gets fewer of them an inch. A drawing (SVG, PDF) has no such end."""
FORMATS = {"png": "PNG picture", "svg": "SVG drawing", "pdf": "PDF document"}
"""What pictures are saved as: suffix and name."""
Draw = Callable[[QPainter], None]


def save_drawing(path: Path, size: QSize, draw: Draw, title: str, network: bytes = b"") -> Path:
    """Write what `draw` paints, `size` pixels at 96 an inch, as .png, .svg or .pdf: the suffix of `path`.

    A PNG and an SVG carry `network`, the JSON of an architecture, where it is given.

    Raises:
        ResvizError: the folder cannot be written.
    """
    return painted(path, size, draw, title, network)()


def painted(path: Path, size: QSize, draw: Draw, title: str, network: bytes = b"") -> Callable[[], Path]:
    """Paint now, as `save_drawing` would; return what writes it, in any thread: most of the work."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    suffix = path.suffix.lower()
    if suffix in (".svg", ".pdf"):
        (_draw_svg if suffix == ".svg" else _draw_pdf)(buffer, size, draw, title)
        return partial(_write, path, bytes(buffer.data().data()), network)
    scale = min(PRINT_DPI / DPI, math.sqrt(_MOST_PIXELS / max(size.width() * size.height(), 1)))
    image = blank_image(size, scale)
    painter = QPainter(image)
    draw(painter)
    painter.end()
    dots = round(DPI * scale * 1000 / MM)
    image.setDotsPerMeterX(dots)
    image.setDotsPerMeterY(dots)
    return partial(_write_image, path, image, network)


def _write_image(path: Path, image: QImage, network: bytes) -> Path:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # Nothing shines through; without that a file is smaller and sooner written.
    QImageWriter(buffer, QByteArray(b"png")).write(image.convertToFormat(QImage.Format.Format_RGB32))
    return _write(path, bytes(buffer.data().data()), network)


def _write(path: Path, data: bytes, network: bytes) -> Path:
    suffix = path.suffix.lower()
    if suffix == ".svg":  # Drawings carry no fonts: where this one is missing, let it be one like it.
        data = re.sub(rb'font-family="([^",]+)"', rb'font-family="\1, Helvetica, Arial, sans-serif"', data)
        data = put_into_svg(data, network) if network else data
    elif suffix != ".pdf" and network:
        data = put_into_png(data, network)
    return write_atomically(path, data)


def blank_image(size: QSize, scale: float) -> QImage:
    """Return a light image with `scale` pixels for each of `size`; nothing is on it yet."""
    pixels = QSize(math.ceil(size.width() * scale), math.ceil(size.height() * scale))
    image = QImage(pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(scale)
    image.fill(QColor(LIGHT.panel))
    return image


def _draw_svg(buffer: QBuffer, size: QSize, draw: Draw, title: str) -> None:
    scale = _screen_dpi() / DPI
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)  # the only one that clips
    generator.setOutputDevice(buffer)
    generator.setResolution(_screen_dpi())
    generator.setSize(size * scale)
    generator.setViewBox(QRectF(0, 0, size.width() * scale, size.height() * scale))
    generator.setTitle(title)
    painter = QPainter(generator)
    painter.scale(scale, scale)
    draw(painter)
    painter.end()


def _draw_pdf(buffer: QBuffer, size: QSize, draw: Draw, title: str) -> None:
    scale = _screen_dpi() / DPI
    writer = QPdfWriter(buffer)
    writer.setResolution(_screen_dpi())
    points = QSizeF(size.width(), size.height()) * 72 / DPI
    writer.setPageSize(QPageSize(points, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setTitle(title)
    writer.setCreator("resviz")
    painter = QPainter(writer)
    painter.scale(scale, scale)
    draw(painter)
    painter.end()


def _screen_dpi() -> int:
    """Return what a drawing must be counted in: pyqtgraph's axes are recorded for the screen's resolution."""
    screen = QGuiApplication.primaryScreen()
    return round(screen.logicalDotsPerInchX()) if screen is not None else DPI
