"""Build ResNet-20 for CIFAR (arXiv:1512.03385, Sec. 4.2) on an empty canvas with the mouse alone.

A real window, events of the window system, the moves in between, and the time that a person takes for a click
and a drag. A picture of each step goes to `--out`. In the end the network is compared with the preset, block
by block in the order of the network (names aside), and the time is printed. Target: under 3 minutes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

TARGET_S = 180.0


def main(argv: list[str]) -> int:
    """Build it; return 0 if it is the preset and was built in time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for a picture of each step")
    parser.add_argument("--size", default="1280x720", help="of the window")
    parser.add_argument("--theme", choices=("dark", "light"), default="dark")
    args = parser.parse_args(argv[1:])
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
    width, height = map(int, args.size.split("x"))
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(RESVIZ_HOME=home, XDG_CONFIG_HOME=home)
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        seconds, wrong, pictures = _build(args.out, width, height, args.theme)
    for sentence in wrong:
        print(f"not as in the preset: {sentence}")
    print(f"resnet-20 by mouse: {seconds:.0f} s (target: under {TARGET_S:.0f} s), {pictures} steps looked at")
    return int(bool(wrong) or seconds >= TARGET_S)


def _build(out: Path | None, width: int, height: int, mode: str) -> tuple[float, list[str], int]:
    # Qt reads its environment when it is imported.
    from PySide6.QtWidgets import QApplication

    from app.overrides import make_errors_whole

    make_errors_whole()
    from app.editor import palette
    from app.theme import theme
    from app.window import MainWindow
    from tests.benchmarks.builder import Builder
    from tests.benchmarks.mouse import Mouse, carries

    application = QApplication([])
    application.setOrganizationName("resviz")
    application.setApplicationName("resviz")
    theme().apply(application)
    theme().set_mode("light" if mode == "light" else "dark")
    window = MainWindow()
    window.resize(width, height)
    window.show()
    mouse = Mouse(window, out)
    palette.QDrag = carries(mouse)  # type: ignore[misc]
    mouse.look("as it opens")
    start = time.monotonic()
    builder = Builder(window, mouse)
    builder.build()
    seconds = time.monotonic() - start
    wrong = builder.wrong()
    window.close()
    application.processEvents()
    return seconds, wrong, mouse.shots


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.exit(main(sys.argv))
