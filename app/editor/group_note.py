"""GroupNote: of which group the inspected blocks are, and who follows when they are changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QVBoxLayout

from app.canvas.text import plural
from app.editor.bits import label
from resviz.arch.graph import Architecture


def add_note(
    layout: QVBoxLayout, architecture: Callable[[], Architecture], ids: Sequence[str]
) -> Callable[[], None]:
    """Add the note to an inspector's page, hidden while there is none; return what brings it up to date."""
    note = label("", "muted")
    layout.addWidget(note)

    def refresh() -> None:
        text = note_on(architecture(), ids)
        note.setText(text)
        note.setVisible(bool(text))

    return refresh


def note_on(architecture: Architecture, ids: Sequence[str]) -> str:
    """Return the note on some blocks: "" where they are of no group, or of several."""
    groups, chosen = architecture.grouped(), set(ids)
    for name, group in groups.items():
        if not chosen <= set(group.members):
            continue
        if group.definition:
            used = sum(each.definition == group.definition for each in groups.values())
            others = f"what is changed here changes in the {used - 1} other{'s' * (used > 2)} too"
            follow = others if used > 1 else "others made of it will follow it"
            return f"{name} is made of {group.definition}: {follow}. U unpacks it."
        if chosen == set(group.members):
            return f"A stack of {plural(len(chosen), 'block')}: what is changed here changes in all of them."
        return f"In a stack of {plural(len(group.members), 'block')}: G folds it."
    return ""
