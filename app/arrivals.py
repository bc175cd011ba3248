"""Files and folders that are dropped on the window: networks, pictures that carry one, runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, Qt, QTimer, Slot
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from app.canvas.text import listed
from app.document import Document
from app.editor.group import PaneGroup
from resviz.arch import files
from resviz.arch.graph import Architecture
from resviz.errors import ResvizError, RunError
from resviz.runs.store import Run, find_runs

if TYPE_CHECKING:
    from app.window import MainWindow

_LEFT_MS = 50
"""A drag that left the window for its cover comes back within this time."""
_ALONE = (QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel)
"""What a mouse tells that drags nothing: then the drag ended without a word."""
_MEND = "Drop networks (.json, .py), pictures that carry one (.png, .svg), or folders of runs"


class Arrivals(QObject):
    """Takes what is dragged over the window from elsewhere, says what a drop would do, and opens it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._groups = window.workspace.groups
        self._paths: list[Path] = []
        # Over all else while files are dragged: the fields below would take their names as text.
        self.cover = QWidget(window)
        self.cover.setAcceptDrops(True)
        self.cover.setMouseTracking(True)
        self.cover.hide()
        self.cover.installEventFilter(self)
        window.setAcceptDrops(True)
        window.installEventFilter(self)
        self._left = QTimer(self)
        self._left.setSingleShot(True)
        self._left.setInterval(_LEFT_MS)
        self._left.timeout.connect(self._end)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take part in drags over the window and its cover."""
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            return self._drop(watched, event)
        if isinstance(event, QDragEnterEvent):
            return self._enter(watched, event)
        if isinstance(event, QDragMoveEvent):
            return self._move(watched, event)
        if event.type() == QEvent.Type.DragLeave and not self.cover.isHidden():
            self._left.start()
        elif watched is self.cover and event.type() in _ALONE:
            self._end()
        return super().eventFilter(watched, event)

    def open_all(
        self, things: Sequence[Path | Architecture], group: PaneGroup | None = None, *, beside: bool = False
    ) -> None:
        """Open files and networks in tabs of a pane (None: the one in use), and show the runs of folders.

        With `beside` the first two come side by side, and stay in front.
        """
        window = self._window
        runs: list[Run] = []
        opened: list[str] = []
        notes: list[str] = []
        problems: list[str] = []
        refused: list[str] = []
        usual = group.pane if group is not None else window.workspace.active
        panes = list(window.workspace.panes) if beside else []
        front: list[Document] = []
        for thing in things:
            try:
                found = _runs_in(thing) if isinstance(thing, Path) else []
                if found:
                    runs += [run for run in found if run not in runs]
                    continue
                pane = panes[0] if panes else usual
                if isinstance(thing, Path):
                    document = window.filing.show_file(thing, pane, notes)
                else:
                    document = Document(thing, window.workspace)
                    window.workspace.put(document, pane)
                opened.append(thing.name)
                if panes:
                    front.append(document)
                    del panes[0]
            except ResvizError as error:
                problems.append(str(error))
                refused.append(thing.name)
        for document in reversed(front):
            window.workspace.show_document(document)
        if runs:
            window.session.take(runs, alone=True)
            window.bottom.show_plots()
        if problems:
            names = listed(refused[1:])
            more = f" {names} could not be opened either." if names else ""
            window.show_problem(problems[0] + more)
        elif opened:
            window.show_message(" ".join([f"Opened {listed(opened)}.", *notes]))

    # Drags

    def _enter(self, watched: QObject, event: QDragEnterEvent) -> bool:
        paths = _paths_in(event.mimeData())
        if paths is None:
            return False
        self._left.stop()
        self._paths = paths
        self.cover.setGeometry(self._window.rect())
        self.cover.raise_()
        self.cover.show()
        self._show(self._place(watched, event))
        self._answer(event)
        return True

    def _move(self, watched: QObject, event: QDragMoveEvent) -> bool:
        if self.cover.isHidden():
            return False
        self._show(self._place(watched, event))
        self._answer(event)
        return True

    def _drop(self, watched: QObject, event: QDropEvent) -> bool:
        if self.cover.isHidden():
            return False
        group, paths = self._group_at(self._place(watched, event)), self._paths
        self._answer(event)
        self._end()
        # The program that they come from waits for its answer.
        QTimer.singleShot(0, self, partial(self.open_all, paths, group))
        return True

    def _answer(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.setAccepted(
            any(_may_be_opened(path) for path in self._paths) or event.type() == QEvent.Type.Drop
        )

    def _place(self, watched: QObject, event: QDropEvent) -> QPoint:
        assert isinstance(watched, QWidget)
        return watched.mapTo(self._window, event.position().toPoint())

    def _group_at(self, place: QPoint) -> PaneGroup:
        """Return the group at a place in the window, or else the one in use."""
        for group in self._groups:
            if group.isVisible() and group.rect().contains(group.mapFrom(self._window, place)):
                return group
        return next(group for group in self._groups if group.pane is self._window.workspace.active)

    def _show(self, place: QPoint) -> None:
        """Say what a drop at a place in the window would do."""
        target = self._group_at(place)
        for group in self._groups:
            if group is not target:
                group.hint.hide()
        possible = [path for path in self._paths if _may_be_opened(path)]
        names = listed([path.name for path in possible or self._paths])
        if possible:
            text = (
                f"Open {names}"
                if any(not path.is_dir() for path in possible)
                else f"Open the runs in {names}"
            )
            target.hint.say(text)
        else:
            target.hint.say(f"{names}: no network and no runs. {_MEND}.", possible=False)

    @Slot()
    def _end(self) -> None:
        self._left.stop()
        self.cover.hide()
        self._paths = []
        for group in self._groups:
            group.hint.hide()


def _paths_in(data: QMimeData) -> list[Path] | None:
    """Return the files of this computer that are dragged; None where it is something else."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return paths or None


def _may_be_opened(path: Path) -> bool:
    return path.suffix.lower() in files.SUFFIXES or path.is_dir()


def _runs_in(path: Path) -> list[Run]:
    """Return the runs of a folder; none where it is a file, or a folder with a network alone.

    Raises:
        RunError: a folder with neither.
    """
    if not path.is_dir():
        return []
    try:
        return find_runs(path)
    except RunError:
        if (path / "architecture.json").exists():
            return []
        raise
