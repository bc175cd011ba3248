"""The cells of the table of runs: columns, and how values are shown."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QStandardItem

COLUMNS = ("Run", "Tags", "Data", "State", "Iteration", "Training error", "Test error", "Started")
RUN, SAID, DATA, STATE, ITERATION, TRAIN, TEST, STARTED = range(8)
NUMBERS = (ITERATION, TRAIN, TEST)
PATH_ROLE, COLOUR_ROLE, TAGS_ROLE, SORT_ROLE = (Qt.ItemDataRole.UserRole + place for place in range(1, 5))
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_DATA_NAMES = {"shapes": "built-in shapes", "cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}


def new_cells() -> list[QStandardItem]:
    """Return the cells of one row, with a box to tick."""
    cells = [QStandardItem() for _ in COLUMNS]
    cells[RUN].setCheckable(True)
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


def in_order(text: str) -> str:
    """Return a text that sorts as people expect: whatever the case, 8 before 56."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(9), text.casefold())


def _plain(text: str) -> str:
    return re.sub(r"[^\w.+-]+", "-", text).strip("-. ")


def when(seconds: float) -> str:
    """Return a time (seconds since 1970, UTC) as it is shown, in local time."""
    moment = datetime.datetime.fromtimestamp(seconds)
    today = datetime.datetime.now().date()
    return moment.strftime("today %H:%M:%S" if moment.date() == today else "%Y-%m-%d %H:%M:%S")


def swatch(colour: QColor, frame: QColor | None = None) -> QIcon:
    """Return a run's colour as an icon, in a frame where it is the one chosen."""
    pixmap = QPixmap(24, 24)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(colour)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRoundedRect(2, 8, 20, 8, 4, 4)
    if frame is not None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(frame, 2))
        painter.drawRoundedRect(1, 5, 22, 14, 5, 5)
    painter.end()
    pixmap.setDevicePixelRatio(1.5)
    made = QIcon(pixmap)
    made.addPixmap(pixmap, QIcon.Mode.Selected)  # Else Qt tints it in selected rows: another run's colour.
    return made
