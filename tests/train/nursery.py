"""Real workers without the seconds that torch takes to load: forked from a process that has it already.

`python -m tests.train.nursery` reads requests, JSON lines, on stdin and answers on stdout; `Nursery` is the
other end. POSIX only; the faults need Linux.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from resviz.train.placement import thread_environment

PATIENCE_S = 60.0


class Worker:
    """One worker process."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery, self.pid = nursery, pid
        self.code: int | None = None
        """Exit code, below 0 for a signal; None: not known to have ended."""

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Send a signal and wait for the end."""
        os.kill(self.pid, number)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end; return the exit code."""
        self.wait_for(lambda: self.ended, "the end")
        return self.code

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        if self.code is None:
            self.code = self._nursery.ask({"poll": self.pid})
        return self.code is not None

    def wait_for(self, condition, what):
        """Wait until `condition()` holds; the worker must not end before."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, f"waited in vain for {what}"
            assert self.code is None, f"the worker ended with {self.code} before {what}"
            time.sleep(0.002)
            _ = self.ended


class Nursery:
    """The process that has torch loaded; the context kills what it started."""

    def __enter__(self) -> Nursery:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.train.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=thread_environment(1, os.environ),
            cwd=Path(__file__).parents[2],
        )
        self._workers: list[Worker] = []
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            if worker.code is None:
                with contextlib.suppress(ProcessLookupError):
                    worker.kill()
        self._process.stdin.close()
        self._process.wait(PATIENCE_S)
        self._process.stdout.close()

    def worker(self, *runs, die_in_write: int | None = None, memory: int | None = None) -> Worker:
        """Start a worker on `runs`.

        Args:
            die_in_write: the worker is killed in the so many-th write below `checkpoints/`: with half of the
                file written for odd numbers, with all of it but before it gets its name for even ones.
            memory: bytes that it may take more than it has at its start.
        """
        request = {"start": [str(run.path) for run in runs], "die_in_write": die_in_write, "memory": memory}
        self._workers.append(Worker(self, self.ask(request)))
        return self._workers[-1]

    def ask(self, request):
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def _serve() -> None:
    import torch
    from torch.utils.checkpoint import checkpoint

    import resviz.train.trainer  # noqa: F401
    from resviz.cli import main
    from resviz.train import reports

    reports.REPORTS_PER_SECOND = 1000  # The log tells at once where training is.
    # Its first use loads another second's worth of torch.
    checkpoint(torch.neg, torch.ones(1, requires_grad=True), use_reentrant=False)
    for line in sys.stdin:
        request = json.loads(line)
        if "poll" in request:
            pid, status = os.waitpid(request["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if answer == 0:
                _become_worker(main, request)
        print(json.dumps(answer), flush=True)


def _become_worker(main, request) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    if request["die_in_write"] is not None:
        _die_in_write(request["die_in_write"])
    if request["memory"] is not None:
        _leave_memory(request["memory"])
    code = 70
    try:
        code = main(["worker", *request["start"]])
    finally:
        os._exit(code)


def _leave_memory(size: int) -> None:
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + size
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _die_in_write(number: int) -> None:
    real = os.fsync
    left = (number + 1) // 2

    def fsync(descriptor: int) -> None:
        nonlocal left
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.parent.name == "checkpoints":
            left -= 1
            if left == 0:
                if number % 2:
                    os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
                os.kill(os.getpid(), signal.SIGKILL)
        real(descriptor)

    os.fsync = fsync


if __name__ == "__main__":
    _serve()
