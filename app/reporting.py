"""Exceptions that nobody caught: shown and logged, never swallowed."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from types import TracebackType

from resviz.errors import ResvizError
from resviz.runs.store import data_root

Show = Callable[[str], None]


class ExceptionReporter:
    """Stands in `sys.excepthook`: PySide6 hands it every exception that leaves a slot."""

    def __init__(self, show: Show, interrupted: Callable[[], object]) -> None:
        self._show, self._interrupted = show, interrupted
        self._previous = sys.excepthook
        sys.excepthook = self._report

    def close(self) -> None:
        """Put the hook back that was there before, unless somebody has put another one on top."""
        if sys.excepthook == self._report:
            sys.excepthook = self._previous

    def _report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):  # Ctrl+C in the terminal that started the window.
            self._interrupted()
            return
        if issubclass(kind, ResvizError):
            self._show(str(error))
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        path = data_root() / "window-log.txt"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as log:
                log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}\n{text}\n")
            self._show(f"Something went wrong ({kind.__name__}: {error}); the details are in {path}.")
        except OSError:
            self._show(f"Something went wrong ({kind.__name__}: {error}).")
        self._previous(kind, error, trace)
