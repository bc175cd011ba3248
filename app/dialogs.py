"""File dialogs that look like the rest, and the last row of all others.

A file dialog is not native, over its window alone, gone when closed.
While one is open its window takes no keys: what is typed is meant for the dialog. Training goes on.

They open in the folder that was used last, of this window or an earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths, Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QPushButton, QWidget

from app.theme import GRID

_FOLDER_KEY = "dialogs/folder"


def file_dialog(
    parent: QWidget, title: str, *, filters: Sequence[str] = (), save_as: str | None = None
) -> QFileDialog:
    """Return a dialog for an existing file of `filters`, for a folder without them, or to save under a name.

    Connect `fileSelected`, then `open` it. A name with a folder opens that folder.
    """
    dialog = QFileDialog(parent.window(), title)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    dialog.setDirectory(str(usual_folder()))
    if save_as is not None:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(Path(save_as).suffix.removeprefix("."))
        dialog.selectFile(save_as)
    elif filters:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    else:
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    if filters:
        dialog.setNameFilters([*filters, "All files (*)"])
    dialog.fileSelected.connect(_remember)
    return dialog


def save_file(
    parent: QWidget, title: str, name: str, filter: str, on_chosen: Callable[[Path], object]
) -> QFileDialog:
    """Ask where to save; `on_chosen` gets the path if one is chosen.

    Args:
        parent: the dialog stands above its window.
        title: of the dialog.
        name: the suggestion; its suffix is added to what is typed without one.
        filter: as Qt writes it, "PNG picture (*.png)".
        on_chosen: called with the path; not called where the dialog is closed.
    """
    dialog = file_dialog(parent, title, filters=[filter], save_as=name)
    dialog.fileSelected.connect(lambda path: on_chosen(Path(path)))
    dialog.open()
    return dialog


def dialog_foot(dialog: QDialog, main: QPushButton) -> QHBoxLayout:
    """Return the last row of a dialog: Cancel, and at its right the button that does what was asked."""
    main.setProperty("role", "primary")
    main.setDefault(True)
    cancel = QPushButton("Cancel")
    cancel.setAutoDefault(False)
    cancel.clicked.connect(dialog.close)
    foot = QHBoxLayout()
    foot.setSpacing(GRID)
    foot.addStretch(1)
    foot.addWidget(cancel)
    foot.addWidget(main)
    return foot


def usual_folder() -> Path:
    """Return the folder that was used last, or else the one for documents, or home."""
    last = str(QSettings().value(_FOLDER_KEY, "") or "")
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return next((Path(each) for each in (last, documents) if each and Path(each).is_dir()), Path.home())


def _remember(chosen: str) -> None:
    path = Path(chosen)
    QSettings().setValue(_FOLDER_KEY, str(path if path.is_dir() else path.parent))
