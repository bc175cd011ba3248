"""The window's end of the explain worker: requests out, answers in, as JSON lines over its pipes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QProcess, Signal, Slot

from app.children import python_environment
from resviz.train.placement import available_cores


class ExplainClient(QObject):
    """Starts the explain worker when it is first needed; each request has a number and one answer."""

    progressed = Signal(int, float)
    """Request, share done from 0 to 1."""
    answered = Signal(int, object)
    """Request, result."""
    failed = Signal(int, str)
    """Request, why it failed in one sentence."""

    def __init__(
        self,
        log: Path,
        parent: QObject | None = None,
        *,
        arguments: Sequence[str] = ("-m", "resviz", "explain-worker"),
    ) -> None:
        """Prepare to start Python with `arguments`; what it writes to standard error goes to `log`."""
        super().__init__(parent)
        self._arguments = list(arguments)
        self._log = log
        self._process: QProcess | None = None
        self._pending: set[int] = set()
        self._number = 0
        self._rest = b""

    @property
    def running(self) -> bool:
        """Whether the worker is there."""
        return self._process is not None

    def request(self, op: str, **fields: Any) -> int:
        """Send a request and return its number; the answer comes as a signal."""
        self._number += 1
        self._pending.add(self._number)
        self._send({"id": self._number, "op": op, **fields})
        return self._number

    def cancel(self, number: int) -> None:
        """Give up on a request; no answer to it is told any more."""
        if number in self._pending:
            self._pending.discard(number)
            self._send({"op": "cancel", "id": number})

    def close(self) -> None:
        """End the worker; it has nothing to save."""
        self._pending.clear()
        process, self._process = self._process, None
        if process is not None:
            process.finished.disconnect(self._on_finished)
            process.errorOccurred.disconnect(self._on_error)
            process.closeWriteChannel()
            process.kill()
            process.waitForFinished(2000)
            process.deleteLater()

    def _send(self, message: dict[str, Any]) -> None:
        if self._process is None:
            self._start()
        assert self._process is not None
        self._process.write(msgspec.json.encode(message) + b"\n")

    def _start(self) -> None:
        threads = max(1, available_cores() // 2)
        self._rest = b""
        self._process = process = QProcess(self)
        process.setProcessEnvironment(python_environment(threads))
        process.setProgram(sys.executable)
        process.setArguments(self._arguments)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        process.setStandardErrorFile(str(self._log))
        process.readyReadStandardOutput.connect(self._on_output)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        process.start()

    @Slot()
    def _on_output(self) -> None:
        if self._process is None:
            return
        *lines, self._rest = (self._rest + self._process.readAllStandardOutput().data()).split(b"\n")
        for line in lines:
            try:
                answer = msgspec.json.decode(line)
            except msgspec.DecodeError:
                continue  # Not ours: some library wrote to standard output.
            if isinstance(answer, dict):
                self._take(answer)

    def _take(self, answer: dict[str, Any]) -> None:
        number = answer.get("id")
        if number not in self._pending:
            return
        if "progress" in answer:
            self.progressed.emit(number, float(answer["progress"]))
            return
        self._pending.discard(number)
        if "error" in answer:
            self.failed.emit(number, str(answer["error"]))
        else:
            self.answered.emit(number, answer.get("result"))

    @Slot()
    def _on_finished(self) -> None:
        self._on_output()
        self._end()

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        lost, self._pending = self._pending, set()
        for number in sorted(lost):
            self.failed.emit(
                number, f"The explain worker ended unexpectedly ({self._last_words()}): try again."
            )

    def _last_words(self) -> str:
        try:
            words = self._log.read_text("utf-8", "replace").split("\n")
        except OSError:
            words = []
        lines = [line.strip() for line in words if line.strip()]
        return lines[-1][:200] if lines else "it said nothing"
