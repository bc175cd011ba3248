"""Glide: blocks that were arranged by a rule are seen on their way to their new places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from PySide6.QtCore import QEasingCurve, QEvent, QObject, QVariantAnimation, Slot
from PySide6.QtWidgets import QStyle

from app.canvas.view import NetworkView
from app.editor.commands import ArrangeBlocks
from app.undo import Command, UndoStack
from resviz.arch.graph import Position

MOST_BLOCKS = 200
"""Of a network; more than these would stutter, and from so far away nobody could follow them."""


class Glide(QObject):
    """Moves the picture of a view after its document, which has changed already.

    It ends at once, with every block where it belongs, when the mouse is pressed or anything else is done.
    """

    def __init__(self, view: NetworkView) -> None:
        super().__init__(view)
        self._view = view
        self._stack: UndoStack | None = None
        self._from: dict[str, Position] = {}
        self._to: dict[str, Position] = {}
        self._shown: dict[str, Position] = {}
        """Where the blocks on their way are seen."""
        self._held = False
        self._animation = QVariantAnimation(self)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._animation.valueChanged.connect(self._on_share_changed)
        self._animation.finished.connect(self._on_finished)
        view.viewport().installEventFilter(self)

    @property
    def running(self) -> bool:
        """Whether blocks are on their way."""
        return bool(self._to)

    def follow(self, stack: UndoStack) -> None:
        """Follow what is done to the document that the view shows now."""
        self._animation.stop()
        self._to, self._shown = {}, {}
        if self._stack is not None:
            self._stack.did.disconnect(self._on_did)
            self._stack.redid.disconnect(self._on_did)
            self._stack.undid.disconnect(self._on_undid)
        self._stack = stack
        stack.did.connect(self._on_did)
        stack.redid.connect(self._on_did)
        stack.undid.connect(self._on_undid)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Begin only after what is done inside, which sees every block at its new place."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            if self._to:
                self._begin()

    def end(self) -> None:
        """Show every block where it belongs, now."""
        self._animation.stop()
        if not self._to:
            return
        self._to, self._shown = {}, {}
        network = self._view.network
        places = {b.id: b.position or (0.0, 0.0) for b in network.document.architecture.blocks.values()}
        astray = {b: place for b, place in places.items() if network.block_item(b).pos().toTuple() != place}
        network.preview_move(astray)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """End before a press is answered: it means a block at its place."""
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.DragEnter):
            self.end()
        return super().eventFilter(watched, event)

    @Slot(object)
    def _on_did(self, step: Command) -> None:
        if isinstance(step, ArrangeBlocks):
            self._go(step.before, step.after)
        else:
            self.end()

    @Slot(object)
    def _on_undid(self, step: Command) -> None:
        if isinstance(step, ArrangeBlocks):
            self._go(step.after, step.before)
        else:
            self.end()

    def _go(self, start: Mapping[str, Position], goal: Mapping[str, Position]) -> None:
        network, shown = self._view.network, dict(self._shown)
        self.end()
        if self._view.isVisible() and len(network.document.architecture.cells()) <= MOST_BLOCKS:
            self._from = {block_id: shown.get(block_id, place) for block_id, place in start.items()}
            self._to = dict(goal)
            if not self._held:
                self._begin()

    def _begin(self) -> None:
        duration = self._view.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration)
        if duration <= 0:  # the system asks for no animations
            self._to = {}
            return
        self._animation.setDuration(duration)
        self._animation.start()

    @Slot(object)
    def _on_share_changed(self, share: float) -> None:
        if not self._to:
            return
        self._shown = {
            block_id: (x + share * (self._to[block_id][0] - x), y + share * (self._to[block_id][1] - y))
            for block_id, (x, y) in self._from.items()
        }
        self._view.network.preview_move(self._shown)

    @Slot()
    def _on_finished(self) -> None:
        self.end()
