"""Plots at the size of print: twins of what is on screen, light, with type and lines to match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter

from app.drawings import DPI, MM, save_drawing
from app.theme import GRID, Look, theme

if TYPE_CHECKING:
    from app.plots.base import Plot

_LEAST = 20
"""Width of a plot against its type, under which plots stand below each other rather than beside."""


@dataclass(frozen=True)
class Paper:
    """One size that pictures are saved in."""

    key: str
    title: str
    width: float
    """Millimetres."""
    height: float
    """Millimetres, of one row of plots."""
    font_pixels: int
    """Size of body text: titles have a pixel more, all else has one less."""
    line_width: float
    whole: bool = False
    """Whether all rows share the height, as on a slide."""

    def look(self, plots: int) -> Look:
        """Return how so many plots are painted on it: where they share a height, smaller from three on."""
        shrink = 0.72 if self.whole and plots > 2 else 1.0
        return Look(False, round(self.font_pixels * shrink), self.line_width * shrink)


PAPERS = (
    Paper("column", "One column (85 mm)", 85, 67, 11, 1.5),
    Paper("page", "Two columns (174 mm)", 174, 78, 11, 1.5),
    Paper("slide", "Slide (16:9)", 254, 142.875, 18, 2.5, whole=True),
)
"""Type of 7.5 points (titles of 9) in columns, of 13 on a slide."""


@dataclass(frozen=True)
class Sheet:
    """Where each plot stands on a paper, in pixels."""

    size: QSize
    look: Look
    places: tuple[tuple[Plot, QRectF], ...]


def sheet(plots: Sequence[tuple[Plot, int]], paper: Paper) -> Sheet:
    """Place plots, each with its share of the width, beside each other where there is room, else below."""
    width, look = round(paper.width / MM * DPI), paper.look(len(plots))
    columns = min(max(1, width // (_LEAST * look.font_pixels)), len(plots))
    rows = [plots[first : first + columns] for first in range(0, len(plots), columns)]
    height = round(paper.height / MM * DPI * (1 if paper.whole else len(rows)))
    places = []
    for index, row in enumerate(rows):
        top, bottom = (round(height * place / len(rows)) for place in (index, index + 1))
        # Only a whole row can have the shares of the screen: a last one that is shorter is as wide.
        shares = [share for _, share in row] if len(rows) == 1 else [1] * len(row)
        edges = [round(width * sum(shares[:end]) / sum(shares)) for end in range(len(row) + 1)]
        places += [
            (plot, QRectF(edges[at], top, edges[at + 1] - edges[at], bottom - top))
            for at, (plot, _) in enumerate(row)
        ]
    return Sheet(QSize(width, height), look, tuple(places))


def save_print(plots: Sequence[tuple[Plot, int]], paper: Paper, path: Path) -> Path:
    """Write plots at the size of a paper, as the suffix of `path` says: .png, .svg or .pdf.

    Raises:
        ResvizError: the folder cannot be written.
    """
    laid = sheet(plots, paper)

    def draw(painter: QPainter) -> None:
        for plot, place in laid.places:
            draw_place(painter, laid.look, plot, place)

    return save_drawing(path, laid.size, draw, " · ".join(plot.title for plot, _ in plots))


def draw_place(painter: QPainter, look: Look, plot: Plot, place: QRectF) -> None:
    """Paint the twin of one plot in its place, in a look."""
    with theme().lent(look), twin(plot, place.size().toSize()) as likeness:
        painter.save()
        painter.translate(place.topLeft())
        paint(likeness, painter)
        painter.restore()


@contextmanager
def twin(plot: Plot, size: QSize) -> Iterator[Plot]:
    """Lend a plot of this size that nobody sees and that shows the same, in the look that is lent now."""
    timeline = plot.timeline.copy()
    made = plot.another(timeline.copy())
    try:
        made.adopt(plot)
        made.timeline.unit, made.timeline.span = timeline.unit, timeline.span
        made.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        made.resize(size)
        made.show()
        # The legend decides how high the plot is, that where the axes are, and these what is drawn.
        for _ in range(2):
            layout = made.layout()
            assert layout is not None
            layout.activate()
            made.view.getPlotItem().layout.activate()
            made.mark_dirty()
        yield made
    finally:
        made.close()
        made.deleteLater()
        made.timeline.deleteLater()


def paint(plot: Plot, painter: QPainter) -> None:
    """Paint title, legend and curves of a plot, without its button."""
    size = plot.size()
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor(theme().colours.panel))
    painter.save()
    painter.translate(2 * GRID, GRID)
    plot.header.draw(painter, float(plot.header.width()))
    painter.restore()
    place = plot.view.geometry()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    source = plot.view.viewport().rect()
    plot.view.render(painter, QRectF(place), source, Qt.AspectRatioMode.IgnoreAspectRatio)
