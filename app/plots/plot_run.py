"""One run as plots show it."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtGui import QColor

from resviz.runs.series import RunSeries


@dataclass
class PlotRun:
    """One run in a plot. Whoever gives the colours gives them anew when the theme changes."""

    name: str
    series: RunSeries
    colour: QColor
    plain: bool
    visible: bool = True
    network: str = ""
    """Name of the architecture, by which the paper's own values for it are found; "": none known."""
    transitions: frozenset[str] = field(default_factory=frozenset)
    """Blocks whose shortcut has to change the shape."""
