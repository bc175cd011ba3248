"""Mends of blocks that refuse the shapes that they get: each is tried on the block's own shape rule."""

from __future__ import annotations

from math import ceil, gcd

from resviz.arch.composites import RESIDUAL_KINDS
from resviz.arch.graph import Architecture, Block, Wire
from resviz.arch.mend_edits import (
    Layer,
    Mend,
    beside,
    listed,
    move_behind,
    output_of,
    put_instead,
    put_on_wire,
    set_params,
    take_out,
)
from resviz.arch.shapes import Inference
from resviz.arch.spec import Shape, Value, integer

CLASSES = 10
"""Outputs of a classifier that is put in, as for CIFAR-10; training says where the data has more."""

_KEEPS_SHAPE = ("batch_norm", "relu", "dropout", "identity")
_MOST_STRIDE = 16


def shape_mends(architecture: Architecture, inference: Inference, block: Block) -> list[Mend]:
    """Return ways to let a block take what it gets, the best first; empty where none is sure."""
    inputs = inference.inputs.get(block.id)
    if inputs is None or not block.spec.inputs:
        return []
    if block.kind == "add":
        return addition_mends(architecture, inference, block, inputs)
    wire = architecture.incoming(block.id)[block.spec.inputs[0]]
    if len(inputs[0]) == 1:
        return _map_wanted(architecture, inference, block)
    if block.kind in ("output", "linear"):
        return _vector_wanted(block, wire, inputs[0])
    if block.kind == "zero_pad_shortcut":
        return _projection_instead(architecture, block)
    if block.kind in RESIDUAL_KINDS:
        return _unit_mends(block, inputs)
    return [_retuned(block, changes) for changes in _window_changes(block, inputs)]


def _retuned(block: Block, changes: dict[str, Value], title: str = "") -> Mend:
    words = listed(changes)
    edit = set_params(block.id, changes)
    return Mend(title or f"Set {words}", f"Set {words} in {block.id}.", edit, frozenset([block.id]))


def _around(architecture: Architecture, *block_ids: str) -> frozenset[str]:
    """Return blocks with all that they are wired to."""
    wires = [w for b in block_ids for w in (*architecture.incoming(b).values(), *architecture.outgoing(b))]
    return frozenset([*block_ids, *(end for wire in wires for end in (wire.source, wire.target))])


def _unit_mends(block: Block, inputs: tuple[Shape, ...]) -> list[Mend]:
    """Return a mend by groups that divide the width, and by shortcut B where A cannot be."""
    changes: dict[str, Value] = {}
    if "groups" in block.params:
        width, groups = integer(block.params, "width"), integer(block.params, "groups")
        fitting = next(g for g in range(groups, 0, -1) if width % g == 0)
        if fitting != groups:
            changes["groups"] = fitting
    if output_of(block, inputs, changes) is None:
        changes["shortcut"] = "B"
    if output_of(block, inputs, changes) is None:
        return []
    return [_retuned(block, changes, "Use shortcut B" if list(changes) == ["shortcut"] else "")]


def _window_changes(block: Block, inputs: tuple[Shape, ...]) -> list[dict[str, Value]]:
    """Return changes of groups, kernel and padding that let a window fit; the smaller kernel first."""
    params, shape, common = block.params, inputs[0], dict[str, Value]()
    if "groups" in params:
        shared = gcd(shape[0], integer(params, "out_channels"))
        groups = next(g for g in range(integer(params, "groups"), 0, -1) if shared % g == 0)
        if groups != params["groups"]:
            common["groups"] = groups
    if "kernel_size" not in params:
        return []
    kernel, padding, side = integer(params, "kernel_size"), integer(params, "padding"), min(shape[1:])
    if block.kind.endswith("_pool") and 2 * padding > kernel:
        common["padding"] = padding = kernel // 2
    least = side + 2 * padding
    choices: list[dict[str, Value]] = [common]
    if least < kernel:
        odd = least if least % 2 else least - 1
        choices = [common | {"kernel_size": odd}, common | {"padding": ceil((kernel - side) / 2)}]
    allowed = [c for c in choices if c and _in_range(block, c)]
    return [changes for changes in allowed if output_of(block, inputs, changes) is not None]


