"""Every plot there is, and the layouts that are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.plots.timeline import Timeline

if TYPE_CHECKING:
    from app.plots.base import Plot

# The plots' library takes long to load: nothing here imports it until a plot is made.


@dataclass(frozen=True)
class Kind:
    """One plot that can be shown."""

    key: str
    title: str
    """Its name in menus and on tabs."""
    letter: str
    """What is typed after Ctrl+P to open or close it."""
    make: Callable[[Timeline], Plot]


@dataclass(frozen=True)
class Column:
    """Plots that share one place, the first of them in front; `share`: its width against the others'."""

    names: tuple[str, ...]
    share: int = 1


@dataclass(frozen=True)
class Layout:
    """One arrangement of plots, beside each other."""

    key: str
    title: str
    about: str
    columns: tuple[Column, ...]


def _error(timeline: Timeline) -> Plot:
    from app.plots.error import ErrorPlot  # noqa: PLC0415

    return ErrorPlot(timeline)


def _paper_error(timeline: Timeline) -> Plot:
    from app.plots.paper_error import PaperErrorPlot  # noqa: PLC0415

    return PaperErrorPlot(timeline)


def _profile(quantity: str) -> Callable[[Timeline], Plot]:
    def make(timeline: Timeline) -> Plot:
        from app.plots.profile import Profile  # noqa: PLC0415
        from app.plots.quantities import QUANTITIES  # noqa: PLC0415

        return Profile(timeline, QUANTITIES[quantity])

    return make


def _heat(quantity: str) -> Callable[[Timeline], Plot]:
    def make(timeline: Timeline) -> Plot:
        from app.plots.heat import HeatMap  # noqa: PLC0415
        from app.plots.quantities import QUANTITIES  # noqa: PLC0415

        return HeatMap(timeline, QUANTITIES[quantity])

    return make


def _update(timeline: Timeline) -> Plot:
    from app.plots.updates import Updates  # noqa: PLC0415

    return Updates(timeline)


def _responses(timeline: Timeline) -> Plot:
    from app.plots.responses import Responses  # noqa: PLC0415

    return Responses(timeline)


def _sorted_responses(timeline: Timeline) -> Plot:
    from app.plots.responses import SortedResponses  # noqa: PLC0415

    return SortedResponses(timeline)


def _loss(timeline: Timeline) -> Plot:
    from app.plots.measures import LossPlot  # noqa: PLC0415

    return LossPlot(timeline)


def _rate(timeline: Timeline) -> Plot:
    from app.plots.measures import RatePlot  # noqa: PLC0415

    return RatePlot(timeline)


def _speed(timeline: Timeline) -> Plot:
    from app.plots.measures import SpeedPlot  # noqa: PLC0415

    return SpeedPlot(timeline)


def _difference(timeline: Timeline) -> Plot:
    from app.plots.difference import DifferencePlot  # noqa: PLC0415

    return DifferencePlot(timeline)


def _classes(timeline: Timeline) -> Plot:
    from app.plots.classes import ClassPlot  # noqa: PLC0415

    return ClassPlot(timeline)


KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind("error", "Error", "E", _error),
        Kind("paper error", "Error, as in Fig. 6", "F", _paper_error),
        Kind("difference", "Twin difference", "D", _difference),
        Kind("gradient", "Gradient norm", "G", _profile("gradient_norm")),
        Kind("gradient heat", "Gradient norm over time", "H", _heat("gradient_norm")),
        Kind("update", "Update to weight", "U", _update),
        Kind("update heat", "Update to weight over time", "V", _heat("update_ratio")),
        Kind("residual", "Residual magnitude", "R", _profile("residual_magnitude")),
        Kind("residual heat", "Residual magnitude over time", "M", _heat("residual_magnitude")),
        Kind("responses", "Response std", "S", _responses),
        Kind("sorted responses", "Response std, sorted", "O", _sorted_responses),
        Kind("loss", "Loss", "L", _loss),
        Kind("rate", "Learning rate", "A", _rate),
        Kind("speed", "Speed", "P", _speed),
        Kind("classes", "Error by class", "C", _classes),
    )
}
"""All plots by key, in the order of the menu."""

LAYOUTS = (
    Layout(
        "overview",
        "Overview",
        "Error, gradient norm and residual magnitude side by side",
        (Column(("error",)), Column(("gradient",)), Column(("residual",))),
    ),
    Layout(
        "gradients",
        "Gradients",
        "Gradient norms over depth and time, and how far each step moves the weights",
        (Column(("gradient",), 2), Column(("gradient heat", "update heat"), 3), Column(("update",), 2)),
    ),
    Layout(
        "residuals",
        "Residuals",
        "How much each block adds, over depth and time, and how strongly the layers respond",
        (Column(("residual",), 2), Column(("residual heat",), 3), Column(("responses",), 2)),
    ),
    Layout(
        "training",
        "Training",
        "Loss, learning rate and speed, and the errors by class",
        (Column(("loss",)), Column(("rate", "speed")), Column(("classes",))),
    ),
    Layout(
        "paper",
        "Paper figures",
        "Figs. 6 and 7 of the paper: errors, and the responses of the layers in order and sorted",
        (Column(("paper error", "difference")), Column(("responses",)), Column(("sorted responses",))),
    ),
)
"""The layouts that are given, in the order of their tabs."""
