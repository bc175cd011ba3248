"""Twins: what two panes side by side do together, with its switches in both of them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Slot

from app.editor.chrome import Chip
from app.editor.pane import EditorPane
from app.twins.bar import Bar
from app.twins.link import Link
from app.twins.marks import Marks
from app.twins.mirror import Mirror
from app.workspace import Workspace
from resviz.arch.compare import differences, summary


class Twins(QObject):
    """Puts link and mirror together for a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self.link = Link(workspace.panes, self)
        self.mirror = Mirror(workspace.panes, self)
        self.marks = Marks(workspace.panes, self)
        self.bar = Bar(workspace.panes, workspace)
        for pane in workspace.panes:
            pane.floating.append(self.bar)
        self.chips: list[Chip] = []
        for pane in workspace.panes:
            actions = pane.editor_actions
            actions.link.triggered.connect(self._on_link_chosen)
            actions.edit_both.triggered.connect(self._on_both_chosen)
            actions.mark_differences.triggered.connect(self._on_marks_chosen)
            actions.minimap.triggered.connect(self._on_minimap_chosen)
            actions.apply_to_other.triggered.connect(self._on_apply_chosen)
            self.chips.append(self._make_chip(pane))
        first = workspace.panes[0].editor_actions
        for action in (first.link, first.edit_both, first.mark_differences):
            self.bar.add(action)
        self.link.changed.connect(self._on_link_changed)
        self.mirror.changed.connect(self._on_both_changed)
        self.marks.changed.connect(self._on_marks_changed)
        self._on_link_changed(self.link.on)
        self._on_marks_changed(self.marks.on)

    def _make_chip(self, pane: EditorPane) -> Chip:
        chip = Chip()
        chip.show_text("edit both", "warning")
        chip.setToolTip("What is edited here is done in the other network too. A click, or Shift+L, ends it.")
        chip.setCursor(Qt.CursorShape.PointingHandCursor)
        chip.clicked.connect(lambda: self.mirror.set_on(False))
        chip.hide()
        pane.header.extras.addWidget(chip)
        return chip

    @Slot(bool)
    def _on_link_chosen(self, on: bool) -> None:
        self.link.choose(on, self._workspace.active)
        self._workspace.told.emit(
            "Linked: zoom, place and selection of one network are followed by the other."
            if on
            else "Not linked: each network is looked at by itself."
        )

    @Slot(bool)
    def _on_both_chosen(self, on: bool) -> None:
        if on and not self.link.on:
            self.link.choose(True, self._workspace.active)
        self.mirror.set_on(on)
        self._workspace.told.emit(
            "Edits are done in both networks from now on; shortcuts stay as they are."
            if on
            else "Edits are done in one network alone again."
        )

    @Slot(bool)
    def _on_marks_chosen(self, on: bool) -> None:
        self.marks.choose(on)
        if on:
            here, there = (document.architecture for document in self._workspace.documents)
            self._workspace.told.emit(summary(differences(here, there), here.name, there.name))

    @Slot(bool)
    def _on_minimap_chosen(self, on: bool) -> None:
        for pane in self._workspace.panes:
            pane.editor_actions.minimap.setChecked(on)
            pane.minimap.choose(on)

    @Slot(bool)
    def _on_marks_changed(self, on: bool) -> None:
        for pane in self._workspace.panes:
            pane.editor_actions.mark_differences.setChecked(on)

    @Slot()
    def _on_apply_chosen(self) -> None:
        self.mirror.apply_last(self._workspace.active)

    @Slot(bool)
    def _on_link_changed(self, on: bool) -> None:
        for pane in self._workspace.panes:
            pane.editor_actions.link.setChecked(on)
        self.mirror.linked = on
        if not on:
            self.mirror.set_on(False)

    @Slot(bool)
    def _on_both_changed(self, on: bool) -> None:
        for pane, chip in zip(self._workspace.panes, self.chips, strict=True):
            pane.editor_actions.edit_both.setChecked(on)
            chip.setVisible(on)
