"""Live readouts: the probes of running networks, painted on the panes that show the same networks."""

from __future__ import annotations

import time
from functools import partial
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, QPoint, QTimer, Slot
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from app.canvas.readout import ReadoutScale
from app.document import Document
from app.editor.pane import EditorPane
from app.lab.followed import FollowedRun
from app.lab.readouts import structure_of
from app.lab.session import Session
from app.plots.blocks import block_values
from app.plots.extents import colour_range
from app.plots.quantities import ABSENT, GRADIENT, QUANTITIES, Quantity
from app.plots.timeline import Timeline, index_at
from resviz.arch.graph import Architecture

_SECONDS = 0.1
"""Between two paintings at the least."""
EDITED = "trained before your last edit"
"""What the legend says when readouts are those of the network as it was."""


class Overlay(QObject):
    """Keeps the blocks of each pane filled by the run in hand that trains the same network."""

    def __init__(
        self,
        session: Session,
        panes: list[EditorPane],
        timeline: Timeline,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._panes, self._timeline = session, panes, timeline
        self.quantity = GRADIENT
        """What the blocks are filled by."""
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
            pane.legend.clicked.connect(partial(self._offer, pane))

    def show_quantity(self, quantity: Quantity) -> None:
        """Fill the blocks by another quantity."""
        if quantity is not self.quantity:
            self.quantity, self._painted = quantity, None
            self.refresh()

    def refresh(self) -> None:
        """Paint the probes at the time cursor, if they are others than those painted."""
        if self._matches is None:
            self._matches = [self._match(pane.document) for pane in self._panes]
        matches = self._matches
        now = tuple(None if run is None else (id(run), *self._probe(run)) for run in matches)
        if now == self._painted:
            return
        self._painted = now
        quantity = self.quantity
        low, high = colour_range([run.series for run in matches if run is not None], quantity)
        scale = ReadoutScale(quantity.title, quantity.short, low, high, quantity.log, quantity.text)
        for pane, run in zip(self._panes, matches, strict=True):
            if run is None or not len(run.series.probe_iterations):
                pane.set_readouts(None)
                continue
            blocks = kept_blocks(run.architecture, pane.document.architecture)
            values = block_values(run.series, quantity, self._probe(run)[0], blocks)
            note = "" if values else f"{ABSENT} {quantity.title.lower()}"
            pane.set_readouts(values, scale, note=note if _same(run, pane.document) else EDITED)

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

    def _offer(self, pane: EditorPane) -> None:
        """Let the person choose what the blocks are filled by, at the legend."""
        menu = QMenu(pane)
        group = QActionGroup(menu)
        for quantity in QUANTITIES.values():
            action = group.addAction(f"Colour by {quantity.title.lower()}")
            action.setCheckable(True)
            action.setChecked(quantity is self.quantity)
            action.triggered.connect(partial(self.show_quantity, quantity))
            menu.addAction(action)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(pane.legend.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

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
