"""Live readouts: the probes of running networks, painted on the panes that show the same networks."""

from __future__ import annotations

import time
from functools import partial
from operator import is_
from weakref import WeakKeyDictionary, WeakSet

import numpy as np
from PySide6.QtCore import QObject, QPoint, QTimer, Slot
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from app.canvas.costs import COSTS, CostKind, cost_readouts, largest_share
from app.canvas.marks import Mark
from app.canvas.readout import Readouts, ReadoutScale
from app.document import Document
from app.editor.pane import EditorPane
from app.lab.followed import FollowedRun
from app.lab.readouts import structure_of
from app.lab.session import Session
from app.plots.block_report import report
from app.plots.blocks import BlockRows
from app.plots.extents import colour_range
from app.plots.health import dead, exploding
from app.plots.pace import pace
from app.plots.quantities import ABSENT, GRADIENT, MAGNITUDE, QUANTITIES, Quantity
from app.plots.timeline import Timeline, index_at
from resviz.arch.graph import Architecture
from resviz.runs.events import Started
from resviz.runs.series import RunSeries

EDITED = "trained before your last edit"
"""What the legend says when readouts are those of the network as it was."""
HIDDEN = "training goes on unseen: Alt+0"
"""What it says when blocks are filled by their costs while a run trains them."""


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
        """What of training the blocks are filled by."""
        self.cost: CostKind | None = None
        """What they cost, if they are filled by that instead."""
        self._matches: list[tuple[FollowedRun, bool] | None] | None = None
        """The run of each pane, and whether its network was edited since."""
        self._earlier: WeakKeyDictionary[Document, FollowedRun] = WeakKeyDictionary()
        """The run that trained a document as it was before it was edited."""
        self._watched: WeakSet[Document] = WeakSet()
        self._rows: dict[EditorPane, tuple[Started, BlockRows]] = {}
        """Which values of its run's probes belong to which blocks of a pane."""
        self._painted: object = None
        self._painted_at = 0.0
        session.current_changed.connect(self._on_network_changed)
        session.runs_changed.connect(self._on_network_changed)
        session.bridge.updated.connect(self._on_updated)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.refresh)
        timeline.moved.connect(self._soon.start)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._on_updated)
        for pane in panes:
            self._watch(pane.document)
            pane.document_changed.connect(self._watch)
            pane.legend.clicked.connect(partial(self._offer, pane))

    def show_quantity(self, quantity: Quantity) -> None:
        """Fill the blocks by another quantity."""
        if quantity is not self.quantity or self.cost is not None:
            self.quantity, self.cost, self._painted = quantity, None, None
            self.refresh()

    def show_cost(self, kind: CostKind | None) -> None:
        """Fill the blocks by what they cost, or (None, or the same again) by what training measures."""
        self.cost = None if kind is self.cost else kind
        self._painted = None
        self.refresh()

    def refresh(self) -> None:
        """Paint the probes at the time cursor, or costs, if they are others than those painted."""
        if self.cost is not None:
            self._show_costs(self.cost)
            return
        matches = self._found_matches()
        now = tuple(None if match is None else (id(match[0]), *self._probe(match[0])) for match in matches)
        if now == self._painted:
            return
        self._painted = now
        quantity = self.quantity
        scale = self._scale([match[0].series for match in matches if match is not None])
        for pane, match in zip(self._panes, matches, strict=True):
            started = match[0].series.started if match is not None else None
            if match is None or started is None or not len(match[0].series.probe_iterations):
                pane.set_readouts(None)
                continue
            run, edited = match
            readouts = self._readouts(pane, run, started, scale)
            note = "" if readouts.used else f"{ABSENT} {quantity.title.lower()}"
            pane.set_readouts(readouts, note=EDITED if edited else note)

    def _show_costs(self, kind: CostKind) -> None:
        """Fill the blocks by what they cost; one scale for all panes, so that the networks compare."""
        matches = self._found_matches()
        now = (kind, *(pane.document.cost for pane in self._panes), *(bool(match) for match in matches))
        if isinstance(self._painted, tuple) and all(map(is_, self._painted, now)):
            return
        self._painted = now
        high = max(largest_share(pane.document, kind) for pane in self._panes)
        for pane, match in zip(self._panes, matches, strict=True):
            pane.set_readouts(cost_readouts(pane.document, kind, high), note=HIDDEN if match else "")

    def _found_matches(self) -> list[tuple[FollowedRun, bool] | None]:
        """Return the run of each pane, looked up anew where a network or a run changed."""
        if self._matches is None:
            self._matches = [self._match(pane.document) for pane in self._panes]
            self._rows.clear()
        return self._matches

    def _scale(self, series: list[RunSeries]) -> ReadoutScale:
        """Return the scale of the colours: one for all panes, and nothing in sight lies beyond its ends."""
        quantity, at = self.quantity, self._timeline.at
        probed = [(each, each.probe_iterations) for each in series]
        rows = [quantity.values(each)[index_at(found, at)] for each, found in probed if len(found)]
        low, high = colour_range(series, quantity, rows)
        return ReadoutScale(
            quantity.title, quantity.short, low, high, quantity.log, quantity.text, quantity.symbol
        )

    def _readouts(
        self, pane: EditorPane, run: FollowedRun, started: Started, scale: ReadoutScale
    ) -> Readouts:
        """Return what the probe at the cursor says of a pane's blocks."""
        series, (probe, iteration) = run.series, self._probe(run)
        known = self._rows.get(pane)
        if known is None or known[0] is not started:
            known = started, BlockRows(started, kept_blocks(run.architecture, pane.document.architecture))
            self._rows[pane] = known
        rows = known[1]
        values, filled = rows.values(series, self.quantity, probe)
        marks = np.where(rows.all_of(dead(series, probe)), Mark.DEAD, Mark.NONE)
        marks = np.where(rows.any_of(exploding(series, probe)), Mark.EXPLODING, marks)
        return Readouts(
            rows.ids,
            values,
            scale,
            filled,
            magnitude=rows.values(series, MAGNITUDE, probe)[0],
            marks=marks.astype(np.int8),
            when=f"iteration {iteration:,}",
            tell=partial(report, series, rows, iteration, run.name),
        )

    def _probe(self, run: FollowedRun) -> tuple[int, int]:
        """Return which probe of a run is at the cursor, and its iteration; -1 where there is none."""
        iterations = run.series.probe_iterations
        if not len(iterations):
            return -1, -1
        probe = index_at(iterations, self._timeline.at)
        return probe, int(iterations[probe])

    def _match(self, document: Document) -> tuple[FollowedRun, bool] | None:
        """Return the run that trains a document, or (True) trained it before it was edited."""
        # What is in hand comes first; a run of which only the curves are shown is seen in its network too.
        current = self._session.current
        runs = [*current, *(run for run in self._session.shown if run not in current)]
        run = next((run for run in runs if _same(run, document)), None)
        if run is not None:
            self._earlier[document] = run
            return run, False
        earlier = self._earlier.get(document)
        return next(((run, True) for run in runs if run is earlier), None)

    def _offer(self, pane: EditorPane) -> None:
        """Let the person choose what the blocks are filled by, at the legend."""
        menu = QMenu(pane)
        group = QActionGroup(menu)
        for quantity in QUANTITIES.values():
            action = group.addAction(f"Colour by {quantity.title.lower()}")
            action.setCheckable(True)
            action.setChecked(self.cost is None and quantity is self.quantity)
            action.triggered.connect(partial(self.show_quantity, quantity))
            menu.addAction(action)
        menu.addSeparator()
        for kind in COSTS.values():
            action = group.addAction(f"Colour by share of {kind.title.lower()}")
            action.setCheckable(True)
            action.setChecked(kind is self.cost)
            action.triggered.connect(partial(self.show_cost, kind))
            menu.addAction(action)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(pane.legend.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    @Slot(object)
    def _watch(self, document: Document) -> None:
        """Look again which run a pane shows when its network changes."""
        if document not in self._watched:  # A document comes back with its tab.
            self._watched.add(document)
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
        """Paint what is new, in a moment if it is too soon: the last word of a run is not left out."""
        if pace.allows(self._painted_at):
            self._painted_at = time.monotonic()
            self.refresh()
        elif not self._later.isActive():
            self._later.start(round(1000 * pace.interval))


def _same(run: FollowedRun, document: Document) -> bool:
    architecture = run.architecture
    return architecture is not None and structure_of(architecture) == structure_of(document.architecture)


def kept_blocks(trained: Architecture | None, shown: Architecture) -> list[str]:
    """Return the blocks that stand in both networks under the same id and are of the same kind."""
    if trained is None:
        return []
    return [b.id for b in shown.blocks.values() if b.id in trained and trained[b.id].kind == b.kind]
