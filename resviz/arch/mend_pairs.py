"""Which ends of wires that lead to nothing belong together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable
from functools import cached_property
from typing import TypeVar

from resviz.arch.graph import Architecture
from resviz.arch.mend_edits import output_of
from resviz.arch.names import natural_key
from resviz.arch.shapes import Fault, Inference, read_ports
from resviz.arch.spec import Shape

_T = TypeVar("_T")
_U = TypeVar("_U")
Port = tuple[str, str]
"""A block and its input port."""


class Ends:
    """The ends of an architecture that its problems name.

    Attributes:
        dead: blocks whose output leads nowhere.
        lone: blocks that are wired to nothing.
        open: input ports without a wire.
        extra: inputs and outputs too many, which are none of those.
    """

    def __init__(self, architecture: Architecture, inference: Inference) -> None:
        self._architecture, self._inference = architecture, inference
        problems = inference.problems
        self.extra = {p.block for p in problems if p.block is not None and p.fault is Fault.SECOND_END}
        ends = [(p.block, p) for p in problems if p.block is not None and p.block not in self.extra]
        self.dead = [block_id for block_id, problem in ends if problem.fault is Fault.DEAD_END]
        self.lone = [block_id for block_id, problem in ends if problem.fault is Fault.LOOSE]
        self.open: list[Port] = [(b, problem.port) for b, problem in ends if problem.fault is Fault.UNWIRED]

    @cached_property
    def pairs(self) -> dict[str, Port]:
        """Ends and loose blocks, and the open inputs (no shortcuts) that they must have led to.

        Their names say so, or no other would do, nor one of several loose blocks between.
        """
        open_ports = [each for each in self.open if each[1] != "shortcut"]
        left = [source for source in self.dead if source not in self._named]
        ports = [port for port in open_ports if port not in self._named.values()]
        forced = matched(left, ports, self._could_join)
        return self._named | {a: b for a, b in forced if len(self._fitting(a, b)) < 2}

    @cached_property
    def _named(self) -> dict[str, Port]:
        """Ends, and the open inputs that they lead to by their names: "stage1.block2" to "stage1.block3"."""
        inputs = {block_id: (block_id, port) for block_id, port in self.open if port != "shortcut"}
        inputs |= {
            block_id: (block_id, self._architecture[block_id].spec.inputs[0]) for block_id in self.lone
        }
        pairs = ((source, inputs.get(self._following(source, inputs))) for source in (*self.dead, *self.lone))
        return {a: b for a, b in pairs if b is not None and self._could_join(a, b)}

    def _following(self, block_id: str, inputs: Container[str]) -> str:
        """Return the block that comes behind one by its number, in its stage or the next one; "" for none."""
        family = self._families.get(_family(block_id), [])
        place = family.index(block_id) + 1 if family else 0
        following = family[place] if 0 < place < len(family) else ""
        return following if following in inputs else ""

    @cached_property
    def _families(self) -> dict[str, list[str]]:
        """Blocks whose names differ by numbers alone, in order."""
        found: dict[str, list[str]] = {}
        for block_id in sorted(self._architecture.blocks, key=natural_key):
            found.setdefault(_family(block_id), []).append(block_id)
        found.pop("", None)
        return found

    @cached_property
    def shortcuts(self) -> dict[str, Port]:
        """Dead ends that can only be the shortcut of one addition."""
        dead = [block_id for block_id in self.dead if block_id not in self.pairs]
        open_ports = [each for each in self.open if each[1] == "shortcut"]
        return dict(matched(dead, open_ports, self._could_be_shortcut))

    @cached_property
    def _bits(self) -> dict[str, int]:
        return {block_id: 1 << i for i, (block_id, _) in enumerate(self.open)}

    @cached_property
    def _behind(self) -> dict[str, int]:
        """For each block which open blocks it depends on, or is, as bits."""
        found: dict[str, int] = {}
        for block_id in self._architecture.order():
            mask = self._bits.get(block_id, 0)
            for wire in self._architecture.incoming(block_id).values():
                mask |= found[wire.source]
            found[block_id] = mask
        return found

    def _circular(self, source: str, target: str) -> bool:
        return source == target or bool(self._behind[source] & self._bits.get(target, 0))

    def _could_join(self, source: str, target: Port) -> bool:
        if self._circular(source, target[0]):
            return False
        return self._takes(target, self._inference.shapes.get(source))

    def _could_be_shortcut(self, source: str, target: Port) -> bool:
        shapes = self._inference.shapes
        branch = self._architecture.incoming(target[0]).get("branch")
        goal = shapes.get(branch.source) if branch is not None else None
        return goal is not None and shapes.get(source) == goal and not self._circular(source, target[0])

    def _takes(self, target: Port, shape: Shape | None) -> bool:
        """Say whether a block takes a shape at a port, as far as can be known."""
        if shape is None:
            return True
        block = self._architecture[target[0]]
        wires = self._architecture.incoming(block.id)
        inputs = [
            shape if port == target[1] else self._inference.shapes.get(wires[port].source)
            for port in read_ports(block)
            if port == target[1] or port in wires
        ]
        known = tuple([each for each in inputs if each is not None])
        return len(known) < len(read_ports(block)) or output_of(block, known) is not None

    def between(self, source: str, target: Port) -> str | None:
        """Return the one loose block that fits between two ends that nothing but their place says belong."""
        if source in self._named or len(self.pairs) != 1:
            return None
        fitting = self._fitting(source, target)
        return fitting[0] if fitting else None

    def _fitting(self, source: str, target: Port) -> list[str]:
        """Return the loose blocks that fit between two ends, as far as it is known what comes."""
        shape = self._inference.shapes.get(source)
        if shape is None:
            return []
        fitting = []
        for block_id in self.lone:
            block = self._architecture[block_id]
            given = output_of(block, (shape,)) if len(block.spec.inputs) == 1 else None
            if given is not None and self._takes(target, given):
                fitting.append(block_id)
        return fitting


def _family(block_id: str) -> str:
    """Return a name without its numbers ("stage1.block2" -> "stage#.block#"); "" where it ends in none."""
    return re.sub("[0-9]+", "#", block_id) if block_id[-1] in "0123456789" else ""


def matched(left: Iterable[_T], right: Iterable[_U], fits: Callable[[_T, _U], bool]) -> list[tuple[_T, _U]]:
    """Return the pairs that are forced: one of the two fits nothing else, and no rival is as needy."""
    lefts, rights = list(left), list(right)
    of_left = {a: _only(b for b in rights if fits(a, b)) for a in lefts}
    of_right = {b: _only(a for a in lefts if fits(a, b)) for b in rights}
    wanted_left, wanted_right = Counter(of_right.values()), Counter(of_left.values())
    pairs = [(a, b) for b, a in of_right.items() if a is not None and wanted_left[a] == 1]
    pairs += [(a, b) for a, b in of_left.items() if b is not None and wanted_right[b] == 1]
    return list(dict.fromkeys(pairs))


def _only(candidates: Iterable[_T]) -> _T | None:
    """Return the one candidate, None where there are none or several."""
    found = None
    for candidate in candidates:
        if found is not None:
            return None
        found = candidate
    return found
