"""Each plot as it was found good to look at, in both themes."""

from functools import partial

import numpy as np
import pytest
from msgspec.structs import replace

from app.plots.classes import ClassPlot
from app.plots.difference import DifferencePlot
from app.plots.error import ErrorPlot
from app.plots.heat import HeatMap
from app.plots.measures import LossPlot
from app.plots.plot_run import PlotRun, steady_update
from app.plots.profile import Profile
from app.plots.quantities import GRADIENT, MAGNITUDE
from app.plots.responses import Responses, SortedResponses
from app.plots.updates import Updates
from app.theme import run_colour, theme
from resviz.runs.events import Evaluated, Probed, Started
from resviz.runs.series import RunSeries
from resviz.train.recipe import PAPER
from tests.app import golden
from tests.app.plots.fake_runs import fake_events

KINDS = {
    "error": ErrorPlot,
    "loss": LossPlot,
    "gradient-profile": partial(Profile, quantity=GRADIENT),
    "gradient-heat": partial(HeatMap, quantity=GRADIENT),
    "residual-profile": partial(Profile, quantity=MAGNITUDE),
    "residual-heat": partial(HeatMap, quantity=MAGNITUDE),
    "responses": Responses,
    "sorted-responses": SortedResponses,
    "updates": Updates,
    "difference": DifferencePlot,
    "classes": ClassPlot,
}


@pytest.fixture(scope="module")
def runs():
    """A plain run of 20 layers and its residual twin, with everything that a run can tell."""
    made = []
    for plain in (True, False):
        rng = np.random.default_rng(7 if plain else 8)
        events = []
        for event in fake_events(plain, depth=20, iterations=400, per_epoch=100.0):
            more = {}
            if isinstance(event, Started):
                more = {"classes": tuple(f"class {c}" for c in range(10))}
            elif isinstance(event, Probed):
                more = {"update_ratio": tuple((3e-3 * np.exp(rng.normal(0, 0.3, 19))).tolist())}
            elif isinstance(event, Evaluated):
                errors = event.test_error_pct + np.linspace(-9, 9, 10)
                more = {"class_error_pct": tuple(errors.clip(0, 100).tolist())}
            events.append(replace(event, **more))
        series = RunSeries()
        series.feed(events)
        name = "plain-20" if plain else "resnet-20"
        made.append((name, series, plain))
    return made


@pytest.mark.parametrize("mode", ["dark", "light"])
@pytest.mark.parametrize("name", KINDS)
def test_a_plot_looks_as_it_was_found_good(show, runs, name, mode, request):
    theme().set_mode(mode)
    shown = [
        PlotRun(
            title,
            series,
            run_colour(0, plain),
            plain,
            network=title,
            experiment="one",
            steady_update=steady_update(PAPER),
        )
        for title, series, plain in runs
    ]
    plot = show(KINDS[name], shown, size=(560, 340))
    golden.check(plot.grab().toImage(), f"{name}-{mode}", request)
