"""The slim bar at the top: the program's name, what one does with a network, and how the window looks."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QMenuBar, QSizePolicy, QToolButton

from app.theme import GRID, icon, theme


class TopBar(QFrame):
    """Buttons for actions; the icons follow the theme."""

    def __init__(
        self,
        menu_bar: QMenuBar | None,
        groups: list[list[tuple[QAction, str, bool]]],
        right: list[tuple[QAction, str, bool]],
    ) -> None:
        """Show the menus, groups of (action, icon, whether with text), and `right` at the right end."""
        super().__init__()
        self.setProperty("role", "bar")
        self._icons: list[tuple[QAction, str]] = []
        self.buttons: dict[str, QToolButton] = {}
        name = QLabel("resviz")
        name.setProperty("role", "title")
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID // 2, GRID, GRID // 2)
        row.setSpacing(GRID // 2)
        row.addWidget(name)
        row.addSpacing(GRID)
        if menu_bar is not None:
            menu_bar.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
            row.addWidget(menu_bar, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(2 * GRID)
        for group in groups:
            for entry in group:
                row.addWidget(self._button(*entry))
            row.addSpacing(GRID)
        row.addStretch(1)
        for entry in right:
            row.addWidget(self._button(*entry))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def _button(self, action: QAction, icon_name: str, with_text: bool) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(action)
        style = (
            Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            if with_text
            else Qt.ToolButtonStyle.ToolButtonIconOnly
        )
        button.setToolButtonStyle(style)
        button.setAccessibleName(action.text())
        self._icons.append((action, icon_name))
        self.buttons[action.objectName()] = button
        return button

    def give_menu(self, action: QAction, menu: QMenu) -> None:
        """Let a small arrow beside an action's button open a menu."""
        button = self.buttons[action.objectName()]
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)

    def set_icon(self, action: QAction, name: str) -> None:
        """Give an action another icon (the theme switch shows where it leads)."""
        self._icons = [(a, name if a is action else n) for a, n in self._icons]
        action.setIcon(icon(name))

    @Slot()
    def _on_theme_changed(self) -> None:
        for action, name in self._icons:
            action.setIcon(icon(name))
