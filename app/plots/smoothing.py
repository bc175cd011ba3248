"""Over how much training noisy curves are averaged: counted in epochs, so that no zoom changes a curve."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from app.plots.timeline import Timeline

CHOICES: dict[float, str] = {
    0.0: "None: each batch",
    0.1: "Mean over a tenth of an epoch",
    1.0: "Mean over an epoch",
    5.0: "Mean over five epochs",
}
"""Epochs, and what they are called in menus."""
_NOTES = {0.0: "each batch", 0.1: "mean over 0.1 epoch", 1.0: "", 5.0: "mean over 5 epochs"}


def smoothing_note(timeline: Timeline) -> str:
    """Return what to say of curves that are not averaged as usual; else ""."""
    return _NOTES[timeline.smoothing]


def smoothing_menu(timeline: Timeline, parent: QMenu) -> QMenu:
    """Return the choices as a menu; all time plots share what is chosen."""
    menu = QMenu("Smoothing", parent)
    group = QActionGroup(menu)
    actions = {}
    for epochs, text in CHOICES.items():
        action = actions[epochs] = group.addAction(text)
        action.setCheckable(True)
        action.triggered.connect(partial(timeline.smooth_over, epochs))
        menu.addAction(action)

    def show_choice() -> None:
        actions[timeline.smoothing].setChecked(True)

    menu.aboutToShow.connect(show_choice)
    show_choice()
    return menu
