"""Which plots are to be saved as a picture, at which size, as what: with a look at it beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSettings, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QDialog, QFormLayout, QLabel, QPushButton, QVBoxLayout

from app.boxes import ComboBox
from app.dialogs import dialog_foot
from app.drawings import DPI, FORMATS, MM, blank_image
from app.plots.printing import PAPERS, draw_place, sheet
from app.plots.saving import chosen_paper
from app.theme import GRID

if TYPE_CHECKING:
    from app.plots.base import Plot

_FORMAT_KEY, _VIEW_KEY = "pictures/format", "pictures/view"
_PREVIEW = QSize(400, 320)
"""The most room for the look at it, in pixels."""


class SaveDialog(QDialog):
    """Stops nobody: the window can be used while it is open."""

    chosen = Signal(object, object, str)
    """Plots with their shares of the width, paper, suffix."""

    def __init__(self, plot: Plot, view: Sequence[tuple[Plot, int]]) -> None:
        """Ask about `plot`, or all plots of the view that it is part of."""
        super().__init__(plot.window())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Save picture")
        settings = QSettings()
        self.what = ComboBox()
        self.what.addItem(f"This plot: {plot.title}", [(plot, 1)])
        if len(view) > 1:
            self.what.addItem(f"All {len(view)} plots of this view", list(view))
            self.what.setCurrentIndex(int(settings.value(_VIEW_KEY, 0) == "all"))
        self.paper = ComboBox()
        for paper in PAPERS:
            self.paper.addItem(paper.title, paper)
        self.paper.setCurrentIndex(PAPERS.index(chosen_paper()))
        self.format = ComboBox()
        for suffix, name in FORMATS.items():
            self.format.addItem(name, suffix)
        self.format.setCurrentIndex(max(0, self.format.findData(settings.value(_FORMAT_KEY, "pdf"))))
        self.preview = QLabel()
        self.preview.setFixedSize(_PREVIEW)
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.about = QLabel()
        self.about.setProperty("role", "caption")
        self.save = QPushButton("Save …")
        self.save.clicked.connect(self._on_accepted)
        form = QFormLayout()
        form.setSpacing(GRID)
        form.addRow("Plots", self.what)
        form.addRow("Size", self.paper)
        form.addRow("Format", self.format)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addLayout(form)
        column.addWidget(self.preview)
        column.addWidget(self.about)
        column.addLayout(dialog_foot(self, self.save))
        self._left: list[tuple[Plot, QRectF]] = []
        self._drawing = QTimer(self)
        self._drawing.setInterval(0)
        self._drawing.timeout.connect(self._draw_next)
        self.what.currentIndexChanged.connect(self._begin_preview)
        self.paper.currentIndexChanged.connect(self._begin_preview)
        self._begin_preview()

    @Slot()
    def _begin_preview(self) -> None:
        """Tell the size as it is in print, and begin to paint the picture: one plot a turn."""
        self._sheet = sheet(self.what.currentData(), self.paper.currentData())
        self._image = blank_image(self._sheet.size, self.devicePixelRatioF())
        self._left = list(self._sheet.places)
        self._show_image()
        width, height = (round(pixels / DPI * MM) for pixels in self._sheet.size.toTuple())
        points = 0.75 * (self._sheet.look.font_pixels - 1)
        self.about.setText(f"{width} × {height} mm, light, type of {points:.2g} points; PNG at 300 dpi")
        self._drawing.start()

    @Slot()
    def _draw_next(self) -> None:
        if not self._left:
            self._drawing.stop()
            return
        painter = QPainter(self._image)
        draw_place(painter, self._sheet.look, *self._left.pop(0))
        painter.end()
        self._show_image()

    def _show_image(self) -> None:
        size, ratio = self._sheet.size, self.devicePixelRatioF()
        scale = min(_PREVIEW.width() / size.width(), _PREVIEW.height() / size.height(), 1.0)
        smooth = Qt.TransformationMode.SmoothTransformation
        small = self._image.scaled(size * scale * ratio, Qt.AspectRatioMode.KeepAspectRatio, smooth)
        small.setDevicePixelRatio(ratio)
        self.preview.setPixmap(QPixmap.fromImage(small))

    @Slot()
    def _on_accepted(self) -> None:
        settings = QSettings()
        settings.setValue(_FORMAT_KEY, self.format.currentData())
        if self.what.count() > 1:
            settings.setValue(_VIEW_KEY, "all" if self.what.currentIndex() else "one")
        self.chosen.emit(self.what.currentData(), self.paper.currentData(), self.format.currentData())
        self.accept()
