"""Small pieces that forms are built of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

_MANY = 100
"""Blocks from which on an edit of them can take more than a tenth of a second."""


def label(text: str, role: str | None = None) -> QLabel:
    """Return a label that wraps, in one of the theme's roles."""
    made = QLabel(text)
    made.setWordWrap(True)
    if role:
        made.setProperty("role", role)
    return made


def separator() -> QFrame:
    """Return a thin line."""
    line = QFrame()
    line.setProperty("role", "separator")
    return line


def form() -> QGridLayout:
    """Return a grid of captions and values."""
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(8)
    grid.setColumnStretch(1, 1)
    return grid


def add_row(form: QGridLayout, caption: QLabel, value: QWidget) -> None:
    """Add a caption and what belongs to it."""
    row = form.rowCount()
    caption.setWordWrap(False)
    form.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignVCenter)
    form.addWidget(value, row, 1)


@contextmanager
def busy(blocks: int) -> Iterator[None]:
    """Show that it takes a moment, while so many blocks are changed."""
    if blocks < _MANY:
        yield
        return
    QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        yield
    finally:
        QGuiApplication.restoreOverrideCursor()
