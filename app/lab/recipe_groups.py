"""All settings of a recipe, in groups that fold; what differs from the recipe that was chosen is marked."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.lab.recipe_settings import GROUPS, SETTINGS, in_titles
from app.lab.setting import Group
from app.lab.setting_row import SettingRow
from app.theme import GRID, icon, theme
from resviz.errors import RecipeError
from resviz.train.recipe import PAPER, Recipe

FIRST_GROUP = GROUPS[0].title
"""What most people change."""


class GroupHeader(QAbstractButton):
    """The heading of a group: folds it, and says at its right end what is in it."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setText(title)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._note, self._tone = "", "muted"

    @property
    def note(self) -> str:
        """What stands at the right."""
        return self._note

    def tell(self, note: str, tone: str) -> None:
        """Show a word at the right, in one of the theme's colours."""
        if (note, tone) != (self._note, self._tone):
            self._note, self._tone = note, tone
            self.setAccessibleDescription(note)
            self.update()

    def sizeHint(self) -> QSize:
        """Return the size of one line."""
        return QSize(20 * GRID, max(3 * GRID, self.fontMetrics().height() + GRID))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw arrow, title and note."""
        colours, painter = theme().colours, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.hasFocus():
            painter.setPen(QColor(colours.accent) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.hover) if self.underMouse() else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        arrow = icon("chevron-down" if self.isChecked() else "chevron-right", colours.muted)
        side = 2 * GRID
        arrow.paint(painter, GRID // 2, (self.height() - side) // 2, side, side)
        where = self.rect().adjusted(3 * GRID, 0, 0, 0)
        painter.setPen(QColor(colours.text))
        painter.drawText(where, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), self.text())
        font = self.font()
        font.setPixelSize(theme().font_pixels - 2)
        painter.setFont(font)
        painter.setPen(QColor(getattr(colours, self._tone)))
        painter.drawText(where, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), self._note)


class RecipeGroups(QWidget):
    """Edits every setting of a recipe; `edited` after every change of a value."""

    edited = Signal()
    opened = Signal(str)
    """A group was unfolded: its title."""

    def __init__(self, *, scaling: bool = True) -> None:
        """Show the paper's recipe; `scaling`: its milestones follow the number of iterations."""
        super().__init__()
        self._scaling = scaling
        self.rows = {name: SettingRow(setting) for name, setting in SETTINGS.items()}
        self.headers: dict[str, GroupHeader] = {}
        self.bodies: dict[str, QWidget] = {}
        self._base = PAPER
        self._depth = 0
        self._quiet = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 4)
        for group in GROUPS:
            header, body = GroupHeader(group.title), QWidget()
            inside = QVBoxLayout(body)
            inside.setContentsMargins(3 * GRID // 2, 0, 0, GRID // 2)
            inside.setSpacing(GRID // 4)
            for setting in group.settings:
                inside.addWidget(self.rows[setting.name])
                self.rows[setting.name].edited.connect(self._on_edited)
            body.hide()
            header.toggled.connect(lambda on, title=group.title: self._on_toggled(title, on))
            column.addWidget(header)
            column.addWidget(body)
            self.headers[group.title], self.bodies[group.title] = header, body
        self.set_base(PAPER)

    @property
    def base(self) -> Recipe:
        """The recipe that a reset brings back; its milestones follow the iterations that were typed."""
        iterations = self.rows["iterations"]
        same = iterations.problem or iterations.value() == self._base.iterations
        if same or not self._scaling:
            return self._base
        return self._base.scaled(iterations.value())

    @property
    def changed(self) -> list[str]:
        """The settings that differ from the base, or cannot be used."""
        return [name for name, row in self.rows.items() if row.changed and self._useful(name)]

    @property
    def problem(self) -> str:
        """The first thing that is wrong, one sentence, or ""."""
        for name, row in self.rows.items():
            if row.problem and self._useful(name):
                return row.problem
        try:
            self.recipe()
        except RecipeError as error:
            return in_titles(str(error))
        return ""

    def recipe(self) -> Recipe:
        """Return the recipe; only where there is no problem.

        Raises:
            RecipeError: the values do not go together.
        """
        return msgspec.structs.replace(self.base, **self._values())

    def set_base(self, recipe: Recipe, edits: dict[str, str] | None = None) -> None:
        """Show a recipe, and on top of it what was `edits` when it was shown before."""
        self._quiet = True
        self._base = recipe
        for name, row in self.rows.items():
            row.base = None  # What was typed on top of another recipe is no change of this one.
            row.set_base(getattr(recipe, name), getattr(PAPER, name))
        for name, text in (edits or {}).items():
            self.rows[name].type(text)
        self._quiet = False
        self._on_edited()

    def set_depth(self, depth: int) -> None:
        """Take the depth of the deepest network to train: it decides whether there is a warm-up."""
        self._depth = depth
        self._on_edited()

    @property
    def edits(self) -> dict[str, str]:
        """What was typed on top of the base."""
        return {name: row.typed for name, row in self.rows.items() if row.changed}

    @Slot()
    def reset(self) -> None:
        """Go back to the base with all settings."""
        self.set_base(self._base)

    def open(self, title: str) -> None:
        """Unfold a group, and fold all others."""
        for other, header in self.headers.items():
            header.setChecked(other == title)

    def show_problem(self) -> None:
        """Unfold the group in which something is wrong, and put the cursor there."""
        for group in GROUPS:
            for setting in group.settings:
                if self.rows[setting.name].problem and self._useful(setting.name):
                    self.headers[group.title].setChecked(True)
                    self.rows[setting.name].editor.setFocus()
                    return

    def _values(self) -> dict[str, Any]:
        """Return the values as the recipe is to have them."""
        base, found = self.base, {}
        for name, row in self.rows.items():
            if self._useful(name) and not row.problem:
                found[name] = row.value()
            else:
                unused = row.setting.unused
                found[name] = getattr(base, name) if unused is None else unused
        return found

    def _useful(self, name: str) -> bool:
        chosen = {key: row.value() for key, row in self.rows.items() if row.setting.kind == "choice"}
        chosen["depth"] = self._depth
        return self.rows[name].setting.useful(chosen)

    def _summarise(self, group: Group) -> tuple[str, str]:
        rows = [self.rows[s.name] for s in group.settings if self._useful(s.name)]
        if any(row.problem for row in rows):
            return "to be mended", "danger"
        changed = sum(row.changed for row in rows)
        if changed:
            return f"{changed} changed", "accent"
        if self.headers[group.title].isChecked():
            return "", "muted"  # Each row says it.
        papers = [row for row in rows if row.setting.of_paper]
        return ("paper", "muted") if papers and all(row.as_in_paper for row in papers) else ("", "muted")

    @Slot()
    def _on_edited(self) -> None:
        if self._quiet:
            return
        self._quiet = True
        base, row = self.base, self.rows["milestones"]
        row.set_base(base.milestones, PAPER.scaled(base.iterations).milestones)
        self._quiet = False
        for name, each in self.rows.items():
            each.setVisible(self._useful(name))
        self._show_notes()
        self.edited.emit()

    def _show_notes(self) -> None:
        for group in GROUPS:
            self.headers[group.title].tell(*self._summarise(group))

    def _on_toggled(self, title: str, on: bool) -> None:
        self.bodies[title].setVisible(on)
        self._show_notes()
        if on:
            self.opened.emit(title)


def fold_for_room(groups: RecipeGroups, title: str, scroll: QScrollArea) -> None:
    """Fold all groups but one where there is no room for them, and bring the whole of that one into sight.

    Args:
        groups: somewhere inside what `scroll` shows.
        title: of the group that was opened.
        scroll: with the room that there is.
    """
    inside = scroll.widget()
    layout = inside.layout() if inside is not None else None
    assert inside is not None
    assert layout is not None
    layout.activate()
    if inside.minimumSizeHint().height() > scroll.viewport().height():
        groups.open(title)
        layout.activate()
    scroll.ensureWidgetVisible(groups.bodies[title], 0, 0)
