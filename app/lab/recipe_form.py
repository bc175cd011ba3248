"""The form of a recipe: data, preset, device, and the numbers that people change."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.lab.data_field import DataField
from app.lab.fields import NumberField, sentence_label
from app.theme import GRID
from resviz.errors import ResvizError
from resviz.train import cards, demonstration
from resviz.train.recipe import PAPER, QUICK, SHORT, Recipe

PRESETS: tuple[tuple[str, Callable[[], Recipe], str], ...] = (
    ("Demonstration", lambda: demonstration.recipe(0), "A few minutes: how fast each network learns."),
    ("Quick look", lambda: QUICK, "A hundredth of the paper's training."),
    ("Short", lambda: SHORT, "A tenth of the paper's training."),
    ("Paper", lambda: PAPER, "He et al. 2015, Sec. 4.2: hours on a graphics card, days without."),
)
DEVICES = (("Automatic", "auto"), ("CPU", "cpu"), ("CUDA graphics card", "cuda"))


class RecipeForm(QWidget):
    """Shows and edits a recipe; `edited` after every change, `problem` is one sentence or ""."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._base = PRESETS[0][1]()
        self._lacking = ""
        """Why no graphics card can be used; "" where one can, or it is not known yet."""
        self.data = DataField()
        self.preset = self._combo("Recipe", [title for title, _, _ in PRESETS])
        self.device = self._combo("Device", [title for title, _ in DEVICES])
        self.about = sentence_label("caption")
        self.iterations = NumberField(
            "Iterations", "steps", "Optimiser steps of each run; the rate's drops scale along."
        )
        self.batch_size = NumberField("Batch size", "pictures", "Pictures in one step.", maximum=65_536)
        self.learning_rate = NumberField(
            "Learning rate",
            "at start",
            "Rate before its first drop.",
            whole=False,
            minimum=1e-7,
            maximum=100,
        )
        self.seed = NumberField("Seed", " ", "Fixes initial weights, batches and augmentation.", minimum=0)
        self.details = QToolButton()
        self.details.setText("Settings")
        self.details.setCheckable(True)
        self.details.setArrowType(Qt.ArrowType.RightArrow)
        self.details.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.details.setToolTip("Iterations, batch size, learning rate, seed")
        self._numbers = QWidget()
        numbers = QVBoxLayout(self._numbers)
        numbers.setContentsMargins(0, 0, 0, 0)
        numbers.setSpacing(GRID)
        for field in (self.iterations, self.batch_size, self.learning_rate, self.seed):
            numbers.addWidget(field)
            field.edited.connect(self._on_edited)
        self._numbers.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.data)
        column.addLayout(_row("Recipe", self.preset))
        column.addWidget(self.about)
        column.addLayout(_row("Device", self.device))
        column.addWidget(self.details)
        column.addWidget(self._numbers)
        self.data.edited.connect(self._on_edited)
        self.device.currentIndexChanged.connect(self._on_edited)
        self.preset.currentIndexChanged.connect(self._on_preset)
        self.details.toggled.connect(self._on_details)
        self._show_base()

    @property
    def problem(self) -> str:
        """The first thing that is wrong, one sentence, or ""."""
        if self._lacking and DEVICES[self.device.currentIndex()][1] == "cuda":
            return f"{self._lacking}: choose Automatic or CPU."
        for field in (self.data, self.iterations, self.batch_size, self.learning_rate, self.seed):
            if field.problem:
                return field.problem
        try:
            self.recipe()
        except ResvizError as error:
            return str(error)
        return ""

    def recipe(self) -> Recipe:
        """Return the recipe; only where there is no problem.

        Raises:
            RecipeError: a value cannot be used.
        """
        iterations = self.iterations.count()
        scaled = self._base if iterations == self._base.iterations else self._base.scaled(iterations)
        return msgspec.structs.replace(
            scaled,
            data=self.data.spec,
            data_dir=self.data.data_dir,
            device=DEVICES[self.device.currentIndex()][1],
            batch_size=self.batch_size.count(),
            learning_rate=self.learning_rate.value(),
            seed=self.seed.count(),
        )

    def look_for_cards(self) -> None:
        """Grey out the graphics card where none can be used; the driver is asked, which may take a moment."""
        if cards.cuda_present():
            return
        driver = cards.count() > 0
        self._lacking = (
            "The installed PyTorch was built without CUDA" if driver else "This machine has no CUDA card"
        )
        model, place = self.device.model(), [spec for _, spec in DEVICES].index("cuda")
        assert isinstance(model, QStandardItemModel)
        model.item(place).setEnabled(False)
        model.item(place).setToolTip(f"{self._lacking}.")
        self.edited.emit()

    def set_base(self, recipe: Recipe) -> None:
        """Show a recipe; fields that the form does not have are kept from it."""
        self._base = recipe
        self._show_base()

    def _show_base(self) -> None:
        self.iterations.set_value(self._base.iterations)
        self.batch_size.set_value(self._base.batch_size)
        self.learning_rate.set_value(self._base.learning_rate)
        self.seed.set_value(self._base.seed)
        self.about.setText(PRESETS[self.preset.currentIndex()][2])
        self.edited.emit()

    @staticmethod
    def _combo(name: str, titles: list[str]) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(name)
        combo.addItems(titles)
        return combo

    @Slot()
    def _on_preset(self) -> None:
        recipe = PRESETS[self.preset.currentIndex()][1]()
        if not self.seed.problem:
            recipe = msgspec.structs.replace(recipe, seed=self.seed.count())
        self.set_base(recipe)

    @Slot(bool)
    def _on_details(self, on: bool) -> None:
        self._numbers.setVisible(on)
        self.details.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)

    @Slot()
    def _on_edited(self) -> None:
        self.edited.emit()


def _row(name: str, field: QWidget) -> QHBoxLayout:
    label = QLabel(name)
    label.setProperty("role", "muted")
    label.setFixedWidth(96)
    row = QHBoxLayout()
    row.setSpacing(GRID)
    row.addWidget(label)
    row.addWidget(field, 1)
    return row
