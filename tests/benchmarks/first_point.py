"""From the press of Train to the first plotted point, in the window, with and without warm workers.

    python tests/benchmarks/first_point.py [--rounds 3] [--thinking 5]

Each press is made in a window of its own that trains the demonstration. "cold" is the same window told to
keep no worker warm. Both are measured in turns; printed are the medians and the ratio.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Print medians of seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--thinking", type=float, default=5.0, help="seconds from the first paint to the press of Train"
    )
    parser.add_argument("--once", choices=("warm", "cold"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.once:
        print(" ".join(f"{seconds:.3f}" for seconds in press(args.once == "warm", args.thinking)))
        return 0
    times: dict[str, list[list[float]]] = {"cold": [], "warm": []}
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {
            "QT_QPA_PLATFORM": "offscreen", "RESVIZ_HOME": home, "XDG_CONFIG_HOME": home,
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        for number in range(-1, args.rounds):  # One before they count: the data is made then.
            for kind, found in times.items():
                command = [sys.executable, __file__, "--once", kind, "--thinking", str(args.thinking)]
                done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
                if number >= 0:
                    found.append([float(word) for word in done.stdout.split()])
    for kind, found in times.items():
        shown, first, both = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"{kind}: window painted after {shown:.2f} s; from the press of Train to the first plotted "
              f"point {first:.2f} s, of both networks {both:.2f} s")  # fmt: skip
    ratio = statistics.median(t[1] for t in times["cold"]) / statistics.median(t[1] for t in times["warm"])
    print(f"cold over warm: {ratio:.1f}")
    return 0


def press(warm: bool, thinking: float) -> tuple[float, float, float]:
    """Return seconds from the start to the first paint, and from the press to the points."""
    began = time.perf_counter()
    from PySide6.QtWidgets import QApplication

    from app.theme import theme
    from app.window import MainWindow

    application = QApplication([])
    theme().apply(application)
    window = MainWindow()
    painted: list[float] = []
    window.painted.connect(lambda: painted.append(time.perf_counter() - began))
    if not warm:
        window.bridge.warm.close()
    window.resize(1280, 720)
    window.show()

    def wait(until: object, limit: float) -> None:
        end = time.perf_counter() + limit
        while time.perf_counter() < end and not (callable(until) and until()):
            application.processEvents()
            time.sleep(0.002)

    wait(None, thinking)
    plot = window.bottom.plots["error"]
    pressed = time.perf_counter()
    window.side.lab.train_button.click()
    found = []
    for count in (1, 2):
        wait(lambda: len(plot.with_data()) >= count, 60)  # noqa: B023
        before = plot.redraws
        wait(lambda: plot.redraws > before, 60)  # noqa: B023
        found.append(time.perf_counter() - pressed)
    window.close()
    return painted[0], found[0], found[1]


if __name__ == "__main__":
    sys.exit(main())
