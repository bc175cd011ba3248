"""What can stand between the command line and the window: each missing piece is named with its mend."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import sys

PACKAGES = (
    "PySide6",
    "pyqtgraph",
    "msgspec",
    "platformdirs",
    "numpy",
    "torch",
    "torchvision",
    "captum",
    "safetensors",
    "PIL",
)
LIBRARIES = ("libEGL.so.1", "libGL.so.1", "libxkbcommon.so.0", "libfontconfig.so.1", "libdbus-1.so.3")
XCB_LIBRARIES = (
    "libxcb-cursor.so.0",
    "libxkbcommon-x11.so.0",
    "libxcb-icccm.so.4",
    "libxcb-keysyms.so.1",
    "libxcb-shape.so.0",
)
APT_LINE = (
    "sudo apt install libegl1 libgl1 libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 "
    "libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
)
_USAGE = """usage: python main.py [FILE | FOLDER | PRESET ...]

Opens the window with these networks (.json, .py, .png, .svg, or resnet-56 ...; the first two come side by
side, others in tabs) and the runs in these folders. Without a window: python -m resviz --help."""


def obstacle() -> str | None:
    """Return why the window cannot open here and what mends it, as one sentence; None if it can."""
    version = tuple(sys.version_info[:3])
    if not (3, 11) <= version[:2] <= (3, 13):
        found = ".".join(map(str, version))
        return f"resviz needs Python 3.11 to 3.13 and this is {found}: start it with `python3.12 main.py`."
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        names = ", ".join(missing)
        return f"{names} not installed for {sys.executable}: run `pip install -e .` in the folder of main.py."
    if platform.system() == "Linux":
        return _linux_obstacle()
    return None


def _linux_obstacle() -> str | None:
    libraries = list(LIBRARIES)
    if not os.environ.get("QT_QPA_PLATFORM"):
        if os.environ.get("DISPLAY"):
            libraries += XCB_LIBRARIES
        elif not os.environ.get("WAYLAND_DISPLAY"):
            return (
                "There is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set): "
                "run `python -m resviz demo` for the demonstration without a window."
            )
    missing = [name for name in libraries if not _loads(name)]
    if missing:
        return f"Qt needs {', '.join(missing)}, not found on this system: run `{APT_LINE}`."
    return None


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def main(argv: list[str]) -> int:
    """Open the window and return the exit status; 2 with one line on stderr where it cannot open."""
    if {"-h", "--help"}.intersection(argv[1:]):
        print(_USAGE)
        return 0
    problem = obstacle()
    if problem:
        print(f"resviz: {problem}", file=sys.stderr)
        return 2
    # Only importable once the checks above have passed.
    from app.overrides import make_errors_whole  # noqa: PLC0415

    make_errors_whole()  # Before any of our classes is made.
    from app.running import run  # noqa: PLC0415

    return run(argv)
