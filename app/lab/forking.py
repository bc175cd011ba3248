"""Forking from wherever runs are met: asks in a dialog, and trains what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.lab.fork_dialog import ForkDialog
from app.lab.session import Session
from resviz.errors import ResvizError
from resviz.runs.store import Experiment, Run


class Forking(QObject):
    """The actions Fork and Rewind."""

    told = Signal(str)
    failed = Signal(str)
    started = Signal()
    """Forks are being trained: their curves are wanted."""

    def __init__(self, session: Session, selected: Callable[[], list[Run]], parent: QWidget) -> None:
        """Fork what `selected` returns, and where that is nothing, what the session has in hand."""
        super().__init__(parent)
        self._session, self._selected, self._parent = session, selected, parent

    @Slot()
    def fork(self) -> None:
        """Ask where forks of what is selected begin, and with which recipe."""
        self._ask_about_chosen(rewind=False)

    @Slot()
    def rewind(self) -> None:
        """The same, with the initial weights proposed."""
        self._ask_about_chosen(rewind=True)

    def ask(self, runs: Sequence[Run], *, rewind: bool = False) -> None:
        """Ask where forks of `runs` begin."""
        try:
            dialog = ForkDialog(runs, self._parent)
        except ResvizError as error:
            self.failed.emit(str(error))
            return
        if rewind:
            dialog.rewind()
        dialog.forked.connect(self._on_forked)
        dialog.show()

    def _ask_about_chosen(self, *, rewind: bool) -> None:
        runs = self._selected() or [run.run for run in self._session.current]
        if runs:
            self.ask(runs, rewind=rewind)
        else:
            self.failed.emit("There is no run to fork: select one under Runs, or train one.")

    @Slot(object)
    def _on_forked(self, experiment: Experiment) -> None:
        """Train the forks beside the curves that are shown."""
        try:
            self._session.resume(experiment.runs)
        except ResvizError as error:
            self.failed.emit(str(error))
            return
        self.told.emit(f"{experiment.name}: trained from now on, beside the curves of its parents.")
        self.started.emit()
