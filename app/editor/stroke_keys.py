"""StrokeKeys: keys of the canvas that do one thing when tapped, and another while the mouse drags."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import cast

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent

from app.canvas.view import NetworkView

_IGNORED = Qt.KeyboardModifier.KeypadModifier
_REPEATS = 0.02
"""Seconds from a release to a press that no finger makes: the key is held, whatever the system says."""
_LEAVING = (QEvent.Type.FocusOut, QEvent.Type.WindowDeactivate, QEvent.Type.Hide)


class StrokeKeys(QObject):
    """Watches a view for keys that are held or tapped, and knows what the next drag is to do.

    A key that is an action's shortcut too is taken from it while the view has the focus: only when it comes
    up again is it known whether the mouse was dragged meanwhile. So a tap acts on its release, and a key that
    repeats itself because it is held acts once, also where the system does not tell that it repeats.
    """

    def __init__(self, view: NetworkView, taps: Mapping[Qt.Key, Callable[[], object]]) -> None:
        super().__init__(view)
        self._view, self._taps = view, taps
        self._held: Qt.Key | None = None
        self._armed: Qt.Key | None = None
        self._used = False
        self._let_go: tuple[Qt.Key, float] | None = None
        """The key that came up last after a drag, and when."""
        view.installEventFilter(self)

    @property
    def tool(self) -> Qt.Key | None:
        """The key that is held, or for which the next drag was asked."""
        return self._held or self._armed

    def arm(self, key: Qt.Key) -> None:
        """Let the next drag be as if `key` were held; Esc takes that back."""
        self._armed = key
        self._show_cursor()

    def use(self) -> None:
        """A drag begins: letting the key go does nothing more."""
        self._used, self._armed = True, None
        self._show_cursor()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the keys; all else goes its way."""
        kind = event.type()
        if kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            return self._follow(cast(QKeyEvent, event))
        if kind in _LEAVING:  # its release, and what the person does next, goes elsewhere
            self._held = self._armed = self._let_go = None
            self._show_cursor()
        return super().eventFilter(watched, event)

    def _follow(self, event: QKeyEvent) -> bool:
        key, kind = Qt.Key(event.key()), event.type()
        if key == Qt.Key.Key_Escape and kind == QEvent.Type.KeyPress and self._armed is not None:
            self._armed = None
            self._show_cursor()
            return True
        if key not in self._taps:
            return False
        if kind == QEvent.Type.KeyRelease:
            return self._release(key, event)
        if event.modifiers() & ~_IGNORED:
            return False
        event.accept()
        if kind == QEvent.Type.KeyPress and not event.isAutoRepeat() and key != self._held:
            self._held, self._used = key, self._goes_on(key) or self._view.gesture is not None
            self._show_cursor()
        return True

    def _goes_on(self, key: Qt.Key) -> bool:
        """Return whether a press is the next one of a key that was held during a drag."""
        last, when = self._let_go or (None, 0.0)
        return last == key and time.monotonic() - when < _REPEATS

    def _release(self, key: Qt.Key, event: QKeyEvent) -> bool:
        if key != self._held or event.isAutoRepeat():
            return key == self._held
        self._held = None
        self._show_cursor()
        self._let_go = (key, time.monotonic()) if self._used else None
        if not self._used:
            self._taps[key]()
        return True

    def _show_cursor(self) -> None:
        if self.tool is None:
            self._view.viewport().unsetCursor()
        else:
            self._view.viewport().setCursor(Qt.CursorShape.CrossCursor)
