"""Contenders as `training.py` sees them: processes that compute only in their turn."""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from resviz.runs.events import Probed, Stepped
from resviz.runs.series import Tail
from resviz.runs.store import Run
from tests.benchmarks.contenders import START

BURN = "while True: pass"


@dataclass
class Contender:
    """One or several processes that compute together, or, the rival for twins, one after the other."""

    name: str
    processes: list[subprocess.Popen] = field(default_factory=list)
    alternating: bool = False
    burns: bool = False
    runs: list[Run] = field(default_factory=list)
    note: str = ""
    ready_seconds: float = 0.0
    rates: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    def launch(self, specification: dict, environment: dict[str, str]) -> None:
        """Start a process and wait until it is ready."""
        script = Path(__file__).with_name("contenders.py")
        process = subprocess.Popen(
            [sys.executable, str(script), json.dumps(specification)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        answer = self._answer(process)
        self.note, self.ready_seconds = answer["note"], max(self.ready_seconds, answer["ready_seconds"])

    def turn(self, seconds: float) -> None:
        """Compute for so long, and keep how fast."""
        with _burning() if self.burns else contextlib.nullcontext():
            if self.alternating:
                self._keep([self._ask(process, seconds) for process in self.processes])
            else:
                self.begin(seconds)
                self.finish()

    def begin(self, seconds: float) -> None:
        """Let all compute for so long, beside whatever the caller does meanwhile; `finish` has to follow."""
        for process in self.processes:
            print(json.dumps(seconds), file=process.stdin, flush=True)

    def finish(self) -> None:
        """Wait for the end of what was begun, and keep how fast it was."""
        self._keep([self._answer(process) for process in self.processes])

    def probed_share(self) -> float:
        """Return the share of the iterations that were probed, by the log."""
        events = [event for event in Tail(self.runs[0].events_path).read() if event.iteration > START]
        probes = sum(isinstance(event, Probed) for event in events)
        return probes / max(1, sum(isinstance(event, Stepped) for event in events))

    def close(self) -> None:
        """End the processes."""
        for process in self.processes:
            process.stdin.close()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()

    def _keep(self, answers):
        rates = [answer["images_per_second"] for answer in answers]
        self.rates.append(statistics.harmonic_mean(rates) if self.alternating else sum(rates))
        self.cpu_seconds.append(sum(answer["cpu_seconds_per_step"] for answer in answers))

    def _ask(self, process, seconds):
        print(json.dumps(seconds), file=process.stdin, flush=True)
        return self._answer(process)

    def _answer(self, process):
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"The contender {self.name} ended: see above.")
        return json.loads(line)


@contextlib.contextmanager
def _burning():
    burner = subprocess.Popen([sys.executable, "-c", BURN])
    try:
        yield
    finally:
        burner.kill()
        burner.wait()
