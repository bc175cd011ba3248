"""Checkpoint files, without torch: `NAME.safetensors`, and `NAME.json` with the SHA-256 of each part.

The tensors are written first, the JSON last: a checkpoint exists when its JSON does. A flipped bit in a
safetensors file loads silently, so nothing is handed out before its hash is checked.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from resviz.arch.names import natural_key
from resviz.atomic import is_full, write_atomically
from resviz.errors import CheckpointError, DiskFullError, ResvizError

FORMAT = "resviz-checkpoint"
VERSION = 1

Found = TypeVar("Found")


class Stored(NamedTuple):
    """One checkpoint as it lies on the disk: file stem, bytes of the safetensors file, the JSON values."""

    name: str
    tensors: bytes
    meta: dict[str, Any]


class FlawError(Exception):
    """Why a checkpoint cannot be used, as the beginning of a sentence that names the file."""


class _File(msgspec.Struct, frozen=True):
    format: str
    version: int
    tensors_sha256: str
    meta_sha256: str
    meta: msgspec.Raw


def save(folder: Path, name: str, tensors: bytes, meta: Mapping[str, object]) -> None:
    """Write the checkpoint `name` into `folder` (made if missing); return when it is safely on the disk.

    Raises:
        DiskFullError: there is no room for it.
        CheckpointError: the folder cannot be written. An earlier checkpoint of that name may then be damaged,
            those of other names are untouched.
    """
    meta_bytes = msgspec.json.encode(dict(meta))
    file = _File(FORMAT, VERSION, _sha256(tensors), _sha256(meta_bytes), msgspec.Raw(meta_bytes))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / f"{name}.safetensors", tensors)
        write_atomically(folder / f"{name}.json", msgspec.json.encode(file) + b"\n")
    except DiskFullError:
        raise
    except ResvizError as error:
        raise CheckpointError(str(error)) from error
    except OSError as error:
        if is_full(error):
            raise DiskFullError(f"The disk is full, so {folder} cannot be made: make room.") from error
        raise CheckpointError(
            f"Cannot make the folder {folder} ({error.strerror or error}): choose another one or make room."
        ) from error


def read(folder: Path, name: str) -> Stored:
    """Read one checkpoint and check its hashes.

    Raises:
        FlawError: it is missing, truncated, changed since it was written, or of a newer version.
    """
    file, meta = _document(folder / f"{name}.json")
    tensors_path = folder / f"{name}.safetensors"
    tensors = _bytes(tensors_path)
    if file.tensors_sha256 != _sha256(tensors):
        raise damaged(tensors_path, "its SHA-256 does not match")
    return Stored(name, tensors, meta)


def read_meta(folder: Path, name: str) -> dict[str, Any]:
    """Read the JSON values of one checkpoint; its tensors, which may be large, stay unread.

    Raises:
        FlawError: the JSON file is missing, changed since it was written, or of a newer version.
    """
    return _document(folder / f"{name}.json")[1]


def _document(path: Path) -> tuple[_File, dict[str, Any]]:
    try:
        file = msgspec.json.decode(_bytes(path), type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise damaged(path, "it is no checkpoint's JSON") from None
    if file.format != FORMAT:
        raise damaged(path, "it is no checkpoint's JSON")
    if file.version > VERSION:
        raise FlawError(f"{path} was written by a newer resviz (version {file.version}; update resviz)")
    if file.meta_sha256 != _sha256(bytes(file.meta)):
        raise damaged(path, "its SHA-256 does not match")
    try:
        return file, msgspec.json.decode(file.meta, type=dict[str, Any])
    except msgspec.DecodeError:
        raise damaged(path, "it is no checkpoint's JSON") from None


def load(folder: Path, name: str, read: Callable[[Path, str], Found]) -> Found:
    """Return what `read` makes of one checkpoint.

    Raises:
        CheckpointError: `read` found a flaw.
    """
    try:
        return read(folder, name)
    except FlawError as flaw:
        raise CheckpointError(f"{_capital(flaw)}: use another one.") from None


def newest_good(folder: Path, read: Callable[[Path, str], Found]) -> tuple[Found | None, list[str]]:
    """Return the newest checkpoint in which `read` finds no flaw, and one sentence for each newer one.

    Returns:
        None and no sentence where there is no checkpoint at all.

    Raises:
        CheckpointError: there are checkpoints, but none that can be used.
    """
    flaws: list[FlawError] = []
    for name in reversed(names(folder)):
        try:
            found = read(folder, name)
        except FlawError as flaw:
            flaws.append(flaw)
        else:
            return found, [f"{_capital(flaw)}, so {name} is used instead." for flaw in flaws]
    if flaws:
        raise CheckpointError(
            f"No checkpoint is left that can be used ({'; '.join(map(str, flaws))}): put an undamaged copy "
            "in its place, or begin anew with `resviz train`."
        )
    return None, []


def names(folder: Path) -> list[str]:
    """Return the names of all checkpoints in a folder, newest last ("iteration-9" before "iteration-10")."""
    return sorted((path.stem for path in folder.glob("*.json")), key=natural_key)


def prune(folder: Path, keep: Collection[str]) -> None:
    """Delete all checkpoints but those named, and what a killed worker left of one.

    Only for the worker that writes there and knows which are undamaged. What cannot be deleted stays.
    """
    for leftover in folder.glob(".*"):
        with contextlib.suppress(OSError):
            leftover.unlink()
    for name in set(names(folder)).difference(keep):
        for suffix in ("json", "safetensors"):
            with contextlib.suppress(OSError):
                (folder / f"{name}.{suffix}").unlink()


def damaged(path: Path, why: str) -> FlawError:
    """Return the flaw of a file that is not what was written."""
    return FlawError(f"the checkpoint {path} is damaged ({why})")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FlawError(f"the checkpoint {path} cannot be read ({error.strerror or error})") from None


def _capital(flaw: FlawError) -> str:
    text = str(flaw)
    return text[:1].upper() + text[1:] if text.startswith("the ") else text
