"""The actions of the pane in use, in the menus Edit and View."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.editor.actions import EditorActions

_INSIDE = ("Whole units", "Stacks and own blocks", "Align and distribute", "Twins", "Problems")
"""Menus inside of Edit, which would not fit on a small screen else."""


class PaneActions:
    """Keeps two menus showing the actions of one pane: what they do goes where the person works."""

    def __init__(self, edit: QMenu, view: QMenu) -> None:
        self._menus = edit, view
        self._inside = [QMenu(title, edit) for title in _INSIDE]
        self._shown: list[tuple[QMenu, QAction]] = []

    def show(self, actions: EditorActions) -> None:
        """Show the actions of a pane in place of those of another one."""
        for menu, action in self._shown:
            menu.removeAction(action)
        self._shown = []
        edit, view = self._menus
        groups_inside = (
            (actions.shortcut, actions.plain, actions.bypass, actions.expand, actions.collapse),
            (
                *(actions.fold, actions.unfold, actions.make_block),
                *(actions.unpack, actions.rename_own, actions.delete_own),
            ),
            (*actions.align.values(), *actions.distribute),
            (actions.twin, actions.edit_both, actions.apply_to_other),
            (actions.problems, actions.next_problem, actions.previous_problem, actions.mend_all),
        )
        for menu, inside in zip(self._inside, groups_inside, strict=True):
            menu.clear()
            menu.addActions(inside)
        units, stacks, align, twins, problems = (menu.menuAction() for menu in self._inside)
        groups = (
            (edit, (actions.cut, actions.copy, actions.paste, actions.duplicate, actions.delete)),
            (edit, (actions.heal, actions.cut_wires, actions.add_by_name)),
            (edit, (units, actions.repeat, stacks)),
            (edit, (actions.select_all, actions.select_stage)),
            (edit, (actions.tidy_up, align)),
            (edit, (twins, problems)),
            (
                view,
                (
                    actions.zoom_in,
                    actions.zoom_out,
                    actions.fit,
                    actions.actual_size,
                    actions.zoom_to_selection,
                    actions.minimap,
                ),
            ),
            (view, (actions.link, actions.mark_differences)),
            (view, (actions.shapes, actions.ruler)),
        )
        for menu, group in groups:
            self._shown.append((menu, menu.addSeparator()))
            for action in group:
                menu.addAction(action)
                self._shown.append((menu, action))
