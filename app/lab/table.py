"""The table of all runs, grouped by experiment, newest first; with a line to search it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QStackedLayout, QVBoxLayout, QWidget

from app.lab.forking import Forking
from app.lab.offer_bar import OfferBar
from app.lab.run_actions import RunActions
from app.lab.run_list import Row, RunList
from app.lab.runs_tree import RunsTree
from app.lab.session import Session
from app.lab.writing import Writing
from app.theme import GRID, theme
from resviz.runs.search import Query
from resviz.runs.store import Run

_LOOK_MS = 2000
"""How often the folders are looked at for what others do."""
_EMPTY, _TABLE, _NOTHING = range(3)


class RunsTable(QWidget):
    """Every run there is: tick to show its curves, double-click to take its experiment in hand."""

    failed = Signal(str)
    """Something could not be done, one sentence."""
    told = Signal(str)
    """Something was done, one sentence."""
    opened = Signal()
    """An experiment was taken in hand: its curves are wanted."""
    wanted = Signal()
    """The table should be in front."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.list = RunList(self)
        self.question = OfferBar()
        self.question.hide()
        self.forking = Forking(session, lambda: self.selected_runs() if self.isVisible() else [], self)
        self.writing = Writing(session, lambda: self.selected_runs() if self.isVisible() else [], self)
        self.acts = RunActions(session, self.list, self.forking, self.writing, self.question, parent=self)
        for part in (self.forking, self.acts, self.writing):
            part.failed.connect(self.failed)
        self.forking.told.connect(self.told)
        self.acts.told.connect(self.told)
        self.acts.opened.connect(self.opened)
        self.forking.started.connect(self.opened)
        self._filled = self._stale = False
        self._looking = QTimer(self)
        self._looking.setInterval(_LOOK_MS)
        self._looking.timeout.connect(self.list.look)
        self.view = RunsTree(session)
        self.search = QLineEdit()
        self._count, self._nothing = QLabel(), QLabel()
        self._stack = QStackedLayout()
        self._build()
        self.list.listed.connect(self._on_listed)
        self.list.rows_read.connect(self._on_rows_read)
        self.view.doubleClicked.connect(self._on_double_clicked)
        self.view.customContextMenuRequested.connect(self._on_menu)
        self.view.ticked.connect(self._on_ticked)
        self.view.renamed.connect(self.acts.rename)
        self.view.edited.connect(self._on_edited)
        self.search.textChanged.connect(self._on_search)
        self.acts.labelled.connect(self._on_labelled)
        session.runs_changed.connect(self._on_runs_changed)
        session.current_changed.connect(self._on_current_changed)
        session.bridge.updated.connect(self._on_updated)
        theme().changed.connect(self._on_theme_changed)

    def _build(self) -> None:
        self.search.setClearButtonEnabled(True)
        self.search.setPlaceholderText("Find runs: words, tag:final, state:failed, data:cifar, note:hot …")
        self.search.setAccessibleName("Find runs")
        self.search.setToolTip(
            "Each word must be in a name, title, tag, note, network, recipe, data set or state (Ctrl+F); "
            "a word may look in one place: tag: state: data: network: recipe: seed: note:"
        )
        self._count.setProperty("role", "caption")
        self._count.hide()
        line = QHBoxLayout()
        line.setSpacing(GRID)
        line.addWidget(self.search, 1)
        line.addWidget(self._count)
        empty = QLabel("No runs yet. Press Train: every run is kept here with all its curves.")
        for label in (empty, self._nothing):
            label.setProperty("role", "muted")
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        for page in (empty, self.view, self._nothing):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(line)
        column.addWidget(self.question)
        column.addLayout(self._stack, 1)

    def refresh(self) -> None:
        """Read the folders again."""
        self._filled = True
        self.list.refresh()

    def showEvent(self, event: object) -> None:
        """Fill the table when it is first seen."""
        super().showEvent(event)  # type: ignore[arg-type]
        self.refresh()
        self._looking.start()

    def hideEvent(self, event: object) -> None:
        """Stop looking at what is not seen."""
        super().hideEvent(event)  # type: ignore[arg-type]
        self._looking.stop()

    # What is chosen

    def selected_runs(self, path: Path | None = None) -> list[Run]:
        """Return the runs of a row, or of all rows that are selected; of an experiment, all that are seen."""
        return [row.run for row in self._rows_of([path] if path is not None else self.view.selected())]

    def _rows_of(self, paths: Iterable[Path]) -> list[Row]:
        return self.view.seen(self.acts.rows(paths))

    def _chosen(self, path: Path) -> list[Path]:
        """Return what an action on a row is for: all that is selected, if the row is among it."""
        selected = self.view.selected()
        return selected if path in selected else [path]

    def _ask_for_selection(self) -> None:
        self.wanted.emit()
        self.failed.emit("Nothing is selected: choose one or more runs here first.")

    # What people do

    @Slot()
    def look_for(self) -> None:
        """Bring the table to the front, ready to type what is looked for."""
        self.wanted.emit()
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    @Slot()
    def show_only(self) -> None:
        """Show the curves of what is selected, and no others."""
        rows = self._rows_of(self.view.selected())
        if rows:
            self.acts.show(rows, alone=True)
        else:
            self._ask_for_selection()

    @Slot()
    def rename(self) -> None:
        """Edit the title of the current row in its place."""
        if self.view.current is not None and self.view.isVisible():
            self.view.rename()
        else:
            self._ask_for_selection()

    @Slot()
    def label(self) -> None:
        """Ask for title, tags and note of what is selected."""
        things = self.acts.labelled_things(self.view.selected())
        if things:
            self.acts.ask_labels(things)
        else:
            self._ask_for_selection()

    def menu_for(self, path: Path) -> QMenu:
        """Return the context menu of a row, and of all rows that are selected with it."""
        chosen = self._chosen(path)
        return self.acts.menu(chosen, self._rows_of(chosen), self.rename)

    @Slot(QPoint)
    def _on_menu(self, where: QPoint) -> None:
        path = self.view.path_of(self.view.indexAt(where))
        if path is not None:
            menu = self.menu_for(path)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.view.viewport().mapToGlobal(where))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return opens, Delete asks, F2 renames, Escape ends the search, Down goes from it to the runs."""
        key, path, typing = event.key(), self.view.current, self.search.hasFocus()
        if key == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
            self.view.setFocus()
        elif typing and key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.view.setFocus()
        elif typing or path is None:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.acts.open_experiment(path)
        elif key == Qt.Key.Key_Delete:
            self.acts.ask_to_delete(self._chosen(path))
        elif key == Qt.Key.Key_F2:
            self.view.rename()
        else:
            super().keyPressEvent(event)

    @Slot(QModelIndex)
    def _on_double_clicked(self, index: QModelIndex) -> None:
        path = self.view.path_of(index)
        if path is not None:
            self.acts.open_experiment(path)

    @Slot(object, bool)
    def _on_ticked(self, path: Path, on: bool) -> None:
        """Show or hide a run, those of an experiment, or all that are selected with it."""
        rows = self._rows_of(self._chosen(path))
        self.acts.show(rows) if on else self.acts.hide(rows)
        self._on_runs_changed()  # Where it could not be done, the tick goes back.

    @Slot(str)
    def _on_search(self, text: str) -> None:
        self.view.search(Query.of(text))
        self._show_found()

    # Following

    def _show_found(self) -> None:
        """Say how many runs are found, and where there are none, what to do."""
        text, found, every = self.search.text().strip(), self.view.found, len(self.view.rows)
        self._count.setText(f"{found:,} of {every:,} runs" if text else "")
        self._count.setVisible(bool(text))
        self._nothing.setText(f"No run matches “{text}”. Use fewer words, or press Esc to see all.")
        page = _EMPTY if not self.view.groups else _TABLE if found or not text else _NOTHING
        if page != self._stack.currentIndex():
            typing = self.search.hasFocus()
            self._stack.setCurrentIndex(page)
            if typing:
                self.search.setFocus()

    @Slot()
    def _on_listed(self) -> None:
        self._stale = self.view.being_edited  # Nobody's typing is lost for news.
        if not self._stale:
            self.view.fill(self.list.groups)
            self._show_found()

    @Slot()
    def _on_edited(self) -> None:
        if self._stale:
            QTimer.singleShot(0, self, self._on_listed)

    @Slot(list)
    def _on_rows_read(self, rows: list[Row]) -> None:
        self.view.show_rows([row for row in rows if self.view.rows.get(row.run.path) is row])
        if self.search.text():
            self._show_found()

    @Slot()
    def _on_runs_changed(self) -> None:
        self.view.show_rows(self.view.rows.values())

    @Slot()
    def _on_labelled(self) -> None:
        self._on_search(self.search.text())

    @Slot()
    def _on_theme_changed(self) -> None:
        self.view.fill(self.view.groups, anew=True)

    @Slot()
    def _on_current_changed(self) -> None:
        if self._filled and any(run.path not in self.view.rows for run in self._session.current):
            self.list.refresh()

    @Slot()
    def _on_updated(self) -> None:
        if self.isVisible():
            followed = self._session.bridge.followed
            self.view.show_rows([row for path, row in self.view.rows.items() if path in followed])
