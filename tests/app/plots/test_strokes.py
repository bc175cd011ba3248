import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtGui import QBrush, QColor, QImage, QPainter

from app.plots.error import ErrorPlot
from app.plots.plot_run import PlotRun
from app.plots.strokes import Band, Dots, Line, Strokes, changed_from, dashes, pen
from app.theme import run_colour
from resviz.runs.series import RunSeries
from tests.app.plots.fake_runs import fake_events

RED = QColor("#ff0000")


def length(line, scale):
    pieces = line.pieces().ndarray()
    return np.hypot((pieces[:, 2] - pieces[:, 0]) * scale[0], (pieces[:, 3] - pieces[:, 1]) * scale[1])


def test_a_line_breaks_where_a_value_is_not_finite():
    line = Line(np.arange(5.0), np.array([1.0, 2.0, np.nan, 4.0, 5.0]), pen(RED, 2))
    assert line.pieces().ndarray().tolist() == [[0, 1, 1, 2], [3, 4, 4, 5]]


def test_dashes_lie_on_the_curve_and_have_the_given_lengths(qapp):
    x = np.linspace(0, 10, 200)
    scale = (30.0, 2.0)
    line = dashes(x, 50 + 20 * np.sin(x), pen(RED, 2), scale=scale, on=6, off=4)
    whole = length(Line(x, 50 + 20 * np.sin(x), pen(RED, 2)), scale).sum()
    assert length(line, scale).sum() == pytest.approx(0.6 * whole, rel=0.02)
    assert line.y == pytest.approx(np.interp(line.x, x, 50 + 20 * np.sin(x)))
    assert (np.diff(line.x) >= 0).all()


@pytest.mark.parametrize("y", [[], [1.0], [np.nan, np.nan], [3.0, 3.0]])
def test_dashes_of_hardly_anything(qapp, y):
    line = dashes(np.arange(float(len(y))), np.array(y), pen(RED, 2), scale=(1.0, 1.0), on=6, off=4)
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    line.paint(painter)
    painter.end()


def test_single_pieces_paint_what_the_path_paints(qapp):
    x = np.linspace(4, 60, 40)
    line = Line(x, 30 + 20 * np.sin(x / 9), pen(RED, 2))
    images = []
    for whole in (False, True):
        image = QImage(64, 64, QImage.Format.Format_RGB32)
        image.fill(0)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(line.pen)
        painter.drawPath(line.path) if whole else line.paint(painter)
        painter.end()
        images.append(np.array(image.constBits()).reshape(64, 64, 4)[..., 2].astype(int))
    assert images[0].max() == 255
    assert abs(images[0] - images[1]).mean() < 3


def test_kept_strokes_are_painted_once_and_again_when_they_or_the_view_change(qtbot):
    painted = []

    class Told(Line):
        def paint(self, painter, begin):
            painted.append(begin)
            super().paint(painter, begin)

    plot = pg.PlotWidget()
    qtbot.addWidget(plot)
    kept, above = Strokes(kept=True), Strokes()
    for item in (kept, above):
        plot.addItem(item, ignoreBounds=True)
    plot.resize(300, 200)
    with qtbot.waitExposed(plot):
        plot.show()
    x, look = np.array([0.0, 1.0]), pen(QColor("#ff0000"), 3)
    plot.setRange(xRange=(0, 1), yRange=(0, 1), padding=0)
    kept.show_strokes([Told(x, x, look)])
    first = plot.grab().toImage()
    assert len(painted) == 1
    above.show_strokes([Line(x, x[::-1].copy(), look)])
    second = plot.grab().toImage()
    assert len(painted) == 1
    assert second != first
    above.show_strokes([])
    assert plot.grab().toImage() == first, "the picture looks as what it is of"
    plot.setRange(xRange=(0, 2), padding=0)
    plot.grab()
    assert len(painted) == 2
    kept.show_strokes([])
    assert plot.grab().toImage() != first


X, Y = np.arange(6.0), np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0])


@pytest.mark.parametrize(
    ("x", "y", "place"),
    [
        (X, Y, np.inf),
        (X[:-1], Y[:-1], 4.0),  # one point less: the piece from the last one that both have
        (X, np.array([1.0, 2.0, np.nan, 4.0, 5.5, 6.0]), 3.0),
        (X, np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), 1.0),
        (X + 0.5, Y, 0.0),
        (X[:0], Y[:0], 0.0),
    ],
)
def test_a_line_says_from_where_on_it_has_changed(x, y, place):
    look = pen(RED, 2)
    assert changed_from([Line(X, Y, look)], [Line(x, y, look)]) == place
    assert changed_from([Line(x, y, look)], [Line(X, Y, look)]) == place


def test_what_has_another_look_has_changed_everywhere():
    look, brush = pen(RED, 2), QBrush(RED)
    line, dots, band = Line(X, Y, look), Dots(X, Y, look), Band(X, X + 1, Y, Y + 1, brush)
    assert (
        changed_from(
            [line, dots, band], [Line(X, Y, look), Dots(X, Y, look), Band(X, X + 1, Y, Y + 1, brush)]
        )
        == np.inf
    )
    for one, other in [
        (line, dots), (line, Line(X, Y, pen(RED, 3))), (line, Line(X, Y, look, smooth=False)),
        (line, Line(X, Y, look, joined=np.ones(6, bool))), (dots, Dots(X, Y + 1, look)),
        (band, Band(X, X + 1, Y, Y + 1, QBrush(QColor("blue")))),
    ]:  # fmt: skip
        assert changed_from([one], [other]) == -np.inf
    assert changed_from([line], [line, line]) == -np.inf
    assert changed_from([band], [Band(X, X + 1, Y, np.append(Y[:-1] + 1, 9.0), brush)]) == 5.0


def pixels(plot):
    image = plot.view.grab().toImage()
    return np.array(image.constBits()).reshape(image.height(), image.width(), 4)


@pytest.mark.parametrize("runs", [2, 5], ids=["with single batches", "means alone"])
def test_a_plot_that_grew_looks_as_one_that_is_drawn_now(show, runs):
    logs = [fake_events(bool(n % 2), depth=20, iterations=6000, seed=n) for n in range(runs)]
    series = [RunSeries() for _ in logs]
    plotted = [
        PlotRun(f"run {n}", s, run_colour(n // 2, bool(n % 2)), bool(n % 2)) for n, s in enumerate(series)
    ]
    for each, events in zip(series, logs, strict=True):
        each.feed(events[:3000])
    plot = show(ErrorPlot, plotted, size=(700, 360))
    plot._timer.stop()
    cuts = []
    paint = plot.curves._paint_strokes
    plot.curves._paint_strokes = lambda painter, begin: (cuts.append(begin), paint(painter, begin))
    cut = 3000
    for end in (3000, 3001, 3004, 3060, 3400, 5000):
        for each, events in zip(series, logs, strict=True):
            each.feed(events[cut:end])
        cut = end
        plot.refresh()
        grown = pixels(plot)
        anew = show(ErrorPlot, plotted, size=(700, 360))
        pixels(anew)
        anew.mark_dirty()
        # Qt rounds a piece that is cut at the edge of the part otherwise than a whole one.
        assert (grown != pixels(anew)).sum() <= 20, end
        anew.close()
    assert sum(begin > -np.inf for begin in cuts) >= 3, "most of the picture was kept"
