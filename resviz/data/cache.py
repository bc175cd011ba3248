"""Decoded data sets on disk, so that the second start of a run needs no decoding.

One safetensors file for each source, named after what it was built from and carrying a SHA-256 of its
contents: a flipped bit would otherwise load silently.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from resviz.data.arrays import Arrays, Progress, report
from resviz.data.files import locked, sync_and_rename

log = logging.getLogger(__name__)

_FORMAT = "resviz-data-1"
_FIELDS = ("train_images", "train_labels", "test_images", "test_labels")


def cached(
    directory: Path,
    source: str,
    state: str,
    build: Callable[[], Arrays],
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Arrays:
    """Return what `build` makes, from the cache where it is there and sound.

    Two processes that ask for the same at once build it once: the second waits and then reads.

    Args:
        directory: where caches live; made if missing. Where it cannot be written, the result is just not
            kept.
        source: names what is built, e.g. a folder and a picture size; a newer state of it replaces an older
            one.
        state: changes whenever the result would, e.g. a digest of a folder's listing.
        build: makes the arrays.
        progress: told about waiting for another process.
        cancelled: ends that wait when it returns true.
    """
    prefix = hashlib.sha256(source.encode()).hexdigest()[:16]
    path = (
        directory / f"{prefix}-{hashlib.sha256(f'{_FORMAT} {state}'.encode()).hexdigest()[:16]}.safetensors"
    )
    if (arrays := load_arrays(path)) is not None:
        return arrays

    def waiting() -> None:
        report(progress, "waiting for another run that prepares the same data", 0, 0, "")

    with locked(directory / f"{prefix}.lock", waiting, cancelled):
        if (arrays := load_arrays(path)) is not None:
            return arrays
        arrays = build()
        try:
            save_arrays(path, arrays)
        except (OSError, SafetensorError) as error:
            log.warning("The decoded data could not be kept for the next start (%s).", error)
        else:
            for other in directory.glob(f"{prefix}-*.safetensors"):
                if other != path:
                    with contextlib.suppress(OSError):
                        other.unlink()
        return arrays


def save_arrays(path: Path, arrays: Arrays) -> None:
    """Write `arrays` to `path` in one step: a reader sees all of it or nothing.

    Raises:
        OSError, SafetensorError: the disk is full or cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: np.ascontiguousarray(getattr(arrays, name)) for name in _FIELDS}
    metadata = {"format": _FORMAT, "classes": json.dumps(arrays.classes), "sha256": _digest(arrays)}
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        save_file(tensors, temporary, metadata)
        sync_and_rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_arrays(path: Path) -> Arrays | None:
    """Read what `save_arrays` wrote; None where it is missing, damaged or of another format."""
    try:
        metadata = _metadata(path)
        tensors = load_file(path)
        if metadata.get("format") != _FORMAT:
            return None
        classes = tuple(json.loads(metadata["classes"]))
        arrays = Arrays(classes, *(tensors[name] for name in _FIELDS))
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, struct.error) as error:
        log.warning("The kept data in %s is damaged and will be made again (%s).", path, error)
        return None
    if _digest(arrays) != metadata.get("sha256"):
        log.warning("The kept data in %s is damaged and will be made again (its hash differs).", path)
        return None
    return arrays


def _metadata(path: Path) -> dict[str, str]:
    """Return the metadata in a safetensors header, which the numpy loader leaves out."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > 1 << 20:
            raise ValueError("the header is too long")
        header = json.loads(file.read(length))
    metadata = header.get("__metadata__", {})
    if not isinstance(metadata, dict):
        raise TypeError("the header holds no metadata")
    return metadata


def _digest(arrays: Arrays) -> str:
    """Return a SHA-256 over names, shapes and contents."""
    digest = hashlib.sha256(json.dumps(arrays.classes).encode())
    for name in _FIELDS:
        array = np.ascontiguousarray(getattr(arrays, name))
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
