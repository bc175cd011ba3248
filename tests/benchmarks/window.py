"""How smooth the window is: one command, a table of figures beside their targets.

    python tests/benchmarks/window.py [--only events,curves,cursor,heat,reopen,soak] [--seconds N] [--quick]

Each section runs in a process of its own, offscreen at 1920x1080, with a home of its own for runs, settings
and caches. `curves`, `cursor` and `heat` are processor time of the window's thread, which other programs on
the machine disturb less; `events`, `reopen` and `soak` are wall time. `--seconds` is how long `events` and
`soak` stream (60 and 360; an hour's soak: 3600). The table goes to stdout, as Markdown.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SECTIONS = ("events", "curves", "cursor", "heat", "reopen", "soak")


def measure(section: str, seconds: float | None, quick: bool) -> None:
    """Measure one section in this process and print its figures as JSON."""
    from tests.benchmarks import window_drawing, window_kit, window_reading

    with tempfile.TemporaryDirectory() as folder:
        window_kit.home_of_its_own(Path(folder))
        if section in ("events", "soak"):
            usual = {"events": 60.0, "soak": 360.0}[section] / (4 if quick else 1)
            figures = getattr(window_reading, section)(seconds or usual, quick)
        else:
            module = window_reading if section == "reopen" else window_drawing
            figures = getattr(module, section)(quick)
    window_kit.send(figures)


def main() -> int:
    """Measure the sections that were asked for; return 1 if a target was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(SECTIONS), metavar="SECTION[,…]", help=", ".join(SECTIONS))
    parser.add_argument("--seconds", type=float, help="how long events and soak stream")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter turns: to try it out")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    chosen = args.only.split(",")
    unknown = [each for each in chosen if each not in SECTIONS]
    if unknown:
        parser.error(f"there is no section {', '.join(unknown)}: choose from {', '.join(SECTIONS)}")
    if args.inside:
        measure(chosen[0], args.seconds, args.quick)
        return 0
    from tests.benchmarks.window_kit import table

    inside = [sys.executable, __file__, "--inside"]
    inside += ["--seconds", str(args.seconds)] if args.seconds else []
    inside += ["--quick"] if args.quick else []
    return table(inside, chosen)


if __name__ == "__main__":
    sys.exit(main())
