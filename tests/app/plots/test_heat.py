"""Heat maps over depth and time, and the pictures that they are made of."""

import base64
import xml.etree.ElementTree as ET
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage

from app.plots.extents import axis_range, colour_range
from app.plots.heat import HeatMap
from app.plots.mosaic import COLUMNS, Mosaic
from app.plots.plot_run import PlotRun
from app.plots.printing import PAPERS, save_print
from app.plots.quantities import GRADIENT, MAGNITUDE
from app.plots.strokes import Dots, Picture, Text
from app.theme import scale_colour, theme
from resviz.runs.events import Probed, Started
from resviz.runs.series import RunSeries
from tests.app.plots.fake_runs import fake_series, names

GradientMap, MagnitudeMap = partial(HeatMap, quantity=GRADIENT), partial(HeatMap, quantity=MAGNITUDE)


def column_means(iterations, values, begin, width):
    """Return what a mosaic should hold, worked out slowly: each probe stands until the next one."""
    columns = (iterations[-1] - 1 - begin) // width + 1
    found = np.full((values.shape[1], columns), np.nan)
    for column in range(columns):
        inside = (iterations - 1 - begin) // width == column
        if inside.any():
            found[:, column] = values[inside].mean(axis=0)
        elif column and (iterations - 1 - begin)[0] // width < column:
            found[:, column] = found[:, column - 1]
    return found


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=40),
    st.lists(st.integers(1, 12), min_size=1, max_size=8),
)
def test_a_mosaic_is_the_same_in_whichever_pieces_it_came(steps, pieces):
    iterations = np.cumsum(steps)
    values = np.random.default_rng(0).normal(size=(len(steps), 3))
    whole, pieced = Mosaic(3), Mosaic(3)
    whole.take(iterations, values)
    at, index = 0, 0
    while at < len(steps):
        end = at + pieces[index % len(pieces)]
        pieced.take(iterations[at:end], values[at:end])
        at, index = end, index + 1
    assert whole.width == pieced.width
    assert whole.filled == pieced.filled <= COLUMNS
    if whole.width == 1:
        expected = column_means(iterations, values, 0, 1)
        assert whole.means() == pytest.approx(expected, nan_ok=True)
        assert pieced.means() == pytest.approx(expected, nan_ok=True)


def test_full_columns_are_pooled_in_pairs():
    values = np.arange(3.0 * COLUMNS)[:, None]
    mosaic = Mosaic(1)
    for row in range(len(values)):
        mosaic.take(np.array([row + 1]), values[row : row + 1])
    assert mosaic.width == 4
    assert mosaic.means()[0] == pytest.approx(values[:, 0].reshape(-1, 4).mean(axis=1))


def test_pixels_are_the_colours_of_the_means_and_blank_where_there_are_none():
    mosaic = Mosaic(2)
    mosaic.take(np.array([1, 2]), np.array([[0.0, np.nan], [1.0, 0.5]]))
    image = mosaic.image(0.0, 1.0, 0xFF123456)
    assert image.pixelColor(0, 0) == scale_colour(0.0)
    assert image.pixelColor(1, 0) == scale_colour(1.0)
    assert image.pixelColor(0, 1).name() == "#123456"
    mosaic.take(np.array([3]), np.array([[-9.0, 9.0]]))
    image = mosaic.image(0.0, 1.0, 0xFF123456)
    assert [image.pixelColor(2, row) for row in (0, 1)] == [scale_colour(0.0), scale_colour(1.0)]
    wider = mosaic.image(-9.0, 9.0, 0xFF123456)
    assert wider.pixelColor(0, 0).name() == scale_colour(127 / 255).name(), "another range paints all anew"


def test_a_column_that_fills_is_painted_again():
    mosaic = Mosaic(1, width=4)
    for iteration, value, shade in ((1, 0.0, 0), (2, 1.0, 127)):
        mosaic.take(np.array([iteration]), np.array([[value]]))
        assert mosaic.image(0.0, 1.0, 0).pixelColor(0, 0).name() == scale_colour(shade / 255).name()


def test_a_new_column_costs_the_same_however_many_there_are():
    """Counted in cells touched: what is painted for a new probe is a column or a few, never the picture."""
    touched = []
    for count in (100, 6400):
        mosaic = Mosaic(110)
        iterations = np.arange(1, count + 1) * 10
        mosaic.take(iterations, np.zeros((count, 110)))
        mosaic.image(0, 1, 0)
        mosaic.take(iterations[-1:] + 10, np.ones((1, 110)))
        touched.append(mosaic.filled - mosaic._painted)
    assert max(touched) <= 10


