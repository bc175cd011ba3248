"""The two ways to draw a unit, one composite block or loose layers, and the way from each to the other.

The layers are called as the parts of the composite are ("unit.conv1"), so the network's parameters keep their
names: what was trained in one form runs in the other, and computes the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from resviz.arch.composites import RESIDUAL_KINDS, Conv, shortcut_of, units
from resviz.arch.graph import Architecture, Block, Wire
from resviz.arch.shapes import infer
from resviz.arch.spec import Params, Shape, Value, integer
from resviz.errors import ArchitectureError

COMPOSITES = (*RESIDUAL_KINDS, "conv_bn_relu")


Inputs = Mapping[str, tuple[Shape, ...]]
"""What blocks read, by id."""


@dataclass
class Conversion:
    """One form of a unit taken out and the other put in; wires of removed blocks go with them."""

    remove: list[str]
    add: list[Block] = field(default_factory=list)
    connect: list[Wire] = field(default_factory=list)
    memory: dict[str, str] = field(default_factory=dict)
    """For `Architecture.twin_memory`."""

    def applied(self, architecture: Architecture) -> Architecture:
        """Return a converted copy.

        Raises:
            ArchitectureError: it does not fit into this architecture.
        """
        converted = architecture.copy()
        self.apply(converted)
        return converted

    def apply(self, architecture: Architecture) -> None:
        """Convert an architecture in place.

        Raises:
            ArchitectureError: it does not fit; some of it may be done by then.
        """
        for block_id in self.remove:
            architecture.remove(block_id)
        for block in self.add:
            architecture.insert(block)
        for wire in self.connect:  # both forms lead from the same blocks to the same: no circle comes of it
            architecture.connect(wire, may_close=False)
        architecture.twin_memory.update(self.memory)


def expand(architecture: Architecture, block_id: str, inputs: Inputs | None = None) -> Conversion:
    """Return a composite as loose layers, which stand where it stood (all in one place: arrange them).

    A plain unit keeps its addition, with `plain` on, and the shortcut that its residual twin has. `inputs`:
    what each block reads, where that is known already.

    Raises:
        UnknownBlockError: there is no such block.
        ArchitectureError: it is no composite, what it gets is not known yet, or a layer's name is taken.
    """
    block = architecture[block_id]
    if block.kind not in COMPOSITES:
        raise ArchitectureError(f"{block_id} is a single layer already: there is nothing to expand.")
    shapes = (infer(architecture).inputs if inputs is None else inputs).get(block_id)
    source = architecture.incoming(block_id).get("in")
    if not shapes or source is None:
        raise ArchitectureError(f"{block_id} has no input yet: wire it first, then expand it.")
    drawing = _Drawing(architecture, block, shapes[0])
    drawing.draw()
    for wire in architecture.outgoing(block_id):
        drawing.conversion.connect.append(Wire(drawing.end, wire.target, "out", wire.target_port))
    return drawing.conversion


class _Drawing:
    """Draws one composite as layers."""

    def __init__(self, architecture: Architecture, block: Block, shape: Shape) -> None:
        self.conversion = Conversion([block.id])
        self.end = ""
        self._architecture, self._block, self._shape = architecture, block, shape
        start = architecture.incoming(block.id)["in"]
        self._start, self._start_port = start.source, start.source_port

    def draw(self) -> None:
        """Add the layers and the wires among them; `end` is the last layer afterwards."""
        block = self._block
        preact = block.kind.startswith("preact")
        plan = units(block.kind, block.params, self._shape[0])
        end, active = "", ""  # of the branch; the activated input of a pre-activation unit
        single = block.kind == "conv_bn_relu"
        for number, conv in enumerate(plan.branch, 1):
            suffix = "" if single else str(number)
            if preact:
                end = self._layer("batch_norm", f"norm{suffix}", end)
                end = self._layer("relu", f"relu{suffix}", end)
                active = active or end
                end = self._conv(conv, end)
                continue
            end = self._layer("batch_norm", f"norm{suffix}", self._conv(conv, end))
            if single or number < len(plan.branch):
                end = self._layer("relu", f"relu{suffix}", end)
        if not single:
            end = self._addition(end, active)
            if not preact:
                end = self._layer("relu", f"relu{len(plan.branch)}", end)
        self.end = end

    def _addition(self, branch: str, active: str) -> str:
        params, plain = self._block.params, self._block.params["shortcut"] == "none"
        remembered = self._architecture.memory().get(self._block.id, "A") if plain else "none"
        if plain:
            # What the twin has; of a unit that is plain there too the shortcut is only drawn.
            params = {**params, "shortcut": remembered if remembered != "none" else "A"}
        add = self._layer("add", "add", branch, port="branch", plain=plain)
        if remembered == "none" and plain:
            self.conversion.memory[add] = "none"
        shortcut = self._shortcut(params, active)
        port = "out" if shortcut else self._start_port
        self.conversion.connect.append(Wire(shortcut or self._start, add, port, "shortcut"))
        return add

    def _shortcut(self, params: Params, active: str) -> str:
        """Add the shortcut's layers; return the last one, "" where it is a wire from the start."""
        channels, stride = integer(params, "out_channels"), integer(params, "stride")
        found = shortcut_of(params, self._shape[0], channels, stride)
        if found == "A" and channels < self._shape[0]:
            found = "projection"  # A plain unit may narrow; its twin could not with shortcut A.
        if found == "A":
            return self._layer("zero_pad_shortcut", "pad", "", out_channels=channels, stride=stride)
        if found != "projection":
            return ""
        end = self._conv(Conv("projection", self._shape[0], channels, 1, stride, 0), active)
        if not self._block.kind.startswith("preact"):
            end = self._layer("batch_norm", "projection_norm", end)
        return end

    def _conv(self, conv: Conv, source: str) -> str:
        return self._layer(
            "conv", conv.name, source,
            out_channels=conv.out_channels, kernel_size=conv.kernel_size, stride=conv.stride,
            padding=conv.padding, groups=conv.groups,
        )  # fmt: skip

    def _layer(self, kind: str, name: str, source: str, *, port: str = "in", **params: Value) -> str:
        """Add a layer behind `source` ("": the unit's input); return its id."""
        trial = Architecture()
        block = trial.add(kind, f"{self._block.id}.{name}", self._block.position, **params)
        if block.id in self._architecture:
            raise ArchitectureError(f"There is already a block called {block.id!r}: rename it, then expand.")
        self.conversion.add.append(block)
        out = "out" if source else self._start_port
        self.conversion.connect.append(Wire(source or self._start, block.id, out, port))
        return block.id


