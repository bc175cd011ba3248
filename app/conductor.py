"""What happens around training: lesson, curves and canvas follow it, and lost workers are offered again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.bottom import CURVES
from app.lab.followed import FollowedRun
from app.lessons.panel import TRAINING_SECONDS
from app.side import LESSON
from resviz.runs.store import Run

if TYPE_CHECKING:
    from app.window import MainWindow


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
        self._lost: dict[str, list[FollowedRun]] = {}
        self.closing = False
        """Whether the window goes: then the end of a worker is nothing to talk about."""
        self._side.lab.trained.connect(self._on_trained)
        self._session.current_changed.connect(self._on_current_changed)
        self._bridge.updated.connect(self._on_updated)
        self._bridge.run_ended.connect(self._on_run_ended)
        self._bridge.worker_died.connect(self._on_worker_died)
        self._enable_training()

    @Slot()
    def _on_trained(self) -> None:
        self._side.tabs.setCurrentIndex(LESSON)
        self._side.lesson.start_over()
        self._side.lesson.follow("training")
        self._bottom.setCurrentIndex(CURVES)

    @Slot()
    def _on_current_changed(self) -> None:
        networks = [run.architecture for run in self._session.current if run.architecture is not None]
        self._workspace.show_networks(networks)

    @Slot()
    def _on_updated(self) -> None:
        for run in self._session.current:
            if run.status == "running":
                self._side.lesson.follow("training")
            time = run.series.train.time
            if len(time) and time[-1] - time[0] >= TRAINING_SECONDS:
                self._side.lesson.follow("ended")
        self._enable_training()

    def _enable_training(self) -> None:
        current = self._session.current
        active = any(run.active for run in current)
        self._menus["pause"].setEnabled(active or any(run.resumable for run in current))
        self._menus["stop"].setEnabled(active)
        self._menus["checkpoint"].setEnabled(any(run.status in ("running", "paused") for run in current))

    @Slot(object, str, str)
    def _on_run_ended(self, path: object, state: str, message: str) -> None:
        run = self._bridge.followed[path]  # type: ignore[index]
        if state == "interrupted":
            self._offer_resume(run, "the worker had to end.")
        elif state == "failed":
            self.failed.emit(f"{run.name}: {message}")
        else:
            self.told.emit(f"{run.name}: {state} at iteration {run.series.iteration:,}.")
        if state == "finished":
            self._side.lesson.follow("ended")

    @Slot(object, str)
    def _on_worker_died(self, path: object, reason: str) -> None:
        self._offer_resume(self._bridge.followed[path], reason)  # type: ignore[index]

    def _offer_resume(self, run: FollowedRun, reason: str) -> None:
        """Offer to go on; the runs of one worker together, once this turn of the events is over."""
        if self.closing:
            return
        if not self._lost:
            QTimer.singleShot(0, self, self._ask_to_resume)
        self._lost.setdefault(reason, []).append(run)

    @Slot()
    def _ask_to_resume(self) -> None:
        lost, self._lost = self._lost, {}
        for reason, runs in lost.items():
            names = " and ".join(run.name for run in runs)
            self.failed.emit(f"{names}: {reason}")
            self._offers.ask(
                f"{names}: {reason} Everything recorded is there.",
                (("Resume", partial(self._resume, [run.run for run in runs])), ("Not now", None)),
            )

    def _resume(self, runs: list[Run]) -> None:
        self._bridge.resume([self._bridge.follow(run) for run in runs])
