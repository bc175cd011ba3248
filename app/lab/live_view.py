"""What training says while it goes on: errors in large digits, the gap between the twins, time left."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from app.lab.fields import ElidedLabel, sentence_label, set_property
from app.lab.followed import FollowedRun
from app.lab.session import Session
from app.theme import GRID, theme

_WISHES = {"pausing": "pausing…", "resuming": "going on…", "stopping": "stopping…"}
_STATES = {
    "starting": "starting",
    "running": "training",
    "paused": "paused",
    "finished": "finished",
    "stopped": "stopped",
    "failed": "failed",
    "interrupted": "interrupted",
}


def error_text(value: float | None) -> str:
    """Return an error in percent as shown: "41.3 %", or a dash."""
    return "–" if value is None or math.isnan(value) else f"{value:.1f} %"


def duration_text(seconds: float | None) -> str:
    """Return a time left in words: "45 s", "12 min", "3 h 5 min"."""
    if seconds is None or math.isnan(seconds) or seconds < 0:
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def state_text(run: FollowedRun) -> str:
    """Return one word for what a run is doing."""
    return _WISHES.get(run.wish) or _STATES[run.status]


def device_sentence(message: str) -> str:
    """Return a worker's sentence about its device in the words of the form."""
    device, found, rest = message.removeprefix("--device ").partition(": ")
    if not message.startswith("--device ") or not found:
        return message
    if "no CUDA card" in rest:
        return "This machine has no CUDA card: choose Automatic or CPU."
    rest = rest.replace("choose auto or cpu", "choose Automatic or CPU").replace("choose cpu", "choose CPU")
    return f"{rest[:1].upper()}{rest[1:]}" if rest else device


def preparing_text(runs: Sequence[FollowedRun]) -> str:
    """Return what workers are doing before the first step: reading pictures, or loading PyTorch."""
    telling = [run for run in runs if run.status == "starting" and run.note and run.progress is not None]
    reading = [run for run in telling if run.progress is not None and run.progress < 1.0]
    if reading:
        slowest = min(reading, key=lambda run: run.progress or 0.0)
        return f"{slowest.note[:1].upper()}{slowest.note[1:]}: {100 * (slowest.progress or 0.0):.0f} %."
    if telling:
        return "The pictures are there; the first batch comes next."
    return "The first batch takes a few seconds: PyTorch is being loaded."


def activity_text(run: FollowedRun) -> str:
    """Return what a run does in its own words: the worker's note while it prepares, else the state."""
    if run.status == "starting" and run.note and not run.wish:
        share = "" if run.progress is None else f" {run.progress * 100:.0f} %"
        return f"{run.note}{share}…"
    if run.status == "running" and not run.wish:
        if run.series.progress is not None and run.series.notes:
            return f"{run.series.notes[-1].message} {run.series.progress * 100:.0f} %"
        return f"iteration {run.series.iteration:,}"
    text = "diverged" if run.diverged else "waiting for room" if run.disk_full else state_text(run)
    at = f" at {run.series.iteration:,}" if run.status != "starting" and run.series.iteration else ""
    return f"{text}{at}"


class _RunReadout(QWidget):
    """One run: name in its colour, training error large, test error and state below."""

    def __init__(self, session: Session, run: FollowedRun) -> None:
        super().__init__()
        self._session, self.run = session, run
        self._name, self._train = ElidedLabel(), QLabel("–")
        self._test, self._state = QLabel(), ElidedLabel()
        self._train.setProperty("role", "value")
        self._train.setToolTip("Training error: percent of wrong answers over the last epoch of batches")
        self._test.setProperty("role", "muted")
        self._state.setProperty("role", "caption")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 4)
        for label in (self._name, self._train, self._test, self._state):
            # Long names are cut rather than pushing the panel wider.
            label.setMinimumWidth(1)
            column.addWidget(label)
        self.recolour()
        self.refresh()

    def recolour(self) -> None:
        """Take the run's colour of the palette in force: data, not style, and so no matter of the theme."""
        colour = self._session.colour(self.run.path).name()
        self._name.setStyleSheet(f"color: {colour}")
        self._train.setStyleSheet(f"color: {colour}; font-size: {2 * theme().font_pixels}px")

    def refresh(self) -> None:
        """Show the newest values."""
        series = self.run.series
        self._name.show_text(self.run.name)
        self._train.setText(error_text(series.train_error_pct))
        self._test.setText(f"test {error_text(series.test_error_pct)}")
        self._state.show_text(activity_text(self.run))
        set_property(self._state, "role", "error" if self.run.trouble else "caption")


def trouble_text(runs: Sequence[FollowedRun]) -> str:
    """Return what is wrong with which runs, a line each; without names where it is the same with all."""
    found: dict[str, list[str]] = {}
    for run in runs:
        if run.trouble:
            found.setdefault(device_sentence(run.trouble), []).append(run.name)
    return "\n".join(
        text if len(names) == len(runs) else f"{' and '.join(names)}: {text}" for text, names in found.items()
    )


