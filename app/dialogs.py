"""File dialogs that look like the rest and stop nobody: not native, not modal, gone when closed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget


def file_dialog(
    parent: QWidget, title: str, *, filters: Sequence[str] = (), save_as: str | None = None
) -> QFileDialog:
    """Return a dialog for an existing file of `filters`, for a folder without them, or to save under a name.

    Connect `fileSelected`, then `show` it.
    """
    dialog = QFileDialog(parent.window(), title)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setModal(False)
    if save_as is not None:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(save_as.rpartition(".")[2])
        dialog.selectFile(save_as)
    elif filters:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    else:
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    if filters:
        dialog.setNameFilters([*filters, "All files (*)"])
    return dialog
