"""One worker: a child process that trains one or more runs and ends when the window does."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Signal, Slot

from app.children import python_environment
from resviz.runs.store import Run
from resviz.train.order import Order, encode

_LOG_TAIL_BYTES = 8192
_END_MS = 5000
"""How long a worker that is to end now may take to save its last finished iteration."""


class WorkerProcess(QObject):
    """Starts `python -m resviz worker RUN … --tied --share THREADS`, or uses a warm one; tells when it ends.

    Its standard input carries nothing and stays open as long as this process lives: when it closes, the
    worker writes a checkpoint and ends. What it writes to standard error goes to the first run's `log.txt`.
    """

    ended = Signal(object)
    """This object; emitted once, also when the process could not be started."""

    def __init__(
        self,
        runs: tuple[Run, ...],
        threads: int,
        parent: QObject | None = None,
        warm: QProcess | None = None,
    ) -> None:
        """Prepare to train `runs`; `warm` is a process of `WarmWorkers` to do it in."""
        super().__init__(parent)
        self.runs = runs
        self._log = runs[0].log_path
        self._log_start = self._log_size()
        self._over = False
        self._closing = False
        self._deadline = QTimer(self)
        self._deadline.setSingleShot(True)
        self._deadline.setInterval(_END_MS)
        self._deadline.timeout.connect(self.kill)
        paths = [str(Path(run.path).resolve()) for run in runs]
        # A run that goes on keeps the threads that it began with, whatever its share is now.
        self._order = encode(Order(tuple(paths), threads)) if warm is not None else b""
        self._process = QProcess(self) if warm is None else warm
        self._process.setParent(self)
        if warm is None:
            self._process.setProcessEnvironment(python_environment(threads))
            self._process.setProgram(sys.executable)
            self._process.setArguments(["-m", "resviz", "worker", *paths, "--tied", "--share", str(threads)])
            self._process.setStandardErrorFile(str(self._log), QProcess.OpenModeFlag.Append)
            self._process.setStandardOutputFile(QProcess.nullDevice())
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)

    @property
    def running(self) -> bool:
        """Whether the process is there or being started."""
        return not self._over

    @property
    def closing(self) -> bool:
        """Whether the worker was asked to end itself by closing its input."""
        return self._closing

    @property
    def process_id(self) -> int:
        """The operating system's number of the process; 0 where there is none."""
        return self._process.processId()

    def start(self) -> None:
        """Start the process, or tell the warm one what to do; returns at once."""
        if self._order:
            self._process.write(self._order)
        else:
            self._process.start()

    def close_input(self) -> None:
        """Let the worker checkpoint and end itself."""
        self._closing = True
        self._process.closeWriteChannel()

    def end_now(self) -> None:
        """Let the worker save its last finished iteration and end; it is killed if that takes too long."""
        if not self._closing:
            self.close_input()
            self._deadline.start()

    @Slot()
    def kill(self) -> None:
        """End the process at once: for one that has not begun to train, or does not answer."""
        self._process.kill()

    def wait(self, milliseconds: int) -> None:
        """Wait until the process has ended, at most so long."""
        self._process.waitForFinished(milliseconds)

    def reason(self) -> str:
        """Return why the process ended, as one sentence with the last line of its log."""
        process = self._process
        if process.error() == QProcess.ProcessError.FailedToStart:
            return f"The worker could not be started ({process.errorString()})."
        if process.exitStatus() == QProcess.ExitStatus.CrashExit:
            sentence = _signal_sentence(process.exitCode())
        else:
            sentence = f"The worker ended with exit code {process.exitCode()}."
        last = self._last_log_line()
        return f"{sentence} Its last words: {last}" if last else sentence

    def _last_log_line(self) -> str:
        try:
            with self._log.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(self._log_start, size - _LOG_TAIL_BYTES))
                lines = file.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        written = [line.strip() for line in lines if line.strip()]
        return written[-1][:300] if written else ""

    def _log_size(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0

    @Slot()
    def _on_finished(self) -> None:
        self._finish()

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        # A crash is followed by `finished`; a failed start is not.
        if error == QProcess.ProcessError.FailedToStart:
            self._finish()

    def _finish(self) -> None:
        if not self._over:
            self._over = True
            self._deadline.stop()
            self.ended.emit(self)


def _signal_sentence(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"The worker crashed (code {number})."
    if name == "SIGKILL":
        return f"The worker was killed (signal {number}, {name}), perhaps because memory ran out."
    return f"The worker was ended by signal {number} ({name})."
