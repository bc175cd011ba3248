"""The explain worker: answers requests, one JSON object a line, until its input ends.

In: `{"id": 1, "op": "attribute", "run": DIR, "index": 17, "method": "integrated_gradients", "out": FOLDER}`,
`{"id": 2, "op": "pictures", "run": DIR, "count": 24, "out": FOLDER}`,
`{"id": 3, "op": "evaluate", "run": DIR}`, `{"op": "cancel", "id": 1}`. Out, for each id: any number of
`{"id": 1, "progress": 0.3}`, then one `{"id": 1, "result": {...}}` or `{"id": 1, "error": "One sentence."}`;
a cancelled request is answered with an error that has `"cancelled": true`.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Literal

import msgspec

from resviz.errors import ResvizError
from resviz.explain.answers import Target, explain_picture, list_pictures
from resviz.explain.evaluate import evaluate
from resviz.explain.subject import Library, RunFiles, sentence

PROGRESS_INTERVAL_S = 0.05
"""Least time between two progress lines of one request."""


class Attribute(msgspec.Struct, tag_field="op", tag="attribute"):
    """Explain the answer to one test picture."""

    id: int
    run: str
    index: int
    out: str
    method: Literal["integrated_gradients", "grad_cam"] = "integrated_gradients"
    target: Target = "predicted"


class Pictures(msgspec.Struct, tag_field="op", tag="pictures"):
    """Write some test pictures to choose from."""

    id: int
    run: str
    out: str
    count: int = 24


class Evaluate(msgspec.Struct, tag_field="op", tag="evaluate"):
    """Measure the test error."""

    id: int
    run: str


class Cancel(msgspec.Struct, tag_field="op", tag="cancel"):
    """Forget request `id`, whether it is waiting or being worked on."""

    id: int


Work = Attribute | Pictures | Evaluate
_decoder: msgspec.json.Decoder[Work | Cancel] = msgspec.json.Decoder(Work | Cancel)


class CancelledError(Exception):
    """Nobody wants the answer any more."""


class Server:
    """Works through requests in their order; a thread of its own reads them, so a cancel is seen at once."""

    def __init__(
        self, requests: IO[bytes], answers: IO[bytes], open_run: Callable[[Path], RunFiles], library: Library
    ) -> None:
        """Prepare; `serve` does the work.

        Args:
            requests: JSON lines; its end ends the server.
            answers: JSON lines.
            open_run: reads a run's folder; raises ResvizError where it is none.
            library: loads networks and data.
        """
        self._requests, self._answers = requests, answers
        self._open_run, self._library = open_run, library
        self._waiting: deque[Work] = deque()
        self._cancelled: set[int] = set()
        self._closed = False
        self._news = threading.Condition()

    def serve(self) -> None:
        """Answer requests until the input ends; what is being worked on then is given up."""
        reader = threading.Thread(target=self._read, name="requests", daemon=True)
        reader.start()
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    break
                work = self._waiting.popleft()
            try:
                self._answer(work)
            except BrokenPipeError:
                break
        reader.join(timeout=1)

    def _read(self) -> None:
        for line in self._requests:
            if not line.strip():
                continue
            try:
                request = _decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                with contextlib.suppress(OSError):
                    self._say({"id": _id_of(line), "error": f"The request cannot be understood ({error})."})
                continue
            with self._news:
                if isinstance(request, Cancel):
                    self._cancelled.add(request.id)
                else:
                    self._cancelled.discard(request.id)
                    self._waiting.append(request)
                self._news.notify()
        with self._news:
            self._closed = True
            self._news.notify()

    def _answer(self, work: Work) -> None:
        said_at = 0.0

        def report(share: float) -> None:
            nonlocal said_at
            if self._closed or work.id in self._cancelled:
                raise CancelledError
            now = time.monotonic()
            if now - said_at >= PROGRESS_INTERVAL_S:
                said_at = now
                self._say({"id": work.id, "progress": round(share, 4)})

        try:
            report(0.0)
            self._say({"id": work.id, "result": self._result(work, report)})
        except CancelledError:
            self._say({"id": work.id, "cancelled": True, "error": "Cancelled."})
        except BrokenPipeError:
            raise
        except Exception as error:
            if not isinstance(error, ResvizError):
                traceback.print_exception(error, file=sys.stderr)
            self._say({"id": work.id, "error": " ".join(sentence(error).split())})
        finally:
            self._cancelled.discard(work.id)

    def _result(self, work: Work, report: Callable[[float], None]) -> dict[str, Any]:
        subject = self._library.subject(self._open_run(Path(work.run)), report)
        if isinstance(work, Attribute):
            return explain_picture(
                subject, work.index, work.method, Path(work.out), target=work.target, report=report
            )
        if isinstance(work, Pictures):
            return list_pictures(subject, work.count, Path(work.out))
        evaluation = asdict(evaluate(subject, report))
        return {**evaluation, "checkpoint": subject.checkpoint, "iteration": subject.iteration}

    def _say(self, answer: dict[str, Any]) -> None:
        with self._news:
            self._answers.write(msgspec.json.encode(answer) + b"\n")
            self._answers.flush()


def _id_of(line: bytes) -> int | None:
    """Return the id of a line that is no request, so that whoever sent it hears of it."""
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    number = value.get("id") if isinstance(value, dict) else None
    return number if isinstance(number, int) else None
