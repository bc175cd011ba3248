"""A plot as PNG, SVG, picture on the clipboard, or CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QColor, QGuiApplication, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QMenu

from app.dialogs import save_file
from app.theme import GRID, theme
from resviz.atomic import write_atomically
from resviz.errors import ResvizError
from resviz.runs.exports import table

if TYPE_CHECKING:
    from app.plots.base import Plot

_SCALE = 2.0


class Saver(QObject):
    """Adds to a plot's menu what copies and saves it, and does so."""

    saved = Signal(str)
    """A picture or table was written: its path."""
    failed = Signal(str)
    """One sentence: why it was not."""

    def __init__(self, plot: Plot, menu: QMenu) -> None:
        super().__init__(plot)
        self._plot = plot
        if menu.actions():
            menu.addSeparator()
        for text, slot in (
            ("Copy picture", self.copy),
            ("Save as PNG …", self._on_save_png),
            ("Save as SVG …", self._on_save_svg),
            ("Save numbers as CSV …", self._on_save_csv),
        ):
            action = QAction(text, menu)
            action.triggered.connect(slot)
            menu.addAction(action)

    @Slot()
    def copy(self) -> None:
        """Put the plot on the clipboard."""
        self._plot.refresh()
        QGuiApplication.clipboard().setImage(picture(self._plot))

    @Slot()
    def _on_save_png(self) -> None:
        self._ask_and_save("PNG picture (*.png)", ".png")

    @Slot()
    def _on_save_svg(self) -> None:
        self._ask_and_save("SVG drawing (*.svg)", ".svg")

    @Slot()
    def _on_save_csv(self) -> None:
        self._ask_and_save("CSV table (*.csv)", ".csv")

    def _ask_and_save(self, kind: str, suffix: str) -> None:
        """Ask where, then save; the kind chosen in the menu decides, not the name that is typed."""

        def save(path: Path) -> None:
            path = path if path.suffix.lower() == suffix else path.with_name(path.name + suffix)
            try:
                save_numbers(self._plot, path) if suffix == ".csv" else save_picture(self._plot, path)
            except ResvizError as error:
                self.failed.emit(str(error))
            else:
                self.saved.emit(str(path))

        save_file(self._plot, "Save plot", self._plot.file_stem + suffix, kind, save)


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
    """Write the plot as SVG where the name ends in .svg, else as PNG of twice the pixels of the screen.

    Raises:
        ResvizError: the folder cannot be written.
    """
    plot.refresh()
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


def save_numbers(plot: Plot, path: Path) -> Path:
    """Write the numbers shown as CSV.

    Raises:
        ResvizError: the folder cannot be written.
    """
    return write_atomically(path, table(*plot.table(plot.with_data())))


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
