"""Lessons: short guided texts beside the canvas, read from `assets/lessons`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from app.theme import ASSETS
from resviz.errors import FormatError

FORMAT = "resviz-lesson"
VERSION = 1

When = Literal["ready", "training", "ended"]
"""What a step waits for: the window is ready, training began, training ended or showed enough."""


class Step(msgspec.Struct, frozen=True):
    """One page: a title, a text in Markdown, and the plot to point at."""

    title: str
    text: str
    when: When = "ready"
    highlight: Literal["", "error", "gradient", "residual"] = ""


class Lesson(msgspec.Struct, frozen=True):
    """A guided demonstration."""

    format: str
    version: int
    title: str
    steps: tuple[Step, ...]


def load_lesson(name: str = "demonstration", folder: Path | None = None) -> Lesson:
    """Return a lesson from `assets/lessons`.

    Raises:
        FormatError: the file is missing, damaged or newer.
    """
    path = (folder or ASSETS / "lessons") / f"{name}.json"
    try:
        lesson = msgspec.json.decode(path.read_bytes(), type=Lesson)
    except OSError as error:
        raise FormatError(
            f"The lesson {path} cannot be read ({error.strerror or error}): install resviz again."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"The lesson {path} is damaged ({error}): install resviz again.") from None
    if lesson.format != FORMAT or not lesson.steps:
        raise FormatError(f"{path} is no lesson: install resviz again.")
    if lesson.version > VERSION:
        raise FormatError(f"{path} was written for a newer resviz (version {lesson.version}): update resviz.")
    return lesson
