"""The right side of the window: the train panel above, lesson and inspector below."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QSplitter, QTabWidget, QVBoxLayout, QWidget

from app.document import Document
from app.editor.inspector import Inspector
from app.lab.panel import LabPanel
from app.lab.session import Session
from app.lessons.lesson import load_lesson
from app.lessons.panel import LessonPanel
from app.theme import GRID

LESSON, INSPECTOR = range(2)


class Side(QSplitter):
    """Train panel over Lesson and Inspector; the inspector comes forward when a block is selected."""

    def __init__(self, session: Session) -> None:
        super().__init__(Qt.Orientation.Vertical)
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
        for widget in (self.lab, self.tabs):
            self.addWidget(_card(widget))
        self.setSizes([360, 280])
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 1)

    @Slot(object, list)
    def show_selection(self, document: Document, block_ids: list[str]) -> None:
        """Show what is selected in `document`."""
        self.inspector.set_document(document)
        if block_ids:
            self.tabs.setCurrentIndex(INSPECTOR)


def _card(widget: QWidget) -> QFrame:
    frame = QFrame()
    frame.setProperty("role", "card")
    inside = QVBoxLayout(frame)
    inside.setContentsMargins(1, 1, 1, 1)
    inside.addWidget(widget)
    return frame
