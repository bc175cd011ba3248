"""The choice of a data set: built in, CIFAR (downloaded, or a file that is there already), or a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.boxes import ComboBox
from app.dialogs import file_dialog
from app.lab.fields import sentence_label
from app.lab.fit import DataShape
from app.theme import GRID


@dataclass(frozen=True)
class DataSet:
    """One entry: title on screen, spec of the recipe ("" for a folder), number of classes, what to know."""

    title: str
    spec: str
    classes: int | None
    about: str
    archive: str = ""
    folder: str = ""


DATA_SETS = (
    DataSet("Built-in shapes", "shapes", 10, ""),
    DataSet(
        "CIFAR-10",
        "cifar10",
        10,
        "60,000 pictures, 10 classes. Downloaded on first use (170 MB; the host is slow).",
        "cifar-10-python.tar.gz",
        "cifar-10-batches-py",
    ),
    DataSet(
        "CIFAR-100",
        "cifar100",
        100,
        "60,000 pictures, 100 classes. Downloaded on first use (169 MB; the host is slow).",
        "cifar-100-python.tar.gz",
        "cifar-100-python",
    ),
    DataSet("Folder of pictures…", "", None, "A folder with train/CLASS/ and test/CLASS/ (png, jpg, webp)."),
)


_SIDE = 32
"""Pixels, of the pictures of CIFAR and of those that are built in."""


class DataField(QWidget):
    """Which data set to train on, and where it lies."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._locations: dict[str, Path] = {}
        self._complaint = ""
        self._dialog: QFileDialog | None = None
        self.combo = ComboBox()
        self.combo.setAccessibleName("Data")
        self.combo.addItems([data_set.title for data_set in DATA_SETS])
        self._about = sentence_label("caption")
        self._problem_label = sentence_label("error")
        self._choose = QPushButton()
        self._choose_folder = QPushButton("Folder I have…")
        for button in (self._choose, self._choose_folder):
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        label = QLabel("Data")
        label.setProperty("role", "muted")
        label.setMinimumWidth(96)
        label.setMaximumWidth(96)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(label)
        row.addWidget(self.combo, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(row)
        column.addWidget(self._about)
        column.addWidget(self._problem_label)
        choices = QHBoxLayout()
        choices.setSpacing(GRID)
        choices.addWidget(self._choose)
        choices.addWidget(self._choose_folder)
        choices.addStretch(1)
        column.addLayout(choices)
        self.combo.currentIndexChanged.connect(self._on_chosen)
        # Only what a person chooses opens the dialog, not what is restored.
        self.combo.activated.connect(self._on_activated)
        self._choose.clicked.connect(self._on_choose)
        self._choose_folder.clicked.connect(self._on_choose_folder)
        self._show()

    @property
    def data_set(self) -> DataSet:
        """The entry that is chosen."""
        return DATA_SETS[self.combo.currentIndex()]

    @property
    def spec(self) -> str:
        """What the recipe calls the data: "shapes", "cifar10", "cifar100" or "folder:PATH"."""
        chosen = self.data_set
        return chosen.spec or f"folder:{self._locations.get('', '')}"

    @property
    def data_dir(self) -> str | None:
        """Where the data set lies, where a person said so."""
        location = self._locations.get(self.data_set.spec) if self.data_set.archive else None
        return None if location is None else str(location)

    @property
    def classes(self) -> int | None:
        """How many classes the data has; None where that is not known yet."""
        if self.data_set.spec:
            return self.data_set.classes
        try:
            return sum(entry.is_dir() for entry in (self._locations[""] / "train").iterdir())
        except (KeyError, OSError):
            return None

    @property
    def shape(self) -> DataShape:
        """What the data set offers, as far as it is known."""
        name = "your folder" if not self.data_set.spec else self.data_set.title
        return DataShape(name, _SIDE if self.data_set.spec else None, self.classes)

    @property
    def problem(self) -> str:
        """What is wrong with the choice, one sentence, or ""."""
        if self._complaint:
            return self._complaint
        if not self.data_set.spec and "" not in self._locations:
            return "Choose the folder of your pictures."
        return ""

    def choose(self, spec: str) -> None:
        """Choose a data set by the recipe's name for it."""
        for index, data_set in enumerate(DATA_SETS):
            if data_set.spec == spec:
                self.combo.setCurrentIndex(index)

    def use(self, path: Path) -> None:
        """Take a file or folder that a person has for the data set that is chosen."""
        chosen = self.data_set
        self._complaint = ""
        if chosen.archive:
            location = path.parent if path.is_file() else path
            named = path.name in (chosen.archive, chosen.folder) or (path.is_dir() and _holds(path, chosen))
            if not path.exists():
                self._complaint = f"There is no {path}: choose another file."
            elif not named:
                self._complaint = (
                    f"{path.name} is not {chosen.archive}: choose that file, or the folder {chosen.folder}."
                )
            else:
                self._locations[chosen.spec] = location
        elif not (path / "train").is_dir() or not (path / "test").is_dir():
            self._complaint = f"{path.name} has no folders train and test: choose the folder that holds them."
        else:
            self._locations[""] = path
        self._show()
        self.edited.emit()

    def _show(self) -> None:
        chosen = self.data_set
        location = self._locations.get(chosen.spec)
        self._about.setText(f"From {location}" if location is not None else chosen.about)
        self._about.setVisible(bool(self._about.text()))
        self._about.setToolTip(str(location or ""))
        self._problem_label.setText(self._complaint)
        self._problem_label.setVisible(bool(self._complaint))
        self._choose.setVisible(chosen.spec != "shapes")
        self._choose.setText("Archive I have…" if chosen.archive else "Choose the folder…")
        self._choose.setToolTip(f"Use {chosen.archive} from this machine" if chosen.archive else "")
        self._choose_folder.setVisible(bool(chosen.archive))
        self._choose_folder.setToolTip(f"Use the unpacked folder {chosen.folder}")

    @Slot()
    def _on_chosen(self) -> None:
        self._complaint = ""
        self._show()
        self.edited.emit()

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        if not DATA_SETS[index].spec and "" not in self._locations:
            self._on_choose_folder()

    @Slot()
    def _on_choose(self) -> None:
        chosen = self.data_set
        self._open_dialog([f"{chosen.title} ({chosen.archive})"] if chosen.archive else [])

    @Slot()
    def _on_choose_folder(self) -> None:
        self._open_dialog([])

    def _open_dialog(self, filters: list[str]) -> None:
        """Ask for a file of these filters, or without them for a folder."""
        if self._dialog is not None:
            self._dialog.close()
        chosen = self.data_set
        what = chosen.archive if filters else chosen.folder or "with train/CLASS/ and test/CLASS/"
        dialog = file_dialog(self, f"Choose the {'file' if filters else 'folder'} {what}", filters=filters)
        dialog.fileSelected.connect(self._on_file_selected)
        dialog.destroyed.connect(self._on_dialog_gone)
        self._dialog = dialog
        dialog.open()

    @Slot(str)
    def _on_file_selected(self, name: str) -> None:
        self.use(Path(name))

    @Slot()
    def _on_dialog_gone(self) -> None:
        self._dialog = None


def _holds(folder: Path, data_set: DataSet) -> bool:
    return (folder / data_set.archive).is_file() or (folder / data_set.folder).is_dir()
