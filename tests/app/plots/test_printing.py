"""Pictures for print: their size and look, and that the window notices nothing of them."""

import gc
import re
import xml.etree.ElementTree as ET
from functools import partial

import pytest
from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog

from app.drawings import FORMATS
from app.plots.classes import ClassPlot
from app.plots.difference import DifferencePlot
from app.plots.error import ErrorPlot
from app.plots.heat import HeatMap
from app.plots.measures import LossPlot, RatePlot, SpeedPlot
from app.plots.plot_run import PlotRun
from app.plots.printing import PAPERS, save_print, sheet, twin
from app.plots.profile import Profile
from app.plots.quantities import GRADIENT
from app.plots.responses import Responses, SortedResponses
from app.plots.save_dialog import SaveDialog
from app.plots.saving import chosen_paper
from app.plots.updates import Updates
from app.theme import DARK, LIGHT, run_colour, theme
from tests.app.plots.fake_runs import fake_series

COLUMN, PAGE, SLIDE = PAPERS
KINDS = (
    ErrorPlot, DifferencePlot, LossPlot, RatePlot, SpeedPlot, partial(Profile, quantity=GRADIENT),
    partial(HeatMap, quantity=GRADIENT), Responses, SortedResponses, Updates, ClassPlot,
)  # fmt: skip


def colours(image):
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(0, image.height(), 3)}


def in_light(plain):
    """Return the colour that the first run of a family has on paper."""
    with theme().lent(COLUMN.look(1)):
        return run_colour(0, plain).name()


def test_png_is_light_and_as_large_as_it_says(show, pair, tmp_path):
    plot = show(ErrorPlot, pair)
    image = QImage(str(save_print([(plot, 1)], COLUMN, tmp_path / "a.png")))
    assert image.width() == pytest.approx(85 / 25.4 * 300, abs=2)
    assert image.height() == pytest.approx(67 / 25.4 * 300, abs=2)
    assert image.dotsPerMeterX() == round(300 / 0.0254)
    found = colours(image)
    assert {LIGHT.panel, in_light(True), in_light(False)} <= found
    assert DARK.panel not in found
    assert pair[0].colour.name() not in found