def _in_range(block: Block, changes: dict[str, Value]) -> bool:
    limits = {p.name: (p.minimum or 0, p.maximum or 0) for p in block.spec.parameters if p.name in changes}
    return all(low <= int(changes[name]) <= high for name, (low, high) in limits.items())


def _vector_wanted(block: Block, wire: Wire, shape: Shape) -> list[Mend]:
    where = f"on the wire from {wire.source} to {block.id}"
    touches = frozenset([block.id, wire.source])
    pool: Layer = ("global_avg_pool", beside(block.id, "pool"), {})
    pooling = Mend(
        "Insert pooling", f"Put global average pooling {where}.", put_on_wire(wire, [pool]), touches
    )
    if block.kind == "linear":
        flatten: Layer = ("flatten", beside(block.id, "flatten"), {})
        sentence = f"Put a flatten block {where}."
        return [pooling, Mend("Insert flatten", sentence, put_on_wire(wire, [flatten]), touches)]
    linear: Layer = ("linear", beside(block.id, "classifier"), {"out_features": CLASSES})
    classifier = Mend(
        "Insert a classifier",
        f"Put global average pooling and a linear layer with {CLASSES} outputs {where}.",
        put_on_wire(wire, [pool, linear]),
        touches,
    )
    return [pooling, classifier] if shape[0] == CLASSES else [classifier, pooling]


def _projection_instead(architecture: Architecture, pad: Block) -> list[Mend]:
    layers = projection(
        beside(pad.id, "projection"), integer(pad.params, "out_channels"), pad.params["stride"]
    )
    sentence = f"Put {projection_words(layers)} in the place of {pad.id}."
    touches = _around(architecture, pad.id)
    return [Mend("Replace by a projection", sentence, put_instead(pad.id, layers), touches)]


def projection(name: str, channels: int, stride: Value) -> list[Layer]:
    """Return the layers of shortcut B: a 1x1 convolution with its batch norm (arXiv:1512.03385, Sec. 3.3)."""
    params: dict[str, Value] = {"out_channels": channels, "kernel_size": 1, "stride": stride, "padding": 0}
    digits = name[len(name.rstrip("0123456789")) :]
    norm = f"{name.removesuffix(digits)}_norm{digits}"
    return [("conv", name, params), ("batch_norm", norm, {})]


def projection_words(layers: list[Layer]) -> str:
    """Return what `projection` puts in, in words."""
    params = layers[0][2]
    return (
        f"a 1x1 convolution with {params['out_channels']} channels, stride {params['stride']}, padding 0 and "
        "a batch norm"
    )


# A map is wanted, and a vector comes


def _map_wanted(architecture: Architecture, inference: Inference, block: Block) -> list[Mend]:
    """Return the mend that puts what makes the vector behind the blocks that want the map."""
    if block.kind == "global_avg_pool":
        source = architecture.incoming(block.id)["in"].source
        sentence = f"Delete {block.id}, and let what it fed read {source}: that is pooled already."
        return [Mend("Take it out", sentence, take_out(block.id), _around(architecture, block.id))]
    found = _pooling_before(architecture, inference, block)
    if found is None:
        return []
    pooling, between, shape = found
    last = _last_that_wants_a_map(architecture, architecture[pooling], block, shape)
    if last is None:
        return []
    sentence = f"Take {pooling} out of its place, and put it behind {last}."
    touches = _around(architecture, pooling, *between, block.id, last)
    return [Mend(f"Move {pooling} behind", sentence, move_behind(pooling, last), touches)]


def _pooling_before(
    architecture: Architecture, inference: Inference, block: Block
) -> tuple[str, list[str], Shape] | None:
    """Return the block before this one that makes a vector of a map, what stands between, and the map.

    Only along a chain that nothing else reads, and over blocks that take maps as well.
    """
    between: list[str] = []
    at = block.id
    while True:
        wires = architecture.incoming(at)
        if len(wires) != 1 or "in" not in wires:
            return None
        at = wires["in"].source
        reads = inference.inputs.get(at, ())
        if len(architecture.outgoing(at)) != 1 or len(reads) != 1:
            return None
        if len(reads[0]) == 3:
            return at, between, reads[0]
        if not architecture[at].bypassed and architecture[at].kind not in _KEEPS_SHAPE:
            return None
        between.append(at)


