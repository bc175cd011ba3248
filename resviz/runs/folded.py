"""Logs that were folded before: their arrays, kept in the person's cache.

A shortcut and nothing else. What is kept of a log is found by the log's size, its time of change and its two
ends, so a log that grew, was edited or was put in another's place is read line by line again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import platformdirs
from numpy.typing import NDArray

from resviz.runs.events import Forked, Noted, RateChanged, RunState, Saved, Started
from resviz.runs.series import RunSeries

LEAST_BYTES = 1 << 20
"""Shorter logs are read as quickly as anything that is kept of them."""
MOST_BYTES = 1 << 29
"""Room that all logs together may take; those longest not asked for go first."""
_VERSION = 1
_END = 1 << 16
_FORGOTTEN_S = 3600.0


class _Facts(msgspec.Struct, frozen=True):
    """Everything of a series that is no array."""

    started: Started | None
    first_time: float | None
    state: RunState
    message: str
    iteration: int
    forked: Forked | None
    notes: list[Noted]
    progress: float | None
    rate_changes: list[RateChanged]
    checkpoints: list[Saved]
    pace_from: int


def cache_root() -> Path:
    """Return the folder of what is kept: in RESVIZ_HOME where it is set."""
    home = os.environ.get("RESVIZ_HOME")
    base = Path(home) / "cache" if home else Path(platformdirs.user_cache_dir("resviz", appauthor=False))
    return base / "series"


def recall(log: Path, series: RunSeries) -> int:
    """Fill an empty series with what is kept of a log; return the bytes of the log that it stands for.

    0: nothing is kept of the log as it is, or it is damaged; the series is as it was.
    """
    place = _place(log)
    if place is None or not place.is_file():
        return 0
    try:
        with place.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            facts = msgspec.json.decode(kept["facts"].tobytes(), type=_Facts)
            columns = ("x", "time", "values")
            tables = {name: tuple(kept[f"{name}.{column}"] for column in columns) for name in series.tables}
            size = int(kept["size"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, msgspec.MsgspecError):
        return 0
    for name, rows in series.tables.items():
        rows.restore(*tables[name])
    for field in _Facts.__struct_fields__:
        setattr(series, field, getattr(facts, field))
    series.revision += 1
    with contextlib.suppress(OSError):
        os.utime(place)
    return size


def keep(log: Path, series: RunSeries, size: int) -> None:
    """Keep a series that is the fold of the first `size` bytes of a log, if those are all of it.

    Where there is no room for it, or no leave to write, nothing is kept.
    """
    with contextlib.suppress(OSError):
        place = _place(log)
        if place is None or size < LEAST_BYTES or log.stat().st_size != size:
            return
        facts = _Facts(**{field: getattr(series, field) for field in _Facts.__struct_fields__})
        arrays: dict[str, NDArray[Any]] = {
            "facts": np.frombuffer(msgspec.json.encode(facts), np.uint8),
            "size": np.array(size),
        }
        for name, rows in series.tables.items():
            arrays |= {f"{name}.x": rows.x, f"{name}.time": rows.time, f"{name}.values": rows.values}
        place.parent.mkdir(parents=True, exist_ok=True)
        # Not flushed to the disk, which would take the window long: a damaged one is noticed and not used.
        with tempfile.NamedTemporaryFile(dir=place.parent, suffix=".part", delete=False) as file:
            np.savez(file, allow_pickle=False, **arrays)
        Path(file.name).replace(place)
        _make_room(place.parent)


def _place(log: Path) -> Path | None:
    """Return where a log is kept, as it is now; None: it cannot be read."""
    try:
        with log.open("rb") as file:
            stat = os.fstat(file.fileno())
            digest = hashlib.blake2b(
                f"{_VERSION} {stat.st_size} {stat.st_mtime_ns} ".encode(), digest_size=16
            )
            digest.update(file.read(_END))
            file.seek(max(0, stat.st_size - _END))
            digest.update(file.read(_END))
    except OSError:
        return None
    return cache_root() / f"{digest.hexdigest()}.npz"


def _make_room(folder: Path) -> None:
    """Remove what was not asked for longest, and what a crash left half written."""
    kept = sorted((file.stat().st_mtime, file.stat().st_size, file) for file in folder.iterdir())
    total = 0
    for changed, size, file in reversed(kept):
        total += size
        left = file.suffix == ".part" and time.time() - changed > _FORGOTTEN_S
        if total > MOST_BYTES or left:
            file.unlink(missing_ok=True)
