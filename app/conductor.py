"""What happens around training: lesson, curves and canvas follow it, and lost workers are offered again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.document import Document
from app.lab.followed import FollowedRun
from app.lab.live_view import device_sentence
from app.lab.readouts import structure_of
from app.lessons.panel import TRAINING_SECONDS
from app.side import LESSON
from resviz.runs.store import Run
from resviz.train import demonstration

if TYPE_CHECKING:
    from app.window import MainWindow

_GATHER_MS = 300
"""Workers that die within this time are offered together."""


class Conductor(QObject):
    """Keeps the parts of the window in step with the session's runs."""

    told = Signal(str)
    failed = Signal(str)

    def __init__(self, window: MainWindow) -> None:
        """Follow the session of `window`, whose parts are made."""
        super().__init__(window)
        self._session, self._bridge, self._workspace = window.session, window.bridge, window.workspace
        self._side, self._bottom = window.side, window.bottom
        self._offers, self._menus = window.offers, window.menus
        self._lost: dict[FollowedRun, str] = {}
        self._demonstration: list[object] | None = None
        """The structures of the demonstration's networks; None until they are asked for."""
        self._offered, self._offered_runs = "", dict[FollowedRun, str]()
        self._held_up: set[FollowedRun] = set()
        """Runs that wait for room on their disk."""
        self._gathering = QTimer(self)
        self._gathering.setSingleShot(True)
        self._gathering.setInterval(_GATHER_MS)
        self._gathering.timeout.connect(self._ask_to_resume)
        self.closing = False
        """Whether the window goes: then the end of a worker is nothing to talk about."""
        self._side.lab.trained.connect(self._on_trained)
        self._side.lab.problems_wanted.connect(self._on_problems_wanted)
        self._session.current_changed.connect(self._on_current_changed)
        self._bridge.updated.connect(self._on_updated)
        self._bridge.run_ended.connect(self._on_run_ended)
        self._bridge.worker_died.connect(self._on_worker_died)
        self._workspace.networks_changed.connect(self._judge_lesson)
        self._bottom.table.writing.asked.connect(self._on_asked)
        self._judge_lesson()
        self._enable_training()

    @Slot()
    def _on_trained(self) -> None:
        self._side.tabs.setCurrentIndex(LESSON)
        self._side.lesson.start_over()
        self._bottom.show_plots()

    @Slot(object)
    def _on_problems_wanted(self, document: Document) -> None:
        """List what keeps a network from being trained, where it is shown."""
        for pane in self._workspace.panes:
            if pane.document is document:
                self._workspace.activate(pane)
                pane.problems.open()

    @Slot()
    def _on_current_changed(self) -> None:
        networks = [run.architecture for run in self._session.current if run.architecture is not None]
        self._workspace.show_networks(networks)
        self._judge_lesson()

    @Slot()
    def _judge_lesson(self) -> None:
        """Tell the lesson whether what is on screen is what it speaks of."""
        runs = self._session.current
        shown = [run.architecture for run in runs] or [d.architecture for d in self._workspace.documents]
        if self._demonstration is None:
            self._demonstration = [structure_of(each) for each in demonstration.architectures()]
        wanted = self._demonstration
        found = [structure_of(architecture) for architecture in shown if architecture is not None]
        same = len(found) == len(wanted) and all(structure in wanted for structure in found)
        self._side.lesson.set_subject(same and all(run.data == demonstration.recipe().data for run in runs))

    @Slot(str, object, str)
    def _on_asked(self, text: str, answers: object, before: str) -> None:
        self._offers.ask(text, answers, instead_of=before)  # type: ignore[arg-type]

    @Slot()
    def _on_updated(self) -> None:
        for run in self._session.current:
            if run.status == "running":
                self._side.lesson.follow("training")
            time = run.series.train.time
            if len(time) and time[-1] - time[0] >= TRAINING_SECONDS:
                self._side.lesson.follow("ended")
        self._tell_of_disks()
        self._enable_training()

    def _tell_of_disks(self) -> None:
        """Say once that runs wait for room, and once that they go on."""
        runs = self._bridge.followed.values()
        held_up = {run for run in runs if run.status == "paused" and run.trouble}
        for run in held_up - self._held_up:
            self.failed.emit(f"{run.name}: {run.trouble}")
        for run in self._held_up - held_up:
            if run.status == "running":
                self.told.emit(f"{run.name}: there is room again, training goes on.")
        self._held_up = held_up

    def _enable_training(self) -> None:
        current = self._session.current
        active = any(run.active for run in current)
        self._menus["pause"].setEnabled(active or any(run.resumable for run in current))
        self._menus["stop"].setEnabled(active)
        self._menus["checkpoint"].setEnabled(any(run.status in ("running", "paused") for run in current))

    @Slot(object, str, str)
    def _on_run_ended(self, path: object, state: str, message: str) -> None:
        run = self._bridge.followed[path]  # type: ignore[index]
        if state == "interrupted" and run.cut_short:
            self.told.emit(f"{run.name}: ended at iteration {run.series.iteration:,}. Resume goes on there.")
        elif state == "interrupted":
            self._offer_resume(run, "the worker had to end.")
        elif state == "failed":
            self.failed.emit(f"{run.name}: {device_sentence(message)}")
        else:
            self.told.emit(f"{run.name}: {state} at iteration {run.series.iteration:,}.")
        if state == "finished":
            self._side.lesson.follow("ended")

    @Slot(object, str)
    def _on_worker_died(self, path: object, reason: str) -> None:
        self._offer_resume(self._bridge.followed[path], reason)  # type: ignore[index]

    def _offer_resume(self, run: FollowedRun, reason: str) -> None:
        """Offer to go on; runs that are lost within a moment together."""
        if self.closing:
            return
        if not self._lost:
            self._gathering.start()
        self._lost[run] = reason

    @Slot()
    def _ask_to_resume(self) -> None:
        lost, self._lost = self._lost, {}
        before = self._offered
        if self._offers.asks(before):  # Not answered yet: one question for them all.
            lost = {**{run: why for run, why in self._offered_runs.items() if run.resumable}, **lost}
        reasons: dict[str, list[str]] = {}
        for run in self._bridge.followed.values():  # In the order of the experiment, not of their ends.
            if run in lost:
                reasons.setdefault(lost[run], []).append(run.name)
        text = " ".join(f"{' and '.join(names)}: {reason}" for reason, names in reasons.items())
        self.failed.emit(text)
        self._offered, self._offered_runs = f"{text} Everything recorded is there.", lost
        self._offers.ask(
            self._offered,
            (("Resume", partial(self._resume, [run.run for run in lost])), ("Not now", None)),
            instead_of=before,
        )

    def _resume(self, runs: list[Run]) -> None:
        self._bridge.resume([self._bridge.follow(run) for run in runs])
