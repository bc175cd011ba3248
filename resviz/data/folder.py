"""A folder of pictures: `train/<class>/*` and `test/<class>/*`, PNG, JPEG or WebP of any size.

Imports no torch.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from resviz.data.arrays import Arrays, Progress, report
from resviz.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
"""What counts as a picture, in upper or lower case."""

NATIVE_LIMIT = 64
"""Pictures of at most so many pixels a side are kept at their own size, and resized when loaded."""

_CHUNK = 128  # pictures that a thread takes at once
_SAMPLE = 512  # pictures whose size is looked at to find the most common one
_MEMORY_LIMIT = 8 << 30  # bytes of decoded pictures


@dataclass(frozen=True)
class Listing:
    """What lies in such a folder.

    Attributes:
        classes: the names of the class folders, sorted.
        train: the pictures as (path, label), sorted.
        test: likewise.
        digest: changes when a picture is added, removed, renamed or changed (by size and time of change).
    """

    classes: tuple[str, ...]
    train: tuple[tuple[str, int], ...]
    test: tuple[tuple[str, int], ...]
    digest: str


def list_folder(root: Path) -> Listing:
    """List the pictures under `root`.

    Raises:
        DataError: the folder, a part, a class or the pictures of a class are missing.
    """
    if not root.is_dir():
        raise DataError(f"There is no folder {root}; check the path after 'folder:'.")
    for part in ("train", "test"):
        if not (root / part).is_dir():
            raise DataError(
                f"{root} has no folder '{part}'; it should hold train/<class>/… and test/<class>/…."
            )
    classes = _subfolders(root / "train")
    if len(classes) < 2:
        have = f"only one class, {classes[0]!r}" if classes else "no class folders"
        raise DataError(
            f"{root / 'train'} holds {have}; a network tells at least two apart: make a folder for each "
            "class, with its pictures inside, in train and in test."
        )
    tested = _subfolders(root / "test")
    if missing := sorted(set(classes) - set(tested)):
        raise DataError(f"{root / 'test'} has no folder for the class {missing[0]!r}; add it, with pictures.")
    if extra := sorted(set(tested) - set(classes)):
        raise DataError(
            f"{root / 'test'} has a class {extra[0]!r} that train has not; add it there or remove it here."
        )
    digest = hashlib.sha256()
    parts = []
    for part in ("train", "test"):
        pictures: list[tuple[str, int]] = []
        for label, name in enumerate(classes):
            folder = root / part / name
            found = _pictures(folder)
            if not found:
                raise DataError(
                    f"{folder} holds no pictures; add PNG, JPEG or WebP files, or remove the class."
                )
            digest.update(f"\0{part}/{name}".encode("utf-8", "surrogateescape"))
            prefix = f"{folder}{os.sep}"  # 60,000 paths joined as objects take a quarter of a second
            for file, size, changed in found:
                digest.update(f"\n{file} {size} {changed}".encode("utf-8", "surrogateescape"))
                pictures.append((prefix + file, label))
        parts.append(tuple(pictures))
    return Listing(tuple(classes), parts[0], parts[1], digest.hexdigest())


def _subfolders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if e.is_dir() and not e.name.startswith((".", "__")))
    except OSError as error:
        raise DataError(f"{folder} cannot be read ({error.strerror}); check its rights.") from error


def _pictures(folder: Path) -> list[tuple[str, int, int]]:
    """Return (name, bytes, time of change in ns) of the pictures in `folder`, sorted by name."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if (
                    entry.name.lower().endswith(SUFFIXES)
                    and not entry.name.startswith(".")
                    and entry.is_file()
                ):
                    status = entry.stat()
                    found.append((entry.name, status.st_size, status.st_mtime_ns))
    except OSError as error:
        raise DataError(f"{folder} cannot be read ({error.strerror}); check its rights.") from error
    return sorted(found)


def choose_size(listing: Listing, image_size: tuple[int, int] | None) -> tuple[int, int]:
    """Return the (height, width) at which to decode and keep the pictures.

    Their own most common size where it is small or none is asked for, else what is asked for. The most common
    size is that of up to 512 pictures taken evenly from the training part.
    """
    step = max(1, len(listing.train) // _SAMPLE)
    sizes = Counter(_size_of(path) for path, _ in listing.train[::step])
    height, width = max(sizes.items(), key=lambda item: (item[1], item[0]))[0]
    if image_size is None or (
        max(height, width) <= NATIVE_LIMIT and image_size[0] <= height and image_size[1] <= width
    ):
        return height, width
    return image_size


def decode_folder(
    listing: Listing, size: tuple[int, int], progress: Progress | None = None, threads: int | None = None
) -> Arrays:
    """Decode all pictures of `listing`.

    Args:
        listing: what to decode.
        size: (height, width) in pixels. A picture of another size is cut to this aspect around its middle and
            resized.
        progress: called with ("reading 50,000 pictures", done, total, "pictures").
        threads: how many decode at once; as many as there are cores, at most 8, if left out.

    Returns:
        uint8 pictures (N, 3, H, W) and their labels.

    Raises:
        DataError: a picture is damaged, or all of them would not fit into memory.
    """
    total = len(listing.train) + len(listing.test)
    needed = total * 3 * size[0] * size[1]
    if needed > _MEMORY_LIMIT:
        raise DataError(
            f"{total:,} pictures of {size[1]}x{size[0]} pixels need {needed / 2**30:.0f} GiB; "
            "give a smaller image size."
        )
    done = 0
    stage = f"reading {total:,} pictures"
    report(progress, stage, 0, total, "pictures")
    images: list[NDArray[np.uint8]] = []
    pool = ThreadPoolExecutor(threads or min(8, os.cpu_count() or 1), thread_name_prefix="resviz-decode")
    try:
        for part in (listing.train, listing.test):
            pixels = np.empty((len(part), *size, 3), np.uint8)
            jobs = [
                pool.submit(_decode_chunk, part[start : start + _CHUNK], pixels[start : start + _CHUNK])
                for start in range(0, len(part), _CHUNK)
            ]
            for job in jobs:
                done += job.result()
                report(progress, stage, done, total, "pictures")
            images.append(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    train_labels = np.array([label for _, label in listing.train], np.int64)
    test_labels = np.array([label for _, label in listing.test], np.int64)
    return Arrays(listing.classes, images[0], train_labels, images[1], test_labels)


def _decode_chunk(part: Sequence[tuple[str, int]], pixels: NDArray[np.uint8]) -> int:
    """Decode pictures into `pixels` (N, H, W, 3) and return how many there were."""
    height, width = pixels.shape[1:3]
    for index, (path, _) in enumerate(part):
        try:
            with Image.open(path) as picture:
                picture.load()
                # Palettes, grey, 16 bits and transparency all become three channels; alpha is dropped.
                plain = picture if picture.mode == "RGB" else picture.convert("RGB")
                if plain.size != (width, height):
                    smaller = width <= plain.width and height <= plain.height
                    method = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
                    plain = ImageOps.fit(plain, (width, height), method)
                pixels[index] = np.asarray(plain)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise _unreadable(path, error) from error
    return len(part)


def _size_of(path: str) -> tuple[int, int]:
    """Return (height, width) of a picture from its header."""
    try:
        with Image.open(path) as picture:
            return picture.height, picture.width
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: Exception) -> DataError:
    why = (
        "it is no picture"
        if isinstance(error, UnidentifiedImageError)
        else str(error) or type(error).__name__
    )
    return DataError(f"The picture {path} cannot be read ({why}); replace or remove it.")
