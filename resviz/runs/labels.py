"""What a person says of a run or of an experiment: title, tags, note, colour; kept in its own folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from resviz.atomic import write_atomically
from resviz.errors import FormatError, ResvizError, RunError

FILE = "labels.json"
FORMAT = "resviz-labels"
VERSION = 1
WARM = ("orange", "yellow", "red", "pink", "brown")
"""Colours of plain runs, unless a person wants it otherwise."""
COOL = ("blue", "indigo", "green", "violet", "sky")
"""Colours of residual runs."""
_LONGEST_TITLE, _LONGEST_TAG = 200, 40
"""Characters."""


class Labels(msgspec.Struct, frozen=True):
    """What `labels.json` holds; all empty where a person said nothing."""

    format: str = FORMAT
    version: int = VERSION
    title: str = ""
    """Shown in place of the name."""
    tags: tuple[str, ...] = ()
    note: str = ""
    colour: str = ""
    """One of `WARM` or `COOL`; "": whichever is free."""


NONE = Labels()


def read(folder: Path) -> Labels:
    """Return the labels in a folder; where there is no file, none.

    Raises:
        RunError: the file cannot be read.
        FormatError: it is damaged or newer.
    """
    path = folder / FILE
    try:
        labels = msgspec.json.decode(path.read_bytes(), type=Labels)
    except FileNotFoundError:
        return NONE
    except OSError as error:
        raise RunError(f"Cannot read {path} ({error.strerror or error}): check the folder.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"{path} is damaged ({error}): delete it and label the run anew; its curves are whole."
        raise FormatError(message) from None
    if labels.format != FORMAT:
        raise FormatError(f"{path} is a {labels.format!r} file and holds no labels: delete or rename it.")
    if labels.version > VERSION:
        raise FormatError(f"{path} was written by a newer version ({labels.version}): update resviz.")
    return labels


def known(folder: Path) -> tuple[Labels, str]:
    """Return the labels in a folder and why they cannot be read, one sentence or ""; none then."""
    try:
        return read(folder), ""
    except ResvizError as error:
        return NONE, str(error)


def change(
    folder: Path,
    *,
    title: str | None = None,
    tags: Iterable[str] | None = None,
    note: str | None = None,
    colour: str | None = None,
) -> Labels:
    """Change some of the labels in a folder and return them all; None: as they are.

    Raises:
        FormatError: what is there is damaged or newer; it stays as it is.
        RunError: a value cannot be used, or the folder is read-only, full or gone.
    """
    before = read(folder)
    after = msgspec.structs.replace(
        before,
        version=VERSION,
        title=before.title if title is None else clean_title(title),
        tags=before.tags if tags is None else clean_tags(tags),
        note=before.note if note is None else note.strip(),
        colour=before.colour if colour is None else clean_colour(colour),
    )
    if after != before:
        try:
            data = msgspec.json.format(msgspec.json.encode(after), indent=2) + b"\n"
            write_atomically(folder / FILE, data)
        except RunError:
            raise
        except ResvizError as error:
            raise RunError(str(error)) from error
        except UnicodeEncodeError:
            raise RunError("A label holds half a character: type it anew.") from None
    return after


def clean_title(text: str) -> str:
    """Return a title in one line.

    Raises:
        RunError: it is too long.
    """
    title = " ".join(text.split())
    if len(title) > _LONGEST_TITLE:
        raise RunError(f"A title has at most {_LONGEST_TITLE} characters, not {len(title)}: use the note.")
    return title


def clean_tags(texts: Iterable[str]) -> tuple[str, ...]:
    """Return tags, each once whatever its case, in the order given; a comma separates two.

    Raises:
        RunError: one is too long.
    """
    found: dict[str, str] = {}
    for text in texts:
        for part in text.split(","):
            tag = " ".join(part.split())
            if len(tag) > _LONGEST_TAG:
                raise RunError(f"A tag has at most {_LONGEST_TAG} characters, not {len(tag)}: use the note.")
            if tag:
                found.setdefault(tag.casefold(), tag)
    return tuple(found.values())


def clean_colour(text: str) -> str:
    """Return the name of a colour; "automatic" and "" mean none.

    Raises:
        RunError: there is no such colour.
    """
    name = text.strip().lower()
    if name in ("", "automatic"):
        return ""
    if name not in WARM + COOL:
        raise RunError(f"There is no colour {text!r}: choose {', '.join(WARM + COOL)} or automatic.")
    return name
