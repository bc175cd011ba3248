from PySide6.QtWidgets import QWidget

from app.dialogs import file_dialog, save_file


def test_save_is_not_modal_and_the_folder_is_remembered(qtbot, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    chosen = []
    dialog = save_file(parent, "Save plot", "error.png", "PNG picture (*.png)", chosen.append)
    assert dialog.isVisible()
    assert not dialog.isModal()
    assert dialog.defaultSuffix() == "png"
    dialog.fileSelected.emit(str(tmp_path / "mine.png"))
    dialog.close()
    assert chosen == [tmp_path / "mine.png"]
    again = file_dialog(parent, "Open", filters=["Architectures (*.json)"])
    assert again.directory().absolutePath() == str(tmp_path)
    again.close()
