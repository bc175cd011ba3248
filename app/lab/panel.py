"""The train panel: what to train and how, one Train button, and what training says."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.document import Document
from app.lab.fields import Scrolled, sentence_label, set_property
from app.lab.fit import caution, fitted, misfit, obstacle
from app.lab.followed import FollowedRun
from app.lab.live_view import LiveView
from app.lab.rate_row import RateRow
from app.lab.recipe_form import RecipeForm
from app.lab.session import Session
from app.theme import GRID, icon, run_colour, theme
from resviz.arch.twin import is_plain
from resviz.errors import ResvizError

_PATIENCE_S = 3.0
"""After so long a wait for the end of an iteration, the worker can be ended in its middle."""


class LabPanel(QWidget):
    """Steers training. The form while nothing is in hand, the live view while something is."""

    trained = Signal()
    """Train was pressed and the workers are starting."""
    failed = Signal(str)
    """Something could not be done, one sentence."""
    content_changed = Signal()
    """Another height may be wanted."""
    told = Signal(str)
    """Something was done, one sentence."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._session = session
        self._documents: list[Document] = []
        self._height = 0
        """The most that training wanted so far, in pixels."""
        self._checks: list[QCheckBox] = []
        self._title = QLabel("Train")
        self._title.setProperty("role", "title")
        self.form = RecipeForm()
        self.live = LiveView(session)
        self.live.hide()
        self._problem = sentence_label("error")
        self._advice = QLabel()
        self._advice.setProperty("role", "caption")
        self._advice.setWordWrap(True)
        self.fit_button = QPushButton("Fit to the data")
        self.fit_button.setToolTip(
            "Set the size of the pictures and the number of outputs; Undo takes it back"
        )
        self.rate_row = RateRow()
        self._impatience = QTimer(self)
        self._impatience.setSingleShot(True)
        self._impatience.timeout.connect(self._refresh_buttons)
        self._build_buttons()
        self._build_layout()
        self.form.edited.connect(self._on_form_edited)
        self.form.details.toggled.connect(self._on_details)
        self.fit_button.clicked.connect(self.fit_to_data)
        self.rate_row.chosen.connect(self._on_rate_chosen)
        self.rate_row.applied.connect(self.told)
        session.current_changed.connect(self._on_current_changed)
        session.bridge.updated.connect(self._on_updated)
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self._show_mode(live=False)

    def set_documents(self, documents: Sequence[Document]) -> None:
        """Offer these documents' architectures for training."""
        for document in self._documents:
            document.analysed.disconnect(self._on_form_edited)
            document.name_changed.disconnect(self._on_form_edited)
        self._documents = list(documents)
        for check in self._checks:
            check.deleteLater()
        self._checks = []
        for document in self._documents:
            check = QCheckBox()
            check.setChecked(True)
            check.toggled.connect(self._on_form_edited)
            self._checks.append(check)
            self._choices.addWidget(check)
            document.analysed.connect(self._on_form_edited)
            document.name_changed.connect(self._on_form_edited)
        self._on_form_edited()

    @property
    def chosen(self) -> list[Document]:
        """The documents whose boxes are ticked."""
        return [d for d, check in zip(self._documents, self._checks, strict=True) if check.isChecked()]

    @property
    def problem(self) -> str:
        """Why training cannot start, one sentence, or ""."""
        if not self.chosen:
            return "Choose at least one architecture to train."
        shape = self.form.data.shape
        found = next((text for document in self.chosen if (text := obstacle(document, shape))), "")
        return found or self.form.problem

    def wanted_height(self, width: int) -> int:
        """Return the height, in pixels, at which nothing of the panel needs to be scrolled."""
        inside = self._scroll.widget()
        inner = inside.layout() if inside is not None else None
        assert inner is not None
        content = inner.totalHeightForWidth(width) if inner.hasHeightForWidth() else inner.sizeHint().height()
        layout = self.layout()
        assert layout is not None
        around = [layout.itemAt(place).sizeHint().height() for place in (0, 2)]  # type: ignore[union-attr]
        return content + sum(around) + 4 * GRID

    @property
    def watching(self) -> bool:
        """Whether the live view is in front."""
        return not self.live.isHidden()

    @Slot()
    def train(self) -> None:
        """Write an experiment of the chosen architectures and start training it."""
        if self.problem:
            self._show_problem()
            self.failed.emit(self.problem)
            return
        try:
            self._session.train(
                [document.architecture.copy() for document in self.chosen], self.form.recipe()
            )
        except ResvizError as error:
            self.failed.emit(str(error))
            self._problem.setText(str(error))
            self._problem.show()
            return
        self.trained.emit()

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

    @Slot()
    def fit_to_data(self) -> None:
        """Fit the chosen networks to the data, each as one undo step."""
        shape = self.form.data.shape
        names = []
        for document in self.chosen:
            architecture = fitted(document, shape)
            if architecture is not None:
                document.replace(architecture, "Fit to the data")
                names.append(document.name)
        if names:
            self.told.emit(f"{' and '.join(names)} fitted to {shape.name}. Undo takes it back.")

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

    def _build_layout(self) -> None:
        self._choices = QVBoxLayout()
        self._choices.setSpacing(GRID)
        self._form_box = QWidget()
        form = QVBoxLayout(self._form_box)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(GRID)
        form.addLayout(self._choices)
        form.addWidget(self._advice)
        form.addWidget(self.fit_button)
        line = QFrame()
        line.setProperty("role", "separator")
        form.addWidget(line)
        form.addWidget(self.form)
        inside = Scrolled()
        body = QVBoxLayout(inside)
        body.setContentsMargins(2 * GRID, 0, 2 * GRID, GRID)
        body.setSpacing(GRID)
        body.addWidget(self._form_box)
        body.addWidget(self.live)
        body.addWidget(self.rate_row)
        body.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        self._scroll = scroll
        head = QHBoxLayout()
        head.setContentsMargins(2 * GRID, GRID, GRID, 0)
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self.watch_button)
        foot = QVBoxLayout()
        foot.setContentsMargins(2 * GRID, 0, 2 * GRID, GRID)
        foot.setSpacing(GRID)
        foot.addWidget(self._problem)
        foot.addWidget(self.train_button)
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
        column.addLayout(foot)

    def _show_mode(self, *, live: bool) -> None:
        held = self._focused_button()
        self._title.setText("Training" if live else "Train")
        self.live.setVisible(live)
        self._form_box.setVisible(not live)
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
        self.train_button.setEnabled(not problem)
        self.train_button.setToolTip(problem or "Train the chosen architectures (Ctrl+Return)")
        self._show_advice(problem)

    def _show_advice(self, problem: str) -> None:
        """Say under the form what does not fit the data, and what will take long."""
        shape = self.form.data.shape
        misfits = [] if self.watching else [text for d in self.chosen if (text := misfit(d, shape))]
        words = [text for text in misfits if text != problem]
        if not self.watching and not self.form.batch_size.problem:
            batch_size = self.form.batch_size.count()
            words += [text for d in self.chosen if (text := caution(d, batch_size))]
        self._advice.setText("\n".join(words))
        self._advice.setVisible(bool(words))
        self.content_changed.emit()
        self.fit_button.setVisible(
            bool(misfits) and any(fitted(document, shape) is not None for document in self.chosen)
        )

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
        self.watch_button.setVisible(not live and bool(current))

    @Slot()
    def _on_form_edited(self) -> None:
        for document, check in zip(self._documents, self._checks, strict=True):
            check.setText(document.architecture.name)
        self._colour_checks()
        self._show_problem()

    @Slot(bool)
    def _on_details(self, on: bool) -> None:
        if on:
            QTimer.singleShot(0, self, self._show_details)

    @Slot()
    def _show_details(self) -> None:
        self._scroll.ensureWidgetVisible(self.form.seed)

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
        self._colour_checks()
        self._refresh_buttons()

    def _colour_checks(self) -> None:
        seen = {True: 0, False: 0}
        for document, check in zip(self._documents, self._checks, strict=True):
            plain = is_plain(document.architecture)
            # The run's own colour is data, not style.
            check.setStyleSheet(f"color: {run_colour(seen[plain], plain).name()}")
            seen[plain] += 1


def _waited(run: FollowedRun) -> float:
    """Return how long a worker of ours has been stopping, in seconds; 0 where it is not, or ends by now."""
    if run.wish != "stopping" or run.worker is None or run.cut_short:
        return 0.0
    return time.monotonic() - run.wished_at
