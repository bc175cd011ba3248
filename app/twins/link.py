"""Link: zoom, place and selection of one pane, followed by the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import ceil
from time import perf_counter

from PySide6.QtCore import QObject, QSettings, Qt, QTimer, Signal, Slot

from app.canvas.view import NetworkView
from app.document import Document
from app.editor.pane import EditorPane
from resviz.arch.compare import counterparts
from resviz.arch.graph import Architecture

_SETTING = "twins/linked"
_FRAME, _SLOWEST = 0.016, 0.2
"""Seconds between two steps of the pane that follows, however often the mouse moves."""
_SHARE = 3
"""Where painting the other pane takes long it follows less often: the pane under the hand comes first."""


def are_twins(here: Architecture, there: Architecture) -> bool:
    """Return whether two networks have the same blocks, by name and kind; their parameters may differ."""
    blocks, others = here.blocks, there.blocks
    return (
        bool(blocks)
        and blocks.keys() == others.keys()
        and all(block.kind == others[block_id].kind for block_id, block in blocks.items())
    )


class Link(QObject):
    """Holds two panes together: of itself where their networks are twins, unless a person chose otherwise."""

    changed = Signal(bool)
    """The panes are linked from now on, or no more."""

    def __init__(self, panes: Sequence[EditorPane], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panes = tuple(panes)
        self._on = False
        self._following = False
        self._documents: dict[EditorPane, Document] = {}
        self._resets: dict[EditorPane, Callable[[], None]] = {}
        self._moved: EditorPane | None = None
        """The pane that was zoomed or panned last and is to be followed."""
        self._chosen: EditorPane | None = None
        """The pane in which something was selected last."""
        self._renewed: EditorPane | None = None
        """The pane that has just got another network: it joins the other one, wherever it stands itself."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._followed_at = self._pause = 0.0
        """Seconds: when the other pane followed last, and how long it rests after that."""
        self._timer.timeout.connect(self._follow)
        for pane in self._panes:
            view, moved = pane.view, partial(self._on_moved, pane)
            view.zoom_changed.connect(moved)
            view.horizontalScrollBar().valueChanged.connect(moved)
            view.verticalScrollBar().valueChanged.connect(moved)
            pane.selection_changed.connect(partial(self._on_selected, pane))
            pane.document_changed.connect(partial(self._on_renewed, pane))
            self._attend(pane)
        self._judge()

    @property
    def on(self) -> bool:
        """Whether the panes are linked."""
        return self._on

    def choose(self, on: bool, leader: EditorPane) -> None:
        """Link the panes, or not, as a person says: it is remembered. The other pane joins `leader`."""
        QSettings().setValue(_SETTING, on)
        self._moved = self._chosen = leader
        self._set(on)
        self._follow()

    def _set(self, on: bool) -> None:
        if on != self._on:
            self._on = on
            self.changed.emit(on)

    def _judge(self) -> None:
        """Link what are twins."""
        wanted = bool(QSettings().value(_SETTING, True, type=bool))
        self._set(wanted and are_twins(*(pane.document.architecture for pane in self._panes)))

    def _attend(self, pane: EditorPane) -> None:
        """Hear when another network takes the place of a pane's."""
        renewed, old = self._resets.get(pane), self._documents.get(pane)
        if old is not None and renewed is not None:
            old.was_reset.disconnect(renewed)
        self._resets[pane], self._documents[pane] = partial(self._on_renewed, pane), pane.document
        pane.document.was_reset.connect(self._resets[pane])

    def _on_renewed(self, pane: EditorPane, _document: object = None) -> None:
        if self._documents[pane] is not pane.document:
            self._attend(pane)
        self._judge()
        self._renewed, self._moved = pane, self._other(pane)
        self._wake()

    def _on_moved(self, pane: EditorPane, _value: float) -> None:
        if self._on and not self._following and pane is not self._renewed:
            self._moved = pane
            self._wake()

    def _on_selected(self, pane: EditorPane, _ids: list[str]) -> None:
        if self._on and not pane.led:
            self._chosen = pane
            self._wake()

    def _wake(self) -> None:
        if not self._timer.isActive():
            rest = self._followed_at + self._pause - perf_counter()
            self._timer.start(max(0, ceil(1000 * rest)))

    @Slot()
    def _follow(self) -> None:
        moved, chosen = self._moved, self._chosen
        self._moved = self._chosen = self._renewed = None
        if not self._on:
            return
        began = perf_counter()
        self._following = True
        try:
            if moved is not None:
                _look_alike(self._other(moved).view, moved.view)
            if chosen is not None:
                _select_alike(self._other(chosen), chosen)
        finally:
            self._following = False
        for pane in {self._other(leader) for leader in (moved, chosen) if leader is not None}:
            pane.view.viewport().repaint()
        self._followed_at = perf_counter()
        self._pause = min(max(_FRAME, _SHARE * (self._followed_at - began)), _SLOWEST)

    def _other(self, pane: EditorPane) -> EditorPane:
        return self._panes[1] if pane is self._panes[0] else self._panes[0]


def _look_alike(view: NetworkView, leader: NetworkView) -> None:
    """Show the same place at the same zoom, or all where the leader shows all."""
    if leader.fitted:
        view.fit()
        return
    if view.fitted or view.zoom != leader.zoom:
        view.set_zoom(leader.zoom)
    middle = view.viewport().rect().center()
    view.pan_by(middle - view.mapFromScene(leader.centre()))


def _select_alike(pane: EditorPane, leader: EditorPane) -> None:
    """Select what stands for the leader's selection, unless what is selected does already."""
    wanted = leader.scene.selection_ids()
    mine = pane.scene.selection_ids()
    if set(counterparts(mine, leader.document.architecture)) != set(wanted) or bool(mine) != bool(wanted):
        pane.follow_selection(counterparts(wanted, pane.document.architecture))
