"""One plot over the whole window, by mouse and by keys, and back."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.theme import theme
from app.window import MainWindow
from tests.app.lab.tiny import twins

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot, qapp):
    theme().apply(qapp)
    made = MainWindow(twins())
    made.resize(1280, 720)
    with qtbot.waitSignal(made.painted, timeout=10_000):
        made.show()
    qtbot.waitUntil(lambda: len(made.bottom.plots) == 3, timeout=5000)
    yield made
    made.close()
    made.deleteLater()


def test_a_title_is_double_clicked_and_escape_leads_back(window, qtbot):
    panel = window.bottom.area.panels["gradient"]
    plot = panel.plot
    state = window.windowState()
    qtbot.mouseDClick(plot.header, LEFT, pos=QPoint(40, 12))
    assert window.showing.alone
    assert window.isFullScreen()
    assert plot.isVisible()
    assert plot.width() > 0.9 * window.width()
    assert plot.hasFocus()
    assert window.showing.solo.transport.isVisible()
    assert not window.bottom.isVisible()
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert not window.showing.alone
    assert window.windowState() == state
    assert panel.card.isAncestorOf(plot)
    assert plot.isVisible()
    assert plot.hasFocus()
    assert window.statusBar().isVisible()


def test_its_menu_and_its_key_do_the_same(window, qtbot):
    plot = window.bottom.plots["error"]
    next(action for action in plot.menu.actions() if "Full screen" in action.text()).trigger()
    assert window.showing.alone
    qtbot.keyClick(plot, Qt.Key.Key_F)
    assert not window.showing.alone
    qtbot.keyClick(plot, Qt.Key.Key_F)
    assert window.showing.alone, "where the plot has the keyboard"
    qtbot.mouseClick(window.showing.solo.back_button, LEFT)
    assert not window.showing.alone


def test_the_key_works_where_the_mouse_is(window, qtbot):
    view = window.workspace.active.view
    plot = window.bottom.plots["residual"]
    view.setFocus()
    QTest.mouseMove(view, QPoint(30, 30))
    QTest.mouseMove(plot.view.viewport(), QPoint(60, 60))
    qtbot.waitUntil(lambda: plot.hovered is not None or plot.underMouse(), timeout=2000)
    qtbot.keyClick(view, Qt.Key.Key_F)
    assert window.showing.alone
    assert window.showing.solo.panel is window.bottom.area.panels["residual"]
    window.showing.leave_alone()
    edit = window.palette_panel.findChild(type(window.command_popup.edit))
    QTest.mouseMove(plot.view.viewport(), QPoint(70, 60))
    edit.setFocus()
    qtbot.keyClick(edit, Qt.Key.Key_F)
    assert edit.text() == "f", "who types is not interrupted"
    assert not window.showing.alone
    view.setFocus()
    QTest.mouseMove(view, QPoint(30, 30))
    qtbot.keyClick(view, Qt.Key.Key_F)
    assert not window.showing.alone, "over the network the key fits it"


def test_another_layout_and_closing_end_it(window, qtbot):
    window.menus["plot_alone"].trigger()
    assert window.showing.alone
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert not window.showing.alone
    window.menus["layout_overview"].trigger()
    window.menus["plot_alone"].trigger()
    window.menus["plot_alone"].trigger()
    assert not window.showing.alone
    window.menus["runs"].trigger()
    window.menus["plot_alone"].trigger()
    assert not window.showing.alone
    assert "choose a layout" in window.status


def test_the_menu_shows_what_is_open_and_the_arrangement_is_there_next_time(window, qtbot, qapp):
    menus = window.menus
    checked = {key for key in menus.actions if key.startswith("plot_") and menus[key].isChecked()}
    assert checked == {"plot_error", "plot_gradient", "plot_residual"}
    menus["plot_gradient"].trigger()
    assert not menus["plot_gradient"].isChecked()
    menus["plot_loss"].trigger()
    assert menus["plot_loss"].isChecked()
    menus["runs"].trigger()
    menus["plot_loss"].trigger()
    assert window.bottom.currentWidget() is window.bottom.area, "it is brought into sight, not closed"
    assert menus["plot_loss"].isChecked()
    menus["layout_gradients"].trigger()
    assert menus["plot_gradient"].isChecked()
    menus["layout_overview"].trigger()
    window.close()
    second = MainWindow(twins())
    try:
        second.show()
        qtbot.waitUntil(lambda: len(second.bottom.plots) == 3, timeout=5000)
        assert sorted(second.bottom.area.open) == ["error", "loss", "residual"]
        second.menus["reset_layout"].trigger()
        assert set(second.bottom.area.open) == {"error", "gradient", "residual"}
    finally:
        second.close()
        second.deleteLater()