class LiveView(QWidget):
    """The runs of the experiment that is in hand."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._readouts: list[_RunReadout] = []
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(2 * GRID)
        self._grid.setVerticalSpacing(2 * GRID)
        self._gap = QLabel()
        self._gap.setProperty("role", "value")
        self._gap_caption = sentence_label("caption")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self._where = sentence_label("caption")
        self.message = sentence_label("error")
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(self._grid)
        gap = QVBoxLayout()
        gap.setSpacing(0)
        gap.addWidget(self._gap)
        gap.addWidget(self._gap_caption)
        column.addLayout(gap)
        column.addWidget(self.progress)
        column.addWidget(self._where)
        column.addWidget(self.message)
        theme().changed.connect(self._on_theme_changed)
        session.runs_changed.connect(self._on_runs_changed)
        self._on_theme_changed()

    @property
    def gap_points(self) -> float | None:
        """Training error of the first plain run minus that of the first residual one, in points."""
        pair = self._pair()
        if pair is None:
            return None
        plain, residual = (run.series.train_error_pct for run in pair)
        return None if plain is None or residual is None else plain - residual

    def _pair(self) -> tuple[FollowedRun, FollowedRun] | None:
        """Return the first plain and the first residual run that have an error."""
        found: dict[bool, FollowedRun] = {}
        for run in self._session.current:
            if run.series.train_error_pct is not None:
                found.setdefault(run.plain, run)
        return (found[True], found[False]) if len(found) == 2 else None

    def _gap_sentence(self) -> str:
        """Return what the gap is between; twins that rest at different iterations say at which."""
        pair = self._pair()
        if pair is not None:
            plain, residual = (run.series.iteration for run in pair)
            if plain != residual and not all(run.status == "running" for run in pair):
                return f"plain minus residual, at iterations {plain:,} and {residual:,}"
        return "plain minus residual, training error"

    def set_runs(self, runs: Sequence[FollowedRun]) -> None:
        """Show these runs from now on."""
        for readout in self._readouts:
            self._grid.removeWidget(readout)
            readout.deleteLater()
        self._readouts = [_RunReadout(self._session, run) for run in runs]
        for index, readout in enumerate(self._readouts):
            self._grid.addWidget(readout, index // 2, index % 2)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1 if len(self._readouts) > 1 else 0)
        self.refresh()

    def refresh(self) -> None:
        """Show the newest values."""
        for readout in self._readouts:
            readout.refresh()
        runs = self._session.current
        both = {run.plain for run in runs} == {True, False}
        gap = self.gap_points
        self._gap.setVisible(both)
        self._gap_caption.setVisible(both)
        self._gap.setText("–" if gap is None else f"{gap:+.1f} points".replace("+", "").replace("-", "−"))
        self._gap_caption.setText(self._gap_sentence())
        self._refresh_progress(runs)
        trouble = trouble_text(runs)
        self.message.setText(trouble)
        self.message.setVisible(bool(trouble))

    def _refresh_progress(self, runs: Sequence[FollowedRun]) -> None:
        if any(run.status == "starting" for run in runs):
            shares = [run.progress for run in runs if run.status == "starting" and run.progress is not None]
            self.progress.setRange(0, 1000 if shares else 0)
            if shares:
                self.progress.setValue(round(1000 * min(shares)))
            self._where.setText(preparing_text(runs))
            return
        # A run that failed is passed by the others.
        going = [run for run in runs if run.active] or runs
        done = min((run.series.iteration for run in going), default=0)
        total = max((run.series.iterations or 0 for run in runs), default=0)
        self.progress.setRange(0, max(total, 1))
        self.progress.setValue(done)
        parts = [f"{total:,} iterations" if done == total else f"{done:,} of {total:,} iterations"]
        if any(run.status == "running" for run in runs):
            # The slowest says when all are done; until each is known, nobody knows which that is.
            paces = [run.series.iterations_per_second for run in _stepping(runs)]
            left = [run.series.seconds_left for run in _stepping(runs)]
            slowest = min((pace or 0.0 for pace in paces), default=0.0)
            parts.append(f"{slowest:.1f} iterations/s" if slowest else "– iterations/s")
            longest = max((seconds for seconds in left if seconds is not None), default=None)
            parts.append(f"{duration_text(None if None in left else longest) or '–'} left")
        self._where.setText(" · ".join(parts))

    @Slot()
    def _on_runs_changed(self) -> None:
        """Take up titles and colours."""
        for readout in self._readouts:
            readout.recolour()
            readout.refresh()

    @Slot()
    def _on_theme_changed(self) -> None:
        self._gap.setStyleSheet(f"font-size: {2 * theme().font_pixels}px")
        for readout in self._readouts:
            readout.recolour()


def _stepping(runs: Sequence[FollowedRun]) -> list[FollowedRun]:
    """Return the runs in training that have iterations before them: behind the last one only tests follow."""
    return [
        run
        for run in runs
        if run.status == "running"
        and (run.series.iterations is None or run.series.iteration < run.series.iterations)
    ]
