"""The train panel: what to train and how, one Train button, and what training says."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.document import Document
from app.lab.choices import NetworkChoices
from app.lab.fields import sentence_label, set_property
from app.lab.followed import FollowedRun
from app.lab.live_view import LiveView
from app.lab.rate_row import RateRow
from app.lab.recipe_form import RecipeForm
from app.lab.recipe_groups import FIRST_GROUP, fold_for_room
from app.lab.recipe_words import WordsArea
from app.lab.scroll import ScrollColumn
from app.lab.session import Session
from app.theme import GRID, icon, theme
from resviz.errors import ResvizError
from resviz.train.main_memory import free_beside_cards
from resviz.train.recipe import Recipe

_PATIENCE_S = 3.0
"""After so long a wait for the end of an iteration, the worker can be ended in its middle."""


class LabPanel(QWidget):
    """Steers training. The form while nothing is in hand, the live view while something is."""

    trained = Signal()
    """Train was pressed and the workers are starting."""
    failed = Signal(str)
    """Something could not be done, one sentence."""
    problems_wanted = Signal(object)
    """The list of the problems of a `Document`: they keep it from being trained."""
    planned = Signal()
    """What would be trained, or how, is another: see `recipe` and `runs`."""
    content_changed = Signal()
    """Another height may be wanted."""
    told = Signal(str)
    """Something was done, one sentence."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._session = session
        self._groups_known = False
        """Whether the settings were seen before."""
        self._height = 0
        """The most that training wanted so far, in pixels."""
        self._title = QLabel("Train")
        self._title.setProperty("role", "title")
        self.choices = NetworkChoices()
        self.form = RecipeForm()
        self.live = LiveView(session)
        self.live.hide()
        self._problem = sentence_label("error")
        self.rate_row = RateRow()
        self._impatience = QTimer(self)
        self._impatience.setSingleShot(True)
        self._impatience.timeout.connect(self._refresh_buttons)
        self._build_buttons()
        self._build_layout()
        self.choices.edited.connect(self._on_form_edited)
        self.choices.told.connect(self.told)
        self.form.edited.connect(self._on_form_edited)
        self.form.details.toggled.connect(self._on_details)
        self.rate_row.chosen.connect(self._on_rate_chosen)
        self.rate_row.applied.connect(self.told)
        session.current_changed.connect(self._on_current_changed)
        session.bridge.updated.connect(self._on_updated)
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self._show_mode(live=False)

    def set_documents(self, documents: Sequence[Document]) -> None:
        """Offer these documents' architectures for training."""
        self.choices.set_documents(documents)

    @property
    def recipe(self) -> Recipe | None:
        """The recipe of the form; None while something is wrong with it."""
        return None if self.form.problem else self.form.recipe()

    @property
    def runs(self) -> int:
        """How many runs would be trained together."""
        return len(self.choices.documents) * self.choices.seeds.value()

    @property
    def setting_up(self) -> bool:
        """Whether all settings of the recipe are in front."""
        return not self.watching and self.form.details.isChecked()

    @property
    def problem(self) -> str:
        """Why training cannot start, one sentence, or ""."""
        return self.choices.problem(self.form.data.shape) or self.form.problem

    def wanted_height(self, width: int) -> int:
        """Return the height, in pixels, at which nothing of the panel needs to be scrolled."""
        inside = self._scroll.widget()
        inner = inside.layout() if inside is not None else None
        assert inner is not None
        content = inner.totalHeightForWidth(width) if inner.hasHeightForWidth() else inner.sizeHint().height()
        layout = self.layout()
        assert layout is not None
        items = [item for i in range(layout.count()) if (item := layout.itemAt(i)) is not None]
        around = [
            item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
            for item in items
            if item.widget() is not self._scroll and not item.isEmpty()
        ]
        area, words = self._words_area, self.form.plan
        hidden = words.heightForWidth(width - 4 * GRID) - area.height() if self.setting_up else 0
        return content + sum(around) + max(0, hidden) + 4 * GRID

    @property
    def watching(self) -> bool:
        """Whether the live view is in front."""
        return not self.live.isHidden()

    @Slot()
    def train(self) -> None:
        """Write an experiment of the chosen architectures and start training it."""
        if self.problem:
            self._show_problem()
            self.form.show_problem()
            self.failed.emit(self.problem)
            self.show_problems()
            return
        try:
            recipe = self.form.recipe()
            architectures = [document.architecture.copy() for document in self.choices.documents]
            self._session.train(architectures, recipe, self.choices.seeds_from(recipe.seed))
        except ResvizError as error:
            self.failed.emit(str(error))
            self._problem.setText(str(error))
            self._problem.show()
            return
        self.trained.emit()

    @Slot()
    def show_problems(self) -> None:
        """Ask for the list of problems of the first chosen network that has any."""
        broken = self.choices.broken
        if broken is not None:
            self.problems_wanted.emit(broken)

    @Slot()
    def pause_or_resume(self) -> None:
        """Pause what runs; else let what rests go on. While that is awaited, asking again changes nothing."""
        if not self._session.current or self._wishing:
            return
        if any(run.status == "running" and run.wish != "pausing" for run in self._session.current):
            self._do(lambda: self._session.bridge.pause(self._session.current))
        else:
            self._do(lambda: self._session.bridge.resume(self._session.current))

    @Slot()
    def stop(self) -> None:
        """Let the workers checkpoint and end; those that are long about it, at once when asked again."""
        if self._overdue:
            self._do(lambda: self._session.bridge.end_now(self._session.current))
        elif not any(run.wish == "stopping" for run in self._session.current):
            self._do(lambda: self._session.bridge.stop(self._session.current))

    @property
    def _wishing(self) -> bool:
        return any(run.active and run.wish in ("pausing", "resuming") for run in self._session.current)

    @property
    def _overdue(self) -> bool:
        """Whether a worker of ours was told to stop and its iteration is long."""
        return any(_waited(run) >= _PATIENCE_S for run in self._session.current)

    @Slot()
    def checkpoint(self) -> None:
        """Have a checkpoint written now."""
        self._do(lambda: self._session.bridge.checkpoint(self._session.current))

    @Slot()
    def back_to_form(self) -> None:
        """Set up another training; what is in hand goes on."""
        self._show_mode(live=False)

    def _do(self, action: object) -> None:
        assert callable(action)
        try:
            action()
        except ResvizError as error:
            self.failed.emit(str(error))

    def _build_buttons(self) -> None:
        self.train_button = QPushButton("Train")
        self.train_button.setProperty("role", "primary")
        self.train_button.setMinimumHeight(5 * GRID)
        self.train_button.clicked.connect(self.train)
        self.problems_button = QPushButton("Show the problems")
        self.problems_button.setToolTip("What is wrong with the network, and what mends it (Ctrl+Shift+F8)")
        self.problems_button.setMinimumHeight(5 * GRID)
        self.problems_button.clicked.connect(self.show_problems)
        self.pause_button = QPushButton("Pause")
        self.pause_button.clicked.connect(self.pause_or_resume)
        self.stop_button = QPushButton("Stop")
        self.stop_button.clicked.connect(self.stop)
        self.new_button = QPushButton("New training…")
        self.new_button.setToolTip("Back to the recipe")
        self.new_button.clicked.connect(self.back_to_form)
        self.watch_button = QPushButton("Show the training")
        self.watch_button.setProperty("role", "quiet")
        self.watch_button.clicked.connect(lambda: self._show_mode(live=True))
        self.back_button = QToolButton()
        self.back_button.setAccessibleName("Back to the choice of networks and data")
        self.back_button.setToolTip("Back (Esc)")
        self.back_button.clicked.connect(self.close_settings)
        self.reset_button = QPushButton("Reset all")
        self.reset_button.setProperty("role", "quiet")
        self.reset_button.setProperty("size", "slim")
        self.reset_button.clicked.connect(self.form.reset)

    def _build_layout(self) -> None:
        self._form_box = QWidget()
        form = QVBoxLayout(self._form_box)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(GRID)
        form.addWidget(self.choices)
        form.addWidget(self.form)
        scroll = ScrollColumn()
        body = scroll.column
        body.setContentsMargins(2 * GRID, 0, 2 * GRID - scroll.bar_width, GRID)
        body.setSpacing(GRID)
        body.addWidget(self._form_box)
        body.addWidget(self.live)
        body.addWidget(self.rate_row)
        body.addStretch(1)
        self._scroll = scroll
        head = QHBoxLayout()
        head.setContentsMargins(2 * GRID, GRID, GRID, 0)
        head.setSpacing(GRID // 2)
        head.addWidget(self.back_button)
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self.reset_button)
        head.addWidget(self.watch_button)
        head.addWidget(self.form.details)
        foot = QVBoxLayout()
        foot.setContentsMargins(2 * GRID, 0, 2 * GRID, GRID)
        foot.setSpacing(GRID)
        start = QHBoxLayout()
        start.setSpacing(GRID)
        start.addWidget(self.problems_button)
        start.addWidget(self.train_button, 1)
        foot.addLayout(start)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addWidget(self.pause_button, 1)
        buttons.addWidget(self.stop_button, 1)
        foot.addLayout(buttons)
        foot.addWidget(self.new_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(head)
        column.addWidget(scroll, 1)
        self._words_area = WordsArea(self.form.plan)
        self._words_area.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        self._words_area.hide()
        words = QHBoxLayout()
        words.setContentsMargins(2 * GRID, 0, GRID, 0)
        words.addWidget(self._words_area)
        column.addLayout(words)
        self._problem.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        column.addWidget(self._problem)
        column.addLayout(foot)

    def _show_mode(self, *, live: bool) -> None:
        held = self._focused_button()
        self.live.setVisible(live)
        self._form_box.setVisible(not live)
        self._show_head()
        self.train_button.setVisible(not live)
        self._set_buttons()
        self._show_problem()
        self._height = 0
        self._keep_focus(held)
        self.content_changed.emit()

    def _show_problem(self) -> None:
        problem = "" if self.watching else self.problem
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self.problems_button.setVisible(bool(problem) and self.choices.broken is not None)
        self.train_button.setEnabled(not problem)
        self.train_button.setToolTip(problem or "Train the chosen architectures (Ctrl+Return)")
        if not self.watching:
            recipe = self.recipe
            # Of a card's memory only the worker knows how much is free.
            on_processor = recipe is not None and (recipe.device == "cpu" or self.form.without_card)
            free = free_beside_cards() if on_processor else None
            self.choices.advise(self.form.data.shape, recipe, problem, free)
        self.content_changed.emit()

    def _show_head(self) -> None:
        """Say which of its three sides the panel shows, and offer the ways there and back."""
        settings = self.setting_up
        self._title.setText("Training" if self.watching else "Recipe" if settings else "Train")
        self.back_button.setVisible(settings)
        changes = len(self.form.changed)
        self.reset_button.setVisible(settings and changes > 0)
        self.reset_button.setToolTip(f"Take back what was changed: {changes}")
        self.watch_button.setVisible(not self.watching and not settings and bool(self._session.current))
        self.form.details.setVisible(not self.watching and not settings)
        self.choices.setVisible(not settings)
        self._words_area.setVisible(settings)
        self._place_words()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new height out between the settings and their words."""
        super().resizeEvent(event)
        self._place_words()

    def _place_words(self) -> None:
        """Show all words where the settings leave the room, else the first lines."""
        if self.setting_up:
            inside = self._scroll.widget()
            assert inside is not None
            taken = self._scroll.height() + self._words_area.height()
            self._words_area.take(taken - inside.minimumSizeHint().height())

    @Slot()
    def _refresh_buttons(self) -> None:
        held = self._focused_button()
        self._set_buttons()
        self._keep_focus(held)

    def _focused_button(self) -> QWidget | None:
        """Return which of the panel's buttons, or the panel in their place, has the keyboard focus."""
        focused = QApplication.focusWidget()
        buttons = (self.train_button, self.pause_button, self.stop_button, self.new_button, self.watch_button)
        return next((widget for widget in (*buttons, self) if widget is focused), None)

    def _keep_focus(self, held: QWidget | None) -> None:
        """Let the focus go from a button that is gone to a harmless one.

        Qt would hand it to the next button, where the same key may stop the training.
        """
        if held is not None and (held is self or held.isHidden() or not held.isEnabled()):
            safe = (self.pause_button, self.new_button, self.train_button)
            next((b for b in safe if not b.isHidden() and b.isEnabled()), self).setFocus()

    def _set_buttons(self) -> None:
        current, live = self._session.current, self.watching
        active = any(run.active for run in current)
        resumable = not active and any(run.resumable for run in current)
        running = any(run.status in ("running", "starting") for run in current)
        self.pause_button.setVisible(live and (active or resumable))
        self.pause_button.setEnabled(resumable or any(run.status in ("running", "paused") for run in current))
        self.pause_button.setText("Pause" if running else "Resume")
        self.pause_button.setIcon(icon("pause") if running else icon("play", theme().colours.on_accent))
        set_property(self.pause_button, "role", "" if running else "primary")
        self.stop_button.setVisible(live and active)
        stopping, overdue = any(run.wish == "stopping" for run in current), self._overdue
        cut_short = any(run.active and run.cut_short for run in current)
        self.stop_button.setEnabled(overdue or not stopping)
        self.stop_button.setText("Ending…" if cut_short else "End now" if overdue else "Stop")
        self._impatience.stop()
        if stopping and not overdue and not cut_short:
            waits = [_PATIENCE_S - _waited(run) for run in current if run.wish == "stopping"]
            self._impatience.start(round(1000 * max(0.05, min(waits))))
        self.new_button.setVisible(live and not active)
        self.stop_button.setToolTip(
            "Save the last finished iteration and end in the middle of this one"
            if overdue
            else "Finish this iteration, write a checkpoint and end"
        )
        self.rate_row.setVisible(live and any(run.status in ("running", "paused") for run in current))
        self._show_head()

    @Slot()
    def _on_form_edited(self) -> None:
        self.form.set_networks(self.choices.circumstances)
        if not self.form.problem:
            self._session.bridge.warm.expect(len(self.choices.documents), self.form.recipe().device)
        self._show_head()
        self._show_problem()
        self.planned.emit()

    @Slot(bool)
    def _on_details(self, on: bool) -> None:
        held = self.form.details.hasFocus() or self.back_button.hasFocus()
        if on and not self._groups_known:
            self._groups_known = True
            self.form.groups.open(FIRST_GROUP)
            self.form.groups.opened.connect(self._on_group_opened, Qt.ConnectionType.QueuedConnection)
        self._show_head()
        self.content_changed.emit()
        if held:
            (self.back_button if on else self.form.details).setFocus()

    @Slot(str)
    def _on_group_opened(self, title: str) -> None:
        fold_for_room(self.form.groups, title, self._scroll)
        self._place_words()

    @Slot()
    def close_settings(self) -> None:
        """Go back from the settings to networks and data."""
        self.form.details.setChecked(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves the settings."""
        if event.key() == Qt.Key.Key_Escape and self.setting_up:
            self.close_settings()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _on_current_changed(self) -> None:
        self.live.set_runs(self._session.current)
        self._show_mode(live=bool(self._session.current))
        self.rate_row.set_runs(self._session.current)

    @Slot()
    def _on_updated(self) -> None:
        if self.watching:
            self.live.refresh()
            self.rate_row.refresh()
            height = self.wanted_height(self.width())
            if height > self._height:  # Only more, lest the panels dance with every line that wraps.
                self._height = height
                self.content_changed.emit()
        self._refresh_buttons()

    @Slot(float)
    def _on_rate_chosen(self, rate: float) -> None:
        self._do(lambda: self._session.bridge.set_learning_rate(self._session.current, rate))

    @Slot()
    def _on_theme_changed(self) -> None:
        on_accent = theme().colours.on_accent
        self.train_button.setIcon(icon("play", on_accent))
        self.stop_button.setIcon(icon("stop"))
        self.back_button.setIcon(icon("chevron-left"))
        self.form.details.setIcon(icon("sliders"))
        self._refresh_buttons()


def _waited(run: FollowedRun) -> float:
    """Return how long a worker of ours has been stopping, in seconds; 0 where it is not, or ends by now."""
    if run.wish != "stopping" or run.worker is None or run.cut_short:
        return 0.0
    return time.monotonic() - run.wished_at
