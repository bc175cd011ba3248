"""What `window.py` and `editor.py` share: a window of its own, a heartbeat, figures beside their targets."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

BEAT_MS = 5


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    section: str
    what: str
    found: str
    target: str = ""
    met: bool | None = None
    """None: there is no target."""
    control: str = ""

    def row(self) -> str:
        """Return the line as Markdown."""
        verdict = "" if self.met is None else "yes" if self.met else "**no**"
        return f"| {self.section} | {self.what} | {self.found} | {self.target} | {verdict} | {self.control} |"


HEAD = "| section | what | found | target | met | control, in the same run |\n|---|---|---|---|---|---|"


def below(section: str, what: str, found: float, most: float, unit: str, *, control: str = "") -> Figure:
    """Return a figure that is to be less than something."""
    return Figure(section, what, f"{found:.3g} {unit}", f"under {most:g} {unit}", found < most, control)


def send(figures: Sequence[Figure]) -> None:
    """Print figures for the process that asked for them."""
    print(json.dumps([asdict(figure) for figure in figures]), flush=True)


def table(inside: Sequence[str], sections: Sequence[str]) -> int:
    """Run each section in a process of its own and print its figures; return 1 if a target was missed.

    Args:
        inside: the command that measures the section it is given by `--only`, and sends its figures.
        sections: which to measure.
    """
    load = os.getloadavg()[0]
    print(f"Load of the machine at the start: {load:.1f} on {os.cpu_count()} cores.\n\n{HEAD}", flush=True)
    missed = False
    for section in sections:
        command = [*inside, "--only", section]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            print(f"The section {section} failed: see above.", file=sys.stderr)
            missed = True
            continue
        for figure in json.loads(done.stdout.splitlines()[-1]):
            shown = Figure(**figure)
            missed |= shown.met is False
            print(shown.row(), flush=True)
    return int(missed)


class Heartbeat(QObject):
    """Beats every `BEAT_MS`; what lies between two beats is how long the event loop was not to be had."""

    def __init__(self) -> None:
        super().__init__()
        self._beats: list[tuple[float, float]] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)

    def begin(self) -> None:
        """Begin to beat."""
        self._beats = []
        self._beat()
        self._timer.start()

    def end(self) -> np.ndarray:
        """Stop; return the gaps, ms, and what of each this thread worked, ms, (gaps, 2)."""
        self._timer.stop()
        return 1000 * np.diff(self._beats, axis=0)

    def _beat(self) -> None:
        self._beats.append((time.perf_counter(), time.thread_time()))


def weighted_quantile(gaps: np.ndarray, share: float) -> float:
    """Return the gap that a random moment falls into: long ones count for as long as they are."""
    ordered = np.sort(gaps)
    return float(ordered[np.searchsorted(np.cumsum(ordered), share * ordered.sum())])


def application() -> QApplication:
    """Return the application, dressed as the program's."""
    from app.theme import theme

    made = QApplication.instance() or QApplication([])
    theme().apply(made)
    theme().set_mode("dark")
    return made


def run_for(seconds: float) -> None:
    """Let the event loop run as it does in the program."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def run_until(done: Callable[[], bool], seconds: float) -> float:
    """Let the event loop run until something is true; return how long it took.

    Raises:
        SystemExit: it did not come true in so many seconds.
    """
    began, loop, looking = time.perf_counter(), QEventLoop(), QTimer()

    def look() -> None:
        if done() or time.perf_counter() - began > seconds:
            loop.quit()

    looking.timeout.connect(look)
    looking.start(2)
    loop.exec()
    if not done():
        raise SystemExit(f"Waited {seconds:g} s in vain.")
    return time.perf_counter() - began


@contextmanager
def open_window(size: tuple[int, int] = (1920, 1080)) -> Iterator[object]:
    """Open the program's window, without workers of its own, and close it again."""
    from app.window import MainWindow

    application()
    window = MainWindow()
    window.bridge.warm_up = lambda: None
    window.resize(*size)
    window.show()
    run_until(lambda: bool(window.bottom.plots), 20)
    run_for(0.5)
    try:
        yield window
    finally:
        window.close()
        run_for(0.2)


def home_of_its_own(folder: Path) -> None:
    """Have the program keep its runs, settings and caches in a folder."""
    for name in ("RESVIZ_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        os.environ[name] = str(folder)


def experiments() -> Path:
    """Return the folder of this process's experiments."""
    return Path(os.environ["RESVIZ_HOME"]) / "experiments"


def resident() -> float:
    """Return the memory of this process, MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def told(spent: Sequence[float]) -> str:
    """Return median and 99th percentile, ms."""
    return f"median {statistics.median(spent):.1f} ms, p99 {np.quantile(spent, 0.99):.1f}"