def test_extents_follow_new_probes_and_resumes_only(pair):
    series = pair[0].series
    low, high = axis_range([series], GRADIENT)
    values = np.log10(series.gradient_norm)
    assert low <= values.min()
    assert values.max() <= high
    narrow = colour_range([series], GRADIENT)
    assert low <= narrow[0] <= np.quantile(values, 0.02)
    assert np.quantile(values, 0.98) <= narrow[1] <= high
    series.feed([Probed(301, (1e6,) * 19, (None,) * 9, (1.0,) * 19)])
    assert axis_range([series], GRADIENT)[1] >= 6
    series.feed([Started(0.0, 300, 300, 50, 128, 0, "cpu", "float32", 1, *names(20), names(20)[0])])
    series.feed([Probed(301, (1.0,) * 19, (None,) * 9, (1.0,) * 19)])
    assert axis_range([series], GRADIENT)[1] == high, "what a resume voided counts no more"
    assert axis_range([], GRADIENT) == (-3.0, 1.0)


def pictures(plot):
    return [stroke for stroke in plot.curves.strokes if isinstance(stroke, Picture)]


def test_runs_stand_beside_each_other_on_one_scale(show, pair):
    plot = show(GradientMap, pair, (700, 300))
    first, second = plot.panels
    assert first.place.right() < second.place.left()
    assert first.place.top() == second.place.top()
    assert [s.text for s in plot.curves.strokes if isinstance(s, Text)] == ["plain-20", "resnet-20"]
    [entry] = plot.header.entries
    assert entry.ramp is not None
    for panel, picture in zip(plot.panels, pictures(plot), strict=True):
        values = GRADIENT.scaled(GRADIENT.values(panel.run.series))
        share = (values[0, 0] - plot.low) / (plot.high - plot.low)
        found = picture.image.pixelColor(0, 0)
        near = {scale_colour(np.clip(share + d, 0, 1)).name() for d in np.linspace(-0.003, 0.003, 13)}
        assert found.name() in near
        # The picture ends with the newest probe, at its place on the axis.
        assert picture.target.right() == pytest.approx(panel.x(300), abs=1)


def test_narrow_plots_put_runs_below_each_other(show, pair):
    plot = show(GradientMap, pair, (300, 400))
    first, second = plot.panels
    assert first.place.left() == second.place.left()
    assert first.place.top() > second.place.bottom()


def test_click_moves_cursor_and_tells_the_layer(show, pair, timeline, qtbot):
    plot = show(GradientMap, pair, (700, 300))
    panel = plot.panels[1]
    place = plot.view.getViewBox().mapViewToScene(QPointF(panel.x(100), panel.y(8)))
    with qtbot.waitSignal(plot.layer_clicked) as clicked:
        qtbot.mouseClick(plot.view.viewport(), Qt.MouseButton.LeftButton, pos=plot.view.mapFromScene(place))
    assert clicked.args == ["stage2.block1.conv1"]
    assert timeline.at == pytest.approx(100, abs=1)
    qtbot.waitUntil(lambda: any(isinstance(s, Dots) for s in plot.marks.strokes), timeout=1000)


def test_hovering_reads_the_exact_value(show, pair, qtbot):
    plot = show(GradientMap, pair, (700, 300))
    panel = plot.panels[0]
    plot.hovered, plot.hovered_y = panel.x(105), panel.y(3)
    plot._update_marks()
    value = pair[0].series.gradient_norm[5, 2]
    assert plot.header.subtitle == f"{GRADIENT.text(value)}: stage1.block1.conv2, iteration 100"


