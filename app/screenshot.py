"""Take the README's picture anew: a real window in which the demonstration really trains."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path


def main(argv: list[str]) -> int:
    """Train the demonstration in an offscreen window for a while and save the window as PNG."""
    parser = argparse.ArgumentParser(prog="python -m app.screenshot", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("assets/window.png"), help="PNG to write")
    parser.add_argument("--seconds", type=float, default=50, help="training before the picture, in seconds")
    parser.add_argument("--size", default="1280x720", help="window size, in pixels before scaling")
    parser.add_argument("--scale", default="2", help="pixels of the picture a pixel of the window")
    parser.add_argument("--theme", choices=("dark", "light"), default="dark")
    args = parser.parse_args(argv[1:])
    width, height = map(int, args.size.split("x"))
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(
            QT_QPA_PLATFORM="offscreen", QT_SCALE_FACTOR=args.scale, RESVIZ_HOME=home, XDG_CONFIG_HOME=home
        )
        _take(args.output, args.seconds, width, height, args.theme)
    print(args.output)
    return 0


def _take(output: Path, seconds: float, width: int, height: int, mode: str) -> None:
    # Qt reads its environment when it is imported.
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415

    from app.overrides import make_errors_whole  # noqa: PLC0415

    make_errors_whole()
    from app.theme import theme  # noqa: PLC0415
    from app.window import MainWindow  # noqa: PLC0415

    application = QApplication([])
    application.setOrganizationName("resviz")
    application.setApplicationName("resviz")
    theme().apply(application)
    theme().set_mode("light" if mode == "light" else "dark")
    window = MainWindow()
    window.resize(width, height)
    window.show()

    def wait(duration: float) -> None:
        end = time.monotonic() + duration
        while time.monotonic() < end:
            application.processEvents()
            time.sleep(0.005)

    wait(0.5)
    window.side.lab.train()
    wait(seconds)
    window.grab().save(str(output))
    window.close()
    wait(2)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
