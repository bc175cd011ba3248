"""NetworkView: zoom, pan, fit and the mouse. What edits the document is handed in as gesture makers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from app.canvas import geometry as g
from app.canvas.block_item import PORTS, BlockItem
from app.canvas.drop import PaletteDrop
from app.canvas.fitting import FIT_LIMIT, fitting
from app.canvas.gestures import Gesture, Pan, Pointer, RubberBand, Select
from app.canvas.paper import draw_hint, draw_paper
from app.canvas.scene import NetworkScene
from app.theme import theme
from resviz.arch.graph import Position, Wire

ZOOM_RANGE = (0.03, 3.0)
FOOTER = 40
"""Pixels at the lower edge that fitting leaves to the legend and the buttons."""

READABLE, READING = 0.45, 0.72
"""Below the first, showing a block zooms in to the second."""

GestureMaker = Callable[["NetworkView", Pointer], Gesture | None]

Landing = Callable[[str, QPointF, Wire | None], Position]
"""Where a block of a kind, dropped with its centre at a place (into a wire), would stand."""


class NetworkView(QGraphicsView):
    """Shows a `NetworkScene`. Without gesture makers it selects and pans only."""

    zoom_changed = Signal(float)
    kind_dropped = Signal(str, QPointF, object)
    """A kind from the palette was dropped: kind, centre in the scene, the wire under it or None."""
    block_activated = Signal(str)
    """A block was double-clicked."""
    paper_activated = Signal(QPointF)
    """The empty canvas was double-clicked: its place in the scene."""
    focused = Signal()
    hovered = Signal(bool)
    """The mouse came over the canvas, or left it."""
    block_hovered = Signal(str)
    """The mouse came over another block; "" for none."""
    nudged = Signal(int, int, bool)
    """Arrow keys: steps right and down; whether the key is held and repeats."""

    def __init__(self, scene: NetworkScene, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self.network = scene
        self.makers: list[GestureMaker] = []
        self.landing: Landing = lambda _kind, centre, _wire: g.snapped(centre - g.BODY.center())
        self.covered: Callable[[], Sequence[QRect]] = tuple
        """Where other things float over the canvas, in pixels of the viewport."""
        self._gesture: Gesture | None = None
        self._button = Qt.MouseButton.NoButton
        self._space = False
        self._fitted = True
        self._drop = PaletteDrop(self)
        self._cursor: QPointF | None = None
        self._hovered = ""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState, False)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheBackground)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setMinimumSize(160, 120)
        self.setAccessibleName("Network")
        self._connect_scene()
        theme().changed.connect(self._on_theme_changed)

    def set_network(self, scene: NetworkScene) -> None:
        """Show another scene, fitted."""
        self.cancel_gesture()
        self._drop.clear()
        self.network.bounds_changed.disconnect(self._on_bounds_changed)
        self.network.replaced.disconnect(self.fit)
        self.network = scene
        self.setScene(scene)
        self._connect_scene()
        self.fit()

    def _connect_scene(self) -> None:
        self.network.bounds_changed.connect(self._on_bounds_changed)
        self.network.replaced.connect(self.fit)

    # Zoom and pan

    @property
    def zoom(self) -> float:
        """Pixels on the screen for a scene pixel."""
        return self.transform().m11()

    @property
    def fitted(self) -> bool:
        """Whether the whole network is kept in sight."""
        return self._fitted

    @property
    def last_cursor(self) -> QPointF | None:
        """Where the mouse is in the scene; None when it is elsewhere."""
        return self._cursor

    def centre(self) -> QPointF:
        """Return the scene place in the middle of the view."""
        return self.mapToScene(self.viewport().rect().center())

    def set_zoom(self, zoom: float, anchor: QPoint | None = None) -> None:
        """Zoom so that the scene place under `anchor` (viewport pixels; None: the middle) stays there."""
        zoom = min(max(zoom, ZOOM_RANGE[0]), ZOOM_RANGE[1])
        place = anchor if anchor is not None else self.viewport().rect().center()
        before = self.mapToScene(place)
        self._fitted = False
        self.resetTransform()
        self.scale(zoom, zoom)
        self._update_scene_rect()
        self.pan_by(place - self.mapFromScene(before))
        self._tell_zoom()

    def zoom_by(self, factor: float, anchor: QPoint | None = None) -> None:
        """Zoom by a factor."""
        self.set_zoom(self.zoom * factor, anchor)

    @Slot()
    def zoom_in(self) -> None:
        """Zoom in one step."""
        self.zoom_by(1.25)

    @Slot()
    def zoom_out(self) -> None:
        """Zoom out one step."""
        self.zoom_by(0.8)

    @Slot()
    def zoom_to_actual_size(self) -> None:
        """Show one scene pixel as one pixel."""
        self.set_zoom(1.0)

    @Slot()
    def fit(self) -> None:
        """Show the whole network, also while the view is resized, until the person zooms or pans."""
        height = max(self.viewport().height() - FOOTER, 40)
        rect, zoom = fitting(self.network, self.viewport().width(), height)
        self.resetTransform()
        self.scale(max(zoom, ZOOM_RANGE[0]), max(zoom, ZOOM_RANGE[0]))
        self._update_scene_rect()
        self.centerOn(rect.center() + QPointF(0, FOOTER / 2 / self.zoom))
        self._fitted = True
        self._tell_zoom()

    def zoom_to(self, block_ids: list[str]) -> None:
        """Let blocks fill the view, as far as that enlarges them sensibly."""
        rect = self._around(block_ids)
        if rect.isNull():
            return
        rect.adjust(-24, -40, 24, 24)
        height = max(self.viewport().height() - FOOTER, 40)
        self.set_zoom(min(self.viewport().width() / rect.width(), height / rect.height(), FIT_LIMIT))
        self.centerOn(rect.center() + QPointF(0, FOOTER / 2 / self.zoom))

    def show_blocks(self, block_ids: list[str]) -> None:
        """Bring blocks into sight, zooming in to where their names can be read."""
        rect = self._around(block_ids)
        if rect.isNull():
            return
        if self.zoom < READABLE:
            self.set_zoom(READING)
        seen = self.mapToScene(self.viewport().rect()).boundingRect()
        if not seen.contains(rect):
            self._fitted = False
            self.centerOn(rect.center())

    def keep_in_sight(self, block_ids: list[str]) -> None:
        """Scroll as little as brings blocks into sight; zoom out only where they do not fit."""
        rect = self._around(block_ids)
        if rect.isNull():
            return
        room = self.viewport().rect().adjusted(0, 0, 0, -FOOTER)
        seen = self.mapToScene(room).boundingRect()
        if not seen.contains(rect):
            wanted = rect.adjusted(-24, -32, 24, 24)
            wide, high = seen.width() / wanted.width(), seen.height() / wanted.height()
            self.set_zoom(self.zoom * min(1.0, wide, high))
            self._update_scene_rect()
            self.ensureVisible(wanted.adjusted(0, 0, 0, FOOTER / self.zoom), 0, 0)
        for _ in range(2):  # Having moved, the view may be covered where it was not.
            place = self.mapFromScene(rect).boundingRect()
            self.pan_by(g.way_out(place, room, self.covered()))

    def _around(self, block_ids: Iterable[str]) -> QRectF:
        """Return the rectangle around the bodies of blocks."""
        rect = QRectF()
        for block_id in block_ids:
            rect |= self.network.block_item(block_id).body_in_scene()
        return rect

    def pan_by(self, pixels: QPoint) -> None:
        """Move the paper by so many pixels of the screen."""
        if pixels.isNull():
            return
        self._fitted = False
        for bar, step in ((self.horizontalScrollBar(), pixels.x()), (self.verticalScrollBar(), pixels.y())):
            bar.setValue(bar.value() - step)
        if not self.network.document.architecture.blocks:
            self.viewport().update()  # the hint does not scroll with the paper

    def _update_scene_rect(self) -> None:
        """Let the paper reach a whole view beyond the network, so that everything can be centred."""
        margin_x, margin_y = (
            length / self.zoom for length in (self.viewport().width(), self.viewport().height())
        )
        self.setSceneRect(self.network.bounds().adjusted(-margin_x, -margin_y, margin_x, margin_y))

    def _tell_zoom(self) -> None:
        self.network.set_zoom(self.zoom)
        self.zoom_changed.emit(self.zoom)

    @Slot()
    def _on_bounds_changed(self) -> None:
        if self._gesture is None:
            self._update_scene_rect()

    @Slot()
    def _on_theme_changed(self) -> None:
        self.resetCachedContent()
        self.viewport().update()

    # Mouse and keys

    @property
    def gesture(self) -> Gesture | None:
        """The gesture going on, if any."""
        return self._gesture

    def cancel_gesture(self) -> None:
        """End the gesture going on as if it had not begun."""
        if self._gesture is not None:
            gesture, self._gesture = self._gesture, None
            gesture.cancel()

    def _pointer(self, event: QMouseEvent) -> Pointer:
        place = event.position().toPoint()
        return Pointer(place, self.mapToScene(place), event.modifiers())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a gesture."""
        if self._gesture is not None:
            return
        press = self._pointer(event)
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space):
            self._gesture = Pan(self, press)
        elif left:
            self._gesture = self._begin(press)
        else:
            super().mousePressEvent(event)
            return
        self._button = event.button()

    def _begin(self, press: Pointer) -> Gesture:
        for maker in self.makers:
            gesture = maker(self, press)
            if gesture is not None:
                return gesture
        item = self.network.item_near(press.scene)
        return Select(self, press, item) if item is not None else RubberBand(self, press)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the gesture on, or light up the port under the mouse."""
        pointer = self._pointer(event)
        self._cursor = pointer.scene
        if self._gesture is not None:
            self._gesture.move(pointer)
            return
        if self.makers and self.zoom >= PORTS:
            self.network.set_hot_port(self.network.port_near(pointer.scene, self.port_radius))
        item = self.network.item_near(pointer.scene)
        self._hover(item.block_id if isinstance(item, BlockItem) else "")

    def _hover(self, block_id: str) -> None:
        if block_id != self._hovered:
            self._hovered = block_id
            self.block_hovered.emit(block_id)

    @property
    def port_radius(self) -> float:
        """How near to a port a press must be, in scene pixels."""
        return min(10.0 / self.zoom, 16.0)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the gesture."""
        if self._gesture is None or event.button() != self._button:
            super().mouseReleaseEvent(event)
            return
        gesture, self._gesture = self._gesture, None
        gesture.finish(self._pointer(event))
        self._on_bounds_changed()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Tell which block was double-clicked, or where the empty canvas was."""
        place = self._pointer(event).scene
        item = self.network.item_near(place)
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if isinstance(item, BlockItem):
            self.block_activated.emit(item.block_id)
        elif item is None and self.makers:
            self.paper_activated.emit(place)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor; with Shift move sideways."""
        delta = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan_by(QPoint(delta.y() or delta.x(), 0))
        elif delta.y():
            self.zoom_by(1.0015 ** delta.y(), event.position().toPoint())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc cancels, Space turns the mouse into a hand, arrows nudge what is selected."""
        key = event.key()
        step = _ARROWS.get(Qt.Key(key))
        if key == Qt.Key.Key_Escape and (self._gesture is not None or self.network.selectedItems()):
            if self._gesture is not None:
                self.cancel_gesture()
            else:
                self.network.clearSelection()
        elif key == Qt.Key.Key_Space:
            self._space = True
            if not event.isAutoRepeat():
                self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif step is not None and self.makers:
            far = 4 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self.nudged.emit(step[0] * far, step[1] * far, event.isAutoRepeat())
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space gives the mouse back."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self.viewport().unsetCursor()
        else:
            super().keyReleaseEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Tell that the mouse is here."""
        super().enterEvent(event)
        self.hovered.emit(True)

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the mouse is elsewhere."""
        super().leaveEvent(event)
        self._cursor = None
        self._hover("")
        self.network.set_hot_port(None)
        self.hovered.emit(False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tell that this is the canvas in use."""
        super().focusInEvent(event)
        self.focused.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Forget a held Space: its release goes elsewhere."""
        self._space = False
        super().focusOutEvent(event)

    # Dropping from the palette

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome a kind from the palette."""
        self._drop.enter(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where the block would land."""
        self._drop.move(event)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Take the preview away."""
        self._drop.clear()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell what was dropped where."""
        self._drop.drop(event)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell the scene what it is painted on: it may be another screen than before."""
        self.network.set_window(self.viewport().size(), self.devicePixelRatioF())
        super().paintEvent(event)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Draw the paper."""
        draw_paper(painter, QRectF(rect), self.zoom)

    def drawForeground(self, painter: QPainter, _rect: QRectF | QRect) -> None:
        """Say what to do on an empty canvas."""
        if not self.network.document.architecture.blocks:
            draw_hint(painter, self.viewport().rect())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the whole network in sight if it was."""
        super().resizeEvent(event)
        if self._fitted:
            self.fit()
        else:
            self._update_scene_rect()

    def showEvent(self, event: QShowEvent) -> None:
        """Fit when first seen."""
        super().showEvent(event)
        if self._fitted:
            self.fit()


_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
