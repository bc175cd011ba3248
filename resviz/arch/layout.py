"""Automatic placement: stages as rows that read from left to right, shortcut layers above their unit.

The main path (at an addition: its branch) runs along the rows. Each stage begins a row of its own; a stage
that is longer than a row goes on in the next one. Stem and head share the first and the last stage's rows
where that lets the whole picture fill a pane of the window better; the row's length is chosen for the same
end. Rows without shortcuts stand closer together. The layers of a shortcut stand in a lane over their unit's
row, where their wires cross no other; what else hangs on the main path stands in lanes under its row, and
what does not is kept in a tray at the bottom. A folded group takes the room of one block.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby
from math import ceil, isqrt

from resviz.arch.composites import RESIDUAL_KINDS
from resviz.arch.graph import Architecture, Position
from resviz.arch.shapes import infer, read_ports

BLOCK_SIZE = (144, 64)
"""Width and height of a block on the canvas, in pixels."""

PITCH = (176, 104)
"""Distance between the left edges and the top edges of neighbours, in pixels."""

TIGHT_PITCH = 88
"""Distance to the row above of a row over which no shortcut runs, in pixels."""

STAGE_GAP = 32
"""Extra pixels above the row where a stage begins: room for its caption."""

_ASPECT = 1.5
"""Width over height of a canvas in the window, without its header and footer."""
_NEARLY = 1.3
"""How much larger than the best picture one may be in which less moves."""
_LONGEST_END = 8
"""Blocks that stem or head may have; longer ones are rows by map size, like stages."""


@dataclass
class _Line:
    """One line of the main path, and the lanes beside it: column and lane by block.

    Lane 0 is the line itself, those above have negative numbers.
    """

    stage: str
    path: list[str]
    cells: dict[str, tuple[int, int]] = field(default_factory=dict)
    taken: dict[int, int] = field(default_factory=dict)
    """For each column, the first lane that is free, below the line."""
    above: dict[int, int] = field(default_factory=dict)
    """For each column, how many lanes are taken above the line."""

    @property
    def lanes(self) -> int:
        return max(self.taken.values())


def arrange(architecture: Architecture, like: Architecture | None = None) -> dict[str, Position]:
    """Return a place for every block: the left upper corner, in pixels.

    No two blocks overlap, but for those of a folded group, which stand in one place.

    Args:
        architecture: what is arranged.
        like: what it was before an edit, arranged: rows begin where they began there, as far as the picture
            stays nearly as good. None: the best picture.
    """
    cells = architecture.cells()
    cell_of = {member: cell for cell, members in cells.items() for member in members}
    path = list(dict.fromkeys(cell_of[block_id] for block_id in main_path(architecture)))
    stages = _stages(architecture, path)
    tight = _tight_groups(architecture, path, cell_of)
    tray_size = len(cells) - len(path)
    begins = None if like is None else _row_begins(like, path)
    stages, longest = _best_lines(stages, tight, tray_size, begins)
    lines = [
        _Line(stage, path[begin:end])
        for stage, a, b in stages
        for begin, end in _wrap(tight[a:b], longest, a)
    ]
    for line in lines:
        line.cells = {block_id: (column, 0) for column, block_id in enumerate(line.path)}
        line.taken = dict.fromkeys(range(len(line.path)), 1)
    loose = _place_beside(architecture, lines, cells, cell_of)

    positions: dict[str, Position] = {}
    top = 0
    previous = None
    for line in lines:
        if previous is not None:
            top += PITCH[1] if _has_shortcuts(architecture, line) else TIGHT_PITCH
            top += STAGE_GAP if line.stage != previous else 0
        previous = line.stage
        top += max(line.above.values(), default=0) * PITCH[1]
        for block_id, (column, lane) in line.cells.items():
            positions[block_id] = (float(column * PITCH[0]), float(top + lane * PITCH[1]))
        top += (line.lanes - 1) * PITCH[1]
    if lines and loose:
        top += 2 * PITCH[1]
    for number, block_id in enumerate(loose):
        row, column = divmod(number, longest)
        positions[block_id] = (float(column * PITCH[0]), float(top + row * PITCH[1]))
    return {block_id: positions[cell_of[block_id]] for block_id in architecture.blocks}


def is_arranged(architecture: Architecture) -> bool:
    """Return whether all blocks stand as they would be arranged, now or edit by edit."""
    places = arrange(architecture, like=architecture)
    return all(architecture[block_id].position == place for block_id, place in places.items())


def main_path(architecture: Architecture) -> list[str]:
    """Return the ids from the input to the output along the main path.

    In an unfinished network: the longest such path there is; empty if nothing is connected and there is
    neither input nor output.
    """
    before: dict[str, str] = {}
    length: dict[str, int] = {}
    for block_id in architecture.order():
        block = architecture[block_id]
        wires = architecture.incoming(block_id)
        port = next((port for port in (*read_ports(block), *block.spec.inputs) if port in wires), None)
        length[block_id] = 1
        if port is not None:
            before[block_id] = wires[port].source
            length[block_id] += length[wires[port].source]
    if not length:
        return []
    ends = [block.id for block in architecture.of_kind("output")]
    end = max((e for e in ends if length[e] > 1), key=length.__getitem__, default=None)
    if end is None:
        end = max(length, key=length.__getitem__)
        if length[end] == 1 and architecture[end].kind not in ("input", "output"):
            return []
    path = [end]
    while path[-1] in before:
        path.append(before[path[-1]])
    return path[::-1]


def _stages(architecture: Architecture, path: Sequence[str]) -> list[tuple[str, int, int]]:
    """Return name, begin and end in the path of stem, stages and head.

    A stage shares the first part of its names ("stage1.block3"), or else is a run of blocks at one map size.
    """
    shapes = infer(architecture).shapes
    # Blocks of one's own stand in the stages that they are used in: their names begin with their own.
    own = {m for group in architecture.grouped().values() if group.definition for m in group.members}
    inside = [i for i, b in enumerate(path) if "." in b or architecture[b].kind in RESIDUAL_KINDS]
    first, last = (inside[0], inside[-1]) if inside else (len(path), -1)
    stem_ends = first if inside and first <= _LONGEST_END else 0
    head_begins = last + 1 if inside and len(path) - last - 1 <= _LONGEST_END else len(path)
    labels: list[str] = []
    size: tuple[int, ...] | None = None
    for index, block_id in enumerate(path):
        shape = shapes.get(block_id, ())
        changed = len(shape) == 3 and shape[1:] != size
        if index < stem_ends:
            label = "stem"
        elif index >= head_begins or len(shape) == 1:
            label = "head"
        elif "." in block_id and block_id not in own:
            label = block_id.partition(".")[0]
        elif changed or not labels or labels[-1] == "stem":
            label = f"map {index}"
        else:
            label = labels[-1]
        if len(shape) == 3:
            size = shape[1:]
        labels.append(label)
    stages, begin = [], 0
    for label, run in groupby(labels):
        end = begin + len(list(run))
        stages.append((label, begin, end))
        begin = end
    return stages


def _tight_groups(architecture: Architecture, path: Sequence[str], cell_of: Mapping[str, str]) -> list[bool]:
    """Return for each block of the path whether it should stay on the line of the one before it.

    The layers of a loose residual unit should: from behind the fork to the addition and its ReLU.
    """
    index = {block_id: i for i, block_id in enumerate(path)}
    tight = [False] * len(path)
    for i, block_id in enumerate(path):
        if architecture[block_id].kind != "add":
            continue
        fork: str | None = block_id
        for _ in range(_LONGEST_END):  # the shortcut's layers, back to the main path
            wires = architecture.incoming(fork) if fork is not None else {}
            wire = wires.get("shortcut") or wires.get("in")
            fork = cell_of[wire.source] if wire else None
            if fork is None or fork in index:
                break
        start = index.get(fork, i) if fork is not None else i
        if not 0 < i - start <= 2 * _LONGEST_END:
            continue
        behind = i + 1 < len(path) and architecture[path[i + 1]].kind == "relu"
        for j in range(start + 2, i + 1 + behind):
            tight[j] = True
    return tight


def _wrap(tight: Sequence[bool], longest: int, offset: int = 0) -> list[tuple[int, int]]:
    """Return begin and end of each line of one stage, `offset` added: evenly long, tight groups unbroken."""
    even = ceil(len(tight) / ceil(len(tight) / longest))
    lines, begin = [], 0
    while begin < len(tight):
        end = min(begin + even, len(tight))
        if end < len(tight):
            cut = end
            while cut > begin and tight[cut]:
                cut -= 1
            if cut == begin:  # one group is longer than the line: let it stand out
                cut = end
                while cut < len(tight) and tight[cut]:
                    cut += 1
            end = cut
        lines.append((begin + offset, end + offset))
        begin = end
    return lines


_Stages = list[tuple[str, int, int]]


def _row_begins(like: Architecture, path: Sequence[str]) -> list[bool | None]:
    """Return for each block of a path whether it stands at the beginning of a row; None for a new one."""
    places = (like[block_id].position if block_id in like else None for block_id in path)
    return [None if place is None else place[0] == 0 for place in places]


def _best_lines(
    stages: _Stages, tight: Sequence[bool], tray_size: int, begins: Sequence[bool | None] | None
) -> tuple[_Stages, int]:
    """Return the stages, and the columns of a line, that let the picture, without lanes, fill a pane best.

    Where rows began before (`begins`), those that come nearest to that, if they fill it nearly as well.
    """

    def extent(choice: tuple[_Stages, int]) -> tuple[float, int]:
        kept, longest = choice
        lines = [line for _, a, b in kept for line in _wrap(tight[a:b], longest)]
        columns = max((end - begin for begin, end in lines), default=1)
        rows = len(lines) + (ceil(tray_size / longest) + 1 if tray_size else 0)
        height = rows * PITCH[1] + STAGE_GAP * max(len(kept) - 1, 0)
        return max(columns * PITCH[0] / _ASPECT, height), rows

    def moved(choice: tuple[_Stages, int]) -> int:
        kept, longest = choice
        first = {begin for _, a, b in kept for begin, _ in _wrap(tight[a:b], longest, a)}
        return sum(was is not None and was != (i in first) for i, was in enumerate(begins or ()))

    choices = []
    for kept in (stages, _with_ends_inside(stages)):
        # The largest row in one line, two lines, ...: far beyond sqrt(size) lines it only becomes a tower.
        size = max([b - a for _, a, b in kept] + [tray_size, 1])
        lengths = sorted({ceil(size / lines) for lines in range(1, 4 * isqrt(size) + 2)})
        choices += [(kept, length) for length in lengths]
    best = min(choices, key=extent)
    if begins is None:
        return best
    longest = _longest_row(begins)
    choices += [(kept, longest + more) for kept, _ in choices[:: len(choices) - 1] for more in range(4)]
    near = [choice for choice in choices if extent(choice)[0] <= _NEARLY * extent(best)[0]]
    return min(near, key=lambda choice: (moved(choice), extent(choice)))


def _longest_row(begins: Sequence[bool | None]) -> int:
    """Return how many blocks of a path the longest of the rows had."""
    rows = accumulate(bool(begin) for begin in begins)
    return max(
        Counter(row for row, was in zip(rows, begins, strict=True) if was is not None).values(), default=1
    )


def _with_ends_inside(stages: _Stages) -> _Stages:
    """Return the stages with stem and head as part of the first and the last one."""
    kept = list(stages)
    if len(kept) > 1 and kept[0][0] == "stem":
        (_, begin, _), (name, _, end) = kept[:2]
        kept[:2] = [(name, begin, end)]
    if len(kept) > 1 and kept[-1][0] == "head" and kept[-2][0].startswith("stage"):
        (name, begin, _), (_, _, end) = kept[-2:]
        kept[-2:] = [(name, begin, end)]
    return kept


def _has_shortcuts(architecture: Architecture, line: _Line) -> bool:
    """Return whether shortcuts run, or would run in the residual twin, over a line."""
    kinds = {architecture[block_id].kind for block_id in line.path}
    return "add" in kinds or not kinds.isdisjoint(RESIDUAL_KINDS)


def _place_beside(
    architecture: Architecture,
    lines: Sequence[_Line],
    cells: Mapping[str, Sequence[str]],
    cell_of: Mapping[str, str],
) -> list[str]:
    """Place what hangs on the main path in lanes; return what hangs nowhere, in order."""
    line_of = {block_id: line for line in lines for block_id in line.cells}
    waiting = [block_id for block_id in cells if block_id not in line_of]
    while True:
        # Shortcut layers stand before the block that reads them: the last ones are placed first.
        for block_id in reversed(waiting):
            wires = [wire for member in cells[block_id] for wire in architecture.outgoing(member)]
            wires = [wire for wire in wires if cell_of[wire.target] in line_of]
            if wires:
                target = cell_of[wires[0].target]
                lane = line_of[target].cells[target][1]
                above = lane < 0 or (lane == 0 and wires[0].target_port == "shortcut")
                _put(block_id, target, -1, line_of, above=above)
        for block_id in waiting:
            wires = [wire for member in cells[block_id] for wire in architecture.incoming(member).values()]
            sources = [cell_of[wire.source] for wire in wires if cell_of[wire.source] in line_of]
            if block_id not in line_of and sources:
                _put(block_id, sources[0], 1, line_of)
        left = [block_id for block_id in waiting if block_id not in line_of]
        if len(left) == len(waiting):
            return left
        waiting = left


def _put(block_id: str, neighbour: str, step: int, line_of: dict[str, _Line], *, above: bool = False) -> None:
    line = line_of[neighbour]
    column, lane = line.cells[neighbour]
    column = max(column + step, 0)
    if above:
        line.above[column] = max(line.above.get(column, 0) + 1, -lane)
        line.cells[block_id] = (column, -line.above[column])
    else:
        lane = max(line.taken.get(column, 0), lane, 1)
        line.cells[block_id] = (column, lane)
        line.taken[column] = lane + 1
    line_of[block_id] = line
