"""Damaged architecture files: each is refused with one sentence, or opens with its problems listed.

    python tests/benchmarks/fuzz.py [--count N] [--seed N]

Writes N files (10,000), damaged in a way that their number decides, and opens each as the program would:
read, shapes, costs, layout, document, code, mends. None may raise anything but the one sentence, take more
than a second in any step, or run anything. The floods are well-formed files of up to the largest size. Prints
a table, and what failed; exits 1 if anything did.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def main() -> int:
    """Do what the options say."""
    from PySide6.QtCore import QCoreApplication

    from app.document import Document
    from tests.damage import FLOODS, SLOWEST, Watch, damaged, outcome

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    application = QCoreApplication.instance() or QCoreApplication([])
    watch, counts, failures = Watch(), Counter(), []
    slowest: dict[str, tuple[float, str]] = {}

    def analysed(architecture):
        document = Document(architecture)
        assert document.inference is not None
        assert document.cost is not None
        document.deleteLater()
        application.processEvents()

    def attempt(name: str, sort: str, suffix: str, data: bytes, folder: Path) -> None:
        path, times = folder / f"file{suffix}", dict[str, float]()
        path.write_bytes(data)
        try:
            result = outcome(path, watch, times, analysed)
        except Exception:
            result = "FAILED"
            failures.append(f"{name} ({sort}): {traceback.format_exc(limit=-4)}")
        if watch.seen:
            failures.append(f"{name} ({sort}) did more than read: {watch.seen[:3]}")
            watch.seen.clear()
        counts[sort, result] += 1
        for step, seconds in times.items():
            slowest[step] = max(slowest.get(step, (0.0, "")), (seconds, name))
            if seconds > SLOWEST:
                failures.append(f"{name} ({sort}): {step} took {seconds:.1f} s")

    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.seed, options.seed + options.count):
            sort, suffix, data = damaged(number)
            attempt(f"file {number}", sort, suffix, data, Path(folder))
        for name, flood in FLOODS.items():
            attempt(name, "flood", ".json", flood(), Path(folder))

    results = ("refused", "problems", "sound", "FAILED")
    print("| damage | refused in one sentence | opened with problems | opened whole | failed |")
    print("|---|---:|---:|---:|---:|")
    for sort in sorted({sort for sort, _ in counts}):
        print(f"| {sort} | " + " | ".join(f"{counts[sort, result]:,}" for result in results) + " |")
    sums = [sum(n for (_, found), n in counts.items() if found == result) for result in results]
    print("| all | " + " | ".join(f"{total:,}" for total in sums) + " |\n")
    print("Slowest steps (processor time): " + ", ".join(
        f"{step} {seconds * 1000:.0f} ms ({name})" for step, (seconds, name) in slowest.items()
    ) + ".")  # fmt: skip
    for failure in failures[:40]:
        print(f"\n{failure}")
    print(f"\n{len(failures)} failures.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
