"""NetworkCard: what the network in hand costs, beside the other one; and what training it will take here."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.boxes import ComboBox, SpinBox
from app.canvas.costs import COSTS
from app.canvas.text import plural, shape_text, short_count
from app.document import Document
from app.editor.bits import form, label, separator
from app.editor.chrome import ElidedLabel
from app.editor.estimator import Estimator
from app.editor.stage_bars import StageBars, parts_of
from app.editor.training_plan import TrainingPlan
from app.theme import theme
from resviz.arch.twin import is_plain
from resviz.train.estimate_words import duration, provenance, shortage, step_text
from resviz.train.estimates import Prediction
from resviz.train.main_memory import free_beside_cards
from resviz.train.memory import size_text
from resviz.train.recipe import PAPER

_ROWS = (
    ("Depth", "Weighted layers on the main path; projections on shortcuts do not count."),
    ("Parameters", "Numbers that are learnt: weights, and gamma and beta of batch norms."),
    (
        "Multiply-adds",
        "For one picture, of convolutions and linear layers. A tool that counts multiplications and "
        "additions apart says twice that.",
    ),
    ("Activations", "Values that training keeps from forward to backward, for the whole batch."),
    ("Memory", "Peak while training, beside the data and the program itself."),
    ("A step", "Forward, backward and update of one batch."),
    ("Training", "All iterations of the recipe, with its tests."),
    ("Input", "Channels, height and width of a picture."),
    ("Output", "A number for each class."),
)
_TRAINING = 6
"""The row of the whole training."""
_MOST_BATCH = 65_536
_WAIT_MS = 150
"""What takes a while to reckon waits until edits have paused for so long."""


BUSY = "A training is running: measure when it has ended, or each would slow the other."


class NetworkCard(QWidget):
    """Follows one document, and compares it with the others in sight."""

    blocks_chosen = Signal(tuple)
    """Ids of blocks of the document that are to be shown."""

    def __init__(self, estimator: Estimator | None = None) -> None:
        super().__init__()
        self._documents: list[Document] = []
        self._plan = TrainingPlan(PAPER)
        self._predictions: dict[Document, Prediction] = {}
        self._busy = False
        self.estimator = estimator or Estimator(self)
        self.estimator.changed.connect(self._on_estimator_changed)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_WAIT_MS)
        self._soon.timeout.connect(self._reckon)
        self._build()

    # What it shows

    def set_documents(self, documents: Sequence[Document]) -> None:
        """Show the first of these documents, and the others beside it."""
        for document in self._documents:
            document.analysed.disconnect(self.refresh)
            document.name_changed.disconnect(self.refresh)
        self._documents = list(documents)
        self._predictions.clear()
        for document in self._documents:
            document.analysed.connect(self.refresh)
            document.name_changed.connect(self.refresh)
        self.refresh()

    def set_plan(self, plan: TrainingPlan) -> None:
        """Take over what the train panel is set to; its batch is the one to reckon with."""
        if plan == self._plan:
            return
        if plan.recipe.batch_size != self._plan.recipe.batch_size:
            self.batch.setValue(plan.recipe.batch_size)
        self._plan = plan
        self.refresh()

    def set_busy(self, busy: bool) -> None:
        """Measure nothing while something is being trained: each would slow the other."""
        if busy != self._busy:
            self._busy = busy
            self._show_state()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self._table = form()
        self._table.setHorizontalSpacing(6)
        self._cells: list[list[QLabel]] = []
        self._captions: list[QLabel] = []
        self.verdict = label("", "caption")
        self.batch = SpinBox()
        self.batch.setRange(1, _MOST_BATCH)
        self.batch.setValue(PAPER.batch_size)
        self.batch.setKeyboardTracking(False)
        self.batch.setMinimumWidth(64)
        self.batch.setAccessibleName("For a batch of")
        self.batch.setToolTip("Pictures a step. It follows the recipe, and changes nothing in it.")
        self.batch.valueChanged.connect(self.refresh)
        self.measure_button = QPushButton("Measure")
        self.measure_button.clicked.connect(self.measure)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label("Batch", "muted"))
        row.addWidget(self.batch, 1)
        row.addWidget(self.measure_button, 1)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(self.estimator.cancel)
        self._progress = QWidget()
        going = QHBoxLayout(self._progress)
        going.setContentsMargins(0, 0, 0, 0)
        going.setSpacing(8)
        going.addWidget(self.bar, 1)
        going.addWidget(self.cancel_button)
        self.note = label("", "caption")
        self.kind = ComboBox()
        self.kind.setAccessibleName("Cost by stage of")
        for key, kind in COSTS.items():
            self.kind.addItem(kind.title, key)
        self.kind.setCurrentIndex(1)
        self.kind.currentIndexChanged.connect(self._show_parts)
        self.bars = StageBars()
        self.bars.chosen.connect(self.blocks_chosen)
        where = QHBoxLayout()
        where.setSpacing(8)
        where.addWidget(label("By stage", "muted"))
        where.addWidget(self.kind, 1)
        for part in (row, self._progress, self._table, self.verdict, self.note):
            layout.addLayout(part) if isinstance(part, QHBoxLayout | QGridLayout) else layout.addWidget(part)
        layout.addWidget(separator())
        layout.addLayout(where)
        layout.addWidget(self.bars)

    # Following

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up on what happened unseen."""
        super().showEvent(event)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show what is known at once; what takes a while to reckon follows when edits pause."""
        if not self.isVisible() or not self._documents:
            return
        self._lay_out(len(self._documents))
        self._show_costs()
        self._show_parts()
        self._soon.start()

    def _lay_out(self, networks: int) -> None:
        """Have as many columns as there are networks."""
        if self._cells and len(self._cells[0]) == networks:
            return
        while (item := self._table.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._cells, self._captions = [], []
        self._heads = [ElidedLabel("caption", Qt.TextElideMode.ElideMiddle) for _ in range(networks)]
        for column, head in enumerate(self._heads, 1):
            head.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._table.addWidget(head, 0, column)
            head.setVisible(networks > 1)  # Before it had a parent, that would be a window with the keyboard.
            self._table.setColumnStretch(column, 1)
        for number, (name, about) in enumerate(_ROWS, 1):
            caption = label(name, "muted")
            caption.setWordWrap(False)
            caption.setToolTip(about)
            self._captions.append(caption)
            self._table.addWidget(caption, number, 0)
            cells = []
            for column in range(1, networks + 1):
                cell = QLabel()
                cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                self._table.addWidget(cell, number, column)
                cells.append(cell)
            self._cells.append(cells)

    def _show_costs(self) -> None:
        colours = theme().colours
        for column, document in enumerate(self._documents):
            cost, broken = document.cost, bool(document.inference.problems)
            exact = len(self._documents) == 1
            parameters, adds = cost.total.parameters, cost.total.multiply_adds
            texts = ("–", "–", "–") if broken else (
                plural(cost.depth, "layer") if exact else f"{cost.depth:,}",
                f"{parameters:,}" if exact or parameters < 1e7 else short_count(parameters),
                f"{adds:,}" if exact else short_count(adds),
            )  # fmt: skip
            for row, text in enumerate(texts):
                self._cells[row][column].setText(text)
            self._cells[0][column].setToolTip(plural(len(cost.blocks), "block"))
            for row, count in enumerate((parameters, adds), 1):
                self._cells[row][column].setToolTip("" if broken else f"{count:,}")
            ends = document.inference.input_shape, document.inference.output_shape
            for row, shape in enumerate(ends, _TRAINING + 1):
                self._cells[row][column].setText(shape_text(shape))
            head = self._heads[column]
            head.setText(document.name)
            head.setToolTip(document.name)
            colour = colours.plain if is_plain(document.architecture) else colours.residual
            head.setStyleSheet(f"color: {colour}")
        self.verdict.setText(_verdict(self._documents))
        self.verdict.setVisible(bool(self.verdict.text()))

    @Slot()
    def _show_parts(self) -> None:
        if self._documents:
            kind = COSTS[self.kind.currentData()]
            self.bars.show_parts(parts_of(self._documents[0], kind), kind)

    @property
    def _sound(self) -> list[Document]:
        """Those that could be trained: they would be measured, and trained, together."""
        return [each for each in self._documents if not each.inference.problems]

    @Slot()
    def _reckon(self) -> None:
        """Reckon what training takes."""
        if not self.isVisible():
            return
        sound = self._sound
        self._predictions = {
            document: self._plan.predict(document, self.batch.value(), len(sound)) for document in sound
        }
        self._show_predictions()

    def _show_predictions(self) -> None:
        crowding = self._plan.crowding(len(self._sound))
        self._captions[_TRAINING].setText(plural(self._plan.recipe.iterations, "step"))
        for column, document in enumerate(self._documents):
            told = self._predictions.get(document)
            training_s, step_s = (told.training_s, told.step_s) if told else (None, None)
            for row, text in enumerate(
                (
                    size_text(told.activations) if told else "–",
                    f"≈ {size_text(told.memory)}" if told else "–",
                    f"≈ {step_text(step_s * crowding)}" if step_s is not None else "–",
                    f"≈ {duration(training_s * crowding)}" if training_s is not None else "–",
                ),
                3,
            ):
                self._cells[row][column].setText(text)
        self._show_state()

    # Measuring

    @Slot()
    def measure(self) -> None:
        """Time a few training steps of each network here."""
        documents = self._sound
        if documents and not self._busy and not self.estimator.running:
            self.estimator.start(self._plan.jobs(documents, self.batch.value()))

    @Slot()
    def _on_estimator_changed(self) -> None:
        if not self.estimator.running:
            self.refresh()
        self._show_state()

    def _show_state(self) -> None:
        """Show what is being measured, or what the numbers go by."""
        running = self.estimator.running
        self._progress.setVisible(running)
        self.bar.setValue(round(1000 * self.estimator.share))
        self.measure_button.setEnabled(bool(self._predictions) and not running and not self._busy)
        known = [told for told in self._predictions.values() if told.measured is not None]
        self.measure_button.setToolTip(
            BUSY
            if self._busy
            else f"Time a few training steps here{' again' if known else ''}: some seconds (Ctrl+Alt+M)"
        )
        text, role = self._sentence(known)
        self.note.setText(text)
        if self.note.property("role") != role:
            self.note.setProperty("role", role)
            self.note.style().unpolish(self.note)
            self.note.style().polish(self.note)

    def _sentence(self, known: list[Prediction]) -> tuple[str, str]:
        """Return what is to be said below the numbers, and in which role."""
        if self.estimator.running:
            return f"{self.estimator.doing[:1].upper()}{self.estimator.doing[1:]} …", "caption"
        if self.estimator.problem:
            return self.estimator.problem, "error"
        if not self._predictions:
            return "Training can be estimated when the problems are mended.", "caption"
        free = None if self._plan.on_card else free_beside_cards()
        needed = max(told.memory for told in self._predictions.values())
        if lacking := shortage(needed, free):
            return lacking, "error"
        if self._busy and not known:
            return BUSY, "caption"
        if known:
            texts = dict.fromkeys(
                provenance(told.measured, told.batch_size) for told in known if told.measured is not None
            )
            return " ".join([*texts, *self._crowd_words()]), "caption"
        return (
            "Estimates. How long a step takes here is known after a few are timed: some seconds.",
            "caption",
        )

    def _crowd_words(self) -> list[str]:
        crowding = self._plan.crowding(len(self._sound))
        if crowding == 1.0:
            return []
        return [f"Times {crowding:.1f}, for {self._plan.runs} runs share the cores."]


def _verdict(documents: Sequence[Document]) -> str:
    """Return in words how the costs of two networks compare; "" where there is nothing to compare."""
    if len(documents) != 2 or any(document.inference.problems for document in documents):
        return ""
    one, other = (document.cost.total for document in documents)
    if (one.parameters, one.multiply_adds) == (other.parameters, other.multiply_adds):
        plain = [is_plain(document.architecture) for document in documents]
        if plain[0] != plain[1]:
            return "The same parameters and multiply-adds: these shortcuts cost nothing."
        return "The same parameters and multiply-adds."
    found = []
    for name, a, b in (
        ("parameters", one.parameters, other.parameters),
        ("multiply-adds", one.multiply_adds, other.multiply_adds),
    ):
        if a == b:
            found.append(f"the same {name}")
        else:
            percent = 100 * abs(a - b) / max(1, b)
            share = f"{percent:.0f} %" if percent >= 9.95 else f"{percent:.1f} %"
            found.append(f"{short_count(abs(a - b))} {'more' if a > b else 'fewer'} {name} ({share})")
    return f"{documents[0].name} has {' and '.join(found)}."
