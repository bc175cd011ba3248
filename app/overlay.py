"""Live readouts: the probes of running networks, painted on the panes that show the same networks."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Slot

from app.document import Document
from app.editor.pane import EditorPane
from app.lab.followed import FollowedRun
from app.lab.readouts import Readouts, ranges_of, readouts_of, structure_of
from app.lab.session import Session

_SECONDS = 0.1
"""Between two paintings at the least."""


class Overlay(QObject):
    """Keeps each pane's readouts those of the run in hand that trains the same network."""

    def __init__(self, session: Session, panes: list[EditorPane], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._panes = session, panes
        self._matches: list[FollowedRun | None] | None = None
        self._painted: object = None
        self._painted_at = 0.0
        session.current_changed.connect(self._on_network_changed)
        session.bridge.updated.connect(self._on_updated)
        for pane in panes:
            self._watch(pane.document)
            pane.document_changed.connect(self._watch)

    def refresh(self) -> None:
        """Paint the newest probes, if there are newer ones."""
        if self._matches is None:
            self._matches = [self._match(pane.document) for pane in self._panes]
        now = tuple(None if run is None else (id(run), _probes(run)) for run in self._matches)
        if now == self._painted:
            return
        self._painted = now
        values: list[Readouts] = [
            {} if run is None else readouts_of(run.series, pane.document.architecture.blocks)
            for run, pane in zip(self._matches, self._panes, strict=True)
        ]
        gradients, magnitudes = ranges_of(values)
        for pane, each in zip(self._panes, values, strict=True):
            pane.set_readouts(each or None, gradient_range=gradients, magnitude_range=magnitudes)

    def _match(self, document: Document) -> FollowedRun | None:
        if not self._session.current:
            return None
        wanted = structure_of(document.architecture)
        for run in self._session.current:
            if run.architecture is not None and structure_of(run.architecture) == wanted:
                return run
        return None

    @Slot(object)
    def _watch(self, document: Document) -> None:
        """Look again which run a pane shows when its network changes."""
        document.analysed.connect(self._on_network_changed)
        self._on_network_changed()

    @Slot()
    def _on_network_changed(self) -> None:
        self._matches = None
        self.refresh()

    @Slot()
    def _on_updated(self) -> None:
        now = time.monotonic()
        if now - self._painted_at >= _SECONDS:
            self._painted_at = now
            self.refresh()


def _probes(run: FollowedRun) -> tuple[int, int]:
    iterations = run.series.probe_iterations
    return len(iterations), int(iterations[-1]) if len(iterations) else -1
