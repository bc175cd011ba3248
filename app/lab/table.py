"""The table of all runs, grouped by experiment, newest first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import (
    QBrush,
    QColor,
    QDesktopServices,
    QIcon,
    QKeySequence,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QMenu,
    QStackedLayout,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app.lab.cells import (
    COLUMNS,
    DATA,
    ITERATION,
    NUMBERS,
    RIGHT,
    RUN,
    STARTED,
    STATE,
    TEST,
    TRAIN,
    data_name,
    experiment_title,
    new_cells,
    swatch,
    when,
)
from app.lab.forking import Forking
from app.lab.live_view import device_sentence, error_text, state_text
from app.lab.offer_bar import OfferBar
from app.lab.run_list import Group, Row, RunList
from app.lab.session import Session
from app.lab.writing import Writing
from app.theme import GRID, theme
from resviz.errors import ResvizError
from resviz.runs.store import Run

_LOOK_MS = 2000
"""How often the folders are looked at for what others do."""
PATH_ROLE = Qt.ItemDataRole.UserRole + 1


class RunsTable(QWidget):
    """Every run there is: tick to show its curves, double-click to take its experiment in hand."""

    failed = Signal(str)
    """Something could not be done, one sentence."""
    told = Signal(str)
    """Something was done, one sentence."""
    opened = Signal()
    """An experiment was taken in hand: its curves are wanted."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.list = RunList(self)
        self.forking = Forking(session, lambda: self.selected_runs() if self.isVisible() else [], self)
        self.forking.told.connect(self.told)
        self.forking.failed.connect(self.failed)
        self.forking.started.connect(self.opened)
        self.writing = Writing(session, lambda: self.selected_runs() if self.isVisible() else [], self)
        self.writing.failed.connect(self.failed)
        self._filled = False
        self._looking = QTimer(self)
        self._looking.setInterval(_LOOK_MS)
        self._looking.timeout.connect(self.list.look)
        self._items: dict[Path, list[QStandardItem]] = {}
        self._rows: dict[Path, Row] = {}
        self.model = QStandardItemModel(0, len(COLUMNS), self)
        self.model.setHorizontalHeaderLabels(list(COLUMNS))
        for number in NUMBERS:
            role = Qt.ItemDataRole.TextAlignmentRole
            self.model.setHeaderData(number, Qt.Orientation.Horizontal, RIGHT, role)
        self.view = QTreeView()
        self.view.setModel(self.model)
        self.view.setRootIsDecorated(True)
        self.view.setUniformRowHeights(True)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.setExpandsOnDoubleClick(False)
        self._size_columns()
        empty = QLabel("No runs yet. Press Train: every run is kept here with all its curves.")
        empty.setProperty("role", "muted")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.question = OfferBar()
        self.question.hide()
        self._stack = QStackedLayout()
        self._stack.addWidget(empty)
        self._stack.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.question)
        column.addLayout(self._stack, 1)
        self.list.listed.connect(self._on_listed)
        self.list.row_read.connect(self._on_row_read)
        self.model.itemChanged.connect(self._on_item_changed)
        self.view.doubleClicked.connect(self._on_double_clicked)
        self.view.customContextMenuRequested.connect(self._on_menu)
        session.runs_changed.connect(self._on_runs_changed)
        session.current_changed.connect(self._on_current_changed)
        session.bridge.updated.connect(self._on_updated)
        theme().changed.connect(self._on_runs_changed)

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

    # Filling

    @Slot()
    def _on_listed(self) -> None:
        self._quietly(self._fill)

    def _fill(self) -> None:
        selected = self._selected_path()
        closed = {self._path(index) for index in self._group_indexes() if not self.view.isExpanded(index)}
        self.model.removeRows(0, self.model.rowCount())
        self._items, self._rows = {}, {}
        for group in self.list.groups:
            self.model.appendRow(self._group_items(group))
        self._stack.setCurrentIndex(1 if self.list.groups else 0)
        for index in self._group_indexes():
            self.view.setExpanded(index, self._path(index) not in closed)
        if selected in self._items:
            self.view.setCurrentIndex(self._items[selected][0].index())

    def _group_items(self, group: Group) -> list[QStandardItem]:
        cells = new_cells()
        cells[RUN].setText(experiment_title(group.experiment.name, group.path.name))
        cells[RUN].setData(str(group.path), PATH_ROLE)
        cells[STARTED].setText(when(group.experiment.file.created))
        for cell in cells:
            cell.setForeground(QBrush(QColor(theme().colours.muted)))
        for row in group.rows:
            items = new_cells()
            items[RUN].setText(row.run.name)
            items[RUN].setCheckable(True)
            items[RUN].setData(str(row.run.path), PATH_ROLE)
            items[RUN].setToolTip(str(row.run.path))
            self._items[row.run.path], self._rows[row.run.path] = items, row
            self._show_row(row, items)
            cells[RUN].appendRow(items)
        return cells

    def _show_row(self, row: Row, items: list[QStandardItem]) -> None:
        """Write a run's cells; only what differs is touched."""
        followed = self._session.bridge.followed.get(row.run.path)
        summary = row.summary
        if followed is not None and followed.series.started is not None:
            series = followed.series
            state, message = state_text(followed), device_sentence(followed.trouble or series.message)
            iteration, asked = series.iteration, series.iterations
            train, test = series.train_error_pct, series.test_error_pct
        elif summary is not None:
            state = "training" if summary.state == "running" else summary.state
            message = device_sentence(summary.message)
            iteration, asked = summary.iterations, summary.iterations_asked
            train, test = summary.train_error_pct, summary.test_error_pct
        else:
            state, message, iteration, asked, train, test = "…", "", None, None, None, None
        texts = {
            DATA: data_name(row.data),
            STATE: f"{state}: {message}" if state in ("failed", "paused") and message else state,
            ITERATION: "" if iteration is None else f"{iteration:,}" + (f" of {asked:,}" if asked else ""),
            TRAIN: error_text(train),
            TEST: error_text(test),
        }
        for column, text in texts.items():
            if items[column].text() != text:
                items[column].setText(text)
        if items[STATE].toolTip() != message:
            items[STATE].setToolTip(message)
            items[RUN].setToolTip(f"{row.run.path}\n{message}" if message else str(row.run.path))
        shown = self._session.is_shown(row.run.path)
        check = Qt.CheckState.Checked if shown else Qt.CheckState.Unchecked
        if items[RUN].checkState() != check:
            items[RUN].setCheckState(check)
        colour = self._session.colour(row.run.path) if shown else None
        mark = colour.name() if colour is not None else ""
        if items[RUN].data(PATH_ROLE + 1) != mark:
            items[RUN].setData(mark, PATH_ROLE + 1)
            items[RUN].setIcon(swatch(colour) if colour is not None else QIcon())

    def _size_columns(self) -> None:
        header = self.view.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(RUN, QHeaderView.ResizeMode.Stretch)
        for column in range(1, len(COLUMNS)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setMaximumSectionSize(40 * GRID)

    def _group_indexes(self) -> list[QModelIndex]:
        return [self.model.index(row, 0) for row in range(self.model.rowCount())]

    @staticmethod
    def _path(index: QModelIndex) -> Path | None:
        text = index.siblingAtColumn(0).data(PATH_ROLE)
        return Path(text) if text else None

    def _selected_path(self) -> Path | None:
        return self._path(self.view.currentIndex())

    def _quietly(self, action: Callable[[], None]) -> None:
        """Change cells without taking that for a person's tick."""
        self.model.itemChanged.disconnect(self._on_item_changed)
        try:
            action()
        finally:
            self.model.itemChanged.connect(self._on_item_changed)

    def _show_rows(self, rows: list[Row]) -> None:
        def show() -> None:
            for row in rows:
                self._show_row(row, self._items[row.run.path])

        self._quietly(show)

    # What people do

    def selected_runs(self, path: Path | None = None) -> list[Run]:
        """Return the runs of a row: a run itself, or all of an experiment."""
        chosen = path or self._selected_path()
        for group in self.list.groups:
            if chosen == group.path:
                return [row.run for row in group.rows]
            for row in group.rows:
                if chosen == row.run.path:
                    return [row.run]
        return []

    def open_experiment_of(self, path: Path) -> None:
        """Show all runs of the experiment that a row belongs to, and take them in hand."""
        for group in self.list.groups:
            if path == group.path or any(row.run.path == path for row in group.rows):
                self._session.take([row.run for row in group.rows], alone=True)
                self.told.emit(f"{group.experiment.name} is open with all its curves.")
                self.opened.emit()

    def ask_to_delete(self, path: Path) -> None:
        """Ask, in the table, whether a run or an experiment is to be deleted."""
        runs = self.selected_runs(path)
        if not runs:
            return
        what = (
            f"the run {path.name}"
            if self._items.get(path)
            else f"the experiment {path.name} with {len(runs)} runs"
        )
        self.question.ask(
            f"Delete {what}? Its curves and checkpoints are gone then.",
            (("Delete", lambda: self._delete(path)), ("Keep", None)),
            danger=True,
        )

    def _delete(self, path: Path) -> None:
        runs = self.selected_runs(path)
        try:
            self.list.delete(path)
        except ResvizError as error:
            self.failed.emit(str(error))
            return
        for run in runs:
            self._session.forget(run.path)
        self.told.emit(f"{path.name} is deleted.")

    @Slot(QPoint)
    def _on_menu(self, where: QPoint) -> None:
        path = self._path(self.view.indexAt(where))
        if path is not None:
            menu = self.menu_for(path)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.view.viewport().mapToGlobal(where))

    def menu_for(self, path: Path) -> QMenu:
        """Return the context menu of a row."""
        menu, runs = QMenu(self), self.selected_runs(path)
        followed = [self._session.bridge.followed.get(run.path) for run in runs]
        active = [f for f in followed if f is not None and f.active]
        unfinished = [
            run
            for run in runs
            if (row := self._rows[run.path]).summary and row.summary.state not in ("finished", "running")
        ]
        shown = all(self._session.is_shown(run.path) for run in runs)
        menu.addAction("Open the experiment", lambda: self.open_experiment_of(path))
        menu.addAction(
            "Hide its curves" if shown else "Show its curves", lambda: self._toggle(runs, not shown)
        )
        menu.addSeparator()
        menu.addAction("Resume", lambda: self._resume(unfinished)).setEnabled(bool(unfinished) and not active)
        menu.addAction("Stop", lambda: self._session.bridge.stop(active)).setEnabled(bool(active))
        menu.addAction("Fork…", lambda: self.forking.ask(runs))
        menu.addAction("Rewind…", lambda: self.forking.ask(runs, rewind=True))
        menu.addSeparator()
        menu.addAction("Open the folder", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))))
        menu.addAction("Report…", lambda: self.writing.report_on(runs))
        menu.addMenu(self.writing.export_menu(runs, menu))
        menu.addSeparator()
        delete = menu.addAction("Delete…", lambda: self.ask_to_delete(path))
        delete.setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))
        delete.setEnabled(not active)
        return menu

    def keyPressEvent(self, event: object) -> None:
        """Return opens, Delete asks."""
        key, path = event.key(), self._selected_path()  # type: ignore[attr-defined]
        if path is not None and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_experiment_of(path)
        elif path is not None and key == Qt.Key.Key_Delete:
            self.ask_to_delete(path)
        else:
            super().keyPressEvent(event)  # type: ignore[arg-type]

    def _resume(self, runs: list[Run]) -> None:
        try:
            self._session.resume(runs)
        except ResvizError as error:
            self.failed.emit(str(error))

    def _toggle(self, runs: list[Run], on: bool) -> None:
        for run in runs:
            if on:
                self._session.show(run)
            elif self._session.is_shown(run.path):
                self._session.hide(run.path)

    @Slot(QModelIndex)
    def _on_double_clicked(self, index: QModelIndex) -> None:
        path = self._path(index)
        if path is not None:
            self.open_experiment_of(path)

    @Slot(QStandardItem)
    def _on_item_changed(self, item: QStandardItem) -> None:
        path = self._path(item.index())
        if path not in self._items or item.column() != RUN:
            return
        wanted = item.checkState() == Qt.CheckState.Checked
        if wanted != self._session.is_shown(path):
            self._toggle([self._rows[path].run], wanted)

    # Following

    @Slot(object)
    def _on_row_read(self, row: Row) -> None:
        if row.run.path in self._items:
            self._show_rows([row])

    @Slot()
    def _on_runs_changed(self) -> None:
        self._show_rows(list(self._rows.values()))

    @Slot()
    def _on_current_changed(self) -> None:
        if self._filled and any(run.path not in self._rows for run in self._session.current):
            self.list.refresh()

    @Slot()
    def _on_updated(self) -> None:
        if self.isVisible():
            followed = self._session.bridge.followed
            self._show_rows([row for path, row in self._rows.items() if path in followed])
