"""The cells of the table of runs: columns, and how values are shown."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QStandardItem

COLUMNS = ("Run", "Data", "State", "Iteration", "Training error", "Test error", "Started")
RUN, DATA, STATE, ITERATION, TRAIN, TEST, STARTED = range(7)
NUMBERS = (ITERATION, TRAIN, TEST)
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_DATA_NAMES = {"shapes": "built-in shapes", "cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}


def new_cells() -> list[QStandardItem]:
    """Return the cells of one row, numbers to the right."""
    cells = [QStandardItem() for _ in COLUMNS]
    for column in NUMBERS:
        cells[column].setTextAlignment(RIGHT)
    return cells


def data_name(spec: str) -> str:
    """Return a recipe's data as it is shown."""
    return _DATA_NAMES.get(spec) or (
        Path(spec.removeprefix("folder:")).name if spec.startswith("folder:") else spec
    )


def experiment_title(name: str, folder: str) -> str:
    """Return an experiment's name with the running number of its folder, which tells it from its equals."""
    number = folder.rpartition("-")[2]
    again = re.fullmatch(rf"{re.escape(_plain(name))}-{number}", _plain(folder)) if number.isdigit() else None
    return f"{name} ({number})" if again else name


def _plain(text: str) -> str:
    return re.sub(r"[^\w.+-]+", "-", text).strip("-. ")


def when(seconds: float) -> str:
    """Return a time (seconds since 1970, UTC) as it is shown, in local time."""
    moment = datetime.datetime.fromtimestamp(seconds)
    today = datetime.datetime.now().date()
    return moment.strftime("today %H:%M:%S" if moment.date() == today else "%Y-%m-%d %H:%M:%S")


def swatch(colour: QColor) -> QIcon:
    """Return a run's colour as an icon."""
    pixmap = QPixmap(24, 24)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(colour)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRoundedRect(2, 8, 20, 8, 4, 4)
    painter.end()
    pixmap.setDevicePixelRatio(1.5)
    return QIcon(pixmap)