def collapse(architecture: Architecture, block_ids: Iterable[str]) -> Conversion:
    """Return loose layers as the one composite that computes the same.

    Raises:
        UnknownBlockError: there is no such block.
        ArchitectureError: they are no unit of the paper; the sentence says which layers would be.
    """
    chosen = {block_id: architecture[block_id] for block_id in block_ids}
    in_order = [block_id for block_id in architecture.order() if block_id in chosen]
    return collapse_in_order(architecture, in_order, infer(architecture).shapes)


def collapse_in_order(
    architecture: Architecture, block_ids: Sequence[str], shapes: Mapping[str, Shape]
) -> Conversion:
    """Return loose layers, given in order, as the one composite that computes the same.

    `shapes`: what blocks put out, of those that the layers read at least.

    Raises:
        ArchitectureError: they are no unit of the paper; the sentence says which layers would be.
    """
    reading = _Reading(architecture, {block_id: architecture[block_id] for block_id in block_ids}, shapes)
    for kind in COMPOSITES:
        found = reading.unit(kind)
        if found is not None:
            return found
    raise ArchitectureError(
        "These layers are no unit that can be one block: select conv, batch norm, ReLU, conv, batch norm, "
        "add, ReLU with the shortcut's layers, or the same as a bottleneck or a pre-activation unit."
    )


