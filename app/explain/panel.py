"""The explain panel: which pixels speak for a network's answer, for both twins side by side."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.boxes import ComboBox
from app.explain.card import ExplainCard, Picture
from app.explain.client import ExplainClient
from app.theme import GRID
from resviz.runs.store import data_root

METHODS = (
    (
        "Integrated gradients",
        "integrated_gradients",
        "Which pixels the answer rests on (Sundararajan et al. 2017).",
    ),
    ("Grad-CAM", "grad_cam", "Which regions the last convolution looks at (Selvaraju et al. 2017)."),
)
PICTURES = 24
_FILE_ROLE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class ExplainRun:
    """A run that can be asked: its directory, its name, its family, and whether it has a checkpoint."""

    path: Path
    name: str
    plain: bool
    has_checkpoint: bool


class ExplainPanel(QWidget):
    """Pick a test picture and see what each network's answer rests on."""

    checkpoint_wanted = Signal()
    """The runs in training should write a checkpoint, to be explained."""

    def __init__(self, client: ExplainClient | None = None) -> None:
        super().__init__()
        self._runs: list[ExplainRun] = []
        self._pictures_of: Path | None = None
        self._picture_request = 0
        self._requests: dict[int, ExplainCard] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._count = 0
        self.client = client or ExplainClient(data_root() / "explain-log.txt", self)
        self.client.progressed.connect(self._on_progressed)
        self.client.answered.connect(self._on_answered)
        self.client.failed.connect(self._on_failed)
        self._build()
        self._refresh()

    def set_runs(self, runs: Sequence[ExplainRun]) -> None:
        """Ask these runs; of each family the first is taken."""
        chosen: list[ExplainRun] = []
        for run in runs:
            if all(run.plain != other.plain for other in chosen):
                chosen.append(run)
        chosen.sort(key=lambda run: not run.plain)
        if chosen != self._runs:
            changed = [run.path for run in chosen] != [run.path for run in self._runs]
            self._runs = chosen
            if changed:
                self._drop_requests()
            self._refresh()

    def close_worker(self) -> None:
        """End the worker and delete what it wrote."""
        self.client.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def showEvent(self, event: object) -> None:
        """Load the pictures when the panel is first seen."""
        super().showEvent(event)  # type: ignore[arg-type]
        self._refresh()

    def _build(self) -> None:
        self.method = ComboBox()
        for title, _, about in METHODS:
            self.method.addItem(title)
            self.method.setItemData(self.method.count() - 1, about, Qt.ItemDataRole.ToolTipRole)
        self.method.setToolTip(METHODS[0][2])
        self.method.currentIndexChanged.connect(self._on_method)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(self.cancel)
        policy = self.cancel_button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # Nothing moves when it comes and goes.
        self.cancel_button.setSizePolicy(policy)
        self.cancel_button.hide()
        self.loading = QProgressBar()
        self.loading.setTextVisible(False)
        self.chosen = Picture()
        self._chosen_text = QLabel()
        self._chosen_text.setProperty("role", "caption")
        self._chosen_text.setWordWrap(True)
        self.pictures = QListWidget()
        self.pictures.setProperty("role", "pictures")
        self.pictures.setViewMode(QListView.ViewMode.IconMode)
        self.pictures.setIconSize(QSize(40, 40))
        self.pictures.setGridSize(QSize(48, 48))
        self.pictures.setResizeMode(QListView.ResizeMode.Adjust)
        self.pictures.setMovement(QListView.Movement.Static)
        self.pictures.setUniformItemSizes(True)
        self.pictures.setAccessibleName("Test pictures")
        self.pictures.currentItemChanged.connect(self._on_picture)
        self._status = QLabel()
        self._status.setProperty("role", "caption")
        self._status.setWordWrap(True)
        self.cards = [ExplainCard(), ExplainCard()]
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(self.method, 1)
        head.addWidget(self.cancel_button)
        left = QVBoxLayout()
        left.setSpacing(GRID)
        left.addLayout(head)
        left.addWidget(self.pictures, 1)
        left.addWidget(self.loading)
        left.addWidget(self._status)
        middle = QVBoxLayout()
        middle.setSpacing(GRID)
        middle.addWidget(self.chosen, 1)
        middle.addWidget(self._chosen_text)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, GRID, 0, 0)
        row.setSpacing(GRID)
        row.addLayout(left, 3)
        row.addLayout(middle, 2)
        for card in self.cards:
            row.addWidget(card, 4)
        empty = QWidget()
        column = QVBoxLayout(empty)
        column.addStretch(1)
        self.empty_text = QLabel()
        self.empty_text.setProperty("role", "muted")
        self.empty_text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty_text.setWordWrap(True)
        self.checkpoint_button = QPushButton("Write a checkpoint now")
        self.checkpoint_button.clicked.connect(self.checkpoint_wanted)
        column.addWidget(self.empty_text)
        column.addWidget(self.checkpoint_button, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(empty)
        self._stack.addWidget(body)

    def _refresh(self) -> None:
        ready = [run for run in self._runs if run.has_checkpoint]
        self._stack.setCurrentIndex(1 if ready and len(ready) == len(self._runs) else 0)
        self.checkpoint_button.setVisible(bool(self._runs))
        self.empty_text.setText(
            "The networks are explained from their checkpoints, and there is none yet."
            if self._runs
            else "Train two networks, or open an experiment under Runs, to see what their answers rest on."
        )
        for index, card in enumerate(self.cards):
            card.setVisible(index < len(self._runs))
            if index < len(self._runs):
                card.set_network(self._runs[index].name, self._runs[index].plain)
        if self.isVisible() and self._stack.currentIndex() == 1 and self._pictures_of != self._runs[0].path:
            self._load_pictures()

    def _load_pictures(self) -> None:
        self._pictures_of = self._runs[0].path
        self.pictures.clear()
        first = "" if self.client.running else "The explain worker is starting (it loads PyTorch). "
        self._status.setText(f"{first}Loading test pictures…")
        self._show_loading(None)
        self._show_chosen(None)
        for card in self.cards:
            card.clear("Pictures are being loaded.")
        self._picture_request = self.client.request(
            "pictures", run=str(self._runs[0].path), count=PICTURES, out=str(self._out())
        )

    def _show_loading(self, share: float | None) -> None:
        """Show how many of the test pictures are there, 0 to 1; None: at work, share not known."""
        self.loading.show()
        self.loading.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self.loading.setValue(round(share * 1000))

    def _show_chosen(self, item: QListWidgetItem | None) -> None:
        """Show the chosen picture large, beside what the networks make of it."""
        self.chosen.show_file(None if item is None else item.data(_FILE_ROLE), "The chosen picture.")
        self._chosen_text.setText("" if item is None else item.toolTip())

    def _out(self) -> Path:
        """Return a new folder for one answer: files of an earlier one stay readable."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="resviz-explain-")
        self._count += 1
        out = Path(self._folder.name) / str(self._count)
        out.mkdir()
        return out

    def _ask(self) -> None:
        self._drop_requests()
        if self.pictures.currentRow() < 0:
            return
        index = int(self.pictures.currentItem().data(Qt.ItemDataRole.UserRole))
        method = METHODS[self.method.currentIndex()][1]
        for run, card in zip(self._runs, self.cards, strict=False):
            card.clear("Being computed…")
            card.show_progress(0.0)
            number = self.client.request(
                "attribute", run=str(run.path), index=index, method=method, out=str(self._out())
            )
            self._requests[number] = card
        self.cancel_button.show()

    @Slot()
    def cancel(self) -> None:
        """Give up what is being computed."""
        for card in self._requests.values():
            card.clear("Cancelled")
        self._drop_requests()

    def _drop_requests(self) -> None:
        for number in self._requests:
            self.client.cancel(number)
        self._requests = {}
        self.cancel_button.hide()

    @Slot()
    def _on_method(self) -> None:
        self.method.setToolTip(METHODS[self.method.currentIndex()][2])
        self._ask()

    @Slot()
    def _on_picture(self) -> None:
        self._show_chosen(self.pictures.currentItem())
        self._ask()

    @Slot(int, float)
    def _on_progressed(self, number: int, share: float) -> None:
        if number in self._requests:
            self._requests[number].show_progress(share)
        elif number == self._picture_request:
            self._status.setText(f"Loading test pictures: {share * 100:.0f} %")
            self._show_loading(share)

    @Slot(int, object)
    def _on_answered(self, number: int, result: dict[str, Any]) -> None:
        card = self._requests.pop(number, None)
        if card is not None:
            card.show_result(result)
            self.cancel_button.setVisible(bool(self._requests))
        elif number == self._picture_request:
            self._show_pictures(result)

    @Slot(int, str)
    def _on_failed(self, number: int, sentence: str) -> None:
        card = self._requests.pop(number, None)
        if card is not None:
            card.clear()
            card.show_problem(sentence)
            self.cancel_button.setVisible(bool(self._requests))
        elif number == self._picture_request:
            self._pictures_of = None
            self._status.setText(sentence)
            self.loading.hide()
            for card in self.cards:
                card.clear("There are no pictures.")

    def _show_pictures(self, result: dict[str, Any]) -> None:
        for entry in result["pictures"]:
            item = QListWidgetItem(QIcon(QPixmap(entry["picture"]).scaled(80, 80)), "")
            item.setData(Qt.ItemDataRole.UserRole, entry["index"])
            item.setData(_FILE_ROLE, entry["picture"])
            item.setToolTip(f"{entry['label']} (test picture {entry['index']})")
            self.pictures.addItem(item)
        self.loading.hide()
        self._status.setText(f"{self.pictures.count()} test pictures: choose one.")
        for card in self.cards:
            card.clear("Choose a picture: the map appears here.")
