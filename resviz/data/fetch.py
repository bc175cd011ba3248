"""Downloads over slow lines: resumable, from several mirrors, verified. Needs only the standard library."""

from __future__ import annotations

import http.client
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from resviz.data.arrays import Progress, report
from resviz.data.files import locked, sha256_of, sync_and_rename
from resviz.errors import DataError

_BLOCK = 1 << 16
_GONE = (401, 403, 404, 410, 451)  # trying the same address again will not help

Cancelled = Callable[[], bool]


class DownloadCancelledError(DataError):
    """A download was cancelled; what has arrived is kept for the next attempt."""


@dataclass(frozen=True)
class _Manners:
    """How one download behaves: see the arguments of `fetch`."""

    progress: Progress | None
    cancel: Cancelled
    attempts: int
    pause_s: float
    timeout_s: float


def fetch(
    urls: Sequence[str],
    destination: Path,
    sha256: str,
    *,
    progress: Progress | None = None,
    cancel: Cancelled | None = None,
    attempts: int = 5,
    pause_s: float = 2.0,
    timeout_s: float = 30.0,
) -> Path:
    """Download one file, going on where an earlier attempt stopped.

    What arrives is collected in `destination` + `.part`; only a file whose hash is right gets the final name.

    Args:
        urls: addresses of the same file, the best first.
        destination: where it ends up; folders are made.
        sha256: what it must hash to, in hexadecimal digits.
        progress: called with ("connecting to HOST, attempt 1 of 5", 0, 0, "") and then with
            ("downloading 170 MB", bytes, bytes in all, "bytes"), or without an amount and with 0 where the
            server does not tell.
        cancel: asked many times a second; when it returns true, the download ends and keeps what it has.
        attempts: fruitless attempts in a row at one address before the next is tried. An attempt that brought
            bytes does not count.
        pause_s: pause before another attempt, in seconds; it doubles up to 8 times its length.
        timeout_s: silence on the line, in seconds, that counts as broken.

    Returns:
        `destination`.

    Raises:
        DownloadCancelledError: `cancel` returned true.
        DataError: no address gave the file, or it cannot be written.
    """
    part = destination.with_name(destination.name + ".part")
    cancel = cancel or (lambda: False)
    manners = _Manners(progress, cancel, attempts, pause_s, timeout_s)
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"The folder {destination.parent} cannot be made ({error.strerror}); choose another data folder."
        ) from error

    def waiting() -> None:
        report(progress, "waiting for another download of the same file", 0, 0, "")

    with locked(destination.with_name(destination.name + ".lock"), waiting, cancel):
        # Already there, perhaps just made by another process; a damaged one is replaced in the end.
        if destination.is_file() and sha256_of(destination) == sha256:
            return destination
        reasons: list[str] = []
        for url in urls:
            for fresh in (False, True):
                resumed = part.exists() and part.stat().st_size > 0
                if not _collect(url, part, reasons, manners):
                    break
                report(progress, "checking", 0, 0, "bytes")
                if sha256_of(part) == sha256:
                    sync_and_rename(part, destination)
                    return destination
                part.unlink()
                reasons.append(f"{_host(url)}: the file it sent is not the right one (its SHA-256 differs)")
                # A wrong beginning from an earlier attempt must not be blamed on this server: once more, from
                # nothing.
                if fresh or not resumed:
                    break
    raise DataError(
        f"{destination.name} could not be downloaded ({'; '.join(reasons) or 'no address is known'}). "
        "Try again later, where it goes on from what has arrived, or download it elsewhere and put it into "
        f"{destination.parent} (--data-dir names another folder), or choose it in the window."
    )


def _collect(
    url: str,
    part: Path,
    reasons: list[str],
    manners: _Manners,
) -> bool:
    """Bring `part` to its full length from `url`; say why in `reasons` and return false where that fails."""
    failures = 0
    while True:
        attempt = f"attempt {failures + 1} of {manners.attempts}"
        report(manners.progress, f"connecting to {_host(url)}, {attempt}", 0, 0, "")
        before = part.stat().st_size if part.exists() else 0
        try:
            _attempt(url, part, manners)
            return True
        except urllib.error.HTTPError as error:
            error.close()
            reason, hopeless = f"{_host(url)}: {error.code} {error.reason}", error.code in _GONE
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, OSError) and error.filename is not None:
                raise DataError(
                    f"{part} cannot be written ({error.strerror}); choose another data folder."
                ) from error
            detail = getattr(error, "reason", None) or error
            reason, hopeless = f"{_host(url)}: {str(detail) or type(detail).__name__}", False
        arrived = part.stat().st_size if part.exists() else 0
        failures = 0 if arrived > before else failures + 1
        if hopeless or failures >= manners.attempts:
            reasons.append(reason)
            return False
        _sleep(manners.pause_s * min(8, 2 ** max(0, failures - 1)), manners.cancel)


def _attempt(url: str, part: Path, manners: _Manners) -> None:
    """Make one request for what is missing of `part`, and return when `part` has its full length.

    Raises:
        OSError, HTTPException: the line broke, or the server refused.
        DownloadCancelledError: `cancel` returned true.
        DataError: the disk is full.
    """
    progress, cancel = manners.progress, manners.cancel
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "resviz", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    _stop_if(cancel)
    try:
        response = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=manners.timeout_s
        )
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:
            # Nothing lies beyond what we have: complete, or longer than the file, in which case it is
            # worthless.
            error.close()
            if _total_of(error.headers.get("Content-Range")) == have:
                return
            part.unlink()
            raise ConnectionError("the earlier beginning does not fit this server's file") from error
        raise
    with response:
        start, total = 0, int(response.headers.get("Content-Length") or 0)
        if response.status == 206:
            match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range") or "")
            start = int(match[1]) if match else -1
            if start != have:
                raise ConnectionError("the server sent another part than asked for")
            total = _total_of(response.headers.get("Content-Range")) or (total and start + total)
        # A server that ignores the range sends everything: then begin anew.
        _check_space(part, total - start)
        with part.open("ab" if start else "wb") as file:
            done = start
            stage = f"downloading {total / 1e6:,.0f} MB" if total else "downloading"
            report(progress, stage, done, total, "bytes")
            while block := response.read1(_BLOCK):
                _stop_if(cancel)
                _write(file.write, block, part)
                done += len(block)
                report(progress, stage, done, total, "bytes")
            _write(lambda _: file.flush(), b"", part)
    if total and done != total:
        raise ConnectionError(f"the line broke after {done:,} of {total:,} bytes")


def _write(write: Callable[[bytes], object], block: bytes, part: Path) -> None:
    try:
        write(block)
    except OSError as error:
        raise DataError(
            f"{part} cannot be written ({error.strerror}); free some space or choose another data folder."
        ) from error


def _check_space(part: Path, needed: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if needed > free:
        raise DataError(
            f"The download needs {needed / 1e6:,.0f} MB and {part.parent} has {free / 1e6:,.0f} MB free; "
            "free some space or choose another data folder."
        )


def _total_of(content_range: str | None) -> int:
    """Return the full length in a Content-Range header, 0 where it says none."""
    match = re.search(r"/(\d+)$", content_range or "")
    return int(match[1]) if match else 0


def _stop_if(cancel: Cancelled) -> None:
    if cancel():
        raise DownloadCancelledError(
            "The download was cancelled; started again, it goes on from what has arrived."
        )


def _sleep(seconds: float, cancel: Cancelled) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        _stop_if(cancel)
        time.sleep(min(0.1, left))


def _host(url: str) -> str:
    return url.split("/")[2] if "//" in url else url
