"""A hand that works a window with the mouse alone, at the speed of a person, and takes pictures of it."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import (
    QColor,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPixmap,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

CLICK_S, DRAG_S, WHEEL_S = 0.6, 1.2, 0.4
"""From where the mouse is to the end of a click, of a drag, of a turn of the wheel."""
LOOK_S = 0.5
"""What a person takes to see what came of a step and to find the next thing."""
_FRAME_S = 1 / 60
_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
_ARROW = [(0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (13, 12)]


class Mouse:
    """Clicks and drags by events of the window system, with the moves in between.

    Attributes:
        carried: what is dragged from one widget to another, while it is.
        shots: how many pictures were taken, or would have been.
    """

    def __init__(self, window: QWidget, out: Path | None, pace: float = 1.0) -> None:
        """Rest the hand in the middle of the window.

        Args:
            window: to work in.
            out: folder for the pictures; None: none are kept.
            pace: how much of a person's time everything takes.
        """
        self._window, self._out, self._pace = window, out, pace
        self._place = window.mapToGlobal(window.rect().center())
        self._over: QWidget | None = None
        self.carried: QDrag | None = None
        self.shots = 0

    # What a hand does

    def click(self, place: QPoint, *, times: int = 1) -> None:
        """Move to a place on the screen and click."""
        self._move(place, CLICK_S * 0.75)
        for _ in range(times):
            self._press()
            self._wait(CLICK_S * 0.1)
            self._release()
            self._wait(CLICK_S * 0.15 if times == 1 else 0.1)

    def double_click(self, place: QPoint) -> None:
        """Move to a place on the screen and double-click."""
        self._move(place, CLICK_S * 0.75)
        QTest.mouseDClick(*self._target(), pos=self._local())  # type: ignore[call-overload]
        self._wait(CLICK_S * 0.25)

    def drag(self, start: QPoint, goal: QPoint) -> None:
        """Press at one place, let go at another one."""
        self._move(start, DRAG_S * 0.35)
        self._press()
        self._move(goal, DRAG_S * 0.55)
        self._wait(DRAG_S * 0.1)
        self._release()
        self._wait(0.02)

    def wheel(self, place: QPoint, turns: int) -> None:
        """Turn the wheel by so many notches, towards oneself where negative."""
        self._move(place, WHEEL_S * 0.5)
        target = self._under()
        for _ in range(abs(turns)):
            where = QPointF(target.mapFromGlobal(self._place))
            delta = QPoint(0, 120 if turns > 0 else -120)
            buttons, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
            event = QWheelEvent(where, QPointF(self._place), QPoint(), delta, buttons, _NONE, phase, False)
            QApplication.sendEvent(target, event)
            self._wait(WHEEL_S * 0.5 / abs(turns))

    def look(self, title: str) -> None:
        """Take a moment to look, and a picture."""
        self._wait(LOOK_S)
        self.shots += 1
        if self._out is not None:
            name = title.lower().replace(" ", "-").replace(",", "")
            self._picture().save(str(self._out / f"{self.shots:02d}-{name}.png"))

    # How

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds * self._pace
        QApplication.processEvents()
        while time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.003)

    def _move(self, goal: QPoint, seconds: float) -> None:
        """Lead the mouse there, slower at both ends."""
        start, steps = self._place, max(3, round(seconds * self._pace / _FRAME_S))
        for step in range(1, steps + 1):
            share = step / steps
            share = share * share * (3 - 2 * share)
            self._place = start + (goal - start) * share
            if self.carried is not None:
                self._carry()
            elif self._top() is not QApplication.activeModalWidget() or self._top().rect().contains(
                self._local()
            ):
                QTest.mouseMove(self._target()[0], self._local())
            self._wait(seconds / steps)

    def _press(self) -> None:
        QTest.mousePress(*self._target(), pos=self._local())  # type: ignore[call-overload]

    def _release(self) -> None:
        if self.carried is not None:
            self._drop()
        QTest.mouseRelease(*self._target(), pos=self._local())  # type: ignore[call-overload]

    def _top(self) -> QWidget:
        """Return the window that the mouse works on: what popped up last, a dialog, or the window."""
        return QApplication.activePopupWidget() or QApplication.activeModalWidget() or self._window

    def _target(self) -> tuple[object, Qt.MouseButton, Qt.KeyboardModifier]:
        return self._top().windowHandle(), _LEFT, _NONE

    def _local(self) -> QPoint:
        return self._top().mapFromGlobal(self._place)

    def _under(self) -> QWidget:
        top = self._top()
        return top.childAt(self._local()) or top

    # Drags between widgets: what the system does, where the platform plug-in of Qt has no drag and drop

    def _carry(self) -> None:
        assert self.carried is not None
        widget: QWidget | None = self._under()
        while widget is not None and not widget.acceptDrops():
            widget = widget.parentWidget()
        data, buttons = self.carried.mimeData(), (Qt.DropAction.CopyAction,)
        if widget is not self._over:
            if self._over is not None:
                QApplication.sendEvent(self._over, QDragLeaveEvent())
            self._over = widget
            if widget is not None:
                enter = QDragEnterEvent(widget.mapFromGlobal(self._place), *buttons, data, _LEFT, _NONE)
                QApplication.sendEvent(widget, enter)
        if widget is not None:
            move = QDragMoveEvent(widget.mapFromGlobal(self._place), *buttons, data, _LEFT, _NONE)
            QApplication.sendEvent(widget, move)

    def _drop(self) -> None:
        assert self.carried is not None
        if self._over is not None:
            where, data = QPointF(self._over.mapFromGlobal(self._place)), self.carried.mimeData()
            event = QDropEvent(where, Qt.DropAction.CopyAction, data, _LEFT, _NONE)
            QApplication.sendEvent(self._over, event)
        self.carried = self._over = None

    # Pictures

    def _picture(self) -> QPixmap:
        """Return the window with what popped up over it, and the mouse."""
        picture = self._window.grab()
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for top in QApplication.topLevelWidgets():
            if top is not self._window and top.isVisible() and top.width() > 1:
                painter.drawPixmap(self._window.mapFromGlobal(top.mapToGlobal(QPoint(0, 0))), top.grab())
        if self.carried is not None:
            corner = self._window.mapFromGlobal(self._place) - self.carried.hotSpot()
            painter.drawPixmap(corner, self.carried.pixmap())
        painter.translate(self._window.mapFromGlobal(self._place))
        painter.setBrush(QColor("white"))
        painter.setPen(QColor("black"))
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in _ARROW]))
        painter.end()
        return picture


def carries(mouse: Mouse) -> type[QDrag]:
    """Return a stand-in for `QDrag` that hands what is dragged to `mouse` instead of to the system."""

    class Carried(QDrag):
        def exec(self, *_actions: Qt.DropAction) -> Qt.DropAction:  # type: ignore[override]
            mouse.carried = self
            return Qt.DropAction.IgnoreAction

    return Carried