def _last_that_wants_a_map(
    architecture: Architecture, pooling: Block, block: Block, shape: Shape
) -> str | None:
    """Return the last block of the chain from `block` on that takes a map only; None: not even that does."""
    last, at = None, block
    while True:
        given = output_of(at, (shape,))
        if given is None or len(given) != 3:
            return last
        vector = output_of(pooling, (shape,))
        if vector is not None and output_of(at, (vector,)) is None:
            last = at.id
        shape = given
        ahead = architecture.outgoing(at.id)
        if len(ahead) != 1 or len(architecture[ahead[0].target].spec.inputs) != 1:
            return last
        at = architecture[ahead[0].target]


# Additions


def addition_mends(
    architecture: Architecture, inference: Inference, add: Block, inputs: tuple[Shape, ...]
) -> list[Mend]:
    """Return ways to let the two wires of an addition fit."""
    branch, shortcut = inputs
    wire = architecture.incoming(add.id)["shortcut"]
    found: list[Mend] = []
    if len(branch) == len(shortcut) == 3:
        layer = _own_layer(architecture, wire.source)
        changes = None if layer is None else _fitting(layer, inference.inputs[layer.id], branch)
        if layer is not None and changes is not None:
            found.append(_retuned(layer, changes))
        else:
            found += shortcut_mends(architecture, wire, shortcut, branch)
    return [*found, make_plain(add)]


def make_plain(add: Block) -> Mend:
    """Return the mend that lets an addition pass its branch only."""
    sentence = f"Make {add.id} plain: it lets only its branch through."
    return Mend("Make it plain", sentence, set_params(add.id, {"plain": True}), frozenset([add.id]))


def shortcut_mends(architecture: Architecture, wire: Wire, start: Shape, goal: Shape) -> list[Mend]:
    """Return what can be put on the wire of a shortcut so that `start` becomes `goal`: options A and B.

    The option that the network's other units use comes first.
    """
    if start == goal or len(start) != 3 or len(goal) != 3:
        return []
    strides = range(1, _MOST_STRIDE + 1)
    stride = next((s for s in strides if tuple((side - 1) // s + 1 for side in start[1:]) == goal[1:]), None)
    if stride is None:
        return []
    there = wire in architecture.incoming(wire.target).values()
    if there:
        where = f"on the wire from {wire.source} to {wire.target}"
    else:
        where = f"on a new wire from {wire.source} to the shortcut of {wire.target}"
    touches = frozenset([wire.source, wire.target])
    layers = projection(beside(wire.target, "projection"), goal[0], stride)
    sentence = f"Put {projection_words(layers)} {where}."
    found = [Mend("Insert a projection (B)", sentence, put_on_wire(wire, layers), touches)]
    if goal[0] >= start[0]:
        params: dict[str, Value] = {"out_channels": goal[0], "stride": stride}
        pad: Layer = ("zero_pad_shortcut", beside(wire.target, "pad"), params)
        sentence = f"Put a zero-padding shortcut with {goal[0]} channels and stride {stride} {where}."
        mend = Mend("Insert zero-padding (A)", sentence, put_on_wire(wire, [pad]), touches)
        found.insert(len(found) if _projects(architecture) else 0, mend)
    return found


def _projects(architecture: Architecture) -> bool:
    """Say whether the network's units use projections."""
    return any(block.shortcut in ("B", "C") for block in architecture.blocks.values())


def _own_layer(architecture: Architecture, block_id: str) -> Block | None:
    """Return the layer of a shortcut that sets its shape, if nothing else reads it or what follows it."""
    while len(architecture.outgoing(block_id)) == 1:
        block = architecture[block_id]
        if block.kind in ("conv", "zero_pad_shortcut") and not block.bypassed:
            return block
        wires = architecture.incoming(block_id)
        if not (block.bypassed or block.kind in _KEEPS_SHAPE) or "in" not in wires:
            return None
        block_id = wires["in"].source
    return None


def _fitting(layer: Block, inputs: tuple[Shape, ...], goal: Shape) -> dict[str, Value] | None:
    """Return the fewest changes of channels and stride by which a layer gives `goal`."""
    now = integer(layer.params, "stride")
    for stride in (now, *range(1, _MOST_STRIDE + 1)):
        changes: dict[str, Value] = {"out_channels": goal[0], "stride": stride}
        if output_of(layer, inputs, changes) == goal:
            return {name: value for name, value in changes.items() if layer.params[name] != value}
    return None
