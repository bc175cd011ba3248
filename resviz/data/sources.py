"""The door to the data sets: a name in, tensors out."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from resviz.data import cifar, folder
from resviz.data.arrays import Arrays, Progress
from resviz.data.cache import cached
from resviz.data.dataset import Dataset
from resviz.data.fetch import Cancelled
from resviz.data.shapes import VERSION, paint_shapes
from resviz.errors import DataError

KNOWN = ("shapes", "cifar10", "cifar100", "folder:PATH")
"""What `load_dataset` takes."""

_SHAPES_TRAIN, _SHAPES_TEST = 10_000, 2_000


def default_data_dir() -> Path:
    """Return where data sets live unless a person says otherwise: under RESVIZ_HOME where that is set."""
    if home := os.environ.get("RESVIZ_HOME"):
        return Path(home) / "data"
    return Path(platformdirs.user_data_dir("resviz", appauthor=False)) / "data"


def load_dataset(
    spec: str,
    data_dir: Path | str | None = None,
    *,
    image_size: int | tuple[int, int] | None = None,
    train_limit: int | None = None,
    test_limit: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancelled | None = None,
) -> Dataset:
    """Load a data set; decoded pictures are kept, so that the second time takes a fraction of a second.

    Args:
        spec: `shapes` (built in), `cifar10`, `cifar100` (downloaded where they are missing), or
            `folder:PATH`.
        data_dir: where data sets live and are downloaded to; the user's data directory if left out.
        image_size: sides in pixels, one number or (height, width); the pictures' own (a folder's most common)
            if left out.
        train_limit: at most so many training pictures, class-balanced.
        test_limit: at most so many test pictures, class-balanced.
        seed: which pictures of `shapes` are painted; other data sets do not depend on it.
        progress: called with (stage, done, total, unit); total is 0 where it is not known.
        cancel: asked during a download and while waiting; when it returns true, loading ends with an error.

    Raises:
        DataError: the data set is unknown, missing, truncated or damaged, or cannot be downloaded.
    """
    size = (image_size, image_size) if isinstance(image_size, int) else image_size
    if size is not None and min(size) < 1:
        raise DataError(
            f"An image size of {size[0]}x{size[1]} is not possible; give sides of 1 pixel or more."
        )
    for limit in (train_limit, test_limit):
        if limit is not None and limit < 1:
            raise DataError(f"A limit of {limit} leaves no pictures; give 1 or more.")
    directory = Path(data_dir).expanduser() if data_dir is not None else default_data_dir()
    ours = data_dir is not None or "RESVIZ_HOME" in os.environ
    cache_dir = _cache_dir(directory if ours else None)
    if spec == "shapes":
        recipe = _shapes(seed, train_limit, test_limit, progress)
    elif spec in cifar.SOURCES:
        recipe = _cifar(spec, directory, progress, cancel)
    elif spec.startswith("folder:") and spec != "folder:":
        recipe = _folder(Path(spec.removeprefix("folder:")).expanduser(), size, progress)
    else:
        raise DataError(f"There is no data set {spec!r}; choose {', '.join(KNOWN[:-1])} or {KNOWN[-1]}.")
    arrays = cached(cache_dir, recipe.source, recipe.state, recipe.build, progress=progress, cancelled=cancel)
    dataset = Dataset.from_arrays(spec, arrays).balanced(train_limit, test_limit)
    return dataset if size is None else dataset.resized(*size)


@dataclass(frozen=True)
class _Recipe:
    """How a data set is made, and what its cache is known by (see `cached`)."""

    source: str
    state: str
    build: Callable[[], Arrays]


def _shapes(seed: int, train_limit: int | None, test_limit: int | None, progress: Progress | None) -> _Recipe:
    # Painted no more than asked for: a longer set begins with the pictures of a shorter one.
    train = min(_SHAPES_TRAIN, train_limit or _SHAPES_TRAIN)
    test = min(_SHAPES_TEST, test_limit or _SHAPES_TEST)
    return _Recipe(
        f"shapes {seed} {train} {test}",
        f"version {VERSION}",
        lambda: paint_shapes(train, test, seed, progress=progress),
    )


def _cifar(name: str, directory: Path, progress: Progress | None, cancel: Cancelled | None) -> _Recipe:
    location = cifar.find(name, directory) or cifar.download(name, directory, progress, cancel)
    files = [location] if location.is_file() else [location / file for file in cifar.SOURCES[name].files]
    return _Recipe(
        f"{name} {location.resolve()}",
        " ".join(_fingerprint(file) for file in files),
        lambda: cifar.read(location, name, progress=progress),
    )


def _folder(root: Path, size: tuple[int, int] | None, progress: Progress | None) -> _Recipe:
    listing = folder.list_folder(root)
    decoded = folder.choose_size(listing, size)
    return _Recipe(
        f"folder {root.resolve()} {decoded}",
        listing.digest,
        lambda: folder.decode_folder(listing, decoded, progress),
    )


def _fingerprint(file: Path) -> str:
    """Return what changes when `file` does: name, bytes, time of change in ns; empty where it is missing."""
    try:
        status = file.stat()
    except OSError:
        return ""
    return f"{file.name} {status.st_size} {status.st_mtime_ns}"


def _cache_dir(data_dir: Path | None) -> Path:
    """Return where decoded data is kept: beside the given data, or in the user's cache if it is read-only."""
    if data_dir is not None:
        nearest = next((parent for parent in (data_dir, *data_dir.parents) if parent.exists()), data_dir)
        if os.access(nearest, os.W_OK):
            return data_dir / "cache"
    return Path(platformdirs.user_cache_dir("resviz", appauthor=False)) / "data"
