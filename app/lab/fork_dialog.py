"""Forking runs: where to begin, what to change, in a dialog that stops nobody."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Sequence

import msgspec
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.boxes import ComboBox
from app.dialogs import dialog_foot
from app.lab.fields import sentence_label
from app.lab.recipe_groups import FIRST_GROUP, RecipeGroups, fold_for_room
from app.lab.recipe_settings import SETTINGS, in_titles
from app.lab.recipe_words import RecipeWords, WordsArea
from app.lab.schedule_plot import SchedulePlot
from app.lab.scroll import ScrollColumn
from app.lab.setting import value_text
from app.theme import GRID
from resviz.arch.graph import natural_key
from resviz.errors import RecipeError, ResvizError
from resviz.runs import checkpoints, origin
from resviz.runs.origin import Beginning, Taken
from resviz.runs.store import Experiment, Run, fork
from resviz.train import describe, schedule
from resviz.train.circumstances import Circumstances
from resviz.train.objections import objection
from resviz.train.recipe import Recipe

NEWEST, REWOUND = "newest checkpoint", "initial weights"
_SIZE = (56 * GRID, 86 * GRID)
_WORDS_HEIGHT = 20 * GRID
"""The most that words about the fork take, in pixels; the rest is scrolled."""


class ForkDialog(QDialog):
    """Asks where forks of some runs begin and with which recipe, and writes them.

    The recipe in the form is the first run's; what is changed in it is changed for each of them.
    """

    forked = Signal(object)
    """The new experiment; its runs wait to be trained."""
    _written = Signal(object)
    _read = Signal(str, object)

    def __init__(self, runs: Sequence[Run], parent: QWidget) -> None:
        """Ask about `runs`.

        Raises:
            ResvizError: a run's recipe or architecture cannot be read.
        """
        super().__init__(parent.window())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self._copying = False
        self._runs = list(runs)
        self._recipes = [run.recipe() for run in self._runs]
        self._known = Circumstances.of([run.architecture() for run in self._runs])
        self._found: dict[str, list[Beginning] | ResvizError | None] = {
            REWOUND: [origin.REWOUND for _ in self._runs]
        }
        """What was read of where forks may begin; None: it is being read."""
        self._proposed: int | None = None
        """The iterations that stand in the form because the parents have all of theirs behind them."""
        names = " and ".join(run.name for run in self._runs)
        self.setWindowTitle(f"Fork {names}")
        self.begin = ComboBox()
        self.begin.setAccessibleName("Begin at")
        for title, name in _beginnings(self._runs):
            self.begin.addItem(title, name)
        self.groups = RecipeGroups(scaling=False)
        self.groups.set_base(self._recipes[0])
        self.groups.set_depth(self._known.depth or 0)
        self.plot = SchedulePlot()
        self.plan = RecipeWords()
        self.changes = sentence_label("caption")
        self.problem = sentence_label("error")
        self.fork_button = QPushButton("Fork and train")
        self.fork_button.clicked.connect(self.fork)
        self._build(names)
        self.groups.edited.connect(self._show)
        self.begin.currentIndexChanged.connect(self._on_begin)
        self._written.connect(self._on_written)
        self._read.connect(self._on_read)
        self.groups.open(FIRST_GROUP)
        self.groups.opened.connect(self._on_group_opened, Qt.ConnectionType.QueuedConnection)
        self.resize(*_SIZE)
        self._on_begin()

    def _build(self, names: str) -> None:
        title = QLabel(f"Fork {names}")
        title.setProperty("role", "title")
        title.setWordWrap(True)
        about = sentence_label("caption")
        about.setText(
            "A fork is a run of its own: the parent stays as it is. Runs keep their two newest automatic "
            "checkpoints, and all that you asked for."
        )
        begin = QHBoxLayout()
        label = QLabel("Begin at")
        label.setProperty("role", "muted")
        begin.addWidget(label)
        begin.addWidget(self.begin, 1)
        scroll = ScrollColumn()
        scroll.column.addWidget(self.groups)
        scroll.column.addStretch(1)
        self._scroll = scroll
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(title)
        layout.addWidget(about)
        layout.addLayout(begin)
        layout.addWidget(self.plot)
        layout.addWidget(scroll, 1)
        self._words_area = WordsArea(self.plan)
        layout.addWidget(self._words_area)
        layout.addWidget(self.changes)
        layout.addWidget(self.problem)
        layout.addLayout(dialog_foot(self, self.fork_button))

    @property
    def recipes(self) -> list[Recipe]:
        """The forks' recipes, one for each run; only where there is no problem.

        Raises:
            RecipeError: the values do not go together.
        """
        wanted = self.groups.recipe()
        changed = {name: getattr(wanted, name) for name in self.groups.changed}
        return [msgspec.structs.replace(recipe, **changed) for recipe in self._recipes]

    def rewind(self) -> None:
        """Propose to begin with the initial weights."""
        self.begin.setCurrentIndex(self.begin.findData(REWOUND))

    @Slot()
    def fork(self) -> None:
        """Write the forks: copies of checkpoints may take a while, so another thread does."""
        if self._problem():
            self.groups.show_problem()
            return
        self._copying = True
        self.fork_button.setEnabled(False)
        self.fork_button.setText("Copying…")
        begin = self.begin.currentData()
        threading.Thread(target=self._write, args=(begin, self.recipes), name="fork", daemon=True).start()

    def _write(self, begin: str, recipes: list[Recipe]) -> None:
        made: Experiment | ResvizError
        try:
            made = fork(
                self._runs,
                checkpoint=None if begin in (NEWEST, REWOUND) else begin,
                rewind=begin == REWOUND,
                recipes=recipes,
            )
        except ResvizError as error:
            made = error
        with contextlib.suppress(RuntimeError):  # The whole window is gone: the forks wait under Runs.
            self._written.emit(made)

    def done(self, result: int) -> None:
        """Close, but not before what is being copied is there."""
        if not self._copying:
            super().done(result)

    @Slot(object)
    def _on_written(self, made: Experiment | ResvizError) -> None:
        self._copying = False
        if isinstance(made, ResvizError):
            self.fork_button.setText("Fork and train")
            self._say(in_titles(str(made)))
            self.fork_button.setEnabled(True)
            return
        self.forked.emit(made)
        self.close()

    @Slot(str)
    def _on_group_opened(self, title: str) -> None:
        fold_for_room(self.groups, title, self._scroll)

    @Slot()
    def _on_begin(self) -> None:
        """Read what is chosen: hashing a large checkpoint takes a while, so another thread does."""
        name = self.begin.currentData()
        if name not in self._found:
            self._found[name] = None
            threading.Thread(target=self._look, args=(name,), name="checkpoint", daemon=True).start()
        self._propose()
        self._show()

    def _look(self, name: str) -> None:
        found: list[Beginning] | ResvizError
        try:
            chosen = None if name == NEWEST else name
            found = [origin.stored(run, chosen)[1] for run in self._runs]
        except ResvizError as error:
            found = error
        with contextlib.suppress(RuntimeError):  # The dialog is gone.
            self._read.emit(name, found)

    @Slot(str, object)
    def _on_read(self, name: str, found: list[Beginning] | ResvizError) -> None:
        self._found[name] = found
        if name == NEWEST and not isinstance(found, ResvizError):
            names = {each.name or "" for each in found}
            sound = " undamaged" if any(each.flaws for each in found) else ""
            where = f" ({_spoken(names.pop())})" if len(names) == 1 else ""
            self.begin.setItemText(self.begin.findData(NEWEST), f"The newest{sound} checkpoint{where}")
        self._propose()
        self._show()

    @property
    def beginnings(self) -> list[Beginning] | None:
        """Where the forks begin; None while that is being read, or where it cannot be."""
        found = self._found.get(self.begin.currentData())
        return found if isinstance(found, list) else None

    def _propose(self) -> None:
        """Ask for as many iterations again where all are behind the parents; take that back elsewhere."""
        row = self.groups.rows["iterations"]
        if self.beginnings is None or row.problem or row.value() not in (row.base, self._proposed):
            return
        done = max(beginning.iteration for beginning in self.beginnings)
        self._proposed = done + row.base if done >= row.base else None
        row.show_value(self._proposed or row.base)

    def _taken(self) -> list[Taken]:
        """Return how the forks go on.

        Raises:
            RecipeError: a recipe cannot be taken up.
        """
        together = zip(self._runs, self._recipes, self.recipes, self.beginnings or [], strict=True)
        return [origin.take_up(run.name, old, new, begin) for run, old, new, begin in together]

    def _problem(self) -> str:
        """Return why the forks cannot be made, one sentence, or ""."""
        if self.groups.problem:
            return self.groups.problem
        found = self._found.get(self.begin.currentData())
        if isinstance(found, ResvizError):
            return str(found)
        if found is None:
            return ""
        try:
            self._taken()
        except RecipeError as error:
            return in_titles(str(error))
        for before, recipe in zip(self._recipes, self.recipes, strict=True):
            wrong = objection(recipe, self._known, begun=True)
            if wrong and not objection(before, self._known, begun=True):
                return in_titles(wrong)
        return ""

    @Slot()
    def _show(self) -> None:
        """Show what will be run, and what is changed."""
        problem = self._problem()
        self._say(problem)
        self.fork_button.setEnabled(not problem and self.beginnings is not None)
        if problem:
            return
        if self.beginnings is None:
            self.plan.tell(["Reading the checkpoint…"])
        else:
            self._describe(self._taken())
        self._words_area.take(_WORDS_HEIGHT)
        recipe, before = self.groups.recipe(), self._recipes[0]
        told = [
            f"{SETTINGS[name].title}: {value_text(SETTINGS[name], getattr(before, name))} → "
            f"{value_text(SETTINGS[name], getattr(recipe, name))}"
            for name in self.groups.changed
        ]
        changes = "; ".join(told) or "Nothing is changed yet: it would only be trained again."
        if self._proposed is not None and recipe.iterations == self._proposed:
            drops = ", ".join(f"{each:,}" for each in recipe.milestones)
            stay = f"; drops of the rate stay at {drops}" if drops and recipe.schedule == "steps" else ""
            changes += f". As many again are proposed, for all are done{stay}."
        self.changes.setText(changes)

    def _describe(self, taken: Sequence[Taken]) -> None:
        """Say and draw what will be run from where the forks begin."""
        recipe, start = self.groups.recipe(), taken[0].start
        # Twins' sentences differ in the folder alone, which the title says.
        notes = [
            note.replace(f"{run.checkpoints_path}{os.sep}", "")
            for run, each in zip(self._runs, taken, strict=True)
            for note in each.notes
        ]
        notes += describe.cautions(recipe, self._known, start)
        self.plan.tell(describe.words(recipe, self._known, start), list(dict.fromkeys(notes)))
        curve = schedule.curve(recipe, self._known.depth or 0, start=start)
        self.plot.show_schedule(curve, recipe.iterations, start.iteration)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the words their height at the new width."""
        super().resizeEvent(event)
        self._words_area.take(_WORDS_HEIGHT)

    def _say(self, problem: str) -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))


def _beginnings(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """Return titles and names of where all of the runs can be forked."""
    kept = [checkpoints.names(run.checkpoints_path) for run in runs]
    found = []
    if all(kept):
        found.append(("The newest checkpoint", NEWEST))
        common = set.intersection(*map(set, kept))
        found += [
            (_spoken(name).capitalize(), name) for name in sorted(common, key=natural_key, reverse=True)
        ]
    return [*found, ("The initial weights (rewind)", REWOUND)]


def _spoken(name: str) -> str:
    """Return a checkpoint's name as it is read: "iteration 3,200"."""
    word, _, number = name.rpartition("-")
    return f"{word} {int(number):,}" if word and number.isdigit() else name
