"""Reports and exports of runs: written by a process of their own, so that the window never waits for them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QProcess, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu, QWidget

from app.children import python_environment
from app.dialogs import file_dialog, save_file
from app.lab.session import Session
from resviz.errors import ResvizError
from resviz.runs.exports import Format
from resviz.runs.store import Experiment, Run

_PATIENCE_MS = 1000
"""What takes longer is told, with a way to end it."""
KINDS: tuple[tuple[Format, str], ...] = (
    ("csv", "CSV tables…"),
    ("parquet", "Parquet tables…"),
    ("tensorboard", "TensorBoard events…"),
)
"""What runs can be exported as, and how a menu calls it."""


class Writing(QObject):
    """The actions Report and Export: they ask where, write, and offer to open what was written."""

    failed = Signal(str)
    asked = Signal(str, object, str)
    """A sentence with its answers, and which sentence it takes the place of."""

    def __init__(self, session: Session, selected: Callable[[], list[Run]], parent: QWidget) -> None:
        """Write of what `selected` returns, and where that is nothing, of what the session shows."""
        super().__init__(parent)
        self._session, self._selected, self._parent = session, selected, parent
        self._process: QProcess | None = None
        self._what = ""
        self._asked = ""
        self._target = Path()
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._on_slow)

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self._process is not None

    # What people choose

    @Slot()
    def report(self) -> None:
        """Ask for a file; write the report of the experiment that is selected, or else of what is shown."""
        self.report_on(_whole(self._selected()) or self._chosen())

    def report_on(self, runs: Sequence[Run]) -> None:
        """Ask for a file, and write the report of these runs."""
        if self._ready(runs):
            homes = {run.path.absolute().parent for run in runs}
            name = homes.pop().name if len(homes) == 1 else "runs"
            paths = [str(run.path.absolute()) for run in runs]

            def write(path: Path) -> None:
                path = (
                    path if path.suffix.lower() in (".html", ".htm") else path.with_name(f"{path.name}.html")
                )
                self._start(["report", *paths, "-o", str(path)], f"the report {path.name}", path)

            save_file(self._parent, "Save the report", f"{name}.html", "Web page (*.html)", write)

    @Slot()
    def export(self) -> None:
        """Offer the formats that the runs selected, or else shown, can be exported in."""
        runs = self._chosen()
        if self._ready(runs):
            menu = self.export_menu(runs, self._parent.window())
            menu.aboutToHide.connect(menu.deleteLater)
            middle = self._parent.window().rect().center()
            menu.popup(self._parent.window().mapToGlobal(middle))

    def export_menu(self, runs: Sequence[Run], parent: QWidget) -> QMenu:
        """Return a menu of the formats."""
        menu = QMenu("Export", parent)
        for to, text in KINDS:
            menu.addAction(text).triggered.connect(lambda _=False, to=to: self.export_to(runs, to))
        return menu

    def export_to(self, runs: Sequence[Run], to: Format) -> None:
        """Ask for a folder, and write each of these runs into one of its own in there."""
        if self._ready(runs):
            names = runs[0].name if len(runs) == 1 else f"{len(runs)} runs"
            dialog = file_dialog(self._parent, f"Folder for the files of {names}")
            dialog.fileSelected.connect(lambda folder: self._export_into(runs, to, Path(folder)))
            dialog.open()

    def _export_into(self, runs: Sequence[Run], to: Format, folder: Path) -> None:
        paths = [str(run.path.absolute()) for run in runs]
        target = folder / runs[0].name if len(runs) == 1 else folder
        self._start(["export", *paths, "--to", to, "-o", str(target)], f"files into {target}", target)

    def _chosen(self) -> list[Run]:
        shown = self._session.shown or self._session.current
        return self._selected() or [followed.run for followed in shown]

    def _ready(self, runs: Sequence[Run]) -> bool:
        if self.busy:
            self.failed.emit(f"Still writing {self._what}: wait for it, or cancel it.")
        elif not runs:
            self.failed.emit("There is no run to write of: show or select one under Runs, or train one.")
        return bool(runs) and not self.busy

    # Writing

    def _start(self, arguments: list[str], what: str, target: Path) -> None:
        if self.busy:  # Two dialogs were open.
            self.failed.emit(f"Still writing {self._what}: wait for it, or cancel it.")
            return
        self._what, self._target, self._asked = what, target, ""
        self._process = process = QProcess(self)
        process.setProcessEnvironment(python_environment(1))
        process.setProgram(sys.executable)
        process.setArguments(["-m", "resviz", *arguments, "--json"])
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        process.start()
        self._patience.start()

    @Slot()
    def _on_slow(self) -> None:
        self._asked = f"Writing {self._what} …"
        self.asked.emit(self._asked, (("Cancel", self.close),), "")

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        process = self._process
        if process is None:
            return
        output = bytes(process.readAllStandardOutput().data()).decode("utf-8", "replace")
        words = bytes(process.readAllStandardError().data()).decode("utf-8", "replace").strip().split("\n")
        self._forget()
        if code == 0 and status == QProcess.ExitStatus.NormalExit:
            self._tell(output.strip().split("\n")[-1])
        else:
            self._fail(words[-1].removeprefix("error: ") or "the process ended without a word: try again.")

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._forget()
            self._fail(f"{sys.executable} could not be started: try again.")

    def _tell(self, line: str) -> None:
        files = msgspec.json.decode(line).get("files")
        target = self._target

        def show() -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(target)))

        if files is None:
            text, action = f"The report is in {target}.", "Open"
        else:
            count = "1 file" if len(files) == 1 else f"{len(files)} files"
            text, action = f"{count} written into {target}.", "Open the folder"
        self.asked.emit(text, ((action, show), ("Close", None)), self._asked)

    def _fail(self, why: str) -> None:
        if self._asked:
            self.asked.emit(why, (("Close", None),), self._asked)
        self.failed.emit(why)

    def _forget(self) -> None:
        self._patience.stop()
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()

    @Slot()
    def close(self) -> None:
        """End what is being written; a file that is not whole ends in ".part"."""
        process = self._process
        if process is not None:
            process.finished.disconnect(self._on_finished)
            process.errorOccurred.disconnect(self._on_error)
            process.kill()
            process.waitForFinished(2000)
        self._forget()


def _whole(runs: Sequence[Run]) -> list[Run]:
    """Return all runs of the experiments that some runs belong to."""
    found: dict[Run, None] = {}
    for run in runs:
        mates = [run]
        with contextlib.suppress(ResvizError):
            mates = Experiment.open(run.path.absolute().parent).runs
        found |= dict.fromkeys(mates)
    return list(found)
