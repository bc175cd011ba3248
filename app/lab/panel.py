"""The train panel: what to train and how, one Train button, and what training says."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
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
from app.lab.fields import NumberField, sentence_label, set_property
from app.lab.live_view import LiveView
from app.lab.recipe_form import RecipeForm
from app.lab.session import Session
from app.theme import GRID, icon, run_colour, theme
from resviz.arch.twin import is_plain
from resviz.errors import ResvizError


class LabPanel(QWidget):
    """Steers training. The form while nothing is in hand, the live view while something is."""

    trained = Signal()
    """Train was pressed and the workers are starting."""
    failed = Signal(str)
    """Something could not be done, one sentence."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._documents: list[Document] = []
        self._checks: list[QCheckBox] = []
        self._title = QLabel("Train")
        self._title.setProperty("role", "title")
        self.form = RecipeForm()
        self.live = LiveView(session)
        self.live.hide()
        self._problem = sentence_label("error")
        self.rate = NumberField(
            "Learning rate", "", "From the next iteration on.", whole=False, minimum=1e-7, maximum=100
        )
        self._build_buttons()
        self._build_layout()
        self.form.edited.connect(self._on_form_edited)
        self.form.details.toggled.connect(self._on_details)
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
        for document in self.chosen:
            if document.inference.problems:
                first = document.inference.problems[0]
                where = (
                    f"{document.architecture.name}, {first.block}"
                    if first.block
                    else document.architecture.name
                )
                return f"{where}: {first.message} {first.mend}".strip()
            classes, output = self.form.data.classes, document.inference.output_shape
            if classes is not None and output is not None and output[0] < classes:
                return (
                    f"{self.form.data.data_set.title.rstrip('…')} has {classes} classes, but {document.name} "
                    f"has {output[0]} outputs: set the classifier's out_features to {classes}."
                )
        return self.form.problem

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
        """Pause what runs; else let what rests go on."""
        if not self._session.current:
            return
        if any(run.status == "running" and run.wish != "pausing" for run in self._session.current):
            self._do(lambda: self._session.bridge.pause(self._session.current))
        else:
            self._do(lambda: self._session.bridge.resume(self._session.current))

    @Slot()
    def stop(self) -> None:
        """Let the workers checkpoint and end."""
        self._do(lambda: self._session.bridge.stop(self._session.current))

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
        self.set_rate_button = QPushButton("Set")
        self.set_rate_button.clicked.connect(self._on_set_rate)
        self.rate.edit.returnPressed.connect(self._on_set_rate)

    def _build_layout(self) -> None:
        self._choices = QVBoxLayout()
        self._choices.setSpacing(GRID)
        self._form_box = QWidget()
        form = QVBoxLayout(self._form_box)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(GRID)
        form.addLayout(self._choices)
        line = QFrame()
        line.setProperty("role", "separator")
        form.addWidget(line)
        form.addWidget(self.form)
        self._rate_row = QWidget()
        rate = QHBoxLayout(self._rate_row)
        rate.setContentsMargins(0, 0, 0, 0)
        rate.setSpacing(GRID)
        rate.addWidget(self.rate, 1)
        rate.addWidget(self.set_rate_button, 0, Qt.AlignmentFlag.AlignTop)
        inside = QWidget()
        body = QVBoxLayout(inside)
        body.setContentsMargins(2 * GRID, 0, 2 * GRID, GRID)
        body.setSpacing(GRID)
        body.addWidget(self._form_box)
        body.addWidget(self.live)
        body.addWidget(self._rate_row)
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
        self._title.setText("Training" if live else "Train")
        self.live.setVisible(live)
        self._form_box.setVisible(not live)
        self.train_button.setVisible(not live)
        self._refresh_buttons()
        self._show_problem()

    def _show_problem(self) -> None:
        problem = "" if self.watching else self.problem
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self.train_button.setEnabled(not problem)
        self.train_button.setToolTip(problem or "Train the chosen architectures (Ctrl+Return)")

    def _refresh_buttons(self) -> None:
        current, live = self._session.current, self.watching
        active = any(run.active for run in current)
        resumable = not active and any(run.resumable for run in current)
        wishing = any(run.wish for run in current)
        running = any(run.status in ("running", "starting") for run in current)
        self.pause_button.setVisible(live and (active or resumable))
        self.pause_button.setEnabled(
            not wishing and (resumable or any(run.status in ("running", "paused") for run in current))
        )
        self.pause_button.setText("Pause" if running else "Resume")
        self.pause_button.setIcon(icon("pause") if running else icon("play", theme().colours.on_accent))
        set_property(self.pause_button, "role", "" if running else "primary")
        self.stop_button.setVisible(live and active)
        self.stop_button.setEnabled(not any(run.wish == "stopping" for run in current))
        self.new_button.setVisible(live and not active)
        self._rate_row.setVisible(live and any(run.status in ("running", "paused") for run in current))
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
        rates = [run.series.rate.last for run in self._session.current]
        if rates and rates[0] is not None:
            self.rate.set_value(rates[0])
        elif not self.form.learning_rate.problem:
            self.rate.set_value(self.form.learning_rate.value())

    @Slot()
    def _on_updated(self) -> None:
        if self.watching:
            self.live.refresh()
        self._refresh_buttons()

    @Slot()
    def _on_set_rate(self) -> None:
        if not self.rate.problem:
            self._do(lambda: self._session.bridge.set_learning_rate(self._session.current, self.rate.value()))

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
