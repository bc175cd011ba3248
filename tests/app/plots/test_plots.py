"""What holds for every plot."""

import csv
from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit

from app.plots.error import ErrorPlot
from app.plots.plot_run import PlotRun
from app.plots.printing import PAPERS, save_print
from app.plots.profile import Profile
from app.plots.quantities import GRADIENT, MAGNITUDE
from app.plots.saving import save_numbers
from app.plots.strokes import Dots, Line
from app.theme import DARK, LIGHT, run_colour, theme
from resviz.errors import ResvizError
from resviz.runs.series import RunSeries
from tests.app.plots.fake_runs import fake_events

KINDS = (ErrorPlot, partial(Profile, quantity=GRADIENT), partial(Profile, quantity=MAGNITUDE))
every = pytest.mark.parametrize("kind", KINDS, ids=("error", "gradient", "residual"))


def colours(image):
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(0, image.height(), 2)}


def pixels(image, shape=None):
    """Return an image's, or a colour's, red, green and blue, (H, W, 3)."""
    if isinstance(image, QColor):
        return np.broadcast_to(np.array(image.getRgb()[:3], float), shape)
    image = image.convertToFormat(QImage.Format.Format_RGBX8888)
    return np.array(image.constBits()).reshape(image.height(), image.width(), 4)[..., :3].astype(float)


def drawn_numbers(axis):
    """Return (rectangle, flags, text) of the numbers of an axis."""
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    try:
        painter.setFont(axis.style["tickFont"])
        return axis.generateDrawSpecs(painter)[2]
    finally:
        painter.end()


@every
def test_empty_waiting_and_hidden_plots_say_what_to_do(show, pair, kind):
    plot = show(kind)
    assert plot.empty.isVisible()
    assert plot.empty.text().startswith("Press Train:")
    plot.set_runs([PlotRun("resnet-20", RunSeries(), QColor("red"), False)])
    assert "Waiting for the first" in plot.empty.text()
    for run in pair:
        run.visible = False
    plot.set_runs(pair)
    assert "hidden" in plot.empty.text()
    pair[1].visible = True
    plot.refresh()
    assert not plot.empty.isVisible()


@every
def test_a_hidden_plot_does_not_draw_and_catches_up_when_shown(show, pair, kind, qtbot):
    plot = show(kind, pair)
    plot.hide()
    drawn = plot.redraws
    pair[1].series.feed(fake_events(False, depth=20, iterations=300, done=10)[1:])
    qtbot.wait(250)
    assert plot.redraws == drawn
    plot.show()
    assert plot.redraws == drawn + 1


@every
def test_draws_by_itself_only_when_something_changed(show, kind, qtbot):
    events = fake_events(False, depth=20, iterations=300)
    run = PlotRun("resnet-20", RunSeries(), QColor("red"), False)
    plot = show(kind, [run])
    drawn = plot.redraws
    qtbot.wait(250)
    assert plot.redraws == drawn
    run.series.feed(events)
    qtbot.waitUntil(lambda: plot.redraws == drawn + 1, timeout=2000)
    assert plot.curves.strokes
    qtbot.wait(250)
    assert plot.redraws == drawn + 1


