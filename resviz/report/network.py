"""An architecture at a glance: a strip of its blocks with their shortcuts, and its stages as rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from resviz.arch.cost import cost_of
from resviz.arch.graph import Architecture, Block
from resviz.arch.shapes import infer
from resviz.report.svg import drawing, element, words

_WIDTH, _HEIGHT, _TOP, _TALL = 960.0, 74.0, 26.0, 22.0
_BETWEEN = 22.0
"""Pixels between stages."""
_LONGEST = 600
"""Blocks that are drawn at the most: more are finer than the paper."""


@dataclass(frozen=True)
class Part:
    """A stage, or what lies between stages."""

    name: str
    blocks: tuple[Block, ...]
    shape: str
    parameters: int
    multiply_adds: int

    @property
    def kinds(self) -> str:
        """What it is made of: "9 x basic, A"."""
        found = []
        for what, group in groupby(_kind(block) for block in self.blocks):
            count = len(list(group))
            found.append(f"{count} × {what}" if count > 1 else what)
        return ", ".join(found)


def _kind(block: Block) -> str:
    shortcut = block.shortcut
    how = "" if shortcut is None else " without shortcut" if shortcut == "none" else f", shortcut {shortcut}"
    return f"{block.spec.title}{how}"


def parts(architecture: Architecture) -> list[Part]:
    """Return stem, stages and head in the order of the network, without input and output."""
    shapes, costs = infer(architecture).shapes, cost_of(architecture).blocks
    blocks = [architecture[each] for each in architecture.order()]
    blocks = [block for block in blocks if block.kind not in ("input", "output")]
    found: list[Part] = []
    for name, group in groupby(blocks, lambda block: _stage(block.id)):
        members = tuple(group)
        shape = shapes.get(members[-1].id)
        found.append(
            Part(
                name or ("stem" if not found else "head"),
                members,
                " × ".join(map(str, shape)) if shape else "–",
                sum(costs[block.id].parameters for block in members),
                sum(costs[block.id].multiply_adds for block in members),
            )
        )
    return found


def _stage(block_id: str) -> str:
    stage = block_id.partition(".")[0]
    return f"stage {stage[5:]}" if "." in block_id and stage[:5] == "stage" and stage[5:].isdigit() else ""


def strip(architecture: Architecture, run: int) -> str:
    """Return a drawing of the network from left to right; a shortcut is an arc over its block."""
    stages = parts(architecture)
    count = sum(len(part.blocks) for part in stages)
    shown = min(count, _LONGEST)
    room = (_WIDTH - 20 - _BETWEEN * max(len(stages) - 1, 0)) / max(shown, 1)
    pitch = min(room, 34.0)
    gap = min(pitch * 0.3, 8.0)
    found, x = [], 10.0
    for part in stages:
        begin = x
        for block in part.blocks[: max(1, round(len(part.blocks) * shown / count))]:
            rounding = min(3.0, (pitch - gap) / 4)
            residual = block.shortcut not in (None, "none")
            weighty = block.spec.depth > 0
            look = f"block r{run}" if weighty else "block light"
            wide = max(pitch - gap, 0.8)
            found.append(element("rect", x=x, y=_TOP, width=wide, height=_TALL, rx=rounding, class_=look))
            if residual:
                left, right = x - gap / 2, x + pitch - gap / 2
                rise = min(14.0, pitch * 0.9)
                foot, top = f"{_TOP + 4:.1f}", f"{_TOP - rise:.1f}"
                arc = f"M{left:.1f} {foot}C{left:.1f} {top} {right:.1f} {top} {right:.1f} {foot}"
                found.append(element("path", d=arc, class_=f"arc r{run}"))
            x += pitch
        middle = min(max((begin + x - gap) / 2, 16.0), _WIDTH - 16)
        found.append(words(middle, _TOP + _TALL + 18, part.name, class_="tick", text_anchor="middle"))
        x += _BETWEEN
    return drawing(_WIDTH, _HEIGHT, "".join(found), f"The blocks of {architecture.name} from input to output")
