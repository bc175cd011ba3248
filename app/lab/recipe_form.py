"""The form of a recipe: data and preset, what will be run in words and as a plot, and all settings."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.boxes import ComboBox
from app.lab.data_field import DataField
from app.lab.fields import sentence_label
from app.lab.recipe_groups import RecipeGroups
from app.lab.recipe_settings import in_titles
from app.lab.recipe_words import RecipeWords
from app.lab.schedule_plot import SchedulePlot
from app.theme import GRID
from resviz.train import cards, demonstration, describe, schedule
from resviz.train.circumstances import UNKNOWN, Circumstances
from resviz.train.objections import objection
from resviz.train.recipe import PAPER, QUICK, SHORT, Recipe

PRESETS: tuple[tuple[str, Callable[[], Recipe], str], ...] = (
    ("Demonstration", lambda: demonstration.recipe(0), "A few minutes: how fast each network learns."),
    ("Quick look", lambda: QUICK, "A hundredth of the paper's training."),
    ("Short", lambda: SHORT, "A tenth of the paper's training."),
    ("Paper", lambda: PAPER, "As published: hours on a graphics card, days without."),
)
_KEPT = ("seed", "device")
"""What is no matter of a preset: it stays when another one is chosen."""


class RecipeForm(QWidget):
    """Shows and edits a recipe; `edited` after every change, `problem` is one sentence or "".

    Few things are seen at first; while `details` is on, all settings are, and the data is not. That button
    is the caller's to place.
    """

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._base = PRESETS[0][1]()
        self._edits: dict[str, dict[str, str]] = {}
        """What was changed of each preset: it is there again when the preset is chosen again."""
        self._groups: RecipeGroups | None = None
        self._lacking = ""
        """Why no graphics card can be used; "" where one can, or it is not known yet."""
        self._known = UNKNOWN
        """What there is to know of the networks to train."""
        self.data = DataField()
        self.preset = ComboBox()
        self.preset.setAccessibleName("Recipe")
        self.preset.addItems([title for title, _, _ in PRESETS])
        self._chosen = self.preset.currentText()
        self.about = sentence_label("caption")
        self.plot = SchedulePlot()
        self.words = RecipeWords()
        """How the weights are updated; in view while the settings are not."""
        self.plan = RecipeWords()
        """All that will be run; the caller's to place beside the settings."""
        self.details = QToolButton()
        self.details.setText("Settings")
        self.details.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.details.setCheckable(True)
        self.details.setToolTip("Everything that defines training: rate, optimiser, augmentation, speed …")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID)
        self._column.addWidget(self.data)
        self._column.addLayout(_row("Recipe", self.preset))
        self._column.addWidget(self.about)
        self._column.addWidget(self.plot)
        self._column.addWidget(self.words)
        self.data.edited.connect(self._on_edited)
        self.preset.currentIndexChanged.connect(self._on_preset)
        self.details.toggled.connect(self._on_details)
        self._on_edited()

    @property
    def groups(self) -> RecipeGroups:
        """All settings; made when they are first wanted, for they are many and the window opens quickly."""
        if self._groups is None:
            self._groups = RecipeGroups()
            self._groups.setVisible(self.details.isChecked())
            self._column.insertWidget(self._column.indexOf(self.words), self._groups)
            self._groups.set_base(self._base)
            self._groups.set_depth(self._known.depth or 0)
            if self._lacking:
                self._groups.rows["device"].disable_choice("cuda", f"{self._lacking}.")
            self._groups.edited.connect(self._on_edited)
        return self._groups

    @property
    def problem(self) -> str:
        """The first thing that is wrong, one sentence, or ""."""
        problem = self.data.problem or (self._groups.problem if self._groups is not None else "")
        if not problem and self._lacking and self.recipe().device.startswith("cuda"):
            problem = f"{self._lacking}: choose Automatic or CPU."
        return problem or in_titles(objection(self.recipe(), self._known))

    @property
    def without_card(self) -> bool:
        """Whether it is known that no graphics card can be used."""
        return self._known.card is False

    @property
    def changed(self) -> list[str]:
        """The settings that differ from the preset."""
        return self._groups.changed if self._groups is not None else []

    def recipe(self) -> Recipe:
        """Return the recipe; only where there is no problem.

        Raises:
            RecipeError: the values do not go together.
        """
        recipe = self._base if self._groups is None else self._groups.recipe()
        name = f"{recipe.name}, changed" if any(field not in _KEPT for field in self.changed) else recipe.name
        return msgspec.structs.replace(recipe, name=name, data=self.data.spec, data_dir=self.data.data_dir)

    def look_for_cards(self) -> None:
        """Grey out the graphics card where none can be used; the driver is asked, which may take a moment."""
        if cards.cuda_present():
            self._known = self._known._replace(card=True)
            return
        self._known = self._known._replace(card=False)
        driver = cards.count() > 0
        self._lacking = (
            "The installed PyTorch was built without CUDA" if driver else "This machine has no CUDA card"
        )
        if self._groups is not None:
            self._groups.rows["device"].disable_choice("cuda", f"{self._lacking}.")
        self._on_edited()

    def set_base(self, recipe: Recipe) -> None:
        """Show a recipe; fields that the form does not have are kept from it."""
        self._base = recipe
        if self._groups is not None:
            self._groups.set_base(recipe)
        self._on_edited()

    def set_networks(self, known: Circumstances) -> None:
        """Take what there is to know of the networks to train: the deepest decides whether to warm up."""
        known = known._replace(card=self._known.card)
        if known != self._known:
            self._known = known
            if self._groups is not None:
                self._groups.set_depth(known.depth or 0)
            self._show_plan()

    def show_problem(self) -> None:
        """Bring what is wrong into sight."""
        if not self.data.problem and self._groups is not None:
            self.details.setChecked(True)
            self._groups.show_problem()

    @Slot()
    def reset(self) -> None:
        """Take back all changes of the preset."""
        self.groups.reset()

    def _show_plan(self) -> None:
        """Say and draw what will be run; while something is wrong, what was right last stays."""
        if self.problem:
            return
        recipe = self.recipe()
        about, changes = PRESETS[self.preset.currentIndex()][2], len(self.changed)
        if changes:
            about += f" {changes} setting{'s' if changes > 1 else ''} changed."
        self.about.setText(about)
        words, cautions = describe.words(recipe, self._known), describe.cautions(recipe, self._known)
        self.words.tell(words[:2], cautions)
        self.words.setToolTip("\n".join(words))
        self.plan.tell(words, cautions)
        self.plot.show_schedule(schedule.curve(recipe, self._known.depth or 0), recipe.iterations)

    @Slot()
    def _on_preset(self) -> None:
        kept: dict[str, str] = {}
        if self._groups is not None:
            edits = self._groups.edits
            kept = {name: edits[name] for name in _KEPT if name in edits}
            self._edits[self._chosen] = edits
        self._chosen = self.preset.currentText()
        self._base = PRESETS[self.preset.currentIndex()][1]()
        if self._groups is not None:
            self._groups.set_base(self._base, self._edits.get(self._chosen, {}) | kept)
        self._on_edited()

    @Slot(bool)
    def _on_details(self, on: bool) -> None:
        self.groups.setVisible(on)
        self._show_plan()
        self.words.setVisible(not on)
        self.data.setVisible(not on)
        self.about.setVisible(not on)

    @Slot()
    def _on_edited(self) -> None:
        self._show_plan()
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