@every
def test_the_picture_copied_looks_as_the_screen_does(show, pair, kind):
    plot = show(kind, pair)
    plot.button.hide()
    screen = pixels(plot.grab().toImage())
    with_told = []
    plot.saver.copied.connect(with_told.append)
    plot.saver.copy()
    copied = QGuiApplication.clipboard().image()
    assert (copied.width(), copied.height()) == (2 * plot.width(), 2 * plot.height())
    found = colours(copied)
    assert pair[1].colour.name() in found
    assert DARK.panel in found
    smooth = (Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
    panel = pixels(QColor(DARK.panel), screen.shape)
    ink = abs(screen - panel).sum()
    small = pixels(copied.scaled(plot.size(), *smooth))
    assert abs(screen - small).sum() < 0.35 * ink  # its hair lines are half as wide
    assert abs(small - panel).sum() == pytest.approx(ink, rel=0.2)
    assert with_told == [f"{plot.title} is on the clipboard, as a picture."]


@every
def test_csv_holds_the_runs_by_name(show, pair, kind, tmp_path):
    plot = show(kind, pair)
    with save_numbers(plot, tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["run"] for row in rows} == {run.name for run in plot.with_data()}
    assert all(None not in row.values() for row in rows)


def choose(plot, path, qtbot):
    """Type a name into the open file dialog and press Enter, or close it; wait until it is gone."""
    [dialog] = [d for d in plot.window().findChildren(QFileDialog) if d.isVisible()]
    if path is None:
        dialog.reject()
    else:
        dialog.findChild(QLineEdit, "fileNameEdit").setText(str(path))
        QTest.keyClick(dialog.findChild(QLineEdit, "fileNameEdit"), Qt.Key.Key_Return)
    del dialog
    qtbot.waitUntil(lambda: not plot.window().findChildren(QFileDialog))


@every
def test_menu_saves_and_tells(show, pair, kind, tmp_path, qtbot):
    plot = show(kind, pair)
    actions = {action.text(): action for action in plot.menu.actions()}
    for text, typed, written in (
        ("Save as PNG …", "figure", "figure.png"),
        ("Save as SVG …", "figure.csv", "figure.csv.svg"),
        ("Save as PDF …", "figure", "figure.pdf"),
        ("Save numbers as CSV …", "figure.csv", "figure.csv"),
    ):
        actions[text].trigger()
        with qtbot.waitSignal(plot.saver.saved) as saved:
            choose(plot, tmp_path / typed, qtbot)
        assert saved.args == [str(tmp_path / written)]
        assert (tmp_path / written).stat().st_size > 0
    assert (tmp_path / "figure.csv.svg").read_text(encoding="utf-8").lstrip().startswith("<?xml")
    actions["Save as PNG …"].trigger()
    with qtbot.assertNotEmitted(plot.saver.saved):
        choose(plot, None, qtbot)
    actions["Copy picture"].trigger()
    assert QGuiApplication.clipboard().image().width() == 2 * plot.width()


@every
def test_a_folder_that_cannot_be_written_is_one_sentence(pair, show, kind, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ResvizError, match="Cannot write"):
        save_print([(show(kind, pair), 1)], PAPERS[0], tmp_path / "file" / "a.png")


@every
def test_theme_and_presentation_redress(show, pair, kind):
    plot = show(kind, pair)
    theme().set_mode("light")
    for run in pair:
        run.colour = run_colour(0, run.plain)
    plot.set_runs(pair)
    found = colours(plot.grab().toImage())
    assert LIGHT.panel in found
    assert DARK.panel not in found
    assert run_colour(0, False).name() in found
    thin = max(s.pen.widthF() for s in plot.curves.strokes if isinstance(s, Line))
    theme().set_presentation(True)
    assert max(s.pen.widthF() for s in plot.curves.strokes if isinstance(s, Line)) > thin


@every
@pytest.mark.parametrize("large", [False, True])
def test_nothing_is_cut_off_when_narrow(show, pair, kind, large):
    theme().set_presentation(large)
    plot = show(kind, pair, (380, 280))
    assert set(plot.header.shown_names) == {run.name for run in pair}
    assert plot.header.height() + plot.view.height() <= 280
    assert plot.view.getViewBox().height() >= 60
    inside = plot.view.sceneRect().adjusted(-0.5, -0.5, 0.5, 0.5)
    for axis in (plot.x_axis, plot.y_axis):
        margin = axis.label.document().documentMargin()
        text = axis.label.boundingRect().adjusted(margin, margin, -margin, -margin)
        assert inside.contains(axis.label.mapRectToScene(text)), axis.labelText
        numbers = drawn_numbers(axis)
        assert len(numbers) >= 2
        for place, _, number in numbers:
            assert inside.contains(axis.mapRectToScene(place)), number


@every
def test_hovering_reads_values_and_leaving_forgets_them(show, pair, kind, qtbot):
    plot = show(kind, pair)
    before = plot.header.subtitle
    box = plot.view.getViewBox().sceneBoundingRect()
    middle = plot.view.mapFromScene(box.center())
    qtbot.mouseMove(plot.view.viewport(), QPoint(middle.x() - 9, middle.y()))
    qtbot.mouseMove(plot.view.viewport(), middle)
    qtbot.waitUntil(lambda: plot.hovered is not None, timeout=2000)
    assert plot.header.subtitle != before
    assert any(isinstance(stroke, Dots) for stroke in plot.marks.strokes)
    plot.view.left.emit()
    assert plot.hovered is None
    assert plot.marks.strokes == []
    assert plot.header.subtitle == before


@every
def test_right_click_and_button_open_the_same_menu(show, pair, kind, qtbot):
    plot = show(kind, pair)
    assert plot.button.menu() is plot.menu
    assert plot.button.isVisible()
    assert plot.rect().contains(plot.button.geometry())
    assert plot.view.contextMenuPolicy() == Qt.ContextMenuPolicy.NoContextMenu
    assert plot.view.mapFromScene(QPointF(0, 0)) is not None


@every
def test_what_is_on_screen_follows_the_series(show, kind, qtbot):
    events = fake_events(False, depth=20, iterations=300)
    run = PlotRun("resnet-20", RunSeries(), QColor("red"), False)
    plot = show(kind, [run], size=(400, 265))
    for end in range(20, len(events), 20):
        run.series.feed(events[end - 20 : end])
        qtbot.wait(120)
    run.series.feed(events[end:])
    qtbot.waitUntil(lambda: not plot.refresh(), timeout=2000)
    qtbot.wait(50)
    # Of the screen: grabbing the widget would paint it anew.
    seen = plot.screen().grabWindow(plot.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)
    assert seen == plot.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
