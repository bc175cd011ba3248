"""The tree of experiments and their runs: ticks, titles edited in place, sorting, and what is hidden."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QBrush, QColor, QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyledItemDelegate, QTreeView

from app.lab import shown
from app.lab.cells import (
    COLUMNS,
    NUMBERS,
    PATH_ROLE,
    RIGHT,
    RUN,
    SAID,
    SORT_ROLE,
    STARTED,
    STATE,
    new_cells,
    when,
)
from app.lab.run_list import Group, Row
from app.lab.said_delegate import ReadDelegate, SaidDelegate
from app.lab.session import Session
from app.lab.shown import Shown
from app.theme import GRID, theme
from resviz.runs.search import Query

_CHECKED, _PARTLY, _UNCHECKED = (
    Qt.CheckState.Checked,
    Qt.CheckState.PartiallyChecked,
    Qt.CheckState.Unchecked,
)
_NAME, _LEAST_SAID, _LEAST_STATE = 27 * GRID, 8 * GRID, 12 * GRID
"""Pixels that names have at least, and to which tags and states give way for that."""


class RunsTree(QTreeView):
    """Shows groups of rows, as `RunList` reads them, in the order of their groups."""

    ticked = Signal(object, bool)
    """A person ticked a run or an experiment, or took the tick away: its folder, and which."""
    renamed = Signal(object, str)
    """A person gave a run or an experiment a title: the row or group, and what was typed."""
    edited = Signal()
    """An editor in the table was closed."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.groups: Sequence[Group] = ()
        self.rows: dict[Path, Row] = {}
        """All runs by their folders."""
        self._by_path: dict[Path, Group] = {}
        self._items: dict[Path, list[QStandardItem]] = {}
        self._hidden: set[Path] = set()
        """Rows that the search leaves out."""
        self._query = Query()
        self._sorting: tuple[int, Qt.SortOrder] | None = None
        """Column and order that a person chose; None: as the experiments were made."""
        self.table = QStandardItemModel(0, len(COLUMNS), self)
        self.table.setHorizontalHeaderLabels(list(COLUMNS))
        self.table.setSortRole(SORT_ROLE)
        for number in NUMBERS:
            role = Qt.ItemDataRole.TextAlignmentRole
            self.table.setHeaderData(number, Qt.Orientation.Horizontal, RIGHT, role)
        self.setModel(self.table)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.EditKeyPressed | triggers.SelectedClicked)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setExpandsOnDoubleClick(False)
        self.setItemDelegate(ReadDelegate(self))
        self.setItemDelegateForColumn(RUN, QStyledItemDelegate(self))
        self.setItemDelegateForColumn(SAID, SaidDelegate(self))
        # Qt's own fitting measures a column with each cell that changes: seconds where runs are many.
        self._widths: dict[int, int] = {}
        """The most that each column wanted so far, pixels."""
        self._fitting = QTimer(self)
        self._fitting.setSingleShot(True)
        self._fitting.setInterval(0)
        self._fitting.timeout.connect(self._fit)
        self._build_header()
        self.table.itemChanged.connect(self._on_item_changed)
        self.itemDelegateForColumn(RUN).closeEditor.connect(self.edited)

    def _build_header(self) -> None:
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(RUN, QHeaderView.ResizeMode.Stretch)
        header.setResizeContentsPrecision(0)  # Only the rows in sight.
        header.setMaximumSectionSize(40 * GRID)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.sortIndicatorChanged.connect(self._on_sort)
        self.setColumnHidden(SAID, True)

    # Asking

    @property
    def being_edited(self) -> bool:
        """Whether a person is typing a title."""
        return self.state() == QAbstractItemView.State.EditingState

    @property
    def found(self) -> int:
        """How many runs the search shows."""
        return sum(path not in self._hidden for path in self.rows)

    def path_of(self, index: QModelIndex) -> Path | None:
        """Return the folder of a run or of an experiment."""
        text = index.siblingAtColumn(RUN).data(PATH_ROLE)
        return Path(text) if text else None

    @property
    def current(self) -> Path | None:
        """The folder of the current row."""
        return self.path_of(self.currentIndex())

    def selected(self) -> list[Path]:
        """Return the folders of the rows that are selected and seen, from the top down."""
        chosen = {self.path_of(index) for index in self.selectionModel().selectedRows(RUN)} - self._hidden
        order = (path for group in self.groups for path in (group.path, *(r.run.path for r in group.rows)))
        return [path for path in order if path in chosen]

    def seen(self, rows: Iterable[Row]) -> list[Row]:
        """Return those of the rows that the search shows."""
        return [row for row in rows if row.run.path not in self._hidden]

    # Filling

    def fill(self, groups: Sequence[Group], *, anew: bool = False) -> None:
        """Show these; what was selected or folded stays so, and unless `anew`, so do cells that are there."""
        before = [(group.path, [row.path for row in group.rows]) for group in self.groups]
        if not anew and before == [(group.path, [row.path for row in group.rows]) for group in groups]:
            self.groups = groups
            self.rows = {row.run.path: row for group in groups for row in group.rows}
            self._by_path = {group.path: group for group in groups}
            self.show_rows(self.rows.values())
            return
        selected, current = self.selected(), self.current
        closed = {path for path in self._by_path if not self.isExpanded(self._items[path][RUN].index())}
        self.groups = groups
        self.rows = {row.run.path: row for group in groups for row in group.rows}
        self._by_path = {group.path: group for group in groups}
        self._items, self._hidden, self._widths = {}, set(), {}

        def write() -> None:
            self.table.removeRows(0, self.table.rowCount())
            for group in groups:
                self.table.appendRow(self._cells(group))
            if self._sorting is not None:
                self._sort()
            for group in groups:
                self.setExpanded(self._items[group.path][RUN].index(), group.path not in closed)
            self._hide(groups)

        self.table.itemChanged.disconnect(self._on_item_changed)
        try:
            write()
        finally:
            self.table.itemChanged.connect(self._on_item_changed)
        flags, chooser = QItemSelectionModel.SelectionFlag, self.selectionModel()
        if current in self._items:
            chooser.setCurrentIndex(self._items[current][RUN].index(), flags.NoUpdate)
        for path in selected:
            if path in self._items:
                chooser.select(self._items[path][RUN].index(), flags.Select | flags.Rows)

    def _cells(self, group: Group) -> list[QStandardItem]:
        """Return the cells of an experiment, its runs below the first."""
        cells = self._items[group.path] = new_cells()
        cells[RUN].setData(str(group.path), PATH_ROLE)
        cells[STARTED].setText(when(group.experiment.file.created))
        for cell in cells:
            cell.setForeground(QBrush(QColor(theme().colours.muted)))
        for row in group.rows:
            items = self._items[row.run.path] = new_cells()
            items[RUN].setData(str(row.run.path), PATH_ROLE)
            self._show_row(row)
            cells[RUN].appendRow(items)
        self._show_group(group)
        return cells

    def show_rows(self, rows: Iterable[Row]) -> None:
        """Show what is known of runs by now."""
        groups: dict[Path, Group] = {}
        with self._writing():
            for row in rows:
                self._show_row(row)
                groups[row.group.path] = row.group
            if not self._query.terms:
                for group in groups.values():
                    self._show_group(group)
        if self._query.terms:
            self._hide(groups.values())

    def _show_row(self, row: Row) -> None:
        items = self._items[row.run.path]
        shown.write(row, items, self._shown(row))
        on_screen = self._session.is_shown(row.run.path)
        _tick(items[RUN], _CHECKED if on_screen else _UNCHECKED)
        shown.write_swatch(items[RUN], self._session.colour(row.run.path) if on_screen else None)
        self._show_said(bool(row.labels.tags or row.labels.note))

    def _show_group(self, group: Group) -> None:
        """Write an experiment's cells; its tick is that of its runs, as far as the search shows them."""
        cells = self._items[group.path]
        shown.write_group(group, cells)
        self._show_said(bool(group.labels.tags or group.labels.note))
        ticks = {self._session.is_shown(row.run.path) for row in self.seen(group.rows)}
        _tick(cells[RUN], _PARTLY if len(ticks) > 1 else _CHECKED if ticks == {True} else _UNCHECKED)

    def _show_said(self, needed: bool) -> None:
        if needed and self.isColumnHidden(SAID):
            self.setColumnHidden(SAID, False)

    def _shown(self, row: Row) -> Shown:
        return Shown.of(row, self._session.bridge.followed.get(row.run.path))

    def _state(self, row: Row) -> str:
        followed = row.run.path in self._session.bridge.followed
        return self._shown(row).state if followed or row.summary is None else row.summary.state

    # Searching and sorting

    def search(self, query: Query) -> None:
        """Hide the rows that are not meant; ticks stay as they are."""
        self._query = query
        self._hide(self.groups)

    def _hide(self, groups: Collection[Group]) -> None:
        root, terms = QModelIndex(), self._query.terms
        for group in groups:
            parent = self._items[group.path][RUN].index()
            for row in group.rows:
                found = not terms or self._query.finds(row.about(self._state(row)))
                self._set_hidden(row.run.path, not found, parent)
            self._set_hidden(group.path, bool(terms) and not self.seen(group.rows), root)
        with self._writing():
            for group in groups:
                self._show_group(group)

    def _set_hidden(self, path: Path, hidden: bool, parent: QModelIndex) -> None:
        if hidden != (path in self._hidden):
            self._hidden.symmetric_difference_update({path})
            self.setRowHidden(self._items[path][RUN].row(), parent, hidden)

    @Slot(int, Qt.SortOrder)
    def _on_sort(self, column: int, order: Qt.SortOrder) -> None:
        self._sorting = (column, order) if column >= 0 else None
        self._sort()

    def _sort(self) -> None:
        """Sort the runs of each experiment; experiments stay as they are, the newest first."""
        column, order = self._sorting or (RUN, Qt.SortOrder.AscendingOrder)
        rising = order == Qt.SortOrder.AscendingOrder
        with self._writing():
            for place, group in enumerate(self.groups):
                self._items[group.path][column].setData(place if rising else -place, SORT_ROLE)
                for number, row in enumerate(group.rows):
                    chosen = self._sorting is not None
                    key = self._shown(row).sort_key(row, column, rising=rising) if chosen else number
                    self._items[row.run.path][column].setData(key, SORT_ROLE)
        self.table.sort(column, order)

    # What people do

    @Slot()
    def rename(self) -> None:
        """Edit the title of the current row in its place."""
        self.setFocus()
        self.edit(self.currentIndex().siblingAtColumn(RUN))

    @Slot(QStandardItem)
    def _on_item_changed(self, item: QStandardItem) -> None:
        """Tell of a tick or a title that a person gave; whoever hears it has the row shown anew."""
        path = self.path_of(item.index())
        if path not in self._items or item.column() != RUN:
            return
        thing = self.rows.get(path) or self._by_path[path]
        if item.text() != thing.title:
            self.renamed.emit(thing, item.text())
        else:
            self.ticked.emit(path, item.checkState() == _CHECKED)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Write cells without taking that for a person's doing; the view hears of them all at once."""
        before = self.table.blockSignals(True)
        try:
            yield
        finally:
            self.table.blockSignals(before)
        self.viewport().update()
        self._fitting.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share out the width anew."""
        super().resizeEvent(event)
        self._fit()

    @Slot()
    def _fit(self) -> None:
        """Give columns the width of what is in sight; where names would lack room, words give way."""
        header = self.header()
        for column in range(1, len(COLUMNS)):
            wanted = max(self.sizeHintForColumn(column), header.sectionSizeHint(column))
            self._widths[column] = max(self._widths.get(column, 0), min(wanted, header.maximumSectionSize()))
        widths = {column: wide for column, wide in self._widths.items() if not self.isColumnHidden(column)}
        lacking = sum(widths.values()) + _NAME - self.viewport().width()
        for column, least in ((SAID, _LEAST_SAID), (STATE, _LEAST_STATE)):
            if column in widths and lacking > 0:
                given = min(lacking, max(0, widths[column] - least))
                widths[column] -= given
                lacking -= given
        for column, wide in widths.items():
            if wide != header.sectionSize(column):
                header.resizeSection(column, wide)


def _tick(item: QStandardItem, state: Qt.CheckState) -> None:
    if item.checkState() != state:
        item.setCheckState(state)
