"""Which of the open networks are trained, and whether they fit the data."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QVBoxLayout,
    QWidget,
)

from app.boxes import SpinBox
from app.document import Document
from app.lab.fields import sentence_label
from app.lab.fit import DataShape, caution, fitted, misfit, obstacle, pictures
from app.theme import GRID, run_colour, theme
from resviz.arch.twin import is_plain
from resviz.train.circumstances import UNKNOWN, Circumstances
from resviz.train.recipe import Recipe

MOST_SEEDS = 10
_QUICK = 200
"""Blocks; of a larger network it takes a while to say what training takes, and nobody waits for that."""
_LATER_MS = 400


class ElidedCheck(QCheckBox):
    """A box with a name that ends in "…" where it is too long; the whole of it is the tool tip."""

    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        self.setMinimumWidth(6 * GRID)

    def show_name(self, name: str) -> None:
        """Show a name."""
        self.name = name
        self.setToolTip(name)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show what fits of it."""
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        """Return the size at which the whole name is seen."""
        hint, metrics = super().sizeHint(), self.fontMetrics()
        more = metrics.horizontalAdvance(self.name) - metrics.horizontalAdvance(self.text())
        return QSize(hint.width() + more, hint.height())

    def minimumSizeHint(self) -> QSize:
        """Return the least: the box and a letter or two."""
        return QSize(6 * GRID, super().minimumSizeHint().height())

    def _fit(self) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxContents, option, self).width()
        text = self.fontMetrics().elidedText(self.name, Qt.TextElideMode.ElideRight, max(0, room))
        if text != self.text():
            self.setText(text)


