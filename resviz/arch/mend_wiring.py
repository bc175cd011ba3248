"""Mends of the wiring: missing ends, loose blocks, inputs without a wire, outputs that lead nowhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TypeVar

from resviz.arch.graph import Architecture, Wire
from resviz.arch.mend_edits import Mend, add_wires, delete, output_of, read_instead
from resviz.arch.mend_shapes import CLASSES, make_plain, shortcut_mends
from resviz.arch.names import natural_key
from resviz.arch.shapes import Fault, Inference, Problem, read_ports
from resviz.arch.spec import Shape

_T = TypeVar("_T")
_U = TypeVar("_U")
Port = tuple[str, str]
"""A block and its input port."""


class Wiring:
    """Where the wires of an architecture end in nothing, and which of these ends belong together."""

    def __init__(self, architecture: Architecture, inference: Inference) -> None:
        self._architecture, self._inference = architecture, inference
        problems = inference.problems
        self._missing = {p.fault for p in problems if p.block is None}
        self._extra = {p.block for p in problems if p.block is not None and p.fault is Fault.SECOND_END}
        ends = [(p.block, p) for p in problems if p.block is not None and p.block not in self._extra]
        self._dead = [block_id for block_id, problem in ends if problem.fault is Fault.DEAD_END]
        self._lone = [block_id for block_id, problem in ends if problem.fault is Fault.LOOSE]
        self._open: list[Port] = [(b, problem.port) for b, problem in ends if problem.fault is Fault.UNWIRED]

    def mends(self, problem: Problem) -> list[Mend]:
        """Return ways to mend a problem of the wiring, the best first."""
        if problem.block is None:
            return {Fault.EMPTY: _begin, Fault.NO_INPUT: self._input, Fault.NO_OUTPUT: self._output}[
                problem.fault
            ]()
        if problem.block in self._extra:
            return self._without(problem.block)
        match problem.fault:
            case Fault.LOOSE:
                return self._loose(problem.block)
            case Fault.UNWIRED:
                return self._unwired(problem.block, problem.port)
            case _:
                return self._dead_end(problem.block)

    # The ends

    @cached_property
    def _first(self) -> str | None:
        """The block that a missing input would feed: that which most blocks depend on."""
        roots = [b for b, port in self._open if port != "shortcut"] + self._lone
        return max(
            sorted(roots, key=natural_key), key=lambda b: len(self._architecture.downstream(b)), default=None
        )

    @cached_property
    def _last(self) -> str | None:
        """The block that a missing output would read: that which depends on most blocks."""
        ends = [*self._dead, *self._lone]
        return max(
            sorted(ends, key=natural_key), key=lambda b: len(self._architecture.upstream(b)), default=None
        )

    def _input(self) -> list[Mend]:
        if self._first is None:
            return []
        first = self._architecture[self._first]
        port = first.spec.inputs[0]

        def edit(architecture: Architecture) -> None:
            block = architecture.add("input", architecture.free_id("input"))
            architecture.connect(Wire(block.id, first.id, "out", port))

        sentence = f"Add an input for pictures of 3 x 32 x 32 and connect it to {first.id}."
        return [Mend("Add an input", sentence, edit, frozenset([first.id]))]

    def _output(self) -> list[Mend]:
        if self._last is None:
            return []
        last = self._architecture[self._last]

        def edit(architecture: Architecture) -> None:
            block = architecture.add("output", architecture.free_id("output"))
            architecture.connect(Wire(last.id, block.id, last.spec.outputs[0]))

        sentence = f"Add an output and connect {last.id} to it."
        return [Mend("Add an output", sentence, edit, frozenset([last.id]))]

    def _without(self, extra: str) -> list[Mend]:
        """Return how an input or output too many goes: with what leads only to it, or its readers served."""
        architecture = self._architecture
        kind = architecture[extra].kind
        if kind == "output" or not architecture.outgoing(extra):
            return _deleted(architecture, self._only_for(extra))
        shapes = self._inference.shapes
        first = next(block.id for block in architecture.of_kind(kind) if block.id not in self._extra)
        if shapes.get(first) != shapes.get(extra):
            return []
        readers = {wire.target for wire in architecture.outgoing(extra)}
        return [
            Mend(
                f"Use {first} for both",
                f"Delete {extra}, and let what it fed read {first}.",
                read_instead(extra, Wire(first, extra)),
                frozenset([extra, first, *readers]),
            )
        ]

    # Loose blocks and ends

    def _loose(self, block_id: str) -> list[Mend]:
        found = []
        pairs = [pair for pair in self._pairs.items() if self._between(*pair) == block_id]
        if len(pairs) == 1:
            found.append(self._join(*pairs[0]))
        elif block_id == self._first and Fault.NO_INPUT in self._missing:
            found += self._input()
        elif block_id == self._last and Fault.NO_OUTPUT in self._missing:
            found += self._output()
        if len(self._architecture.blocks) > 1:
            found += _deleted(self._architecture, [block_id])
        return found

    def _unwired(self, block_id: str, port: str) -> list[Mend]:
        block = self._architecture[block_id]
        if port == "shortcut":
            return [*self._shortcut_of(block_id), make_plain(block)]
        target = (block_id, port)
        source = next((d for d, u in self._pairs.items() if u == target), None)
        if source is not None:
            return [self._join(source, target)]
        if block_id == self._first and Fault.NO_INPUT in self._missing:
            return self._input()
        shortcut = self._architecture.incoming(block_id).get("shortcut")
        if block.kind != "add" or shortcut is None or not self._architecture.outgoing(block_id):
            return []
        sentence = f"Delete {block_id}, and let what it fed read {shortcut.source}."
        readers = {wire.target for wire in self._architecture.outgoing(block_id)}
        touches = frozenset([block_id, shortcut.source, *readers])
        return [Mend("Take it out", sentence, read_instead(block_id, shortcut), touches)]

    def _dead_end(self, block_id: str) -> list[Mend]:
        if block_id in self._pairs:
            return [self._join(block_id, self._pairs[block_id], onward=True)]
        if block_id in self._shortcut_ends:
            return [self._join(block_id, self._shortcut_ends[block_id], onward=True)]
        if block_id == self._last and Fault.NO_OUTPUT in self._missing:
            return self._output()
        return _deleted(self._architecture, self._only_for(block_id))

    def _shortcut_of(self, add: str) -> list[Mend]:
        """Return what leads to an addition as its shortcut: a loose end, or the start of its unit."""
        target = (add, "shortcut")
        source = next((d for d, u in self._shortcut_ends.items() if u == target), None)
        if source is not None:
            return [self._join(source, target)]
        branch = self._architecture.incoming(add).get("branch")
        start = None if branch is None else self._start_of_unit(add, branch.source)
        if branch is None or start is None:
            return []
        shapes = self._inference.shapes
        before, after = shapes.get(start.source), shapes.get(branch.source)
        if before is None or after is None:
            return []
        wire = Wire(start.source, add, start.source_port, "shortcut")
        if before != after:
            return shortcut_mends(self._architecture, wire, before, after)
        sentence = f"Connect {start.source} to the shortcut of {add}."
        touches = frozenset([start.source, add])
        return [Mend(f"Connect {start.source}", sentence, add_wires(wire), touches)]

    def _start_of_unit(self, add: str, at: str) -> Wire | None:
        """Return the wire into the unit of an addition: what its first layer, by name, reads."""
        stem = add.rpartition(".")[0]
        wire = None
        while stem and at.startswith(f"{stem}."):
            wires = self._architecture.incoming(at)
            if len(wires) != 1:
                return None
            (wire,) = wires.values()
            at = wire.source
        return wire

    # Which ends belong together

    def _join(self, source: str, target: Port, *, onward: bool = False) -> Mend:
        """Return the mend that wires a dead end to an open input, over a loose block that fits between."""
        block_id, port = target
        out = self._architecture[source].spec.outputs[0]
        where = block_id if port == "in" else f"the {port} of {block_id}"
        via = self._between(source, target) if port != "shortcut" else None
        if via is None:
            sentence = f"Connect {source} to {where}."
            wires = [Wire(source, block_id, out, port)]
        else:
            sentence = f"Connect {source} to {via}, and {via} to {where}."
            spec = self._architecture[via].spec
            wires = [Wire(source, via, out, spec.inputs[0]), Wire(via, block_id, spec.outputs[0], port)]
        touches = frozenset({end for wire in wires for end in (wire.source, wire.target)})
        title = f"Connect to {wires[0].target}" if onward else f"Connect {wires[-1].source}"
        return Mend(title, sentence, add_wires(*wires), touches)

    @cached_property
    def _pairs(self) -> dict[str, Port]:
        """Dead ends, and the open inputs (no shortcuts) that they must have led to.

        Their names say so ("stage1.block2" leads to "stage1.block3"), or no other would do.
        """
        open_ports = {each[0]: each for each in self._open if each[1] != "shortcut"}
        named = {source: open_ports.get(self._following(source)) for source in self._dead}
        found = {a: b for a, b in named.items() if b is not None and self._could_join(a, b)}
        left = [source for source in self._dead if source not in found]
        ports = [port for port in open_ports.values() if port not in found.values()]
        return found | dict(matched(left, ports, self._could_join))

    def _following(self, block_id: str) -> str:
        """Return the block that comes behind one by its name, "" where there is none."""
        return next((name for name in _next_names(block_id) if name in self._architecture), "")

    @cached_property
    def _shortcut_ends(self) -> dict[str, Port]:
        """Dead ends that can only be the shortcut of one addition."""
        dead = [block_id for block_id in self._dead if block_id not in self._pairs]
        open_ports = [each for each in self._open if each[1] == "shortcut"]
        return dict(matched(dead, open_ports, self._could_be_shortcut))

    @cached_property
    def _behind(self) -> dict[str, int]:
        """For each block which open blocks it depends on, or is, as bits."""
        bits = {block_id: 1 << i for i, (block_id, _) in enumerate(self._open)}
        found: dict[str, int] = {}
        for block_id in self._architecture.order():
            mask = bits.get(block_id, 0)
            for wire in self._architecture.incoming(block_id).values():
                mask |= found[wire.source]
            found[block_id] = mask
        return found

    def _circular(self, source: str, target: str) -> bool:
        return bool(self._behind[source] & self._bit(target))

    def _bit(self, block_id: str) -> int:
        return next(1 << i for i in reversed(range(len(self._open))) if self._open[i][0] == block_id)

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

    def _between(self, source: str, target: Port) -> str | None:
        """Return the one loose block that fits between two ends."""
        shape = self._inference.shapes.get(source)
        fitting = []
        for block_id in self._lone if shape is not None else ():
            block = self._architecture[block_id]
            given = output_of(block, (shape,)) if shape and len(block.spec.inputs) == 1 else None
            if given is not None and self._takes(target, given):
                fitting.append(block_id)
        return fitting[0] if len(fitting) == 1 and len(self._pairs) == 1 else None

    def _only_for(self, block_id: str) -> list[str]:
        """Return a block with all that leads only to it, in order.

        Empty where the network's input would lead nowhere then, or where it hangs on nothing that stays (but
        for an end too many).
        """
        architecture = self._architecture
        found, waiting, hangs = {block_id}, [block_id], block_id in self._extra
        while waiting:
            for wire in architecture.incoming(waiting.pop()).values():
                source = wire.source
                if source in found or not found.issuperset(w.target for w in architecture.outgoing(source)):
                    continue
                if architecture[source].kind == "input" and source not in self._extra:
                    return []
                found.add(source)
                waiting.append(source)
        hangs |= any(w.source not in found for b in found for w in architecture.incoming(b).values())
        return [b for b in architecture.order() if b in found] if hangs else []


def _next_names(block_id: str) -> list[str]:
    """Return what the block behind one may be called: "stage1.block2" -> "stage1.block3", "stage2.block1"."""
    numbers = list(re.finditer(r"[0-9]+", block_id))
    if not numbers or numbers[-1].end() != len(block_id):
        return []
    last = numbers[-1]
    names = [f"{block_id[: last.start()]}{int(last[0]) + 1}"]
    for stage in numbers[-2:-1]:
        between = block_id[stage.end() : last.start()]
        names.append(f"{block_id[: stage.start()]}{int(stage[0]) + 1}{between}1")
    return names


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


def _deleted(architecture: Architecture, block_ids: list[str]) -> list[Mend]:
    """Return the mend that deletes blocks, which are in order; none where there are none."""
    if not block_ids or len(block_ids) == len(architecture.blocks):
        return []
    *others, last = block_ids
    fed = {w.source for b in block_ids for w in architecture.incoming(b).values()}
    touches = frozenset([*block_ids, *fed])
    if not others:
        return [Mend("Delete it", f"Delete {last}.", delete(block_ids), touches)]
    sentence = f"Delete {last} and what leads only to it: {', '.join(others)}."
    return [Mend(f"Delete {len(block_ids)} blocks", sentence, delete(block_ids), touches)]


def _begin() -> list[Mend]:
    def edit(architecture: Architecture) -> None:
        architecture.add("input", "input")
        architecture.add("global_avg_pool", "pool")
        architecture.add("linear", "classifier", out_features=CLASSES)
        architecture.add("output", "output")
        for source, target in (("input", "pool"), ("pool", "classifier"), ("classifier", "output")):
            architecture.connect(Wire(source, target))

    sentence = (
        "Add an input for pictures of 3 x 32 x 32, global average pooling, a linear layer with "
        f"{CLASSES} outputs and an output, wired in this order."
    )
    return [Mend("Begin a network", sentence, edit, frozenset())]
