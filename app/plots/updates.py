"""How far a step moves the weights of each convolution, beside where theory says that it settles."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtGui import QColor

from app.plots.plot_run import PlotRun
from app.plots.profile import Profile
from app.plots.quantities import UPDATE, Quantity
from app.plots.timeline import Timeline, index_at
from app.theme import theme


class Updates(Profile):
    """Update-to-weight over depth, and its theoretical level at the learning rate of the cursor."""

    def __init__(self, timeline: Timeline, quantity: Quantity = UPDATE) -> None:
        super().__init__(timeline, quantity)

    def references(self, runs: Sequence[PlotRun]) -> list[tuple[float, str, QColor]]:
        """Return the level that the update settles at behind a batch norm; once where runs share it."""
        levels: dict[float, list[PlotRun]] = {}
        for run in runs:
            rates = run.series.rate
            if run.steady_update is not None and len(rates):
                rate = float(rates.y[index_at(rates.x, self.timeline.at)])
                levels.setdefault(float(f"{run.steady_update * math.sqrt(rate):.3g}"), []).append(run)
        muted = QColor(theme().colours.muted)
        return [
            (value, f"in theory {value:.2g}", found[0].colour if len(found) == 1 < len(runs) else muted)
            for value, found in levels.items()
            if value > 0
        ]
