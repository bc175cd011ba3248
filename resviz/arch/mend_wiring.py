"""Mends of the wiring: missing ends, loose blocks, inputs without a wire, outputs that lead nowhere."""

from __future__ import annotations

from functools import cached_property

from resviz.arch.graph import Architecture, Wire
from resviz.arch.layout import PITCH
from resviz.arch.mend_edits import Mend, add_wires, delete, read_instead
from resviz.arch.mend_pairs import Ends, Port
from resviz.arch.mend_shapes import CLASSES, make_plain, shortcut_mends
from resviz.arch.names import natural_key
from resviz.arch.shapes import Fault, Inference, Problem


class Wiring:
    """Where the wires of an architecture end in nothing, and which of these ends belong together."""

    def __init__(self, architecture: Architecture, inference: Inference) -> None:
        self._architecture, self._inference = architecture, inference
        self._ends = Ends(architecture, inference)
        self._missing = {p.fault for p in inference.problems if p.block is None}

    def mends(self, problem: Problem) -> list[Mend]:
        """Return ways to mend a problem of the wiring, the best first."""
        if problem.block is None:
            return {Fault.EMPTY: _begin, Fault.NO_INPUT: self._input, Fault.NO_OUTPUT: self._output}[
                problem.fault
            ]()
        if problem.block in self._ends.extra:
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
        """Which block a missing input would feed: that which most depend on, the first of equals."""
        roots = [b for b, port in self._ends.open if port != "shortcut"] + self._ends.lone
        roots.sort(key=self._place)
        return max(roots, key=lambda b: len(self._architecture.downstream(b)), default=None)

    @cached_property
    def _last(self) -> str | None:
        """Which block a missing output would read: that which depends on most, the last of equals."""
        ends = [*self._ends.dead, *self._ends.lone]
        ends.sort(key=self._place, reverse=True)
        return max(ends, key=lambda b: len(self._architecture.upstream(b)), default=None)

    def _place(self, block_id: str) -> tuple[object, ...]:
        """Return a key that sorts blocks as one reads them on the canvas: by rows, from left to right."""
        x, y = self._architecture[block_id].position or (0.0, 0.0)
        return round(y / PITCH[1]), x, natural_key(block_id)

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
        first = next(block.id for block in architecture.of_kind(kind) if block.id not in self._ends.extra)
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
        port = self._architecture[block_id].spec.inputs[0]
        source = next((d for d, u in self._ends.pairs.items() if u == (block_id, port)), None)
        through = [pair for pair in self._ends.pairs.items() if self._ends.between(*pair) == block_id]
        onward = self._ends.pairs.get(block_id)
        if source is not None and onward is not None:
            found.append(self._joined(source, onward, block_id))
        elif source is not None:
            found.append(self._join(source, (block_id, port)))
        elif onward is not None:
            found.append(self._join(block_id, onward, onward=True))
        elif len(through) == 1:
            found.append(self._join(*through[0]))
        if not found and block_id == self._first and Fault.NO_INPUT in self._missing:
            found += self._input()
        if not found and block_id == self._last and Fault.NO_OUTPUT in self._missing:
            found += self._output()
        if len(self._architecture.blocks) > 1:
            found += _deleted(self._architecture, [block_id])
        return found

    def _unwired(self, block_id: str, port: str) -> list[Mend]:
        block = self._architecture[block_id]
        if port == "shortcut":
            return [*self._shortcut_of(block_id), make_plain(block)]
        target = (block_id, port)
        source = next((d for d, u in self._ends.pairs.items() if u == target), None)
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
        if block_id in self._ends.pairs:
            return [self._join(block_id, self._ends.pairs[block_id], onward=True)]
        if block_id in self._ends.shortcuts:
            return [self._join(block_id, self._ends.shortcuts[block_id], onward=True)]
        if block_id == self._last and Fault.NO_OUTPUT in self._missing:
            return self._output()
        return _deleted(self._architecture, self._only_for(block_id))

    def _shortcut_of(self, add: str) -> list[Mend]:
        """Return what leads to an addition as its shortcut: a loose end, or the start of its unit."""
        target = (add, "shortcut")
        source = next((d for d, u in self._ends.shortcuts.items() if u == target), None)
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

    def _join(self, source: str, target: Port, *, onward: bool = False) -> Mend:
        """Return the mend that wires an end to an open input, over a loose block that fits between."""
        via = self._ends.between(source, target) if target[1] != "shortcut" else None
        return self._joined(source, target, via, onward=onward)

    def _joined(self, source: str, target: Port, via: str | None, *, onward: bool = False) -> Mend:
        block_id, port = target
        out = self._architecture[source].spec.outputs[0]
        where = block_id if port == "in" else f"the {port} of {block_id}"
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

    def _only_for(self, block_id: str) -> list[str]:
        """Return a block with all that leads only to it, in order.

        Empty where the network's input would lead nowhere then, or where it hangs on nothing that stays (but
        for an end too many).
        """
        architecture = self._architecture
        found, waiting, hangs = {block_id}, [block_id], block_id in self._ends.extra
        while waiting:
            for wire in architecture.incoming(waiting.pop()).values():
                source = wire.source
                if source in found or not found.issuperset(w.target for w in architecture.outgoing(source)):
                    continue
                if architecture[source].kind == "input" and source not in self._ends.extra:
                    return []
                found.add(source)
                waiting.append(source)
        hangs |= any(w.source not in found for b in found for w in architecture.incoming(b).values())
        return [b for b in architecture.order() if b in found] if hangs else []


def _deleted(architecture: Architecture, block_ids: list[str]) -> list[Mend]:
    """Return the mend that deletes blocks, which are in order; none where there are none."""
    if not block_ids or len(block_ids) == len(architecture.blocks):
        return []
    *others, last = block_ids
    fed = {w.source for b in block_ids for w in architecture.incoming(b).values()}
    touches = frozenset([*block_ids, *fed])
    if not others:
        return [Mend("Delete it", f"Delete {last}.", delete(block_ids), touches, deletes=True)]
    sentence = f"Delete {last} and what leads only to it: {', '.join(others)}."
    title = f"Delete {len(block_ids)} blocks"
    return [Mend(title, sentence, delete(block_ids), touches, deletes=True)]


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