class NetworkChoices(QWidget):
    """A tick for each open network, how often they are trained, and a word on what does not fit the data."""

    edited = Signal()
    """Another choice, or a network was changed."""
    told = Signal(str)
    """Something was done, one sentence."""

    def __init__(self) -> None:
        super().__init__()
        self._documents: list[Document] = []
        self._shape = DataShape("", None, None)
        self._cautions: dict[Document, tuple[tuple[object, ...], str]] = {}
        self._wanted: tuple[DataShape, Recipe | None, str, int | None] | None = None
        """What was last asked to advise on."""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LATER_MS)
        self._later.timeout.connect(self._on_time_to_advise)
        self.checks: list[ElidedCheck] = []
        self.advice = sentence_label("caption")
        self.fit_button = QPushButton("Fit to the data")
        self.fit_button.setToolTip(
            "Set the size of the pictures and the number of outputs; Undo takes it back"
        )
        self.seeds = SpinBox()
        self.seeds.setRange(1, MOST_SEEDS)
        self.seeds.setAccessibleName("Seeds")
        self.seeds.setToolTip(
            "Train each network with so many seeds: other first weights and batches each time. The plots of "
            "error and loss can draw them as mean and range (Alt+M)."
        )
        self.seeds.valueChanged.connect(self.edited)
        label = QLabel("Seeds")
        label.setProperty("role", "muted")
        label.setBuddy(self.seeds)
        self._ticks = QVBoxLayout()
        self._ticks.setSpacing(GRID)
        what = QHBoxLayout()
        what.setSpacing(GRID)
        what.addLayout(self._ticks, 1)
        what.addWidget(label)
        what.addWidget(self.seeds)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(what)
        column.addWidget(self.advice)
        column.addWidget(self.fit_button)
        self.fit_button.clicked.connect(self.fit_to_data)
        theme().changed.connect(self._colour)

    def set_documents(self, documents: Sequence[Document]) -> None:
        """Offer these documents' architectures."""
        for document in self._documents:
            document.analysed.disconnect(self._on_changed)
            document.name_changed.disconnect(self._on_changed)
        for check in self.checks:
            check.deleteLater()
        self._documents, self.checks = list(documents), []
        for document in self._documents:
            check = ElidedCheck()
            check.setChecked(True)
            check.toggled.connect(self._on_changed)
            self.checks.append(check)
            self._ticks.addWidget(check)
            document.analysed.connect(self._on_changed)
            document.name_changed.connect(self._on_changed)
        self._on_changed()

    @property
    def documents(self) -> list[Document]:
        """The documents whose boxes are ticked."""
        return [d for d, check in zip(self._documents, self.checks, strict=True) if check.isChecked()]

    @property
    def broken(self) -> Document | None:
        """The first of them that has problems, so that it cannot be trained."""
        return next((document for document in self.documents if document.inference.problems), None)

    @property
    def circumstances(self) -> Circumstances:
        """What there is to know of the chosen networks."""
        chosen = self.documents
        if not chosen:
            return UNKNOWN
        plain = [is_plain(document.architecture) for document in chosen]
        sides = [min(size) for document in chosen if (size := pictures(document)) is not None]
        depth = max(document.cost.depth for document in chosen)
        return Circumstances(depth, any(plain), not all(plain), min(sides, default=None))

    def seeds_from(self, first: int) -> range:
        """Return the seeds to train with, from the recipe's on."""
        return range(first, first + self.seeds.value())

    def problem(self, shape: DataShape) -> str:
        """Return why these networks cannot be trained on the data, one sentence, or ""."""
        if not self.documents:
            return "Choose at least one architecture to train."
        return next((text for document in self.documents if (text := obstacle(document, shape))), "")

    def advise(
        self, shape: DataShape, recipe: Recipe | None, problem: str, available: int | None = None
    ) -> None:
        """Say what does not fit the data, and what will take long; not what `problem` says already.

        Args:
            shape: of the data.
            recipe: how they are trained; None: something is wrong with it.
            problem: why training cannot start.
            available: bytes of memory where it is trained; None: not known.
        """
        self._wanted = shape, recipe, problem, available
        self._advise(patient=True)

    @Slot()
    def _on_time_to_advise(self) -> None:
        self._advise(patient=False)

    def _advise(self, *, patient: bool) -> None:
        """Say it; `patient`: what takes long is said a moment later."""
        assert self._wanted is not None
        shape, recipe, problem, available = self._wanted
        self._shape = shape
        misfits = [text for document in self.documents if (text := misfit(document, shape))]
        words = [text for text in misfits if text != problem]
        if recipe is not None and not self.problem(shape):
            found = [self._caution(each, recipe, available, patient) for each in self.documents]
            words += [text for text in found if text]
        self.advice.setText("\n".join(words))
        self.advice.setVisible(bool(words))
        self.fit_button.setVisible(
            bool(misfits) and any(fitted(document, shape) is not None for document in self.documents)
        )

    def _caution(self, document: Document, recipe: Recipe, available: int | None, patient: bool) -> str:
        """Return `caution` of a network, or what it was as long as a large one is being edited."""
        key = (
            document.inference, recipe.batch_size, recipe.precision, recipe.optimiser, recipe.residual_init,
            recipe.ema_decay > 0, recipe.activation_checkpointing, available and available >> 27,
        )  # fmt: skip
        kept = self._cautions.get(document)
        if kept is None or kept[0][0] is not key[0] or kept[0][1:] != key[1:]:
            if patient and len(document.architecture.blocks) > _QUICK:
                self._later.start()
                return kept[1] if kept is not None else ""
            kept = self._cautions[document] = (key, caution(document, recipe, available))
        return kept[1]

    @Slot()
    def fit_to_data(self) -> None:
        """Fit the chosen networks to the data, each as one undo step."""
        names = []
        for document in self.documents:
            architecture = fitted(document, self._shape)
            if architecture is not None:
                document.replace(architecture, "Fit to the data")
                names.append(document.name)
        if names:
            self.told.emit(f"{' and '.join(names)} fitted to {self._shape.name}. Undo takes it back.")

    @Slot()
    def _on_changed(self) -> None:
        for document, check in zip(self._documents, self.checks, strict=True):
            check.show_name(document.architecture.name)
        self._colour()
        self.edited.emit()

    @Slot()
    def _colour(self) -> None:
        seen = {True: 0, False: 0}
        for document, check in zip(self._documents, self.checks, strict=True):
            plain = is_plain(document.architecture)
            # The run's own colour is data, not style.
            check.setStyleSheet(f"color: {run_colour(seen[plain], plain).name()}")
            seen[plain] += 1
