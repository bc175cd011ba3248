"""The worker: a child process that trains runs. Commands in, events out, through the runs' folders.

Ways to end it: the command `stop`, a signal, and, with `--tied`, the end of whoever started it, which closes
the worker's stdin. In each case a checkpoint is written first. The state in which a run ends is in its log.

With `--warm` it is not told yet what to train: it loads torch and waits for one JSON line on its stdin
(`resviz.train.order.Order`), after which it is as tied as any other.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from resviz.errors import RunError
from resviz.nn.memory import keep_freed_memory
from resviz.runs.store import Run
from resviz.train.cards import cuda_present
from resviz.train.governor import Governor
from resviz.train.order import await_order
from resviz.train.placement import available_cores, on_card, thread_environment
from resviz.train.session import Session
from resviz.train.warming import Warming

if TYPE_CHECKING:
    from resviz.data.dataset import Dataset

PATIENCE_S = 0.7
"""How long an iteration may go on after the worker was told to end, before it is cut off in its middle."""
_PAUSED_S = 0.05


def register(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `worker`."""
    parser.add_argument("runs", nargs="*", metavar="RUN", type=Path, help="folder of a run")
    parser.add_argument("--tied", action="store_true", help="end when stdin closes; stderr goes to log.txt")
    parser.add_argument(
        "--warm",
        action="store_true",
        help='load torch, wait for a line {"runs": [RUN, …], "share": N} on stdin, then go on as --tied',
    )
    parser.add_argument("--threads", type=int, metavar="N", help="threads to compute with")
    parser.add_argument(
        "--share", type=int, metavar="N", help="the same, but a run that goes on keeps its own (all cores)"
    )


def run(command: str, args: argparse.Namespace) -> int:
    """Train the runs; return 0 if they finished or were stopped, 1 if one failed.

    Raises:
        RunError: a folder holds no run, cannot be written, or another worker has it.
    """
    warming = None
    if args.warm:
        keep_freed_memory()  # Before torch is loaded.
        warming = Warming()
        order = await_order()
        if order is None:
            os._exit(0)  # In the middle of loading torch, perhaps.
        args.runs, args.share, args.tied = [Path(path) for path in order.runs], order.share, True
    if not args.runs:
        raise RunError("There is nothing to train: give the folder of a run.")
    runs = [Run(path) for path in args.runs]
    for each in runs:
        if not each.exists():
            raise RunError(f"{each.path} holds no run: give the folder of a run.")
    if args.warm:
        _send_stderr_to(runs[0].log_path)
    # OpenMP reads its variables when torch is loaded, which Session.prepare does.
    threads = max(1, args.threads or _threads_before(runs) or args.share or available_cores())
    os.environ.update(thread_environment(threads, os.environ))
    keep_freed_memory()
    with contextlib.ExitStack() as stack:
        for each in runs:
            stack.enter_context(each.lock())
        if args.tied and not args.warm:
            _send_stderr_to(runs[0].log_path)
        sessions = []
        for each in runs:
            sessions.append(Session(each))
            stack.callback(sessions[-1].close)
        governed = None if args.threads else threads
        Worker(sessions, governed).train(
            tied=args.tied, before=partial(warming.finish, threads) if warming else None
        )
    code = 1 if any(session.state == "failed" for session in sessions) else 0
    if args.tied:
        # Everything is written. Taking torch apart would keep the process for another second.
        sys.stderr.flush()
        os._exit(code)
    return code


def _threads_before(runs: Sequence[Run]) -> int | None:
    """Return the threads that the runs' checkpoints were made with: with as many a resume is exact."""
    return next(filter(None, (each.threads() for each in runs)), None)


def _set_threads(threads: int) -> None:
    import torch  # noqa: PLC0415

    torch.set_num_threads(threads)


class Worker:
    """Trains sessions in turns until each is over or the worker is told to end."""

    def __init__(self, sessions: list[Session], governed: int | None = None) -> None:
        """Take the sessions.

        Args:
            sessions: one for each run.
            governed: the threads that are computed with, if fewer may be while other programs take cores.
        """
        self._sessions, self._governed = sessions, governed
        self._governor: Governor | None = None
        self._ending = threading.Event()
        self._heard = threading.Event()

    def train(self, *, tied: bool, before: Callable[[], None] | None = None) -> None:
        """Train; return when every session is over.

        Args:
            tied: end when stdin closes.
            before: done first, when the worker can be ended already.
        """
        with _signals_setting(self._ending):
            threading.Thread(target=self._guard, daemon=True, name="guard").start()
            if tied:
                threading.Thread(target=self._watch_stdin, daemon=True, name="stdin").start()
            try:
                if before is not None:
                    before()
                self._prepare()
                self._take_turns()
            finally:
                self._heard.set()
                self._ending.set()  # Lets the guard go.
                for session in self._sessions:
                    session.stop("interrupted")

    def _prepare(self) -> None:
        datasets: dict[object, Dataset] = {}
        for session in self._sessions:
            if not self._ending.is_set():
                session.prepare(self._ending.is_set, datasets)

    def _take_turns(self) -> None:
        while not self._ending.is_set() and self.turn():
            pass

    def turn(self) -> bool:
        """Let each session that is not over train one iteration further; return whether there is one."""
        active = [session for session in self._sessions if not session.over]
        if self._governed is not None:
            self._governor, self._governed = self._make_governor(), None
        for session in active:
            session.turn()
            if self._governor is not None and session.trainer is not None:
                sentence = self._governor.look(session.trainer.progress.iteration)
                if sentence is not None:
                    session.note(sentence)
        if active and all(session.state != "running" for session in active):
            self._ending.wait(_PAUSED_S)
        return bool(active)

    def _make_governor(self) -> Governor | None:
        """Return what watches the only run, if it is trained on the CPU and not for exactness' sake.

        In float32 the threads stay, and with them the order of sums: the run is bit for bit the same on a
        busy machine.
        """
        trainer = self._sessions[0].trainer
        if self._governed is None or len(self._sessions) > 1 or trainer is None:
            return None
        if trainer.recipe.precision == "float32":
            return None
        on_a_card = on_card(trainer.recipe.device, cuda_present())
        return None if on_a_card else Governor(self._governed, _set_threads)

    def _watch_stdin(self) -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        self._ending.set()

    def _guard(self) -> None:
        """End the process in time even if torch is being loaded or one iteration takes minutes."""
        self._ending.wait()
        if not self._heard.wait(PATIENCE_S):
            try:
                for session in self._sessions:
                    session.rescue()
            finally:
                os._exit(0)


@contextlib.contextmanager
def _signals_setting(event: threading.Event) -> Iterator[None]:
    """Let Ctrl-C, a polite kill and a closed terminal set `event`, inside a `with` block."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, lambda *_: event.set())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _send_stderr_to(path: Path) -> None:
    with path.open("ab", buffering=0) as log:
        os.dup2(log.fileno(), 2)
    if sys.stderr is None:  # pythonw
        sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    faulthandler.enable(sys.stderr)
