"""Plots on screen, dressed, and closed again after the test."""

import pytest

from app.plots.plot_run import PlotRun
from app.plots.timeline import Timeline
from app.theme import run_colour, theme
from tests.app.plots.fake_runs import fake_series


@pytest.fixture(autouse=True)
def dark(qapp):
    theme().apply(qapp)
    theme().set_mode("dark")
    yield
    theme().set_presentation(False)
    theme().set_mode("system")


@pytest.fixture
def pair():
    """A plain run and its residual twin."""
    return [
        PlotRun("plain-20", fake_series(True, depth=20, iterations=300), run_colour(0, True), True),
        PlotRun("resnet-20", fake_series(False, depth=20, iterations=300), run_colour(0, False), False),
    ]


@pytest.fixture
def timeline():
    """The time cursor of the plots that a test shows."""
    return Timeline()


@pytest.fixture
def show(qtbot, timeline):
    """Return a function that shows a plot of a kind with some runs."""

    def shown(kind, runs=(), size=(500, 320)):
        timeline.supply([run.series for run in runs])
        plot = kind(timeline)
        qtbot.addWidget(plot)
        plot.resize(*size)
        plot.set_runs(runs)
        with qtbot.waitExposed(plot):
            plot.show()
        plot.refresh()
        return plot

    return shown
