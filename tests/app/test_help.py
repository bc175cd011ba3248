from PySide6.QtCore import Qt

from app.side import INSPECTOR, LESSON
from app.theme import theme
from app.window import MainWindow
from tests.app.lab.tiny import twins


def test_f1_shows_the_page_of_what_is_pointed_at_or_the_lesson(qtbot, qapp):
    theme().apply(qapp)
    window = MainWindow(twins())
    window.resize(1280, 720)
    with qtbot.waitSignal(window.painted, timeout=10_000):
        window.show()
    qtbot.waitUntil(lambda: len(window.bottom.plots) == 3, timeout=5000)
    try:
        pane = window.workspace.panes[1]
        window.side.tabs.setCurrentIndex(INSPECTOR)
        qtbot.keyClick(window, Qt.Key.Key_F1)
        assert window.side.tabs.currentIndex() == LESSON
        assert window.help.pages.page is None
        pane.view.setFocus()
        pane.scene.select(["stage2.block1"])
        qtbot.waitUntil(lambda: window.workspace.active is pane, timeout=2000)
        qtbot.keyClick(pane.view, Qt.Key.Key_F1)
        page = window.help.pages.page
        assert page.isVisible()
        assert page.block.text() == "stage2.block1"
        pane.scene.select(["pool"])
        qtbot.waitUntil(lambda: page.about.kind == "global_avg_pool", timeout=2000)
        pane.scene.select(["stage1.block1", "stage2.block1"])
        qtbot.waitUntil(lambda: page.block.text() == "stage1.block1", timeout=2000)
        with qtbot.waitSignal(pane.selection_changed):
            pane.scene.select(["stem", "pool"])
        assert page.block.text() == "stage1.block1"
        qtbot.waitUntil(page.isActiveWindow, timeout=2000)
        qtbot.keyClick(page, Qt.Key.Key_F1)
        assert page.isHidden()
        with qtbot.waitSignal(pane.selection_changed):
            pane.scene.select(["pool"])
        assert page.isHidden()
        window.side.inspector.about_wanted.emit()
        assert page.isVisible()
        page.close()
        window.palette_panel.tree.setCurrentItem(window.palette_panel.item("add"))
        window.palette_panel.tree.setFocus()
        window.activateWindow()
        qtbot.waitUntil(window.palette_panel.tree.hasFocus, timeout=2000)
        window.help.help()
        assert page.about.kind == "add"
        assert "About this block" in [entry.title for entry in window.menus.entries()]
    finally:
        window.close()
        window.deleteLater()
