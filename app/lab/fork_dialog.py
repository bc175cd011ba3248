"""Forking runs: where to begin, what to change, in a dialog that stops nobody."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence

import msgspec
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.lab.fields import Scrolled, sentence_label
from app.lab.recipe_groups import FIRST_GROUP, RecipeGroups, fold_for_room
from app.lab.recipe_settings import SETTINGS, in_titles
from app.lab.schedule_plot import SchedulePlot
from app.lab.setting import value_text
from app.lab.setting_row import Combo
from app.theme import GRID
from resviz.arch.cost import cost_of
from resviz.arch.graph import natural_key
from resviz.errors import ResvizError
from resviz.runs import checkpoints
from resviz.runs.store import Experiment, Run, fork
from resviz.train import schedule
from resviz.train.recipe import Recipe

NEWEST, REWOUND = "newest checkpoint", "initial weights"
_SIZE = (48 * GRID, 82 * GRID)


class ForkDialog(QDialog):
    """Asks where forks of some runs begin and with which recipe, and writes them.

    The recipe in the form is the first run's; what is changed in it is changed for each of them.
    """

    forked = Signal(object)
    """The new experiment; its runs wait to be trained."""
    _written = Signal(object)

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
        self._depth = max(_depth(run) for run in self._runs)
        names = " and ".join(run.name for run in self._runs)
        self.setWindowTitle(f"Fork {names}")
        self.begin = Combo()
        self.begin.setAccessibleName("Begin at")
        for title, name in _beginnings(self._runs):
            self.begin.addItem(title, name)
        self.groups = RecipeGroups(scaling=False)
        self.groups.set_base(self._recipes[0])
        self.groups.set_depth(self._depth)
        self.plot = SchedulePlot()
        self.changes = sentence_label("caption")
        self.problem = sentence_label("error")
        self.fork_button = QPushButton("Fork and train")
        self.fork_button.setProperty("role", "primary")
        self.fork_button.setDefault(True)
        self.fork_button.clicked.connect(self.fork)
        self._build(names)
        self.groups.edited.connect(self._show)
        self.begin.currentIndexChanged.connect(self._show)
        self._written.connect(self._on_written)
        self.groups.open(FIRST_GROUP)
        self.groups.opened.connect(self._on_group_opened, Qt.ConnectionType.QueuedConnection)
        self.resize(*_SIZE)
        self._show()

    def _build(self, names: str) -> None:
        title = QLabel(f"Fork {names}")
        title.setProperty("role", "title")
        title.setWordWrap(True)
        about = sentence_label("caption")
        about.setText("A fork is a run of its own: the parent stays as it is, and both can be compared.")
        begin = QHBoxLayout()
        label = QLabel("Begin at")
        label.setProperty("role", "muted")
        begin.addWidget(label)
        begin.addWidget(self.begin, 1)
        inside = Scrolled()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, GRID, 0)
        column.addWidget(self.groups)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        self._scroll = scroll
        cancel = QPushButton("Cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.setSpacing(GRID)
        foot.addStretch(1)
        foot.addWidget(cancel)
        foot.addWidget(self.fork_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(title)
        layout.addWidget(about)
        layout.addLayout(begin)
        layout.addWidget(self.plot)
        layout.addWidget(scroll, 1)
        layout.addWidget(self.changes)
        layout.addWidget(self.problem)
        layout.addLayout(foot)

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
        if self.groups.problem:
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
    def _show(self) -> None:
        """Show what will be run, and what is changed."""
        problem = self.groups.problem
        self._say(problem)
        self.fork_button.setEnabled(not problem)
        if problem:
            return
        recipe, before = self.groups.recipe(), self._recipes[0]
        curve = schedule.curve(recipe, self._depth)
        points = list(zip(curve.iterations, curve.rates, strict=True))
        self.plot.show_schedule(points, recipe.iterations, self._iteration())
        told = [
            f"{SETTINGS[name].title}: {value_text(SETTINGS[name], getattr(before, name))} → "
            f"{value_text(SETTINGS[name], getattr(recipe, name))}"
            for name in self.groups.changed
        ]
        self.changes.setText("; ".join(told) or "Nothing is changed yet: it would only be trained again.")

    def _iteration(self) -> int:
        """Return the iteration at which the forks begin, as the name of the checkpoint says."""
        name = self.begin.currentData()
        if name == NEWEST:
            known = checkpoints.names(self._runs[0].checkpoints_path)
            name = known[-1] if known else ""
        number = name.rpartition("-")[2]
        return int(number) if number.isdigit() else 0

    def _say(self, problem: str) -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))


def _beginnings(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """Return titles and names of where all of the runs can be forked."""
    kept = [checkpoints.names(run.checkpoints_path) for run in runs]
    found = []
    if all(kept):
        newest = {names[-1] for names in kept}
        where = f" ({_spoken(newest.pop())})" if len(newest) == 1 else ""
        found.append((f"The newest checkpoint{where}", NEWEST))
        common = set.intersection(*map(set, kept))
        found += [
            (_spoken(name).capitalize(), name) for name in sorted(common, key=natural_key, reverse=True)
        ]
    return [*found, ("The initial weights (rewind)", REWOUND)]


def _spoken(name: str) -> str:
    """Return a checkpoint's name as it is read: "iteration 3,200"."""
    word, _, number = name.rpartition("-")
    return f"{word} {int(number):,}" if word and number.isdigit() else name


def _depth(run: Run) -> int:

    return cost_of(run.architecture()).depth
