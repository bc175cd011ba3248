"""ARCH on the command line: a preset, or a file."""

from __future__ import annotations

import sys

from resviz.arch.files import open_architecture
from resviz.arch.graph import Architecture


def opened(text: str) -> Architecture:
    """Return what ARCH names; what a person should know of it goes to stderr.

    Raises:
        PresetError: neither a preset nor a file.
        FormatError: a file, but not an architecture.
    """
    notes: list[str] = []
    architecture = open_architecture(text, notes)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    return architecture
