"""Which places on the canvas are taken; blocks of a folded group take one together."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from PySide6.QtCore import QRectF

from app.canvas import geometry as g
from resviz.arch.graph import Architecture, Block, Position
from resviz.arch.layout import arrange

_LANE = 20.0
"""Pixels beside a row in which wires go back to the next one's beginning."""


def taken_places(architecture: Architecture, without: Container[str] = ()) -> list[QRectF]:
    """Return what the blocks need for themselves, those in `without` left out."""
    found = []
    for lead in architecture.cells():
        block = architecture[lead]
        if block.position is not None and lead not in without:
            found.append(g.footprint(block.kind).translated(*block.position))
    return found


def shift_into_free_space(
    architecture: Architecture, blocks: Sequence[Block], wanted: tuple[float, float]
) -> tuple[float, float]:
    """Return how far blocks move together, about as far as `wanted`, so that they cover nothing."""
    needed = QRectF()
    for block in blocks:
        needed |= g.footprint(block.kind).translated(*(block.position or (0.0, 0.0)))
    needed.adjust(-_LANE, 0.0, _LANE, 0.0)
    return g.free_place(needed, wanted, taken_places(architecture))


def moves_to_make_room(architecture: Architecture, place: Position, ahead: Position) -> dict[str, Position]:
    """Return where the blocks of a row go so that `place` is free: right, as far as needed.

    What stands at about the height of `ahead`, which comes next, is of that row too.
    """
    x, y = place
    top, bottom = min(y, ahead[1]) - g.HEIGHT, max(y, ahead[1]) + g.HEIGHT
    cells = architecture.cells()
    spots = {lead: architecture[lead].position for lead in cells}
    row = sorted(
        (spot[0], lead)
        for lead, spot in spots.items()
        if spot is not None and top < spot[1] < bottom and spot[0] > x - g.WIDTH / 2
    )
    moves: dict[str, Position] = {}
    edge = x + g.PITCH_X
    for left, lead in row:
        if left >= edge:
            break
        moves |= _moved(architecture, cells[lead], (edge - left, 0.0))
        edge += g.PITCH_X
    return moves


def _moved(
    architecture: Architecture, members: Sequence[str], by: tuple[float, float]
) -> dict[str, Position]:
    spots = {member: architecture[member].position or (0.0, 0.0) for member in members}
    return {member: (x + by[0], y + by[1]) for member, (x, y) in spots.items()}


def with_cells(architecture: Architecture, positions: Mapping[str, Position]) -> dict[str, Position]:
    """Return positions of blocks, and of those that are folded with them: these move as far."""
    cells = architecture.cells()
    found: dict[str, Position] = {}
    for lead, (x, y) in positions.items():
        old_x, old_y = architecture[lead].position or (0.0, 0.0)
        found |= _moved(architecture, cells[lead], (x - old_x, y - old_y))
    return found


def spread(architecture: Architecture, members: Sequence[str]) -> dict[str, Position]:
    """Return places for the members of a group that was unfolded: those they have, if they do not overlap.

    Else they stand as they would be arranged by themselves, where there is room nearby.
    """
    spots = {member: architecture[member].position or (0.0, 0.0) for member in members}
    bodies = [g.BODY.translated(*spot) for spot in spots.values()]
    if len(set(spots.values())) == len(spots) and not _overlap(bodies):
        return spots
    piece = Architecture()
    for member in members:
        piece.insert(architecture[member])
    for wire in architecture.wires:
        if wire.source in piece and wire.target in piece:
            piece.connect(wire)
    places = arrange(piece)
    needed = QRectF()
    for member, place in places.items():
        needed |= g.footprint(piece[member].kind).translated(*place)
    x, y = g.free_place(needed, spots[members[0]], taken_places(architecture, without=spots))
    return {member: (x + left, y + top) for member, (left, top) in places.items()}


def _overlap(bodies: Sequence[QRectF]) -> bool:
    ordered = sorted(bodies, key=lambda body: body.left())
    for number, body in enumerate(ordered):
        for other in ordered[number + 1 :]:
            if other.left() >= body.right():
                break
            if body.intersects(other):
                return True
    return False