class _Reading:
    """Reads layers as a unit: draws each kind that they could be, and compares."""

    def __init__(
        self, architecture: Architecture, blocks: Mapping[str, Block], shapes: Mapping[str, Shape]
    ) -> None:
        self._architecture, self._blocks, self._shapes = architecture, blocks, shapes

    def unit(self, kind: str) -> Conversion | None:
        """Return the conversion into a composite of `kind`, None if the layers are another one."""
        ends = self._ends()
        if ends is None:
            return None
        start, last = ends
        shape = self._shapes.get(start.source)
        if shape is None or len(shape) != 3:
            return None
        name = self._name(kind)
        for params in self._candidates(kind, shape[0]):
            position = next(iter(self._blocks.values())).position
            drawn = _drawn(kind, name, params, shape)
            if drawn is None or not _alike(drawn, self._inner(start)):
                continue
            plain, option = params["shortcut"] == "none" if "shortcut" in params else False, ""
            if plain:
                option = self._remembered(kind, params, shape)
            block = Architecture().add(kind, name, position, **params)
            wires = [Wire(start.source, name, start.source_port, "in")]
            wires += [
                Wire(name, wire.target, "out", wire.target_port) for wire in self._architecture.outgoing(last)
            ]
            return Conversion(list(self._blocks), [block], wires, {name: option} if option else {})
        return None

    def _ends(self) -> tuple[Wire, str] | None:
        """Return a wire from the one place that feeds the layers, and the one layer that is read outside."""
        feeding = {
            (wire.source, wire.source_port): wire
            for block_id in self._blocks
            for wire in self._architecture.incoming(block_id).values()
            if wire.source not in self._blocks
        }
        read = {
            block_id
            for block_id in self._blocks
            for wire in self._architecture.outgoing(block_id)
            if wire.target not in self._blocks
        }
        silent = {block_id for block_id in self._blocks if not self._architecture.outgoing(block_id)}
        ends = read or silent
        if len(feeding) != 1 or len(ends) != 1:
            return None
        return next(iter(feeding.values())), next(iter(ends))

    def _name(self, kind: str) -> str:
        """Return the composite's id: what the layers' ids begin with, if it is free then."""
        stems = {block_id.rpartition(".")[0] for block_id in self._blocks}
        stem = stems.pop() if len(stems) == 1 else ""
        taken = stem in self._architecture
        return stem if stem and not taken else self._architecture.free_id(f"{kind}1")

    def _candidates(self, kind: str, in_channels: int) -> list[dict[str, Value]]:
        """Return the parameters that a unit of these layers could have."""
        convs = [b for b in self._blocks.values() if b.kind == "conv"]
        branch = [b for b in convs if not self._is_projection(b)]
        if not branch:
            return []
        base: dict[str, Value] = {"out_channels": branch[-1].params["out_channels"]}
        if kind == "conv_bn_relu":
            (first, *_) = branch
            return [base | {name: first.params[name] for name in ("kernel_size", "stride", "padding")}]
        stride = 1
        for conv in branch:
            stride *= integer(conv.params, "stride")
        found = []
        for shortcut in self._shortcuts():
            one = base | {"stride": stride, "shortcut": shortcut}
            if kind.endswith("bottleneck"):
                one["width"] = branch[0].params["out_channels"]
                one["groups"] = branch[1].params["groups"] if len(branch) > 1 else 1
                found += [one | {"stride_in": where} for where in ("first 1x1", "3x3")]
            else:
                found.append(one)
        return found

    def _is_projection(self, conv: Block) -> bool:
        ahead = [wire.target for wire in self._architecture.outgoing(conv.id)]
        while len(ahead) == 1 and ahead[0] in self._blocks and self._blocks[ahead[0]].kind == "batch_norm":
            conv = self._blocks[ahead[0]]
            ahead = [wire.target for wire in self._architecture.outgoing(conv.id)]
        wires = self._architecture.outgoing(conv.id)
        return len(wires) == 1 and wires[0].target_port == "shortcut"

    def _shortcuts(self) -> list[str]:
        adds = [b for b in self._blocks.values() if b.kind == "add"]
        if len(adds) != 1:
            return []
        return ["none"] if adds[0].params["plain"] else ["A", "B", "C"]

    def _remembered(self, kind: str, params: Params, shape: Shape) -> str:
        """Return the shortcut that the twin of a plain unit has, as memory keeps it; "" for the usual one."""
        (add,) = (b for b in self._blocks.values() if b.kind == "add")
        if self._architecture.memory().get(add.id) == "none":
            return "none"
        has_projection = any(self._is_projection(b) for b in self._blocks.values() if b.kind == "conv")
        if not has_projection:
            return ""
        changes = integer(params, "stride") != 1 or params["out_channels"] != shape[0]
        return "B" if changes else "C"

    def _inner(self, start: Wire) -> set[tuple[object, ...]]:
        """Return the layers and their wires so that names do not matter, see `_described`."""
        wires = [w for b in self._blocks for w in self._architecture.incoming(b).values()]
        return _described(self._blocks, wires, start.source)


def _drawn(kind: str, name: str, params: Mapping[str, Value], shape: Shape) -> Conversion | None:
    """Return a unit as layers behind an input of `shape`; None if it cannot be built so."""
    trial = Architecture()
    trial.add("input", "input", channels=shape[0], height=shape[1], width=shape[2])
    trial.add(kind, name, **params)
    trial.connect(Wire("input", name))
    if infer(trial).shapes.get(name) is None:
        return None
    return expand(trial, name)


def _alike(drawn: Conversion, wanted: set[tuple[object, ...]]) -> bool:
    """Say whether a drawn unit has these layers; a plain one's idle shortcut may be any."""
    blocks = {block.id: block for block in drawn.add}
    found = _described(blocks, [w for w in drawn.connect if w.target in blocks], "input")
    return found == wanted


def _described(blocks: Mapping[str, Block], wires: Iterable[Wire], start: str) -> set[tuple[object, ...]]:
    """Return the layers that are read, each by what it is and, recursively, by what it reads."""
    incoming = {(wire.target, wire.target_port): wire.source for wire in wires}

    def of(block_id: str) -> tuple[object, ...]:
        if block_id == start:
            return ("start",)
        block = blocks[block_id]
        ports = ("branch",) if block.kind == "add" and block.params["plain"] else block.spec.inputs
        params = tuple(sorted((name, value) for name, value in block.params.items()))
        return (
            block.kind,
            params,
            *(of(incoming[block_id, port]) for port in ports if (block_id, port) in incoming),
        )

    described = {block_id: of(block_id) for block_id in blocks}
    read = {source for (target, _), source in incoming.items() if target in blocks}
    return {what for block_id, what in described.items() if block_id not in read}
