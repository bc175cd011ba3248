"""The picture of a network as a file, light, whatever the screen shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter

from app.canvas.scene import NetworkScene
from app.document import Document
from app.drawings import painted
from app.theme import LIGHT, Look, theme
from resviz.arch import files

_LOOK = Look(dark=False, font_pixels=13, line_width=2.0)


def save_network(document: Document, path: Path, *, shapes: bool = False) -> Path:
    """Write all of a network, without selection or live values, as the suffix of `path` says.

    A PNG or an SVG carries the network inside: opened, it is a document again.

    `shapes`: with what shape each wire carries.

    Raises:
        ResvizError: the folder cannot be written.
    """
    return painted_network(document, path, shapes=shapes)()


def painted_network(document: Document, path: Path, *, shapes: bool = False) -> Callable[[], Path]:
    """Paint a network now, as `save_network` would; return what writes it, in any thread."""
    with theme().lent(_LOOK):
        scene = NetworkScene(document)
        scene.set_shapes(shapes)
        try:
            bounds = scene.bounds()
            size = QSize(round(bounds.width()), round(bounds.height()))

            def draw(painter: QPainter) -> None:
                place = QRectF(0, 0, size.width(), size.height())
                painter.fillRect(place, QColor(LIGHT.panel))
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                scene.render(painter, place, bounds)

            return painted(path, size, draw, document.name, files.to_json(document.architecture))
        finally:
            scene.deleteLater()
