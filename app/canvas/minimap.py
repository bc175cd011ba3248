"""Minimap: all of a network in a corner of its view, with the part that is in sight; it moves the view."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from PySide6.QtCore import (
    QEvent,
    QObject,
    QPoint,
    QPointF,
    QRectF,
    QSettings,
    QSize,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.canvas import geometry as g
from app.canvas.difference_signs import Differs
from app.canvas.paints import Paints, family, mixed, paints
from app.canvas.scene import NetworkScene
from app.canvas.view import NetworkView
from app.theme import theme
from resviz.arch.graph import Block

_SETTING = "canvas/minimap"
_SHARE, _SMALLEST, _LARGEST = 0.26, QSize(88, 48), QSize(240, 160)
"""Of the view's width and height, within bounds."""
_INSIDE = 5
"""Pixels between edge and network."""
_LEAST_DOT = 1.5
"""Pixels on the screen that a block has at the least."""
_LEAST_WINDOW = 7.0
"""Pixels that the rectangle of what is in sight has at the least, so that it can be taken hold of."""
_WAIT_MS = 80
"""After an edit: what a person does comes first."""
_STAGE = re.compile(r"stage(\d+)\.")
_QUIETER = 0.4
"""How much paler every second stage is."""


_Colour = tuple[int, int, int]
"""Red, green and blue."""


