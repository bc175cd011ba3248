"""What hovering over blocks tells."""

from __future__ import annotations

from html import escape

from app.canvas.block_item import BlockItem
from app.canvas.difference_item import DifferenceItem
from app.canvas.face import Faces
from app.canvas.readout import Board
from app.canvas.stack_face import stack_tooltip
from app.canvas.stack_item import StackItem
from app.document import Document

_MOST_TOLD = 3
"""Blocks of a folded group whose differences are told."""


def block_tooltip(
    document: Document, faces: Faces, item: BlockItem, board: Board, differences: DifferenceItem
) -> str:
    """Return what a block or a folded group is, how it differs and what was measured there, as rich text."""
    if isinstance(item, StackItem):
        told = stack_tooltip(document, item.stack_face, item.members)
        found = ((member, differences.told(member)) for member in item.members)
        more = [f"{member} differs: {text}" for member, text in found if text]
        if len(more) > _MOST_TOLD:
            more[_MOST_TOLD:] = [f"and {len(more) - _MOST_TOLD} more blocks differ"]
        measured = item.told()
    else:
        told = faces.block_tooltip(item.block_id)
        differs = differences.told(item.block_id)
        more = [f"Differs: {differs}"] if differs else []
        measured = list(board.told(item.block_id))
    return "<br>".join([told, *map(escape, [*more, *measured])])
