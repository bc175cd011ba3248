"""Toast: one sentence on the canvas that goes away by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel

from app.canvas.view import NetworkView

_BEGIN, _LETTER, _LEAST, _MOST = 1000, 36, 2200, 5000
"""Milliseconds that it stays: to see that there is something, for each letter, and the bounds of that."""
_PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
_EDGE, _STEP = 3, 12
"""Pixels between it and the edges of the canvas, and between the places that are tried."""


class Toast(QFrame):
    """A small notice where it covers least of a canvas; a newer sentence, or a press there, ends it."""

    def __init__(self, view: NetworkView) -> None:
        super().__init__(view)
        self._view = view
        self._avoid = QRect()
        self.setProperty("role", "notice")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._label = QLabel()
        self._label.setProperty("role", "toast")
        self._label.setWordWrap(True)
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 4)
        layout.addWidget(self._label)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        view.installEventFilter(self)
        view.viewport().installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence on show."""
        return self._label.text()

    def say(self, text: str, avoid: QRect | None = None) -> None:
        """Show a sentence for as long as it takes to read, not over `avoid` if there is another place."""
        self._avoid = avoid or QRect()
        self._label.setText(text)
        self._place()
        self.show()
        self.raise_()
        self._timer.start(min(max(_LEAST, _BEGIN + _LETTER * len(text)), _MOST))

    @Slot()
    def dismiss(self) -> None:
        """Go away now."""
        self._timer.stop()
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Find a place anew when the canvas is resized; end with it, and when the person goes on."""
        if event.type() == QEvent.Type.Resize and watched is self._view:
            self._place()
        elif event.type() in (QEvent.Type.Hide, QEvent.Type.Close) or event.type() in _PRESSES:
            self.dismiss()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        room = max(self._view.width() - 4 * _EDGE, 80)
        self._label.ensurePolished()
        ideal = self._label.fontMetrics().horizontalAdvance(self._label.text()) + 32
        width = min(room, ideal, 480)
        size = QSize(width, self._label.heightForWidth(width - 26) + 10)
        taken = [*_bodies(self._view), *self._view.covered()]
        self.setGeometry(free_place(size, self._view.size(), taken, self._avoid))


def free_place(size: QSize, room: QSize, taken: Sequence[QRect], avoid: QRect) -> QRect:
    """Return where something covers nothing that is taken, lower edge first; else where it covers least."""
    right, bottom = room.width() - size.width() - _EDGE, room.height() - size.height() - _EDGE
    columns = (room.width() - size.width()) // 2, _EDGE, right
    edges = [QRect(QPoint(x, y), size) for y in (bottom, _EDGE) for x in columns]
    for place in edges:
        if not _covers(place, [*taken, avoid]):
            return place
    for y in range(bottom - _STEP, _EDGE, -_STEP):
        for x in columns:
            place = QRect(QPoint(x, y), size)  # With air around it, where arcs and wires are.
            if not _covers(place.adjusted(-_STEP, -_STEP, _STEP, 2 * _STEP), [*taken, avoid]):
                return place
    return min(edges, key=lambda place: _covers(place, taken) + 100 * _covers(place, [avoid]))


def _covers(place: QRect, taken: Iterable[QRect]) -> int:
    """Return how many pixels of what is taken are under a place."""
    return sum(each.width() * each.height() for each in map(place.intersected, taken) if not each.isEmpty())


def _bodies(view: NetworkView) -> Iterator[QRect]:
    """Return where blocks are in sight, in pixels of the viewport."""
    seen = view.mapToScene(view.viewport().rect()).boundingRect()
    for item in view.network.block_items():
        body = item.body_in_scene()
        if item.isVisible() and seen.intersects(body):
            yield view.mapFromScene(body).boundingRect()
