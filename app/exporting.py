"""The network in use as PyTorch code, or as an ONNX file for other programs."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTemporaryDir, Signal, Slot

from app.children import python_environment
from app.dialogs import save_file
from app.document import Document
from app.workspace import Workspace
from resviz.arch import files
from resviz.arch.source import python_source
from resviz.atomic import write_atomically
from resviz.errors import ResvizError

PROGRAM = ("-m", "resviz")
"""What Python is started with."""


class Exporting(QObject):
    """What the menu File writes for other programs. ONNX is written by a child process: it needs torch."""

    told = Signal(str)
    failed = Signal(str)
    asked = Signal(str, object, str)
    """A sentence with its answers, and which sentence it takes the place of."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self._process: QProcess | None = None
        self._folder: QTemporaryDir | None = None
        self._target = Path()

    @property
    def busy(self) -> bool:
        """Whether an ONNX file is being written."""
        return self._process is not None

    @Slot()
    def code(self) -> None:
        """Choose a file, and write the network in use as PyTorch code that can be opened again."""
        document = self._workspace.active.document
        if self._sound(document, "written as code"):
            save_file(
                self._workspace,
                "Save as PyTorch code",
                f"{document.name}.py",
                "Python (*.py)",
                lambda path: self.write_code(document, path),
            )

    def write_code(self, document: Document, path: Path) -> None:
        """Write a network as code, or say why that cannot be."""
        path = path if path.suffix.lower() == ".py" else path.with_name(f"{path.name}.py")
        try:
            write_atomically(path, python_source(document.architecture).encode())
        except ResvizError as error:
            self.failed.emit(str(error))
        else:
            self.told.emit(f"Saved {path}: it needs only torch, and Open… reads the network from it again.")

    @Slot()
    def onnx(self) -> None:
        """Choose a file, and write the network in use there as ONNX, with its initial weights."""
        document = self._workspace.active.document
        if self.busy:
            self.failed.emit(f"Still writing {self._target.name}: wait for it, or cancel it.")
        elif self._sound(document, "written as ONNX"):
            save_file(
                self._workspace,
                "Save as ONNX",
                f"{document.name}.onnx",
                "ONNX (*.onnx)",
                lambda path: self.write_onnx(document, path),
            )

    def write_onnx(self, document: Document, path: Path) -> None:
        """Begin to write a network as ONNX; `told` or `failed` says how that ended."""
        if self.busy:  # Two dialogs were open.
            self.failed.emit(f"Still writing {self._target.name}: wait for it, or cancel it.")
            return
        self._target = path if path.suffix.lower() == ".onnx" else path.with_name(f"{path.name}.onnx")
        folder = QTemporaryDir()
        try:
            network = files.save(document.architecture, Path(folder.path()) / "architecture.json")
        except ResvizError as error:
            self.failed.emit(str(error))
            return
        self._folder = folder
        self._process = process = QProcess(self)
        process.setProcessEnvironment(python_environment(1))
        process.setProgram(sys.executable)
        process.setArguments([*PROGRAM, "onnx", str(network), "-o", str(self._target), "--json"])
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        process.start()
        self.asked.emit(self._writing, (("Cancel", self._cancel),), "")

    @property
    def _writing(self) -> str:
        return f"Writing {self._target.name} …"

    def _sound(self, document: Document, what: str) -> bool:
        problems = document.inference.problems
        if problems:
            first = problems[0]
            self.failed.emit(f"{document.name} cannot be {what} yet. {first.message} {first.mend}")
        return not problems

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        process = self._process
        if process is None:
            return
        words = bytes(process.readAllStandardError().data()).decode("utf-8", "replace").strip().split("\n")
        self._forget()
        if code == 0 and status == QProcess.ExitStatus.NormalExit:
            self._end(f"Saved {self._target}: pictures in, scores out, any batch size, initial weights.")
        else:
            why = words[-1].removeprefix("error: ") or "the process ended without a word: try again."
            self._end(why)
            self.failed.emit(why)

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._forget()
            self.failed.emit(f"{sys.executable} could not be started: try again.")

    def _end(self, sentence: str) -> None:
        self.asked.emit(sentence, (("Close", None),), self._writing)

    def _forget(self) -> None:
        process, self._process, self._folder = self._process, None, None
        if process is not None:
            process.deleteLater()

    def _cancel(self) -> None:
        self.close()
        self.told.emit(f"Cancelled: {self._target.name} is not written.")

    @Slot()
    def close(self) -> None:
        """End what is being written."""
        process = self._process
        if process is not None:
            process.finished.disconnect(self._on_finished)
            process.errorOccurred.disconnect(self._on_error)
            process.kill()
            process.waitForFinished(2000)
        self._forget()
