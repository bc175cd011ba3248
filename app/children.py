"""How child processes are started: `python -m resviz` from any folder, installed or from a checkout."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QProcessEnvironment

import resviz
from resviz.train.placement import thread_environment


def python_environment(threads: int) -> QProcessEnvironment:
    """Return the environment in which `python -m resviz` works from any folder, installed or not."""
    environment = QProcessEnvironment()
    for name, value in thread_environment(threads, os.environ).items():
        environment.insert(name, value)
    home = Path(resviz.__file__).resolve().parent.parent
    # Only a checkout needs it; site-packages put before the standard library could hide modules of it.
    if (home / "pyproject.toml").is_file():
        parts = [str(home), environment.value("PYTHONPATH")]
        environment.insert("PYTHONPATH", os.pathsep.join(part for part in parts if part))
    environment.insert("PYTHONUNBUFFERED", "1")
    environment.insert("PYTHONIOENCODING", "utf-8")
    return environment