class Minimap(QWidget):
    """Shown while the network does not fit into the view, if a person wants it at all: that is remembered."""

    resized = Signal()
    """It needs another place."""

    def __init__(self, view: NetworkView) -> None:
        super().__init__(view)
        self._view, self._scene = view, view.network
        self._wanted = bool(QSettings().value(_SETTING, True, type=bool))
        self._area = QRectF()
        """What of the scene is shown: all blocks."""
        self._pixmap: QPixmap | None = None
        """The network, painted once; None: to be painted."""
        self._grip: QPointF | None = None
        """While dragged: from the mouse to the middle of what is in sight, in scene pixels."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self.measure)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Overview of the network")
        self.setToolTip("A click or a drag moves the view, the wheel zooms. Shift+M hides the minimap.")
        self.hide()
        view.zoom_changed.connect(self._on_moved)
        view.horizontalScrollBar().valueChanged.connect(self._on_moved)
        view.verticalScrollBar().valueChanged.connect(self._on_moved)
        view.installEventFilter(self)
        theme().changed.connect(self._on_edited)
        self._attend()

    @property
    def wanted(self) -> bool:
        """Whether it is shown where it is of use."""
        return self._wanted

    def choose(self, wanted: bool) -> None:
        """Show it where it is of use, or never."""
        QSettings().setValue(_SETTING, wanted)
        self._wanted = wanted
        self._on_moved()

    def set_network(self, scene: NetworkScene) -> None:
        """Show another network."""
        self._scene.bounds_changed.disconnect(self._on_edited)
        self._scene.document.analysed.disconnect(self._on_edited)
        self._scene = scene
        self._attend()

    def _attend(self) -> None:
        self._scene.bounds_changed.connect(self._on_edited)
        self._scene.document.analysed.connect(self._on_edited)
        self.measure()

    # What it shows

    @Slot()
    def touch(self) -> None:
        """Paint the network anew: other blocks are marked."""
        self._pixmap = None
        self.update()

    @Slot()
    def _on_edited(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    @Slot()
    def measure(self) -> None:
        """Look anew at where the blocks are."""
        self._timer.stop()
        places = [block.position or (0.0, 0.0) for block in self._cells()]
        self._pixmap = None
        self._area = QRectF()
        if places:
            columns, rows = zip(*places, strict=True)
            left, top = min(columns), min(rows)
            self._area = QRectF(left, top, max(columns) - left + g.WIDTH, max(rows) - top + g.HEIGHT)
        self._fit()
        self._on_moved()

    def _cells(self) -> Iterator[Block]:
        """Return the blocks that are dots: of a folded group the first."""
        architecture = self._scene.document.architecture
        return (architecture[first] for first in architecture.cells())

    def _fit(self) -> None:
        """Take a size that suits the view and the network."""
        view, area = self._view.size(), self._area
        if area.isEmpty():
            return
        room = (view * _SHARE).expandedTo(_SMALLEST).boundedTo(_LARGEST)
        inner = room - QSize(2 * _INSIDE, 2 * _INSIDE)
        scale = min(inner.width() / area.width(), inner.height() / area.height())
        size = QSize(round(area.width() * scale), round(area.height() * scale)) + QSize(
            2 * _INSIDE, 2 * _INSIDE
        )
        size = size.expandedTo(QSize(_SMALLEST.height(), _SMALLEST.height() // 2))
        if size != self.size():
            self.resize(size)
            self._pixmap = None
        self.resized.emit()

    @property
    def scale(self) -> float:
        """Pixels for a scene pixel."""
        inner = self.size() - QSize(2 * _INSIDE, 2 * _INSIDE)
        return min(inner.width() / self._area.width(), inner.height() / self._area.height())

    def _origin(self) -> QPointF:
        """Return where the left upper corner of the network is."""
        used = QPointF(self._area.width(), self._area.height()) * self.scale
        return QPointF(self.width() - used.x(), self.height() - used.y()) / 2

    def place_of(self, point: QPointF) -> QPointF:
        """Return where a place of the scene is on the map."""
        return self._origin() + (point - self._area.topLeft()) * self.scale

    def point_at(self, place: QPointF) -> QPointF:
        """Return which place of the scene is somewhere on the map."""
        return self._area.topLeft() + (place - self._origin()) / self.scale

    def _seen(self) -> QRectF:
        return self._view.mapToScene(self._view.viewport().rect()).boundingRect()

    def window_rect(self) -> QRectF:
        """Return the rectangle of what is in sight, on the map."""
        seen = self._seen()
        rect = QRectF(self.place_of(seen.topLeft()), self.place_of(seen.bottomRight()))
        wide, high = max(_LEAST_WINDOW - rect.width(), 0), max(_LEAST_WINDOW - rect.height(), 0)
        rect.adjust(-wide / 2, -high / 2, wide / 2, high / 2)
        return rect.intersected(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    @Slot()
    def _on_moved(self) -> None:
        """The view looks elsewhere: show that, or go where all is in sight."""
        of_use = self._wanted and not self._area.isEmpty() and not self._seen().contains(self._area)
        if of_use != self.isVisibleTo(self._view):
            self.setVisible(of_use)
        if of_use:
            self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Suit the view's size."""
        if event.type() == QEvent.Type.Resize:
            self._fit()
            self._on_moved()
        return super().eventFilter(watched, event)

    # Painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the network as it was painted before, and what of it is in sight."""
        if self._area.isEmpty():
            return
        ratio = self.devicePixelRatioF()
        if self._pixmap is None or self._pixmap.devicePixelRatio() != ratio:
            self._pixmap = self._painted(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._pixmap)
        look = paints()
        fill = QColor(look.text)
        fill.setAlpha(34)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.text, 1.5))
        painter.setBrush(fill)
        painter.drawRoundedRect(self.window_rect(), 2, 2)

    def _painted(self, ratio: float) -> QPixmap:
        """Return the card with a dot for each block, those of one colour at once."""
        look = paints()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(look.panel)
        ground.setAlpha(222)
        painter.setBrush(ground)
        painter.setPen(QPen(look.border, 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        scale, origin = self.scale, self._origin()
        left, top = origin.x() - self._area.left() * scale, origin.y() - self._area.top() * scale
        wide, high = max(g.WIDTH * scale, _LEAST_DOT), max(g.HEIGHT * scale, _LEAST_DOT)
        dots: dict[_Colour, list[QRectF]] = defaultdict(list)
        for block in self._cells():
            x, y = block.position or (0.0, 0.0)
            colour = self._colour_of(block, look)
            dots[colour].append(QRectF(left + x * scale, top + y * scale, wide, high))
        for colour, rects in dots.items():
            painter.setBrush(QColor(*colour))
            painter.drawRects(rects)
        painter.end()
        return pixmap

    def _colour_of(self, block: Block, look: Paints) -> _Colour:
        """Return the colour of a block's family, or of how it differs by more than its shortcut."""
        marked = self._scene.differences.marked.blocks.get(block.id)
        if marked is not None and marked[0] is not Differs.SHORTCUT:
            colour = look.good if marked[0] is Differs.ONLY_HERE else look.warning
        else:
            stage = _STAGE.match(block.id)
            paler = stage is not None and int(stage[1]) % 2 == 0
            colour = look.tones[family(block)].strip
            colour = mixed(colour, look.panel, _QUIETER) if paler else colour
        return colour.red(), colour.green(), colour.blue()

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of what is in sight, or bring it here first."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        point = self.point_at(event.position())
        self._grip = (
            self._view.centre() - point if self.window_rect().contains(event.position()) else QPointF()
        )
        self._look_at(point + self._grip)
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Carry what is in sight along."""
        if self._grip is not None:
            self._look_at(self.point_at(event.position()) + self._grip)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._grip = None
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A quick second press is a press."""
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the place under the mouse, as on the canvas."""
        delta = event.angleDelta().y()
        if delta:
            self._view.zoom_by(1.0015**delta, self._on_screen(self.point_at(event.position())))
        event.accept()

    def _on_screen(self, point: QPointF) -> QPoint:
        """Return where a place of the scene is in the view, or the view's middle if it is out of sight."""
        viewport = self._view.viewport().rect()
        place = self._view.mapFromScene(point)
        return place if viewport.contains(place) else viewport.center()

    def _look_at(self, point: QPointF) -> None:
        self._view.pan_by(self._view.viewport().rect().center() - self._view.mapFromScene(point))
