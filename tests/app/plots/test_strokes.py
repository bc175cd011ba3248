import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from app.plots.strokes import Line, Strokes, dashes, pen

RED = QColor("#ff0000")


def length(line, scale):
    pieces = line.pieces.ndarray()
    return np.hypot((pieces[:, 2] - pieces[:, 0]) * scale[0], (pieces[:, 3] - pieces[:, 1]) * scale[1])


def test_a_line_breaks_where_a_value_is_not_finite():
    line = Line(np.arange(5.0), np.array([1.0, 2.0, np.nan, 4.0, 5.0]), pen(RED, 2))
    assert line.pieces.ndarray().tolist() == [[0, 1, 1, 2], [3, 4, 4, 5]]


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
        def paint(self, painter):
            painted.append(1)
            super().paint(painter)

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
