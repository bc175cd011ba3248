"""One run as plots show it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from PySide6.QtGui import QColor

from resviz.runs.series import RunSeries
from resviz.train.recipe import Recipe


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
    steady_update: float | None = None
    """What update-to-weight settles at, over the root of the rate; None: the recipe has no such law."""
    experiment: str = ""
    """Folder of the experiment: twins are looked for within it."""
    folder: str = ""
    """Name of the run's own folder, by which it is told from others that are called the same."""
    seed: int | None = None
    repeats: str = ""
    """Runs for which this is equal differ by their seeds only; "": there are none."""


def steady_update(recipe: Recipe) -> float | None:
    """Return what the update-to-weight ratio behind a batch norm settles at, over the root of the rate.

    SGD with momentum and weight decay turns scale-invariant weights by
    sqrt(2 * rate * decay / (1 + momentum)) a step (arXiv:2006.08419). None: another optimiser, or no decay.
    """
    if recipe.optimiser != "sgd" or recipe.weight_decay <= 0:
        return None
    return math.sqrt(2 * recipe.weight_decay / (1 + recipe.momentum))
