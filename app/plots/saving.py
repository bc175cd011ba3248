"""A plot on the clipboard as on the screen, as a picture for print, or as CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QMenu

from app.dialogs import save_file
from app.drawings import FORMATS
from app.plots.printing import PAPERS, Paper, paint, save_print
from resviz.atomic import write_atomically
from resviz.errors import ResvizError
from resviz.runs.exports import table

if TYPE_CHECKING:
    from app.plots.base import Plot

_SCALE = 2.0
_PAPER_KEY = "pictures/paper"


class Saver(QObject):
    """Adds to a plot's menu what copies and saves it, and does so."""

    saved = Signal(str)
    """A picture or table was written: its path."""
    copied = Signal(str)
    """The picture is on the clipboard: one sentence."""
    failed = Signal(str)
    """One sentence: why something was not written."""

    def __init__(self, plot: Plot, menu: QMenu) -> None:
        super().__init__(plot)
        self._plot = plot
        self.view: Callable[[], Sequence[tuple[Plot, int]]] = lambda: [(plot, 1)]
        """Returns the plots of the view that this one is part of, each with its share of the width."""
        if menu.actions():
            menu.addSeparator()
        entries: list[tuple[str, str, Callable[[], object]]] = [
            ("Copy picture", "As it is on the screen", self.copy),
            ("Save picture …", "At a size of print, light: choose size and format", self.ask),
            *(
                (
                    f"Save as {suffix.upper()} …",
                    "At the size of print chosen last",
                    partial(self.save_as, suffix),
                )
                for suffix in FORMATS
            ),
            ("Save numbers as CSV …", "", self._on_save_csv),
        ]
        for text, tip, slot in entries:
            action = QAction(text, menu)
            action.setToolTip(tip or text)
            action.triggered.connect(slot)
            menu.addAction(action)

    @Slot()
    def copy(self) -> None:
        """Put the plot on the clipboard."""
        if not self._ready():
            return
        self._plot.refresh()
        QGuiApplication.clipboard().setImage(picture(self._plot))
        self.copied.emit(f"{self._plot.title} is on the clipboard, as a picture.")

    @Slot()
    def ask(self) -> None:
        """Ask which plots are to be saved, at which size and as what."""
        from app.plots.save_dialog import SaveDialog  # noqa: PLC0415

        if not self._ready():
            return
        dialog = SaveDialog(self._plot, [(plot, share) for plot, share in self.view() if plot.with_data()])
        dialog.chosen.connect(self._on_chosen)
        dialog.show()

    def save_as(self, suffix: str, _checked: bool = False) -> None:
        """Ask where, then save this plot in a format of `FORMATS`."""
        if self._ready():
            self._save([(self._plot, 1)], chosen_paper(), suffix)

    @Slot(object, object, str)
    def _on_chosen(self, plots: Sequence[tuple[Plot, int]], paper: Paper, suffix: str) -> None:
        choose_paper(paper)
        self._save(plots, paper, suffix)

    def _save(self, plots: Sequence[tuple[Plot, int]], paper: Paper, suffix: str) -> None:
        kind = f"{FORMATS[suffix]} (*.{suffix})"
        stem = plots[0][0].file_stem if len(plots) == 1 else "plots"
        self._ask_where(stem, f".{suffix}", kind, lambda path: save_print(plots, paper, path))

    @Slot()
    def _on_save_csv(self) -> None:
        if not self._ready():
            return
        stem = self._plot.file_stem
        self._ask_where(stem, ".csv", "CSV table (*.csv)", lambda path: save_numbers(self._plot, path))

    def _ready(self) -> bool:
        """Say whether there is something to save, else tell what to do."""
        if not self._plot.with_data():
            self.failed.emit(f"{self._plot.title} shows nothing yet: train, or show a run that has it.")
            return False
        return True

    def _ask_where(self, stem: str, suffix: str, kind: str, write: Callable[[Path], object]) -> None:
        """Ask where, then save; the kind chosen before decides, not the name that is typed."""

        def save(path: Path) -> None:
            path = path if path.suffix.lower() == suffix else path.with_name(path.name + suffix)
            try:
                write(path)
            except ResvizError as error:
                self.failed.emit(str(error))
            else:
                self.saved.emit(str(path))

        save_file(self._plot, "Save plot", stem + suffix, kind, save)


def chosen_paper() -> Paper:
    """Return the size that was chosen last."""
    key = QSettings().value(_PAPER_KEY)
    return next((paper for paper in PAPERS if paper.key == key), PAPERS[0])


def choose_paper(paper: Paper) -> None:
    """Remember a size."""
    QSettings().setValue(_PAPER_KEY, paper.key)


def picture(plot: Plot) -> QImage:
    """Return the plot as it is on the screen, as an image of twice its pixels."""
    image = QImage(plot.size() * _SCALE, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(_SCALE)
    painter = QPainter(image)
    paint(plot, painter)
    painter.end()
    return image


def save_numbers(plot: Plot, path: Path) -> Path:
    """Write the numbers shown as CSV.

    Raises:
        ResvizError: the folder cannot be written.
    """
    return write_atomically(path, table(*plot.table(plot.with_data())))
