"""What the actions on problems do in a pane: list them, go from one to the next, mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Slot

from app.canvas.text import plural
from app.document import Document
from app.editor.problem_panel import ProblemPanel
from resviz.arch.mends import Mend
from resviz.errors import ResvizError

if TYPE_CHECKING:
    from app.editor.pane import EditorPane

_MOST_OF_PANE = 0.5
"""Share of a pane's height that the list may take."""


class ProblemActions(QObject):
    """Connects a pane with its list of problems."""

    def __init__(self, pane: EditorPane) -> None:
        super().__init__(pane)
        self._pane = pane
        self._shown = -1
        """The problem that was spoken of last while the list is closed."""
        self.panel = ProblemPanel()
        self.panel.went.connect(pane.reveal)
        self.panel.mend_wanted.connect(self.mend)
        self.panel.all_wanted.connect(self.mend_all)
        self.panel.closed.connect(self._on_closed)
        self.panel.model.rowsInserted.connect(self._fit)
        self.panel.model.rowsRemoved.connect(self._fit)
        self.panel.rows.selectionModel().currentChanged.connect(self._fit)
        pane.installEventFilter(self)
        pane.header.problems_clicked.connect(self.toggle)
        actions = pane.editor_actions
        actions.bind(
            {
                actions.problems: self.toggle,
                actions.next_problem: self.next,
                actions.previous_problem: self.previous,
                actions.mend_all: self.mend_all,
            }
        )

    def set_document(self, document: Document) -> None:
        """Follow another document."""
        self._shown = -1
        self.panel.set_document(document)

    @Slot()
    def open(self) -> None:
        """Open the list and go to the problem that is chosen in it."""
        self.panel.open_list()
        if not self.panel.isHidden():
            self._fit()
            self.panel.step(0)
            self.panel.rows.setFocus()

    @Slot()
    def toggle(self) -> None:
        """Open the list, or close it."""
        if not self.panel.isHidden():
            self.panel.close_list()
        elif self._pane.document.inference.problems:
            self.open()
        else:
            self._pane.say("No problems: this network can be trained.")

    @Slot()
    def next(self) -> None:
        """Go to the next block with a problem; without the list, say message and mend."""
        self._go(1)

    @Slot()
    def previous(self) -> None:
        """Go to the block with a problem before."""
        self._go(-1)

    def _go(self, by: int) -> None:
        problems = self._pane.document.inference.problems
        if not problems:
            self._pane.say("No problems: this network can be trained.")
        elif not self.panel.isHidden():
            self.panel.step(by)
        else:
            self._shown = (self._shown + by) % len(problems) if self._shown >= 0 else 0
            problem = problems[self._shown]
            if problem.block is not None:
                self._pane.reveal(problem.block)
            self._pane.say(f"{problem.message} {problem.mend}", problem.block)

    @Slot(object)
    def mend(self, mend: Mend) -> None:
        """Do what a mend says, as one undo step of its name."""
        pane = self._pane
        pane.view.cancel_gesture()
        try:
            blocks = pane.units.mend(mend)
        except ResvizError as error:  # The network changed under the button.
            pane.say(str(error))
        else:
            pane.show_new(blocks)
            pane.say(f"Done: {mend.sentence}", next(iter(blocks), None))

    @Slot()
    def mend_all(self) -> None:
        """Mend what can be mended, as one undo step, and say how much that was."""
        pane = self._pane
        pane.view.cancel_gesture()
        if not pane.document.inference.problems:
            pane.say("No problems: this network can be trained.")
            return
        result = pane.units.mend_all()
        if not result.done:
            if self.panel.isHidden():
                self.open()
            pane.say("What is left needs a decision of yours: the list says which.")
            return
        left = f" {plural(len(result.left), 'problem')} left, for you to decide." if result.left else ""
        done = result.done[0].sentence if len(result.done) == 1 else f"{len(result.done)} mends done."
        pane.say(f"{done}{left} Undo takes it back.")

    @Slot()
    def _fit(self) -> None:
        self.panel.setFixedHeight(self.panel.wanted_height(round(self._pane.height() * _MOST_OF_PANE)))

    @Slot()
    def _on_closed(self) -> None:
        self._pane.view.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the list keep its share of the pane."""
        if watched is self._pane and event.type() == QEvent.Type.Resize and not self.panel.isHidden():
            self._fit()
        return super().eventFilter(watched, event)