def test_svg_is_in_millimetres_with_texts_and_a_font_that_is_there(show, pair, tmp_path):
    plot = show(ErrorPlot, pair)
    file = save_print([(plot, 1)], PAGE, tmp_path / "a.svg")
    root = ET.parse(file).getroot()
    assert float(root.get("width").removesuffix("mm")) == pytest.approx(174, abs=0.3)
    texts = " ".join("".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text"))
    assert all(words in texts for words in ("Error", "iteration", "plain-20", "resnet-20"))
    text = file.read_text(encoding="utf-8")
    assert in_light(False) in text
    assert "sans-serif" in text


def test_pdf_has_its_size_its_fonts_and_no_picture_of_curves(show, pair, tmp_path):
    plot = show(ErrorPlot, pair)
    data = save_print([(plot, 1)], SLIDE, tmp_path / "a.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    box = [float(each) for each in re.search(rb"/MediaBox \[([\d. ]+)\]", data)[1].split()]
    assert box[2:] == pytest.approx([254 / 25.4 * 72, 142.875 / 25.4 * 72], abs=1)
    assert b"/FontFile" in data
    assert b"/Subtype /Image" not in data


def test_the_window_notices_nothing(show, pair, timeline, tmp_path):
    plot = show(ErrorPlot, pair)
    timeline.go_to(120)
    timeline.show_span((50.0, 200.0))
    plot.refresh()
    told = []
    for signal in (theme().changed, timeline.moved, timeline.zoomed):
        signal.connect(lambda: told.append(1))
    gc.collect()
    before = plot.redraws, plot.view.getViewBox().viewRange(), set(QApplication.topLevelWidgets())
    for suffix in FORMATS:
        save_print([(plot, 1)], COLUMN, tmp_path / f"a.{suffix}")
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    assert (plot.redraws, plot.view.getViewBox().viewRange(), set(QApplication.topLevelWidgets())) == before
    assert theme().is_dark
    assert (timeline.at, timeline.span) == (120, (50.0, 200.0))
    assert not told


@pytest.mark.parametrize("kind", KINDS)
def test_a_twin_shows_the_same(show, pair, timeline, kind):
    plot = show(kind, pair, (640, 400))
    timeline.go_to(120)
    if kind is LossPlot:
        plot.log_action.setChecked(True)
    if kind in (ErrorPlot, SpeedPlot):
        plot.whole_action.setChecked(True) if kind is ErrorPlot else None
        timeline.show_span((50.0, 200.0))
        plot.refresh()
        plot.view.getViewBox().setRange(yRange=(10, 60), padding=0)
    plot.set_selected(frozenset({"stage2.block1"}))
    plot.refresh()
    with theme().lent(PAGE.look(1)), twin(plot, QSize(640, 400)) as likeness:
        assert type(likeness) is type(plot)
        assert likeness.title == plot.title
        assert likeness.y_axis.log == plot.y_axis.log
        assert likeness.header.subtitle == plot.header.subtitle
        assert [entry.name for entry in likeness.header.entries] == [e.name for e in plot.header.entries]
        assert likeness.view.width() == pytest.approx(plot.view.width(), abs=30)
        if kind is not KINDS[6]:  # a heat map counts in pixels
            assert likeness.view.getViewBox().viewRange() == plot.view.getViewBox().viewRange()
        assert likeness.selected == plot.selected
        assert {run.colour.name() for run in likeness.runs} == {in_light(True), in_light(False)}


def test_plots_of_a_view_stand_beside_each_other_where_there_is_room(show, pair):
    plots = [(show(ErrorPlot, pair), 3), (show(LossPlot, pair), 1), (show(SpeedPlot, pair), 1)]
    narrow, wide, slide = (sheet(plots, paper) for paper in PAPERS)
    assert [place.x() for _, place in narrow.places] == [0, 0, 0]
    assert narrow.size.height() == pytest.approx(3 * 67 / 25.4 * 96, abs=1)
    assert [place.y() > 0 for _, place in wide.places] == [False, False, True]
    assert [place.width() for _, place in wide.places] == [329, 329, 658]
    assert [round(place.width()) for _, place in slide.places] == [576, 192, 192]
    assert slide.size.height() == 540
    assert slide.look.font_pixels < SLIDE.look(1).font_pixels
    alone = sheet(plots[:1], PAGE).places[0][1]
    assert alone.size().toTuple() == (658, pytest.approx(295, abs=1))


def test_a_run_in_a_colour_that_is_no_runs_keeps_it(show, qtbot):
    from PySide6.QtGui import QColor

    plot = show(
        ErrorPlot, [PlotRun("mine", fake_series(False, depth=20, iterations=60), QColor("#123456"), False)]
    )
    with theme().lent(COLUMN.look(1)), twin(plot, QSize(320, 260)) as likeness:
        assert likeness.runs[0].colour.name() == "#123456"


def open_dialog(plot):
    [dialog] = [each for each in plot.window().findChildren(SaveDialog) if each.isVisible()]
    return dialog


def test_dialog_shows_saves_and_remembers(show, pair, tmp_path, qtbot):
    plot, other = show(ErrorPlot, pair), show(LossPlot, pair)
    plot.saver.view = lambda: [(plot, 1), (other, 2)]
    plot.saver.ask()
    dialog = open_dialog(plot)
    assert not dialog.isModal()
    dialog.what.setCurrentIndex(1)
    dialog.paper.setCurrentIndex(2)
    dialog.format.setCurrentIndex(dialog.format.findData("svg"))
    assert "254 × 143 mm" in dialog.about.text()
    qtbot.waitUntil(lambda: not dialog._left)
    shown = dialog.preview.pixmap().toImage()
    assert in_light(False) in colours(shown) or len(colours(shown)) > 20
    dialog.save.click()
    [where] = [each for each in plot.window().findChildren(QFileDialog) if each.isVisible()]
    with qtbot.waitSignal(plot.saver.saved) as saved:
        where.fileSelected.emit(str(tmp_path / "both"))
    where.close()
    text = (tmp_path / "both.svg").read_text(encoding="utf-8")
    assert saved.args == [str(tmp_path / "both.svg")]
    assert "<title>Error · Loss</title>" in text
    assert chosen_paper() is SLIDE
    qtbot.waitUntil(lambda: not plot.window().findChildren(QDialog))
    plot.saver.ask()
    again = open_dialog(plot)
    assert (again.what.currentIndex(), again.paper.currentIndex(), again.format.currentData()) == (
        1,
        2,
        "svg",
    )
    again.reject()


def test_nothing_to_save_is_one_sentence(show, qtbot):
    plot = show(ErrorPlot)
    for act in (plot.saver.copy, plot.saver.ask, partial(plot.saver.save_as, "pdf")):
        with qtbot.waitSignal(plot.saver.failed) as failed:
            act()
        assert failed.args == ["Error shows nothing yet: train, or show a run that has it."]
