"""Ctrl+C in the terminal and a polite kill close the window as its own button does."""

from __future__ import annotations

import contextlib
import signal
import socket

from PySide6.QtCore import QSocketNotifier, Slot
from PySide6.QtWidgets import QWidget


class SignalWatch(QSocketNotifier):
    """Wakes the event loop when a signal comes: Python alone would act on it with the next event."""

    def __init__(self, window: QWidget) -> None:
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        super().__init__(self._reader.fileno(), QSocketNotifier.Type.Read, window)
        self.activated.connect(self._on_activated)
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None:
                signal.signal(number, lambda *_: window.close())
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    @Slot()
    def _on_activated(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._reader.recv(64)
