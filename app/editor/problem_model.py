"""ProblemModel: a document's problems as rows, each with its mends; follows as one types."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from app.document import Document
from resviz.arch.mends import Mend, Mender
from resviz.arch.shapes import Fault, Problem

Index = QModelIndex | QPersistentModelIndex
Key = tuple[str | None, Fault, str]


class ProblemModel(QAbstractListModel):
    """Rows that stay the same rows while others come and go. Mends are looked for where they are shown."""

    def __init__(self) -> None:
        super().__init__()
        self._problems: list[Problem] = []
        self._mender: Mender | None = None
        self._mends: dict[Problem, list[Mend]] = {}

    def show(self, document: Document | None) -> None:
        """Take over the problems that a document has now; None: none."""
        new = document.inference.problems if document is not None else []
        self._mender = Mender(document.architecture, document.inference) if document is not None else None
        self._mends = {}
        old_keys, new_keys = [_key(p) for p in self._problems], [_key(p) for p in new]
        begin = _alike(old_keys, new_keys)
        end = _alike(old_keys[begin:][::-1], new_keys[begin:][::-1])
        gone, come = len(old_keys) - begin - end, len(new_keys) - begin - end
        if gone:
            self.beginRemoveRows(QModelIndex(), begin, begin + gone - 1)
            self._problems = [*self._problems[:begin], *self._problems[begin + gone :]]
            self.endRemoveRows()
        if come:
            self.beginInsertRows(QModelIndex(), begin, begin + come - 1)
            self._problems = list(new)
            self.endInsertRows()
        self._problems = list(new)
        if new:
            self.dataChanged.emit(self.index(0), self.index(len(new) - 1))

    @property
    def problems(self) -> list[Problem]:
        """The problems, row by row."""
        return self._problems

    def mends(self, row: int) -> list[Mend]:
        """Return the ways to mend the problem in a row, the best first."""
        problem = self._problems[row]
        if problem not in self._mends:
            self._mends[problem] = self._mender.mends(problem) if self._mender is not None else []
        return self._mends[problem]

    def row_of(self, problem: Problem | None) -> int:
        """Return the row of the same problem, whatever its words are now; -1 if it is gone."""
        wanted = _key(problem) if problem is not None else None
        return next((row for row, each in enumerate(self._problems) if _key(each) == wanted), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return how many problems there are."""
        return 0 if parent.isValid() else len(self._problems)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        """Return what a row says."""
        problem = self._problems[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{problem.block or ''} {problem.message}".strip()
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{problem.message}\n{problem.mend}"
        return None


def _key(problem: Problem) -> Key:
    return problem.block, problem.fault, problem.port


def _alike(first: list[Key], second: list[Key]) -> int:
    """Return how many items two lists have in common at their beginning."""
    pairs = zip(first, second, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))
