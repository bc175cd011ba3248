"""The figures of a report: which there are for these runs, and what is to be seen in each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resviz.report.chart import Axis, Chart, Curve, Level, Mark
from resviz.report.depth import stages
from resviz.report.findings import pairs
from resviz.report.heat import Sheet, heat_maps
from resviz.report.numbers import nice_end
from resviz.report.paper import MEAN_RESPONSES, is_cifar10
from resviz.report.subject import Subject
from resviz.report.svg import Floats
from resviz.report.twins import difference

WIDE, HALF = (960.0, 400.0), (470.0, 320.0)
"""Width and height of a figure, pixels before it is scaled to the page."""
_TOPS = (5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0)
_FEW = 4
"""Runs, up to which the first probes are drawn too."""


@dataclass(frozen=True)
class Figure:
    """One figure: what stands above it, the drawing, what stands below."""

    title: str
    svg: str
    text: str
    runs: Sequence[Subject]
    """Those in the legend; none where the drawing names them."""
    wide: bool = False


@dataclass(frozen=True)
class _Measured:
    """A probe that has figures of its own."""

    key: str
    title: str
    symbol: str
    layers: str
    """Which names of `Started` its values belong to."""
    layer: str
    log: bool
    text: str


_GRADIENT = _Measured(
    "gradient_norm", "Gradient norm", "‖dL/dW‖", "convolutions", "convolution", True,
    "L2 norm of the loss's gradient in each convolution.",
)  # fmt: skip
_MAGNITUDE = _Measured(
    "residual_magnitude", "Residual magnitude", "‖F(x)‖ / ‖s(x)‖", "blocks", "block", False,
    "How much each block changes what passes through it: the length of F(x) against that of the shortcut "
    "s(x). At 0 a block does nothing, at 1 it adds as much as it was given. A plain network has none.",
)  # fmt: skip
_RESPONSE = _Measured(
    "response_std", "Layer responses", "std of response", "responses", "convolution", False,
    "Standard deviation of each convolution's output after batch norm, before ReLU or addition, with the "
    "batch statistics of training (Fig. 7 of the paper, in the order of depth).",
)  # fmt: skip


def figures(subjects: Sequence[Subject]) -> list[Figure]:
    """Return the figures that there is data for."""
    twins, rate = _difference(subjects), _rate(subjects)
    found = [_error(subjects), *((twins, rate) if twins else ())]
    for measured in (_GRADIENT, _MAGNITUDE):
        found += [_profile(subjects, measured), _heat(subjects, measured)]
    found += [_profile(subjects, _RESPONSE), _sorted_responses(subjects)]
    if not twins:  # Else they stand side by side.
        found.append(rate)
    return [figure for figure in found if figure is not None]


def _time(subjects: Sequence[Subject]) -> Axis:
    return Axis(0, max(1, *(subject.series.iteration for subject in subjects)), "iteration", whole=True)


def _names(subjects: Sequence[Subject]) -> str:
    return ", ".join(subject.name for subject in subjects)


def _marks(subjects: Sequence[Subject]) -> list[Mark]:
    """Return what people did; what several runs share once."""
    found: dict[tuple[int, str], list[Subject]] = {}
    for subject in subjects:
        series = subject.series
        for change in series.rate_changes:
            found.setdefault((change.iteration, f"rate {change.learning_rate:.3g} by hand"), []).append(
                subject
            )
        if series.forked is not None:
            found.setdefault((series.forked.iteration, "fork"), []).append(subject)
    return [
        Mark(at, words, runs[0].number if len(runs) == 1 < len(subjects) else None)
        for (at, words), runs in sorted(found.items(), key=lambda each: each[0])
    ]


def _error(subjects: Sequence[Subject]) -> Figure:
    curves, levels = [], []
    highest = 0.0
    for subject in subjects:
        train, test = subject.series.smoothed_train(), subject.series.test
        curves.append(Curve(train.x, train.y, subject.number, "dashed"))
        curves.append(Curve(test.x, test.y, subject.number, dotted=len(test) <= 40))
        for curve in (train, test):
            late = curve.y[curve.x >= curve.x[0] + (curve.x[-1] - curve.x[0]) / 3] if len(curve) else curve.y
            highest = max([highest, *late[np.isfinite(late)]])
        if subject.paper is not None:
            levels.append(Level(subject.paper[1], f"paper {subject.paper[1]:g} %", subject.number))
    top = next((top for top in _TOPS if top >= 1.05 * highest), 100.0)
    about = f"Training and test error, percent, of {_names(subjects)} over iterations"
    chart = Chart(_time(subjects), Axis(0, top, "error (%)"), curves, about, levels, marks=_marks(subjects))
    text = "Test error solid; training error dashed, the mean over the last epoch of batches."
    if levels:
        text += " Faint lines: the test errors that the paper's own networks ended with (Fig. 6)."
    return Figure("Error", chart.svg(*WIDE), text, subjects, wide=True)


def _difference(subjects: Sequence[Subject]) -> Figure | None:
    curves, ends = [], [0.0]
    found = pairs(subjects)
    for residual, plain in found:
        x, y = difference(plain.series, residual.series)
        curves.append(Curve(x, y, residual.number))
        ends += [float(y.min()), float(y.max())]
    if not curves:
        return None
    shown = [residual for residual, _ in found]
    low, high = 5.0 * math.floor(min(ends) / 5 * 1.05), 5.0 * max(1, math.ceil(max(ends) / 5 * 1.05))
    about = f"Training error of the plain network minus that of {_names(shown)}, points, over iterations"
    y_axis = Axis(low, high, "plain − residual (points)")
    chart = Chart(_time(subjects), y_axis, curves, about, [Level(0.0, "equal")])
    text = (
        "Training error of the plain network minus that of its residual twin. Above zero the plain one "
        "trains worse."
    )
    return Figure("Twin difference", chart.svg(*HALF), text, shown if len(shown) > 1 else ())


def _rate(subjects: Sequence[Subject]) -> Figure | None:
    curves = [Curve(s.series.rate.x, s.series.rate.y, s.number) for s in subjects if len(s.series.rate)]
    values = np.concatenate([curve.y[curve.y > 0] for curve in curves]) if curves else np.zeros(0)
    if not len(values):
        return None
    low = math.floor(2 * math.log10(values.min()) - 0.2) / 2
    high = math.ceil(2 * math.log10(values.max()) + 0.2) / 2
    chart = Chart(
        _time(subjects), Axis(low, high, "learning rate", log=True), curves,
        f"Learning rate of {_names(subjects)} over iterations", marks=_marks(subjects),
    )  # fmt: skip
    return Figure("Learning rate", chart.svg(*HALF), "Of each step, changes by hand included.", subjects)


def _values(subject: Subject, measured: _Measured) -> NDArray[np.float32]:
    return subject.series.probe(measured.key)


def _layers(subject: Subject, measured: _Measured) -> tuple[str, ...]:
    names: tuple[str, ...] = getattr(subject.series.started, measured.layers)
    return names


def _probed(subjects: Sequence[Subject], measured: _Measured) -> list[Subject]:
    """Return the runs whose newest or first probe holds something."""
    found = ((subject, _values(subject, measured)) for subject in subjects)
    return [
        subject
        for subject, values in found
        if values.size and (np.isfinite(values[-1]).any() or np.isfinite(values[0]).any())
    ]


def _profile(subjects: Sequence[Subject], measured: _Measured) -> Figure | None:
    shown = _probed(subjects, measured)
    if not shown:
        return None
    curves, levels = [], []
    for subject in shown:
        values = _values(subject, measured)
        x = np.arange(1.0, values.shape[1] + 1)
        if len(shown) <= _FEW and len(values) > 1:
            curves.append(Curve(x, values[0].astype(float), subject.number, "faint"))
        curves.append(Curve(x, values[-1].astype(float), subject.number))
        if measured is _RESPONSE and subject.network in MEAN_RESPONSES and is_cifar10(subject.series):
            levels.append(Level(MEAN_RESPONSES[subject.network], run=subject.number))
    depth = max(len(_layers(subject, measured)) for subject in shown)
    found = {tuple(stages(_layers(subject, measured))) for subject in shown}
    chart = Chart(
        Axis(0.5, depth + 0.5, f"{measured.layer}, from the input", whole=True),
        _value_axis([curve.y for curve in curves], measured), curves,
        f"{measured.title} of every {measured.layer} of {_names(shown)}, from the input to the output",
        levels, sections=found.pop() if len(found) == 1 else (),
    )  # fmt: skip
    text = f"{measured.text} Thick: the newest probe; faint: the first."
    if levels:
        text += " Lines across: the means of the paper's own networks."
    return Figure(measured.title, chart.svg(*HALF), text, shown)


def _value_axis(rows: Sequence[Floats], measured: _Measured) -> Axis:
    values = np.concatenate(rows)
    values = values[np.isfinite(values) & ((values > 0) | (not measured.log))]
    if not len(values):
        return Axis(-3, 1, measured.symbol, log=True) if measured.log else Axis(0, 1, measured.symbol)
    if not measured.log:
        return Axis(0, nice_end(1.02 * float(values.max())), measured.symbol)
    high = math.ceil(2 * math.log10(values.max()) + 0.1) / 2
    low = math.floor(2 * math.log10(values.min()) - 0.1) / 2
    return Axis(max(min(low, high - 2), high - 14), high, measured.symbol, log=True)


def _heat(subjects: Sequence[Subject], measured: _Measured) -> Figure | None:
    sheets = [
        Sheet(s.name, s.number, s.series.probe_iterations, _values(s, measured), s.series.iteration)
        for s in _probed(subjects, measured)
    ]
    if not sheets:
        return None
    svg = heat_maps(
        sheets, key=measured.key, log=measured.log, layer=measured.layer, symbol=measured.symbol, size=HALF
    )
    text = f"Each row is a {measured.layer}, the input below; time goes to the right."
    return Figure(f"{measured.title} over time", svg, text, ())


def _sorted_responses(subjects: Sequence[Subject]) -> Figure | None:
    shown = _probed(subjects, _RESPONSE)
    if not shown:
        return None
    curves = []
    for subject in shown:
        row = _values(subject, _RESPONSE)[-1].astype(float)
        row = np.sort(row[np.isfinite(row)])[::-1]
        curves.append(Curve(np.arange(1.0, len(row) + 1), row, subject.number))
    ranks = Axis(0.5, max(len(curve.x) for curve in curves) + 0.5, "rank, largest first", whole=True)
    chart = Chart(
        ranks, _value_axis([c.y for c in curves], _RESPONSE), curves,
        f"Layer responses of {_names(shown)}, sorted from the largest to the smallest",
    )  # fmt: skip
    text = "The same, sorted: there it is plain which network responds less (Fig. 7, below)."
    return Figure("Layer responses, sorted", chart.svg(*HALF), text, shown)
