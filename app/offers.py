"""What the window offers at its start: unsaved architectures and interrupted experiments, in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.canvas.text import listed
from app.lab.offer_bar import Answer, OfferBar
from app.lab.run_list import interrupted
from app.lab.session import Session
from app.leftovers import Leftover, find_leftovers
from app.theme import GRID
from resviz.runs.store import Experiment, Run, list_experiments, summary

_RECENT = 20
"""How many experiments are looked through for interrupted ones."""


class Offers(QWidget):
    """A bar under the top bar that is there only while it has something to say."""

    closed = Signal()
    """Everything is answered and the bar is gone."""
    turning = Signal()
    """The bar is about to come or to go."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = OfferBar()
        self._waiting: list[tuple[str, Sequence[Answer]]] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, 0, GRID, 0)
        row.addWidget(self.bar)
        self.bar.answered.connect(self._show_next)
        self.hide()

    def ask(self, text: str, answers: Sequence[Answer], *, instead_of: str = "") -> None:
        """Show a sentence with its answers, after those that wait already; the same is not asked twice.

        It takes the place of the question `instead_of`, where that is not answered yet.
        """
        self._waiting = [each for each in self._waiting if each[0] != instead_of]
        if self.asks(instead_of):
            self.bar.ask(text, answers)
            return
        if (self.isVisible() and self.bar.text == text) or any(
            text == waiting for waiting, _ in self._waiting
        ):
            return
        self._waiting.append((text, answers))
        if self.isHidden():
            self._show_next()

    def asks(self, text: str) -> bool:
        """Say whether a question is in the bar."""
        return not self.isHidden() and self.bar.text == text

    @Slot(str)
    def withdraw(self, text: str) -> None:
        """Ask a question no longer."""
        self._waiting = [each for each in self._waiting if each[0] != text]
        if self.asks(text):
            self._show_next()

    def offer_leftovers(
        self, restore: Callable[[Leftover], None], discard: Callable[[Leftover], None]
    ) -> None:
        """Offer what earlier windows left unsaved; `restore` opens it, `discard` takes it away."""
        for leftover in find_leftovers():
            self._offer_leftover(leftover, restore, discard)

    def offer_interrupted(self, session: Session) -> None:
        """Offer to go on with the newest experiment whose workers went away in the middle."""
        found = interrupted(list_experiments()[:_RECENT])
        if found:
            # One question, not one for each that was left lying: the others wait in the table.
            self._offer_resume(session, *found[0], others=len(found) - 1)

    def _offer_leftover(
        self,
        leftover: Leftover,
        restore: Callable[[Leftover], None],
        discard: Callable[[Leftover], None],
    ) -> None:
        names = leftover.names
        verb = "was" if len(names) == 1 else "were"
        self.ask(
            f"{listed(names)} {verb} changed and not saved when resviz ended last time.",
            (
                ("Restore", partial(restore, leftover)),
                ("Discard", partial(discard, leftover)),
            ),
        )

    def _offer_resume(
        self, session: Session, experiment: Experiment, runs: list[Run], *, others: int
    ) -> None:
        names = " and ".join(run.title for run in runs)
        verb = "was" if len(runs) == 1 else "were"
        iteration = min(summary(run).iterations for run in runs)

        def resume() -> None:
            session.take(experiment.runs, alone=True)
            session.bridge.resume([followed for followed in session.current if followed.run in runs])

        more = f" {others} more under Runs." if others else ""
        self.ask(
            f"{names} {verb} interrupted at iteration {iteration:,}.{more}",
            (("Resume", resume), ("Not now", None)),
        )

    @Slot()
    def _show_next(self) -> None:
        if self.isHidden() == bool(self._waiting):
            self.turning.emit()
        self.setVisible(bool(self._waiting))
        if self._waiting:
            self.bar.ask(*self._waiting.pop(0))
        else:
            self.closed.emit()
