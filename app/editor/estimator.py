"""The window's end of `resviz estimate`: child processes that time a few training steps."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QProcess, QTemporaryDir, Signal, Slot

from app.children import python_environment
from resviz.arch import files
from resviz.arch.graph import Architecture
from resviz.train import recipe as recipes
from resviz.train.recipe import Recipe


@dataclass(frozen=True)
class Job:
    """One network to be measured; those of `beside` are measured at the same time."""

    architecture: Architecture
    recipe: Recipe
    threads: int
    beside: int = 0


class _Child(QObject):
    """One process; tells when there is news, and when it has ended."""

    heard = Signal()
    ended = Signal(object)

    def __init__(self, job: Job, folder: Path, command: Sequence[str], parent: QObject) -> None:
        super().__init__(parent)
        self.share, self.doing = 0.0, "starting"
        self._rest = b""
        network, recipe = folder / "architecture.json", folder / "recipe.json"
        folder.mkdir()
        files.save(job.architecture, network)
        recipe.write_bytes(recipes.to_json(job.recipe))
        words = ["estimate", str(network), "--recipe", str(recipe), "--threads", str(job.threads)]
        words += ["--beside", str(job.beside), "--again", "--progress", "--json"]
        self._process = QProcess(self)
        self._process.setProcessEnvironment(python_environment(job.threads))
        self._process.setProgram(sys.executable)
        self._process.setArguments([*command, *words])
        self._process.readyReadStandardOutput.connect(self._on_output)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)

    def start(self) -> None:
        """Begin to measure."""
        self._process.start()

    def kill(self) -> None:
        """End the process and tell nothing more; it has nothing to save."""
        self._process.finished.disconnect(self._on_finished)
        self._process.errorOccurred.disconnect(self._on_error)
        self._process.kill()
        self._process.waitForFinished(2000)

    @property
    def problem(self) -> str:
        """Why nothing was measured, one sentence, or ""."""
        process = self._process
        if process.error() == QProcess.ProcessError.FailedToStart:
            return f"The measurement could not be started ({process.errorString()})."
        if process.exitStatus() == QProcess.ExitStatus.NormalExit and process.exitCode() == 0:
            return ""
        said = bytes(process.readAllStandardError().data()).decode("utf-8", "replace").strip().splitlines()
        last = said[-1].removeprefix("error: ") if said else "it said nothing"
        return last if process.exitCode() == 2 else f"The measurement ended unexpectedly ({last}): try again."

    @Slot()
    def _on_output(self) -> None:
        *lines, self._rest = (self._rest + self._process.readAllStandardOutput().data()).split(b"\n")
        for line in lines:
            try:
                told = msgspec.json.decode(line)
            except msgspec.DecodeError:
                continue  # Some library wrote to standard output.
            if isinstance(told, dict) and "progress" in told:
                self.share, self.doing = float(told["progress"]), str(told.get("doing", ""))
                self.heard.emit()

    @Slot()
    def _on_finished(self) -> None:
        self.share = 1.0
        self.ended.emit(self)

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.ended.emit(self)


class Estimator(QObject):
    """Measures one or more networks; what comes of it is found by `resviz.train.estimates`."""

    changed = Signal()
    """It began, came further, or ended: see `running` and `problem`."""

    def __init__(self, parent: QObject | None = None, *, command: Sequence[str] = ("-m", "resviz")) -> None:
        """Prepare to start Python with `command` and what `resviz` understands."""
        super().__init__(parent)
        self._command = list(command)
        self._folder: QTemporaryDir | None = None
        self._children: list[_Child] = []
        self._waiting: list[Job] = []
        self._total = self._begun = self._ended = 0
        self.problem = ""
        """Why the last measurement failed, one sentence, or ""."""

    @property
    def running(self) -> bool:
        """Whether something is being measured."""
        return bool(self._children)

    @property
    def share(self) -> float:
        """How much is done, 0..1."""
        return (self._ended + sum(child.share for child in self._children)) / max(1, self._total)

    @property
    def doing(self) -> str:
        """What is done now."""
        return self._children[0].doing if self._children else ""

    def start(self, jobs: Sequence[Job]) -> None:
        """Measure networks: those with others beside them at once, else one after the other."""
        self.cancel()
        self.problem = ""
        self._folder = QTemporaryDir()
        self._waiting, self._total, self._begun, self._ended = list(jobs), len(jobs), 0, 0
        self._start_next()
        self.changed.emit()

    def _start_next(self) -> None:
        count = len(self._waiting) if self._waiting and self._waiting[0].beside else 1
        now, self._waiting = self._waiting[:count], self._waiting[count:]
        assert self._folder is not None
        for job in now:
            folder = Path(self._folder.path()) / str(self._begun)
            self._begun += 1
            child = _Child(job, folder, self._command, self)
            child.heard.connect(self.changed)
            child.ended.connect(self._on_ended)
            self._children.append(child)
        for child in list(self._children):
            child.start()

    @Slot()
    def cancel(self) -> None:
        """Measure no further; what is done is kept."""
        children, self._children, self._waiting = self._children, [], []
        for child in children:
            child.kill()
            child.deleteLater()
        self._folder = None
        if children:
            self.changed.emit()

    @Slot(object)
    def _on_ended(self, child: _Child) -> None:
        self.problem = self.problem or child.problem
        self._children.remove(child)
        self._ended += 1
        child.deleteLater()
        if not self._children and self._waiting and not self.problem:
            self._start_next()
        if not self._children:
            self._folder = None
        self.changed.emit()
