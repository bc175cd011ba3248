"""The built-in demonstration as a person meets it, for several seeds: how large is the gap, and how soon?

`python tests/benchmarks/demonstration.py [--window] [SEED ...]` (without seeds: 0, 1 and 2) prints a Markdown
table of the training errors 30 and 60 seconds after the start. Without `--window` the time counts from
the start of `python -m resviz demo`; with it, from the press of Train in an offscreen window that draws
everything.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = (30, 60)
IN_WINDOW = """
import sys, time
from PySide6.QtWidgets import QApplication
from app.theme import theme
from app.window import MainWindow

application = QApplication([])
theme().apply(application)
window = MainWindow()
window.resize(1280, 720)
window.show()

def wait(until):
    while time.monotonic() < until:
        application.processEvents()
        time.sleep(0.002)

wait(time.monotonic() + 2)
window.side.lab.form.groups.rows["seed"].type(sys.argv[1])
start = time.monotonic()
window.side.lab.train()
for second in (30, 60):
    wait(start + second)
    errors = {run.plain: run.series.train_error_pct for run in window.session.current}
    print(errors[True], errors[False], flush=True)
window.close()
wait(time.monotonic() + 3)
"""


def environment(home: str) -> dict[str, str]:
    """Return this process's environment with a home of its own for runs and settings."""
    return os.environ | {
        "RESVIZ_HOME": home,
        "XDG_CONFIG_HOME": home,
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(ROOT),
    }


def in_window(seed: int, home: str) -> list[tuple[float, float]]:
    """Return (plain, residual) training error in percent at each of `SECONDS` after Train was pressed."""
    command = [sys.executable, "-c", IN_WINDOW, str(seed)]
    done = subprocess.run(command, env=environment(home), stdout=subprocess.PIPE, text=True, check=True)
    rows = (line.split() for line in done.stdout.splitlines())
    return [(float(plain), float(residual)) for plain, residual in rows]


def in_terminal(seed: int, home: str) -> list[tuple[float, float]]:
    """Return the same, counted from the start of the command, read from the runs' logs."""
    # The readers are imported here so that the window's process above stays as small as the real one.
    from resviz.runs.series import load
    from resviz.runs.store import Experiment

    out = Path(home) / "out"
    command = [sys.executable, "-m", "resviz", "demo", "--seconds", str(max(SECONDS)), "--seed", str(seed)]
    began = Path(home) / "began"
    began.touch()
    subprocess.run([*command, "--out", str(out)], env=environment(home), check=True, capture_output=True)
    curves = [load(run.events_path).smoothed_train() for run in Experiment.open(out).runs]
    start = began.stat().st_mtime
    return [tuple(float(c.y[c.time - start <= second][-1]) for c in curves) for second in SECONDS]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--window", action="store_true")
    parser.add_argument("seeds", nargs="*", type=int)
    args = parser.parse_args()
    measure = in_window if args.window else in_terminal
    print("| seed | 30 s: plain / residual | gap | 60 s: plain / residual | gap |")
    print("|---|---|---|---|---|")
    for seed in args.seeds or (0, 1, 2):
        with tempfile.TemporaryDirectory() as home:
            cells = [
                f"{plain:.1f} % / {residual:.1f} % | {plain - residual:.1f} points"
                for plain, residual in measure(seed, home)
            ]
        print(f"| {seed} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
