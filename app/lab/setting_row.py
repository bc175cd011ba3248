"""One setting of a recipe on the screen: title, editor, and whether it is the paper's or was changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QStackedLayout,
    QToolButton,
    QWidget,
)

from app.boxes import ComboBox
from app.lab.fields import parse_count, parse_number, sentence_label, set_property, set_state
from app.lab.setting import Setting, value_text
from app.theme import GRID, icon, theme

_TITLE, _MARK = 8.0, 2.5
"""Widths, in sizes of the type."""


class SettingRow(QWidget):
    """Shows and edits one setting; `problem` is one sentence, or "" where what was typed can be used."""

    edited = Signal()

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.setting = setting
        self.base: Any = None
        """The value of the recipe that was chosen: what a reset brings back."""
        self._paper: Any = None
        self.editor: QLineEdit | ComboBox | QCheckBox = (
            ComboBox()
            if setting.kind == "choice"
            else QCheckBox()
            if setting.kind == "switch"
            else QLineEdit()
        )
        self.title = QLabel(setting.title)
        self.title.setBuddy(self.editor)
        self.reset_button = QToolButton()
        self.reset_button.setProperty("role", "tiny")
        self.reset_button.clicked.connect(self.reset)
        self._tag = QLabel("paper")
        self._tag.setProperty("role", "caption")
        self._tag.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._mark = QWidget()
        self._marks = QStackedLayout(self._mark)
        for widget in (QWidget(), self._tag, self.reset_button):
            self._marks.addWidget(widget)
        self._problem_label = sentence_label("error")
        self._problem_label.hide()
        self._build()
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def _build(self) -> None:
        setting, editor = self.setting, self.editor
        editor.setAccessibleName(setting.title)
        if isinstance(editor, QLineEdit):
            editor.setAlignment(Qt.AlignmentFlag.AlignRight)
            editor.setPlaceholderText(setting.nothing)
            editor.setMinimumWidth(6 * GRID)
            editor.textChanged.connect(self._on_edited)
        elif isinstance(editor, ComboBox):
            editor.addItems([title for title, _ in setting.choices])
            editor.setMinimumContentsLength(1)
            editor.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            editor.currentIndexChanged.connect(self._on_edited)
        else:
            editor.toggled.connect(self._on_edited)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID // 2)
        grid.setVerticalSpacing(GRID // 4)
        grid.addWidget(self.title, 0, 0)
        grid.addWidget(self.editor, 0, 1)
        grid.addWidget(self._mark, 0, 2)
        grid.addWidget(self._problem_label, 1, 0, 1, 3)
        grid.setColumnStretch(1, 1)
        self.setMinimumHeight(4 * GRID)

    @property
    def problem(self) -> str:
        """What is wrong with what was typed, one sentence, or ""."""
        setting = self.setting
        if not isinstance(self.editor, QLineEdit):
            return ""
        whole = setting.kind in ("count", "optional", "counts")
        parts = self._parts()
        what = "whole number" if whole else "number"
        if setting.kind == "pair" and (len(parts) != 2 or None in parts):
            return f"{setting.title}: give two numbers, such as 0.9, 0.999."
        if setting.kind == "counts" and None in parts:
            return f"{setting.title}: give iterations, such as 32k, 48k, or nothing."
        if not parts and setting.kind in ("count", "number"):
            return f"{setting.title}: give a {what}."
        for part in parts:
            if part is None:
                return f"{setting.title}: give a {what}{' or nothing' if setting.kind == 'optional' else ''}."
            if not setting.low <= part <= setting.high:
                return f"{setting.title}: give a {what} from {setting.low:,g} to {setting.high:,g}."
        return ""

    def value(self) -> Any:
        """Return the value; only where there is no problem."""
        editor = self.editor
        if isinstance(editor, ComboBox):
            return self.setting.choices[editor.currentIndex()][1]
        if isinstance(editor, QCheckBox):
            return editor.isChecked()
        parts = tuple(self._parts())
        if self.setting.kind in ("counts", "pair"):
            return parts
        return parts[0] if parts else None

    @property
    def changed(self) -> bool:
        """Whether it differs from the recipe that was chosen, or cannot be used."""
        return bool(self.problem) or self.value() != self.base

    @property
    def as_in_paper(self) -> bool:
        """Whether it is what the paper says."""
        return not self.problem and self.value() == self._paper

    def set_base(self, value: Any, paper: Any) -> None:
        """Take another recipe's value for what a reset brings back; an unchanged row shows it at once."""
        changed = self.base is not None and self.changed
        self.base, self._paper = value, paper
        if changed:
            self._show_state()
        else:
            self.show_value(value)

    def show_value(self, value: Any) -> None:
        """Show a value."""
        editor = self.editor
        if isinstance(editor, ComboBox):
            values = [own for _, own in self.setting.choices]
            if value not in values:  # "cuda:1" of a recipe file
                self.setting = replace(self.setting, choices=(*self.setting.choices, (str(value), value)))
                editor.addItem(str(value))
                values.append(value)
            editor.setCurrentIndex(values.index(value))
        elif isinstance(editor, QCheckBox):
            editor.setChecked(bool(value))
        else:
            nothing = value is None or value == ()
            editor.setText("" if nothing else value_text(self.setting, value))
        self._show_state()

    @property
    def typed(self) -> str:
        """What the editor holds, to be given back to `type`."""
        editor = self.editor
        if isinstance(editor, ComboBox):
            return editor.currentText()
        return str(editor.isChecked()) if isinstance(editor, QCheckBox) else editor.text()

    def type(self, text: str) -> None:
        """Put back what the editor held, right or wrong."""
        editor = self.editor
        if isinstance(editor, ComboBox):
            editor.setCurrentText(text)
        elif isinstance(editor, QCheckBox):
            editor.setChecked(text == "True")
        else:
            editor.setText(text)

    def disable_choice(self, value: Any, why: str) -> None:
        """Grey a choice out, with the reason as its tooltip."""
        assert isinstance(self.editor, ComboBox)
        model, place = self.editor.model(), [own for _, own in self.setting.choices].index(value)
        assert isinstance(model, QStandardItemModel)
        model.item(place).setEnabled(False)
        model.item(place).setToolTip(why)

    @Slot()
    def reset(self) -> None:
        """Go back to the recipe that was chosen."""
        self.show_value(self.base)
        self.editor.setFocus()

    def _parts(self) -> list[float | int | None]:
        """Return the numbers that were typed; None for what is none."""
        text, kind = self.typed.strip(), self.setting.kind
        if not text or (kind in ("optional", "counts") and text.lower() == self.setting.nothing):
            return []
        if kind in ("count", "optional"):
            return [parse_count(text)]
        if kind == "number":
            return [parse_number(text)]
        pieces = [piece for piece in text.replace(";", " ").replace(", ", " ").split() if piece]
        if len(pieces) == 1:
            pieces = text.split(",")
        return [parse_count(piece) if kind == "counts" else parse_number(piece) for piece in pieces]

    def _show_state(self) -> None:
        problem, changed = self.problem, self.changed
        self._problem_label.setText(problem)
        self._problem_label.setVisible(bool(problem))
        set_state(self.editor, "error" if problem else "")
        set_property(self.title, "role", "heading" if changed else "muted")
        mark = 2 if changed else int(self.setting.of_paper and self.as_in_paper)
        self._marks.setCurrentIndex(mark)
        before = value_text(self.setting, self.base)
        self.reset_button.setToolTip(f"Back to {before}")
        self.reset_button.setAccessibleName(f"{self.setting.title}: back to {before}")
        tip = self.setting.about
        if self.setting.of_paper:
            tip += f"\nThe paper's: {value_text(self.setting, self._paper)}."
        for widget in (self.title, self.editor):
            widget.setToolTip(f"<p>{tip.replace(chr(10), '<br>')}</p>")

    @Slot()
    def _on_edited(self) -> None:
        self._show_state()
        self.edited.emit()

    @Slot()
    def _on_theme_changed(self) -> None:
        self.reset_button.setIcon(icon("undo", theme().colours.accent))
        size = theme().font_pixels
        self._mark.setFixedWidth(round(_MARK * size))
        self.title.setMinimumWidth(round(_TITLE * size))
