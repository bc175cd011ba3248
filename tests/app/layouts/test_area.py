"""Panels of a layout: made when seen, moved by their titles, closed, and where they are next time."""

import pytest
from PySide6.QtCore import QByteArray, QPoint, QSettings, Qt
from PySide6.QtTest import QTest

from app.layouts.area import Area
from app.layouts.catalogue import KINDS, LAYOUTS
from app.plots.plot_run import PlotRun
from app.plots.timeline import Timeline
from app.theme import run_colour, theme
from tests.app.plots.fake_runs import fake_events, fake_series

OVERVIEW, GRADIENTS = LAYOUTS[:2]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def dressed(qapp):
    theme().apply(qapp)


@pytest.fixture
def pair():
    return [
        PlotRun(
            "plain" if plain else "resnet",
            fake_series(plain, depth=20, iterations=300),
            run_colour(0, plain),
            plain,
        )
        for plain in (True, False)
    ]


@pytest.fixture
def open_area(qtbot, pair):
    def opened(layout=OVERVIEW, made=True):
        timeline = Timeline()
        timeline.supply([run.series for run in pair])
        area = Area(layout, timeline)
        qtbot.addWidget(area)
        area.set_runs(pair)
        area.resize(1000, 320)
        with qtbot.waitExposed(area):
            area.show()
        area.make_plots()
        if made:
            qtbot.waitUntil(lambda: all(p.plot is not None for p in in_sight(area)), timeout=5000)
        return area

    return opened


def in_sight(area):
    return [panel for panel in area.panels.values() if panel.in_sight]


def places(area):
    """Return the keys of the plots in sight from left to right, then downwards."""
    return [p.kind.key for p in sorted(in_sight(area), key=lambda p: (p.x(), p.y()))]


def test_the_catalogue_is_whole():
    assert len({kind.letter for kind in KINDS.values()}) == len(KINDS)
    named = [name for layout in LAYOUTS for column in layout.columns for name in column.names]
    assert set(named) == set(KINDS), "every plot stands in some layout"


def test_a_layout_stands_as_given_and_makes_what_is_in_sight(open_area, qtbot):
    area = open_area(GRADIENTS)
    assert places(area) == ["gradient", "gradient heat", "update"]
    widths = {p.kind.key: p.width() for p in in_sight(area)}
    assert widths["gradient heat"] == pytest.approx(1.5 * widths["gradient"], rel=0.1)
    assert area.open == ["gradient", "gradient heat", "update heat", "update"]
    assert set(area.plots) == {"gradient", "gradient heat", "update"}
    heat = area.plots["gradient heat"]
    area.toggle("update heat")
    qtbot.waitUntil(lambda: "update heat" in area.plots, timeout=5000)
    assert places(area) == ["gradient", "update heat", "update"]
    assert not heat.isVisible(), "what stands behind another plot rests"
    drawn = heat.redraws
    heat.runs[0].series.feed(fake_events(True, depth=20, iterations=300, done=10)[1:])
    qtbot.wait(250)
    assert heat.redraws == drawn
    area.toggle("gradient heat")
    qtbot.waitUntil(lambda: heat.redraws == drawn + 1, timeout=2000)


def test_plots_are_closed_from_their_menu_and_opened_again(open_area, qtbot):
    area = open_area()
    plot = area.plots["gradient"]
    with qtbot.waitSignal(area.arranged):
        next(a for a in plot.menu.actions() if a.text() == "Close this plot").trigger()
    assert area.open == ["error", "residual"]
    assert not plot.isVisible()
    area.toggle("gradient")
    assert places(area) == ["error", "gradient", "residual"], "where it was"
    assert area.plots["gradient"] is plot
    area.toggle("classes")
    assert places(area) == ["error", "gradient", "residual", "classes"]
    for key in list(area.open):
        area.toggle(key)
    assert area.open == []
    assert area._empty.isVisible()
    assert "Reset this layout" in area._empty.text()
    area.arrange()
    assert places(area) == ["error", "gradient", "residual"]
    assert not area._empty.isVisible()


def drag(panel, to, qtbot):
    """Drag a panel by the title of its plot to a place on the screen."""
    title, start = panel.plot.header, QPoint(60, 14)
    begin = title.mapToGlobal(start)
    QTest.mousePress(title, LEFT, pos=start)
    for share in (0.05, 0.2, 0.5, 0.8, 1.0, 1.0):
        QTest.mouseMove(title, title.mapFromGlobal(begin + (to - begin) * share))
        qtbot.wait(20)
    QTest.mouseRelease(title, LEFT, pos=title.mapFromGlobal(to))
    qtbot.wait(50)


def test_a_plot_moves_where_its_title_is_dragged(open_area, qtbot):
    area = open_area()
    last = area.panels["residual"]
    drag(area.panels["error"], last.mapToGlobal(QPoint(last.width() - 8, last.height() // 2)), qtbot)
    assert places(area) == ["gradient", "residual", "error"]


def test_a_plot_dropped_nowhere_goes_back(open_area, qtbot):
    area = open_area()
    drag(area.panels["error"], area.mapToGlobal(QPoint(500, -400)), qtbot)
    assert places(area) == ["error", "gradient", "residual"]
    assert not area.panels["error"].isFloating()


def test_an_arrangement_is_there_next_time(open_area):
    area = open_area()
    area.toggle("gradient")
    area.toggle("loss")
    area.splitDockWidget(area.panels["error"], area.panels["loss"], Qt.Orientation.Vertical)
    area.tabifyDockWidget(area.panels["error"], area.panels["residual"])
    area.save()
    again = open_area()
    assert sorted(again.open) == ["error", "loss", "residual"]
    assert places(again) == places(area)
    assert again.tabifiedDockWidgets(again.panels["error"]) == [again.panels["residual"]]
    again.arrange()
    again.save()
    assert places(open_area()) == ["error", "gradient", "residual"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("state", QByteArray(b"nonsense")),
        ("state", 7),
        ("version", 99),
        ("open", "error,unheard of"),
    ],
)
def test_what_cannot_be_read_is_the_given_layout(open_area, key, value):
    area = open_area(made=False)
    area.toggle("gradient")
    area.save()
    QSettings().setValue(f"layouts/overview/{key}", value)
    assert places(open_area()) == ["error", "gradient", "residual"]
