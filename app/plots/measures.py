"""Loss, learning rate and speed over time."""

from __future__ import annotations

from functools import partial
from operator import attrgetter

from app.plots.means import EpochMean
from app.plots.plot_run import PlotRun
from app.plots.seeds import SeedPlot
from app.plots.time_plot import TimePlot, Track
from app.plots.timeline import Timeline
from resviz.report.numbers import brief

_LOSSES, _SPEEDS = EpochMean(attrgetter("loss")), EpochMean(attrgetter("speed"))


class LossPlot(SeedPlot):
    """Training loss dashed, test loss solid."""

    title = "Loss"
    y_label = "cross-entropy (nats)"
    x_label = "iteration"
    explanation = (
        "Cross-entropy. Dashed: of the training batches, mean over the last epoch unless the menu says "
        f"otherwise; solid: of the test set; faint: each batch. {TimePlot.gestures}"
    )
    file_stem = "loss"
    smooths = True

    def tracks(self, run: PlotRun) -> list[Track]:
        """Return training and test loss."""
        train, test = run.series.loss, run.series.test_loss
        return [
            self.smoothed(train, partial(_LOSSES.of, run.series), "dashed", "train"),
            Track(test.x, test.y, dotted=True, name="test"),
        ]

    def text(self, value: float) -> str:
        """Return three digits."""
        return brief(value)

    def caption(self) -> str:
        """Return what the looks of the curves mean."""
        return "training dashed, test solid"


class RatePlot(TimePlot):
    """The learning rate."""

    title = "Learning rate"
    y_label = "learning rate"
    x_label = "iteration"
    explanation = f"The learning rate of each step, changes by hand included. {TimePlot.gestures}"
    file_stem = "learning-rate"

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self.log_action.setChecked(True)

    def tracks(self, run: PlotRun) -> list[Track]:
        """Return the rate."""
        return [Track(run.series.rate.x, run.series.rate.y)]

    def text(self, value: float) -> str:
        """Return three digits."""
        return brief(value)


class SpeedPlot(TimePlot):
    """Images per second of training."""

    title = "Speed"
    y_label = "images / s"
    x_label = "iteration"
    explanation = (
        "Images per second of training, tests and pauses left out: mean over the last epoch of batches "
        f"unless the menu says otherwise; faint: each batch. {TimePlot.gestures}"
    )
    file_stem = "speed"
    smooths = True

    def tracks(self, run: PlotRun) -> list[Track]:
        """Return the speed."""
        speed = run.series.speed
        return [self.smoothed(speed, partial(_SPEEDS.of, run.series))]

    def text(self, value: float) -> str:
        """Return a whole number."""
        return f"{value:,.0f}/s"