def test_the_wheel_zooms_sharper_and_double_click_shows_all(show, timeline, qtbot):
    run = PlotRun(
        "plain-20", fake_series(True, depth=20, iterations=6000, probe_interval=3), QColor("red"), True
    )
    plot = show(GradientMap, [run], (500, 300))
    coarse = pictures(plot)[0].owner.width
    assert coarse == 8
    panel = plot.panels[0]
    for _ in range(60):
        plot._on_wheeled(QPointF(panel.x(3000), 10.0), 0.95)
        plot.refresh()
        panel = plot.panels[0]
    begin, end = timeline.span
    assert begin < 3000 < end
    assert end - begin < 600
    fine = pictures(plot)[0]
    assert fine.owner.width == 1
    values = GRADIENT.scaled(run.series.gradient_norm)
    probe = int(np.searchsorted(run.series.probe_iterations, fine.owner.begin + 40, side="right")) - 1
    assert fine.owner.means()[:, 39] == pytest.approx(values[probe])
    plot._on_pulled(QPointF(panel.x(3000), 10.0), -50.0)
    assert timeline.span[0] > begin
    qtbot.mouseDClick(plot.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(200, 120))
    qtbot.mouseRelease(plot.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(200, 120))
    qtbot.waitUntil(lambda: timeline.span is None, timeout=1000)


def test_a_resume_that_goes_back_paints_anew(show):
    series = RunSeries()
    names = (("a",), ("b",), ("a",))
    start = partial(Started, 0.0, iterations=100, iterations_per_epoch=10.0, batch_size=8, seed=0)
    start = partial(start, device="cpu", precision="float32", parameters=1)
    start = partial(start, convolutions=names[0], blocks=names[1], responses=names[2])
    series.feed([start(iteration=0), *(Probed(i, (1.0,), (None,), (1.0,)) for i in range(1, 21))])
    plot = show(GradientMap, [PlotRun("run", series, QColor("red"), True)], (400, 300))
    series.feed([start(iteration=10), *(Probed(i, (100.0,), (None,), (1.0,)) for i in range(11, 16))])
    plot.refresh()
    mosaic = pictures(plot)[0].owner
    assert mosaic.means()[0].tolist() == [0.0] * 10 + [2.0] * 5


def test_plain_runs_have_no_residual_magnitude_and_transitions_are_marked(show, pair):
    pair[1].transitions = frozenset(["stage2.block1"])
    plot = show(MagnitudeMap, pair, (600, 300))
    assert [panel.run.name for panel in plot.panels] == ["resnet-20"]
    [squares] = [s for s in plot.curves.strokes if isinstance(s, Dots) and s.square]
    assert squares.y.tolist() == [plot.panels[0].y(4)]
    plot.set_runs(pair[:1])
    assert "no shortcut" in plot.empty.text()


def test_a_drawing_holds_the_part_in_sight_and_no_more(show, pair, tmp_path):
    plot = show(GradientMap, pair, (600, 300))
    drawing = ET.parse(save_print([(plot, 1)], PAPERS[1], tmp_path / "a.svg"))
    images = list(drawing.iter("{http://www.w3.org/2000/svg}image"))
    assert len(images) == 2
    for element in images:
        data = element.get("{http://www.w3.org/1999/xlink}href").partition(",")[2]
        image = QImage.fromData(base64.b64decode(data))
        # 300 of the 1024 columns are filled; what is beyond them is black.
        found = {
            image.pixelColor(x, y).name() for x in range(0, image.width(), 7) for y in (0, image.height() - 1)
        }
        assert "#000000" not in found
        assert len(found) > 2
    texts = " ".join(node.text or "" for node in drawing.iter("{http://www.w3.org/2000/svg}text"))
    assert "plain-20" in texts
    assert "resnet-20" in texts


def test_it_is_seen_in_both_themes(show, pair):
    plot = show(GradientMap, pair, (600, 300))
    for mode in ("dark", "light"):
        theme().set_mode(mode)
        plot.refresh()
        image = plot.grab().toImage()
        panel = plot.panels[0]
        place = plot.view.mapFromScene(plot.view.getViewBox().mapViewToScene(QPointF(panel.x(5), panel.y(1))))
        found = image.pixelColor(plot.view.mapTo(plot, place))
        assert found.lightness() != QColor(theme().colours.panel).lightness()
        assert plot.x_axis.labelStyle["color"] == theme().colours.muted


def test_csv_has_every_probe(show, pair):
    plot = show(GradientMap, pair)
    columns, rows = plot.table(pair)
    assert len(rows) == 2 * 16 * 19
    found = {(r[0], r[1], r[3]): r[-1] for r in rows}
    assert found["plain-20", 40, "stem.conv"] == pytest.approx(pair[0].series.gradient_norm[2, 0], rel=1e-6)
    assert columns[-1] == "gradient_norm"
