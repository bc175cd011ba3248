"""Live readouts: the probes of running networks, painted on the panes that show the same networks."""

from __future__ import annotations

import time
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, QTimer, Slot

from app.document import Document
from app.editor.pane import EditorPane
from app.lab.followed import FollowedRun
from app.lab.readouts import Readouts, ranges_of, readouts_of, structure_of
from app.lab.session import Session
from app.plots.timeline import Timeline, index_at
from resviz.arch.graph import Architecture

_SECONDS = 0.1
"""Between two paintings at the least."""
EDITED = "trained before your last edit"
"""What the legend says when readouts are those of the network as it was."""


class Overlay(QObject):
    """Keeps each pane's readouts those of the run in hand that trains the same network."""

    def __init__(
        self,
        session: Session,
        panes: list[EditorPane],
        timeline: Timeline,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._panes, self._timeline = session, panes, timeline
        self._matches: list[FollowedRun | None] | None = None
        self._earlier: WeakKeyDictionary[Document, FollowedRun] = WeakKeyDictionary()
        """The run that trained a document as it was before it was edited."""
        self._painted: object = None
        self._painted_at = 0.0
        session.current_changed.connect(self._on_network_changed)
        session.bridge.updated.connect(self._on_updated)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.refresh)
        timeline.moved.connect(self._soon.start)
        for pane in panes:
            self._watch(pane.document)
            pane.document_changed.connect(self._watch)

    def refresh(self) -> None:
        """Paint the probes at the time cursor, if they are others than those painted."""
        if self._matches is None:
            self._matches = [self._match(pane.document) for pane in self._panes]
        now = tuple(None if run is None else (id(run), *self._probe(run)) for run in self._matches)
        if now == self._painted:
            return
        self._painted = now
        values: list[Readouts] = [
            {}
            if run is None
            else readouts_of(
                run.series, kept_blocks(run.architecture, pane.document.architecture), self._probe(run)[0]
            )
            for run, pane in zip(self._matches, self._panes, strict=True)
        ]
        gradients, magnitudes = ranges_of(values)
        for pane, run, each in zip(self._panes, self._matches, values, strict=True):
            edited = run is not None and not _same(run, pane.document)
            pane.set_readouts(
                each or None,
                gradient_range=gradients,
                magnitude_range=magnitudes,
                note=EDITED if edited else "",
            )

    def _probe(self, run: FollowedRun) -> tuple[int, int]:
        """Return which probe of a run is at the cursor, and its iteration; -1 where there is none."""
        iterations = run.series.probe_iterations
        if not len(iterations):
            return -1, -1
        probe = index_at(iterations, self._timeline.at)
        return probe, int(iterations[probe])

    def _match(self, document: Document) -> FollowedRun | None:
        """Return the run that trains a document, or trained it before it was edited."""
        current = self._session.current
        run = next((run for run in current if _same(run, document)), None)
        if run is not None:
            self._earlier[document] = run
            return run
        earlier = self._earlier.get(document)
        return next((run for run in current if run is earlier), None)

    @Slot(object)
    def _watch(self, document: Document) -> None:
        """Look again which run a pane shows when its network changes."""
        document.analysed.connect(self._on_network_changed)
        document.was_reset.connect(self._on_replaced)
        self._on_network_changed()

    @Slot()
    def _on_replaced(self) -> None:
        """Another network, not an edited one: what was trained before says nothing about it."""
        document = self.sender()
        if isinstance(document, Document):
            self._earlier.pop(document, None)

    @Slot()
    def _on_network_changed(self) -> None:
        self._matches = self._painted = None
        self.refresh()

    @Slot()
    def _on_updated(self) -> None:
        now = time.monotonic()
        if now - self._painted_at >= _SECONDS:
            self._painted_at = now
            self.refresh()


def _same(run: FollowedRun, document: Document) -> bool:
    architecture = run.architecture
    return architecture is not None and structure_of(architecture) == structure_of(document.architecture)


def kept_blocks(trained: Architecture | None, shown: Architecture) -> list[str]:
    """Return the blocks that stand in both networks under the same id and are of the same kind."""
    if trained is None:
        return []
    return [b.id for b in shown.blocks.values() if b.id in trained and trained[b.id].kind == b.kind]
