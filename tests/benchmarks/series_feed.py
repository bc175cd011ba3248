"""Reading a log into arrays against the plain way: `json`, a list for each curve, `numpy.array` at the end.

`python tests/benchmarks/series_feed.py` prints events a second for a whole log of 64,000 iterations with
probes of 55 convolutions, and for the pieces in which a window reads a run that is training. Measured in
turns; times are those of the processor.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":  # The folder of the project, to be run from anywhere.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from resviz.runs.events import Probed, Started, Stepped, encode
from resviz.runs.series import RunSeries, Tail

ITERATIONS, PROBE_INTERVAL, TURNS = 64_000, 20, 5


def write_log(path: Path) -> int:
    """Write the log; return the number of its events."""
    names = tuple(f"conv{i}" for i in range(55))
    rng = np.random.default_rng(0)
    start = Started(0.0, 0, ITERATIONS, 391.0, 128, 0, "cpu", "float32", 1, names, names[:27], names)
    lines = [encode(start)]
    for i in range(1, ITERATIONS + 1):
        lines.append(encode(Stepped(float(i), i, 2.0, float(rng.random() * 100), 0.1, 2000.0)))
        if i % PROBE_INTERVAL == 0:
            lines.append(encode(Probed(i, *(tuple(rng.random(n).tolist()) for n in (55, 27, 55)))))
    path.write_bytes(b"".join(lines))
    return len(lines)


def whole(path: Path) -> None:
    """Read the log at once."""
    series = RunSeries()
    series.feed(Tail(path).read())
    assert len(series.train) == ITERATIONS


def pieces(path: Path) -> None:
    """Read the log in pieces of a few thousand bytes."""
    series, tail = RunSeries(), Tail(path)
    while events := tail.read(8192):
        series.feed(events)
    assert len(series.train) == ITERATIONS


def rival(path: Path) -> None:
    """Read the log as most programs would."""
    curves: dict[str, list[object]] = {}
    with path.open() as file:
        for line in file:
            for key, value in json.loads(line).items():
                curves.setdefault(key, []).append(value)
    kept = ("loss", "train_error_pct", "gradient_norm", "residual_magnitude", "response_std")
    arrays = {key: np.array(curves[key]) for key in kept}
    assert len(arrays["loss"]) == ITERATIONS


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        events = write_log(path)
        spent: dict[str, list[float]] = {}
        for _ in range(TURNS):
            for way in (whole, pieces, rival):
                begin = time.process_time()
                way(path)
                spent.setdefault(way.__name__, []).append(time.process_time() - begin)
    seconds = {name: statistics.median(found) for name, found in spent.items()}
    rates = ", ".join(f"{name} {events / s:,.0f}" for name, s in seconds.items())
    print(f"events a second: {rates}")
    print(
        f"ratio of times: whole {seconds['whole'] / seconds['rival']:.2f}, "
        f"pieces {seconds['pieces'] / seconds['rival']:.2f}"
    )


if __name__ == "__main__":
    main()
