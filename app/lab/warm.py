"""Workers that are ready before Train is pressed: they have loaded torch, and wait to hear what to train.

Each takes about 0.3 GB of memory of its own (Linux, torch 2.15), so there are few of them, they are there
only while nothing of ours trains, and not where memory is short.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Slot

from app.children import python_environment
from resviz.train.cards import cuda_present
from resviz.train.placement import available_cores, place

AFTER_MS = 1000
"""How long the window is left alone first: after its start, and after the end of a training."""
MOST = 2
_SPARE_BYTES = 3 * 1024**3
"""With less memory available nothing is kept warm."""


class WarmWorkers(QObject):
    """Keeps as many processes warm as are wanted; gives them away one by one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._processes: list[QProcess] = []
        self._runs, self._device = 0, "auto"
        self._allowed = self._closed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AFTER_MS)
        self._timer.timeout.connect(self._on_time)

    @property
    def process_ids(self) -> list[int]:
        """The numbers of the processes that are there."""
        return [process.processId() for process in self._processes]

    def expect(self, runs: int, device: str) -> None:
        """Say how many runs the next training will have, on which device."""
        self._runs, self._device = runs, device
        if self._allowed:
            self._timer.start()

    def allow(self, on: bool) -> None:
        """Begin to warm up in a moment; or, off, end what is not used: memory and cores are others'."""
        self._allowed = on and not self._closed
        if self._allowed:
            self._timer.start()
        else:
            self._timer.stop()
            self._keep(0)

    def take(self) -> QProcess | None:
        """Return a process that waits for its order, the caller's from now on; None: there is none."""
        while self._processes:
            process = self._processes.pop(0)
            process.finished.disconnect(self._on_finished)
            if process.state() != QProcess.ProcessState.NotRunning:
                return process
            process.deleteLater()
        return None

    def close(self) -> None:
        """End all of them, for good."""
        self._closed = True
        self.allow(False)

    def _keep(self, count: int) -> None:
        """End what is more than `count`: nothing of it has begun."""
        while len(self._processes) > count:
            process = self._processes.pop()
            process.finished.disconnect(self._on_finished)
            process.kill()
            process.waitForFinished(1000)
            process.deleteLater()

    def _start(self, threads: int) -> None:
        process = QProcess(self)
        process.setProcessEnvironment(python_environment(threads))
        process.setProgram(sys.executable)
        process.setArguments(["-m", "resviz", "worker", "--warm"])
        process.setStandardOutputFile(QProcess.nullDevice())
        process.setStandardErrorFile(QProcess.nullDevice())
        process.finished.connect(self._on_finished)
        self._processes.append(process)
        process.start()

    @Slot()
    def _on_time(self) -> None:
        runs = [Path(str(number)) for number in range(self._runs)]
        wanted = place(runs, self._device, available_cores(), cuda_present())[:MOST]
        self._keep(len(wanted))
        if memory_is_spare():
            for placement in wanted[len(self._processes) :]:
                self._start(placement.threads)

    @Slot()
    def _on_finished(self) -> None:
        # One that cannot even load torch is not tried again: the next training says what is wrong.
        gone = [p for p in self._processes if p.state() == QProcess.ProcessState.NotRunning]
        for process in gone:
            self._processes.remove(process)
            process.deleteLater()


def memory_is_spare() -> bool:
    """Say whether there is memory for what may not be used; where the system does not tell, there is."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return True
    available = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return available is None or int(available) * 1024 >= _SPARE_BYTES
