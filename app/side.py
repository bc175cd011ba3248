"""The right side of the window: the train panel above, lesson and inspector below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QSplitter, QTabWidget, QVBoxLayout, QWidget

from app.document import Document
from app.editor.inspector import Inspector
from app.editor.network_card import BUSY
from app.editor.pane import EditorPane
from app.editor.training_plan import TrainingPlan
from app.lab.panel import LabPanel
from app.lab.session import Session
from app.lessons.lesson import load_lesson
from app.lessons.panel import LessonPanel
from app.theme import GRID, theme

LESSON, INSPECTOR = range(2)
_LESSON_HEIGHT = 32 * GRID
"""The least for the lesson, in pixels: its texts fit, and the inspector has some rows."""
_SETTINGS_HEIGHT = 80 * GRID
"""What all settings of a recipe ask for, in pixels: where they would have less, they have it all."""


class Side(QSplitter):
    """Train panel over Lesson and Inspector; the inspector comes forward when a block is selected."""

    told = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._pane: EditorPane | None = None
        self.lab = LabPanel(session)
        self.lesson = LessonPanel(load_lesson())
        self.inspector = Inspector()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(self.lesson, "Lesson")
        self.tabs.addTab(self.inspector, "Inspector")
        self.setChildrenCollapsible(False)
        self.setHandleWidth(GRID)
        self._lower = _card(self.tabs)
        self.addWidget(_card(self.lab))
        self.addWidget(self._lower)
        self.setSizes([360, 280])
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 1)
        self._own_shares = False
        self.splitterMoved.connect(self._on_moved)
        self.lab.content_changed.connect(self._share_out, Qt.ConnectionType.QueuedConnection)
        self.lab.planned.connect(self._tell_plan)
        self.lab.trained.connect(self.inspector.card.estimator.cancel)
        self._session = session
        session.bridge.updated.connect(self._tell_busy)
        session.current_changed.connect(self._tell_busy)
        self._tell_plan()

    def set_documents(self, documents: Sequence[Document]) -> None:
        """Offer these for training, and compare what they cost."""
        self.lab.set_documents(documents)
        self.inspector.set_compared(documents)
        self._tell_plan()

    @property
    def training(self) -> bool:
        """Whether something is being trained."""
        return any(run.active for run in self._session.current)

    @Slot()
    def _tell_busy(self) -> None:
        self.inspector.card.set_busy(self.training)

    @Slot()
    def _tell_plan(self) -> None:
        """Tell the inspector how the networks would be trained."""
        recipe = self.lab.recipe
        if recipe is not None:
            self.inspector.card.set_plan(TrainingPlan(recipe, self.lab.runs))

    def follow(self, pane: EditorPane) -> None:
        """Inspect what is selected in `pane` from now on."""
        if pane is not self._pane:
            self._pane = pane
            self.inspector.set_pane(pane)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new height out."""
        super().resizeEvent(event)
        self._share_out()

    @Slot()
    def _share_out(self) -> None:
        """Let the train panel be as tall as its content, as far as the lesson can do without."""
        room = self.height() - self.handleWidth()
        self._lower.setVisible(not self.lab.setting_up or room - _LESSON_HEIGHT >= _SETTINGS_HEIGHT)
        if self._own_shares or self.height() < _LESSON_HEIGHT:
            return
        wanted = self.lab.wanted_height(self.width()) + 2
        # With large type the lesson cannot be whole either way: numbers come first.
        least = room // 3 if theme().presentation else _LESSON_HEIGHT
        lab = max(room // 2, min(wanted, room - least))
        self.setSizes([lab, room - lab])

    @Slot()
    def _on_moved(self) -> None:
        self._own_shares = True

    @Slot()
    def share_out_anew(self) -> None:
        """Share the height out by content again, whatever was dragged."""
        self._own_shares = False
        self._share_out()

    @Slot()
    def show_costs(self) -> None:
        """Show what the network in use costs."""
        if self._pane is not None:
            self._pane.scene.clearSelection()
        self.bring_inspector()

    @Slot()
    def measure(self) -> None:
        """Time a few training steps of the networks in sight."""
        self.show_costs()
        if self.training:
            self.told.emit(BUSY)
        self.inspector.card.measure()

    def bring_inspector(self) -> None:
        """Show the inspector in front of the lesson, and of the settings where they take all the room."""
        if self._lower.isHidden():
            self.lab.close_settings()
        self.tabs.setCurrentIndex(INSPECTOR)


def _card(widget: QWidget) -> QFrame:
    frame = QFrame()
    frame.setProperty("role", "card")
    inside = QVBoxLayout(frame)
    inside.setContentsMargins(1, 1, 1, 1)
    inside.addWidget(widget)
    return frame
