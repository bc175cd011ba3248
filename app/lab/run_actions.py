"""What can be done with the runs and experiments that are chosen in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QColor, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.lab.cells import swatch
from app.lab.forking import Forking
from app.lab.label_dialog import LabelChanges, LabelDialog
from app.lab.offer_bar import OfferBar
from app.lab.run_list import Group, Row, RunList
from app.lab.session import Session
from app.lab.writing import Writing
from app.theme import named_colour, theme
from resviz.errors import ResvizError
from resviz.runs.labels import COOL, WARM

_ENDED = ("finished", "running")


class RunActions(QObject):
    """Acts on runs and experiments, by the folders of their rows; a mistake is one sentence."""

    told = Signal(str)
    failed = Signal(str)
    opened = Signal()
    """An experiment was taken in hand: its curves are wanted."""
    labelled = Signal()
    """Titles, tags, notes or colours are others."""

    def __init__(
        self,
        session: Session,
        runs: RunList,
        forking: Forking,
        writing: Writing,
        question: OfferBar,
        *,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._session, self._list, self._forking, self._writing = session, runs, forking, writing
        self._question, self._parent = question, parent

    # Finding

    def rows(self, paths: Iterable[Path]) -> list[Row]:
        """Return the rows of runs, and of all runs of experiments, each once, in the order of the table."""
        chosen = set(paths)
        return [
            row
            for group in self._list.groups
            for row in group.rows
            if row.run.path in chosen or group.path in chosen
        ]

    def labelled_things(self, paths: Iterable[Path]) -> list[Row | Group]:
        """Return what is labelled where these are chosen: the experiments and runs themselves."""
        chosen = set(paths)
        found: list[Row | Group] = []
        for group in self._list.groups:
            found += [group] if group.path in chosen else []
            found += [row for row in group.rows if row.run.path in chosen]
        return found

    # Showing

    def open_experiment(self, path: Path) -> None:
        """Show all runs of the experiment that a row belongs to, and take them in hand."""
        for group in self._list.groups:
            if path == group.path or any(row.run.path == path for row in group.rows):
                self._session.take([row.run for row in group.rows], alone=True)
                self.told.emit(f"{group.title} is open with all its curves.")
                self.opened.emit()

    def show(self, rows: Sequence[Row], *, alone: bool = False) -> None:
        """Show the curves of runs; `alone` takes all others away."""
        try:
            self._session.show_runs([row.run for row in rows], alone=alone)
        except ResvizError as error:
            self.failed.emit(str(error))

    def hide(self, rows: Sequence[Row]) -> None:
        """Take the curves of runs away."""
        self._session.hide(*[row.run.path for row in rows])

    # Labelling

    def rename(self, thing: Row | Group, title: str) -> None:
        """Give a title; the name itself, or nothing, takes it away."""
        name = thing.run.name if isinstance(thing, Row) else thing.experiment.name
        self.change([thing], LabelChanges(title="" if title.strip() == name else title))

    def ask_labels(self, things: Sequence[Row | Group]) -> LabelDialog:
        """Ask for title, tags and note of runs or experiments."""
        what = things[0].title if len(things) == 1 else f"{len(things)} runs"
        groups = self._list.groups
        known = [labels for group in groups for labels in (group.labels, *(row.labels for row in group.rows))]
        used = sorted({tag for labels in known for tag in labels.tags})
        dialog = LabelDialog(what, [thing.labels for thing in things], used, self._parent)
        dialog.saved.connect(partial(self.change, things))
        dialog.show()
        return dialog

    def change(self, things: Sequence[Row | Group], changes: LabelChanges) -> None:
        """Change the labels of runs or experiments."""
        try:
            for thing in things:
                changes.apply(thing.path)
        except ResvizError as error:
            self.failed.emit(str(error))
        for thing in self.labelled_things([thing.path for thing in things]):
            thing.read_labels()
        self._session.read_labels()
        self.labelled.emit()

    # Training

    def resume(self, rows: Sequence[Row]) -> None:
        """Let runs go on that are not finished."""
        try:
            self._session.resume([row.run for row in rows])
        except ResvizError as error:
            self.failed.emit(str(error))

    # Files

    def ask_to_delete(self, paths: Sequence[Path]) -> None:
        """Ask, in the table, whether runs or experiments are to be deleted."""
        things, rows = self.labelled_things(paths), self.rows(paths)
        if not things:
            return
        if len(things) == 1 and isinstance(things[0], Row):
            what, whose = f"the run {things[0].title}", "Its"
        elif len(things) == 1:
            what, whose = f"the experiment {things[0].title} with {len(rows)} runs", "Its"
        else:
            what, whose = f"{len(rows)} runs", "Their"
        self._question.ask(
            f"Delete {what}? {whose} curves and checkpoints are gone then.",
            (("Delete", lambda: self._delete(paths)), ("Keep", None)),
            danger=True,
        )

    def _delete(self, paths: Sequence[Path]) -> None:
        rows, things = self.rows(paths), self.labelled_things(paths)
        what = things[0].title if len(things) == 1 else f"{len(rows)} runs"
        try:
            self._list.delete(paths)
        except ResvizError as error:
            self.failed.emit(str(error))
        else:
            self.told.emit(f"{what} {'is' if len(things) == 1 else 'are'} deleted.")
        for row in rows:
            if not row.run.path.exists():
                self._session.forget(row.run.path)

    # The menu

    def menu(self, paths: Sequence[Path], rows: Sequence[Row], rename: Callable[[], None]) -> QMenu:
        """Return the menu of what is chosen: the folders of runs and experiments, and the rows of their runs.

        `rename` edits the title of the current one in its place.
        """
        menu, things = QMenu(self._parent), self.labelled_things(paths)
        runs = [row.run for row in rows]
        followed = [self._session.bridge.followed.get(run.path) for run in runs]
        active = [f for f in followed if f is not None and f.active]
        unfinished = [row for row in rows if row.summary and row.summary.state not in _ENDED]
        shown = all(self._session.is_shown(run.path) for run in runs)
        menu.addAction("Open the experiment", lambda: self.open_experiment(paths[0]))
        if shown:
            menu.addAction("Hide the curves", lambda: self.hide(rows))
        else:
            menu.addAction("Show the curves", lambda: self.show(rows))
        menu.addAction("Show only these", lambda: self.show(rows, alone=True))
        hide = menu.addAction("Hide all curves", self._session.hide_all)
        hide.setEnabled(bool(self._session.shown))
        menu.addSeparator()
        naming = menu.addAction("Rename", rename)
        naming.setShortcut(QKeySequence(Qt.Key.Key_F2))
        naming.setEnabled(len(things) == 1)
        menu.addAction("Tags and note…", lambda: self.ask_labels(things))
        menu.addMenu(self._colour_menu(menu, rows))
        menu.addSeparator()
        menu.addAction("Resume", lambda: self.resume(unfinished)).setEnabled(bool(unfinished) and not active)
        menu.addAction("Stop", lambda: self._session.bridge.stop(active)).setEnabled(bool(active))
        menu.addAction("Fork…", lambda: self._forking.ask(runs))
        menu.addAction("Rewind…", lambda: self._forking.ask(runs, rewind=True))
        menu.addSeparator()
        folder = QUrl.fromLocalFile(str(paths[0]))
        menu.addAction("Open the folder", lambda: QDesktopServices.openUrl(folder))
        menu.addAction("Report…", lambda: self._writing.report_on(runs))
        menu.addMenu(self._writing.export_menu(runs, menu))
        menu.addSeparator()
        delete = menu.addAction("Delete…", lambda: self.ask_to_delete(paths))
        delete.setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))
        delete.setEnabled(not active)
        return menu

    def _colour_menu(self, parent: QMenu, rows: Sequence[Row]) -> QMenu:
        """Return the choice of a colour: the warm ones, of plain runs, then the cool ones."""
        menu = QMenu("Colour", parent)
        chosen = {row.labels.colour for row in rows}
        names = ["", *WARM, *COOL]
        for name in names:
            if name in (WARM[0], COOL[0]):
                menu.addSeparator()
            action = menu.addAction(
                name.capitalize() or "Automatic", partial(self.change, rows, LabelChanges(colour=name))
            )
            action.setCheckable(True)
            action.setChecked(chosen == {name})
            if name:
                frame = QColor(theme().colours.text) if chosen == {name} else None
                action.setIcon(swatch(named_colour(name), frame))
        return menu
