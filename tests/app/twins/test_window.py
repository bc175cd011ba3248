"""The two panes in the window."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.side import INSPECTOR
from app.theme import theme
from app.window import MainWindow
from tests.app.lab.tiny import twins


def test_one_pane_leads_and_the_inspector_stays_with_it(qtbot, qapp):
    theme().apply(qapp)
    window = MainWindow(twins())
    window.resize(1280, 720)
    with qtbot.waitSignal(window.painted, timeout=10_000):
        window.show()
    left, right = window.workspace.panes
    window.activateWindow()
    left.view.setFocus()
    qtbot.waitUntil(left.view.hasFocus)
    left.scene.select(["stage1.block1"])
    qtbot.waitUntil(lambda: right.scene.selection_ids() == ["stage1.block1"])
    qtbot.wait(1)
    assert right.led
    assert window.workspace.active is left
    assert window.side.tabs.currentIndex() == INSPECTOR
    titles = {action.text() for action in window.menus.menus["View"].actions()}
    assert {"Link the two networks", "Mark the differences on both networks", "Minimap"} <= titles
    QTest.keyClick(left.view, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    assert window.status == "Edits are done in both networks from now on; shortcuts stay as they are."
    left.edits.set_params({"stage1.block1": {"out_channels": 7}})
    assert right.document.architecture["stage1.block1"].params["out_channels"] == 7
    window.workspace.undo()
    assert [pane.document.undo_stack.index() for pane in (left, right)] == [0, 0]
    QTest.keyClick(left.view, Qt.Key.Key_L)
    assert window.status == "Not linked: each network is looked at by itself."
    window.close()
    window.deleteLater()
