from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMainWindow, QWidget

from app.dialogs import file_dialog, save_file


def test_save_stops_its_own_window_alone_and_the_folder_is_remembered(qtbot, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    chosen = []
    dialog = save_file(parent, "Save plot", "error.png", "PNG picture (*.png)", chosen.append)
    assert dialog.isVisible()
    assert dialog.windowModality() == Qt.WindowModality.WindowModal
    assert dialog.defaultSuffix() == "png"
    dialog.fileSelected.emit(str(tmp_path / "mine.png"))
    dialog.close()
    assert chosen == [tmp_path / "mine.png"]
    again = file_dialog(parent, "Open", filters=["Architectures (*.json)"])
    assert again.directory().absolutePath() == str(tmp_path)
    again.close()


def test_a_key_that_is_held_opens_one_dialog(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    action = QAction("Save", window)
    action.setShortcut(QKeySequence("Ctrl+Shift+S"))
    action.triggered.connect(lambda: save_file(window, "Save", "a.json", "Architectures (*.json)", print))
    window.addAction(action)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    for _ in range(3):
        qtbot.keyClick(window, Qt.Key.Key_S, both)
    (dialog,) = window.findChildren(QFileDialog)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
