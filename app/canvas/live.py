"""What changes ten times a second while a network trains: which items are painted anew, and by whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from app.canvas import geometry as g
from app.canvas.block_item import BlockItem
from app.canvas.crowd import FAR, CrowdItem
from app.canvas.detail import level_at
from app.canvas.items import Items
from app.canvas.paints import Paints
from app.canvas.readout import Board, Readouts
from app.canvas.shape_labels import ShapeLabels
from app.canvas.wire_item import WireItem
from resviz.arch.graph import Wire

_BARE = QGraphicsItem.GraphicsItemFlag.ItemHasNoContents


class Live:
    """Brings readouts to the items of a scene; from far away one item paints them all."""

    def __init__(
        self,
        scene: QGraphicsScene,
        blocks: Items,
        wires: Mapping[Wire, WireItem],
        paints: Paints,
    ) -> None:
        self._scene, self._blocks, self._wires = scene, blocks, wires
        self.board = Board()
        self._crowd = CrowdItem(blocks, wires, self.board, paints)
        self.shapes = ShapeLabels(blocks, wires, paints)
        self._far = False
        self._numbers = True
        self._items: list[BlockItem | None] = []
        """The item of each of the board's rows."""
        self._places: NDArray[np.float64] | None = None
        """Where those stand, (rows, 2), NaN for those not here; None: to be looked up anew."""
        self._additions: dict[int, list[WireItem]] = defaultdict(list)
        """The wires into loose additions, by the rows of these."""
        scene.addItem(self._crowd)
        scene.addItem(self.shapes)

    # Items

    def adopt_block(self, item: BlockItem) -> None:
        """Take in a new block."""
        item.find_rows()
        item.setFlag(_BARE, self._far)

    def adopt_wire(self, item: WireItem, *, adds: bool) -> None:
        """Take in a new wire; `adds`: into a loose addition."""
        item.adds = adds
        item.setFlag(_BARE, self._far)
        self._set_row(item)

    def drop_wire(self, item: WireItem) -> None:
        """Forget a wire."""
        if item.row >= 0:
            self._additions[item.row].remove(item)

    def rearrange(self) -> None:
        """Items came, went or moved, or carry something else."""
        self.shapes.touch()
        self.touch()

    def touch(self) -> None:
        """Items look different: what is kept of them is to be made anew."""
        self._places = None
        if self._far:
            self._crowd.touch()

    def measure(self) -> None:
        """Items stand elsewhere than before; to be told once for all of them."""
        if self._far:
            self._crowd.measure()

    def lift(self, blocks: Collection[BlockItem], wires: Collection[Wire]) -> None:
        """Blocks are dragged and take their wires along: the rest stays as it is meanwhile."""
        self._places = None
        self.shapes.lift(wires)
        if self._far:
            self._crowd.lift(blocks, wires)

    def carry(self, step: QPointF) -> bool:
        """Show all blocks a step further without moving them; return whether that can be: from far away."""
        if self._far:
            self._crowd.carry(step)
        return self._far

    def set_paints(self, paints: Paints) -> None:
        """Draw with other colours."""
        self._crowd.paints = self.shapes.paints = paints
        self.shapes.touch()

    def set_zoom(self, zoom: float, enlarge: float) -> None:
        """Take over the view's zoom: it decides what of a change can be seen, and who paints."""
        level = level_at(zoom, enlarge)
        self._numbers = level is not None and level.numbers
        if (zoom < FAR) != self._far:
            self._far = zoom < FAR
            for item in (*self._blocks, *self._wires.values()):
                item.setFlag(_BARE, self._far)
            self._crowd.setVisible(self._far)
            self.touch()
            self.measure()

    def set_window(self, size: QSize, ratio: float) -> None:
        """Take over how large the view is, and how many pixels of the device one of its pixels has."""
        self._crowd.size, self.board.ratio = size, ratio

    # Values

    def show(self, readouts: Readouts | None) -> int:
        """Show other live values (None: none); return how many blocks were painted anew for that."""
        had = len(self.board.rows)
        changed = self.board.take(readouts)
        if changed is None:
            self._set_rows()
            self.repaint()
            return max(had, len(self.board.rows))
        if self._far:
            if len(changed):
                self._crowd.update()
            return len(changed)
        return self._repaint(changed)

    def repaint(self) -> None:
        """Paint everything anew.

        `QGraphicsScene.update` ignores what items ask for until a later turn of the event loop, and is
        forgotten itself where a part of the view is painted before that.
        """
        for view in self._scene.views():
            view.viewport().update()

    def _repaint(self, changed: NDArray[np.int64]) -> int:
        """Paint those of the changed rows anew that are in sight, and those whose numbers can be read."""
        seen = self._seen()
        rows = set(changed[seen[changed]].tolist())
        if self._numbers:
            rows.update(self.board.renumbered(np.flatnonzero(seen).tolist()))
        for row in rows:
            item = self._items[row]
            if item is not None:
                item.update()
        for row in changed.tolist() if self._additions else ():
            for wire in self._additions.get(row, ()):
                wire.update()
        return len(rows)

    def _seen(self) -> NDArray[np.bool_]:
        """Return which of the board's rows are in sight; without a view, all that are here."""
        if self._places is None:
            self._items = [self._blocks.get(block_id) for block_id in self.board.rows]
            nowhere = (np.nan, np.nan)
            places = [nowhere if item is None else item.pos().toTuple() for item in self._items]
            self._places = np.array(places, np.float64).reshape(-1, 2)
        x, y = self._places.T
        views = self._scene.views()
        if not views:
            here: NDArray[np.bool_] = np.isfinite(x)
            return here
        seen = np.zeros(len(x), np.bool_)
        for view in views:
            rect = view.mapToScene(view.viewport().rect()).boundingRect()
            left, top = rect.left() - g.BOUNDS.right(), rect.top() - g.BOUNDS.bottom()
            right, bottom = rect.right() - g.BOUNDS.left(), rect.bottom() - g.BOUNDS.top()
            seen |= (x > left) & (x < right) & (y > top) & (y < bottom)
        return seen

    def _set_rows(self) -> None:
        """Tell the items where the board speaks of them."""
        for item in self._blocks:
            item.find_rows()
        self._additions.clear()
        for wire in self._wires.values():
            self._set_row(wire)
        self.touch()

    def _set_row(self, item: WireItem) -> None:
        item.row = self.board.rows.get(item.wire.target, -1) if item.adds else -1
        if item.row >= 0:
            self._additions[item.row].append(item)
