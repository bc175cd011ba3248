"""What a person does to several blocks at once: each function returns a reworked copy.

New blocks stand where the blocks that they come from stood, or nowhere yet; arranging is another matter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from resviz.arch.bypass import heal
from resviz.arch.composites import RESIDUAL_KINDS, SHORTCUTS
from resviz.arch.convert import COMPOSITES, collapse_in_order, expand
from resviz.arch.graph import Architecture, Block, Wire
from resviz.arch.names import natural_key
from resviz.arch.shapes import infer
from resviz.arch.spec import Shape, Value, integer
from resviz.errors import ArchitectureError

MOST_COPIES = 1000
"""Of a chain at once."""


def healed(architecture: Architecture, block_ids: Iterable[str]) -> Architecture:
    """Remove blocks; what read one reads what that read at its first port."""
    copy = architecture.copy()
    for block_id in in_order(architecture, block_ids):
        heal(copy, block_id)
    return copy


def with_bypass_toggled(architecture: Architecture, block_ids: Iterable[str]) -> Architecture:
    """Bypass blocks, or use them again if all of them are bypassed; the network's ends stay.

    Raises:
        ArchitectureError: there is nothing that can be bypassed.
    """
    blocks = [architecture[block_id] for block_id in block_ids]
    blocks = [block for block in blocks if block.spec.inputs and block.spec.outputs]
    if not blocks:
        raise ArchitectureError("Input and output cannot be bypassed: select blocks between them.")
    copy = architecture.copy()
    bypass = not all(block.bypassed for block in blocks)
    for block in blocks:
        copy.set_bypassed(block.id, bypass)
    return copy


def with_plain_toggled(architecture: Architecture, block_ids: Iterable[str]) -> Architecture:
    """Make residual units and additions plain, or give them their shortcuts back if all are plain.

    Raises:
        ArchitectureError: none of them can have a shortcut.
    """
    blocks = [architecture[block_id] for block_id in block_ids]
    units = [block for block in blocks if block.shortcut is not None]
    if not units:
        raise ArchitectureError(
            "None of these blocks can have a shortcut: select residual units or additions."
        )
    copy = architecture.copy()
    plain = not all(block.shortcut == "none" for block in units)
    for block in units:
        if plain:
            if block.shortcut != "none":
                copy.twin_memory[block.id] = str(block.shortcut)
            _set_shortcut(copy, block, "none")
        else:
            remembered = architecture.twin_memory.get(block.id, "A")
            _set_shortcut(copy, block, remembered if remembered in SHORTCUTS[1:] else "A")
    return copy


def _set_shortcut(architecture: Architecture, block: Block, shortcut: str) -> None:
    if block.kind == "add":
        architecture.set_params(block.id, plain=shortcut == "none")
    else:
        architecture.set_params(block.id, shortcut=shortcut)


def with_shortcut(architecture: Architecture, block_ids: Iterable[str]) -> tuple[Architecture, str]:
    """Lead a shortcut around a chain of blocks; return the copy and the addition's id.

    The addition comes behind the chain, or before the ReLU that ends it (arXiv:1512.03385, Sec. 3.2: the
    second nonlinearity comes after the addition). Where the shape changes the shortcut is option A, and a
    projection (B) where that cannot be. A single unit that is plain gets its own shortcut back instead.

    Raises:
        ArchitectureError: they are no chain, or shapes are not known yet.
    """
    chain = chain_of(architecture, block_ids)
    if len(chain) == 1 and chain[0].shortcut == "none":
        return with_plain_toggled(architecture, [chain[0].id]), chain[0].id
    copy, shapes = architecture.copy(), infer(architecture).shapes
    entry = _entry(architecture, chain)
    end = chain[-2] if len(chain) > 1 and chain[-1].kind == "relu" else chain[-1]
    start, goal = shapes.get(entry.source), shapes.get(end.id)
    if start is None or goal is None:
        raise ArchitectureError(
            "What goes into these blocks is not known yet: wire the network up to there first."
        )
    stem = _stem(chain)
    readers = copy.outgoing(end.id)
    add = copy.add("add", copy.free_id(f"{stem}add" if stem else "add1"), end.position)
    for wire in readers:
        copy.disconnect(wire)
        copy.connect(msgspec.structs.replace(wire, source=add.id, source_port="out"))
    copy.connect(Wire(end.id, add.id, "out", "branch"))
    source, port = _shortcut_layers(copy, stem, (entry.source, entry.source_port), start, goal)
    copy.connect(Wire(source, add.id, port, "shortcut"))
    return copy, add.id


def _shortcut_layers(
    architecture: Architecture, stem: str, start: tuple[str, str], before: Shape, after: Shape
) -> tuple[str, str]:
    """Add what makes `before` fit `after` on the way of a shortcut; return its last output."""
    if before == after:
        return start
    if len(before) != 3 or len(after) != 3:
        raise ArchitectureError(
            "A shortcut cannot lead around pooling to a vector or a linear layer: leave those out."
        )
    stride = next(
        (
            s
            for s in range(1, 17)
            if all((a - 1) // s + 1 == b for a, b in zip(before[1:], after[1:], strict=True))
        ),
        None,
    )
    if stride is None:
        raise ArchitectureError(
            f"No shortcut fits a map that goes from {before[1]} x {before[2]} to {after[1]} x {after[2]}: "
            "use paddings that keep the map, and strides."
        )
    if after[0] >= before[0]:
        name = architecture.free_id(f"{stem}pad" if stem else "pad1")
        architecture.add("zero_pad_shortcut", name, out_channels=after[0], stride=stride)
        architecture.connect(Wire(start[0], name, start[1]))
        return name, "out"
    name = architecture.free_id(f"{stem}projection" if stem else "projection1")
    architecture.add("conv", name, out_channels=after[0], kernel_size=1, stride=stride, padding=0)
    norm = architecture.free_id(f"{stem}projection_norm" if stem else "projection_norm1")
    architecture.add("batch_norm", norm)
    architecture.connect(Wire(start[0], name, start[1]))
    architecture.connect(Wire(name, norm))
    return norm, "out"


def expanded(architecture: Architecture, block_ids: Iterable[str]) -> tuple[Architecture, list[str]]:
    """Draw composites as loose layers; return the copy and the layers' ids.

    Raises:
        ArchitectureError: none is a composite, or one cannot be drawn so.
    """
    chosen = [b for b in in_order(architecture, block_ids) if architecture[b].kind in COMPOSITES]
    if not chosen:
        raise ArchitectureError(
            "Only whole units can be expanded: select residual units or conv-norm-ReLU blocks."
        )
    copy, layers = architecture.copy(), list[str]()
    inputs = infer(architecture).inputs  # units compute the same in both forms: what others read stays
    for block_id in chosen:
        conversion = expand(copy, block_id, inputs)
        conversion.apply(copy)
        layers += [block.id for block in conversion.add]
    return copy, layers


def collapsed(architecture: Architecture, block_ids: Iterable[str]) -> tuple[Architecture, list[str]]:
    """Draw loose layers as composites, one for each unit among them; return the copy and their ids.

    Layers belong together if their names begin alike ("unit.conv1"); else all of them are one unit.

    Raises:
        ArchitectureError: they are no units.
    """
    chosen = in_order(architecture, block_ids)
    groups: dict[str, list[str]] = {}
    for block_id in chosen:
        groups.setdefault(block_id.rpartition(".")[0], []).append(block_id)
    copy, made = architecture.copy(), list[str]()
    shapes = dict(infer(architecture).shapes)  # units compute the same in both forms: what others read stays
    for group in [chosen] if "" in groups else groups.values():
        conversion = collapse_in_order(copy, group, shapes)
        inside = set(group)
        read = [b for b in group if any(wire.target not in inside for wire in copy.fed_by(b))]
        conversion.apply(copy)
        for block in conversion.add:
            made.append(block.id)
            if (shape := shapes.get((read or group)[-1])) is not None:
                shapes[block.id] = shape
    return copy, made


def repeated(
    architecture: Architecture, block_ids: Iterable[str], times: int
) -> tuple[Architecture, list[str]]:
    """Put copies behind a chain, so that it stands `times` times in a row; return the copy and the new ids.

    Copies of a block with a stride have none: the map is made smaller once, as in the paper's stages.

    Raises:
        ArchitectureError: the blocks are no chain, or the number is out of range.
    """
    if not 1 <= times <= MOST_COPIES:
        raise ArchitectureError(f"A chain can be repeated up to {MOST_COPIES} times, not {times}.")
    chain = chain_of(architecture, block_ids)
    copy, new = architecture.copy(), list[str]()
    inside = {block.id for block in chain}
    last = chain[-1]
    wires = [wire for wire in architecture.wires if wire.source in inside and wire.target in inside]
    heads = [w for block in chain for w in architecture.incoming(block.id).values() if w.source not in inside]
    readers = architecture.outgoing(last.id)
    for wire in readers:
        copy.disconnect(wire)
    end = last.id
    for _ in range(times - 1):
        names: dict[str, str] = {}
        for block in chain:
            names[block.id] = copy.free_id(block.id)
            copy.insert(msgspec.structs.replace(_unstrided(block), id=names[block.id]))
        for wire in wires:
            copy.connect(msgspec.structs.replace(wire, source=names[wire.source], target=names[wire.target]))
        for wire in heads:
            copy.connect(Wire(end, names[wire.target], "out", wire.target_port))
        end = names[last.id]
        new += names.values()
    for wire in readers:
        copy.connect(msgspec.structs.replace(wire, source=end))
    return copy, new


def _unstrided(block: Block) -> Block:
    if "stride" not in block.params or block.kind in ("max_pool", "avg_pool"):
        return block
    params: dict[str, Value] = {**block.params, "stride": 1}
    if block.kind == "conv" and integer(params, "kernel_size") % 2:
        params["padding"] = integer(params, "kernel_size") // 2
    return msgspec.structs.replace(block, params=params)


def between(architecture: Architecture, block_ids: Iterable[str]) -> list[str]:
    """Return blocks with all that lies on a way from one of them to another, in the order of the network."""
    chosen, order = set(block_ids), architecture.order()
    behind, before = set[str](), set[str]()
    for block_id in order:
        sources = {wire.source for wire in architecture.incoming(block_id).values()}
        if not sources.isdisjoint(chosen) or not sources.isdisjoint(behind):
            behind.add(block_id)
    for block_id in reversed(order):
        if block_id in chosen or block_id in before:
            before.update(wire.source for wire in architecture.incoming(block_id).values())
    wanted = chosen | (behind & before)
    return [block_id for block_id in order if block_id in wanted]


def in_order(architecture: Architecture, block_ids: Iterable[str]) -> list[str]:
    """Return ids in the order of the network."""
    chosen = {architecture[block_id].id for block_id in block_ids}
    return [block_id for block_id in architecture.order() if block_id in chosen]


def chain_of(architecture: Architecture, block_ids: Iterable[str]) -> list[Block]:
    """Return blocks in order if one place feeds them and only their last one is read outside.

    Raises:
        ArchitectureError: it is not so.
    """
    ids = in_order(architecture, block_ids)
    chain = [architecture[block_id] for block_id in ids]
    if not chain:
        raise ArchitectureError("Nothing is selected: select a chain of blocks first.")
    if any(not (block.spec.inputs and block.spec.outputs) for block in chain):
        raise ArchitectureError("Input and output are no part of a chain: leave them out.")
    inside = set(ids)
    sources = {(w.source, w.source_port) for b in ids for w in architecture.incoming(b).values()} - {
        (block_id, "out") for block_id in inside
    }
    ends = [b for b in ids if _leads_out(architecture, b, inside)]
    if len(sources) != 1 or ends not in ([ids[-1]], []):
        raise ArchitectureError(
            "These blocks are no chain: select neighbours that one wire leads into and one leads out of."
        )
    return chain


def _leads_out(architecture: Architecture, block_id: str, inside: Collection[str]) -> bool:
    return any(wire.target not in inside for wire in architecture.outgoing(block_id))


def _entry(architecture: Architecture, chain: Sequence[Block]) -> Wire:
    """Return a wire that leads into a chain."""
    inside = {block.id for block in chain}
    wires = (wire for block in chain for wire in architecture.incoming(block.id).values())
    return next(wire for wire in wires if wire.source not in inside)


def _stem(chain: Sequence[Block]) -> str:
    """Return what new layers of a chain are called with: "unit." of "unit.conv1" and "unit.norm1", or ""."""
    stems = {block.id.rpartition(".")[0] for block in chain}
    alike = len(stems) == 1 and not any(block.kind in RESIDUAL_KINDS for block in chain)
    return f"{stems.pop()}." if alike and "" not in stems else ""


def stage_of(block_id: str) -> str:
    """Return the part of a name that blocks of one stage share: "stage2" of "stage2.block3", or ""."""
    return block_id.partition(".")[0] if "." in block_id else ""


def same_stage(architecture: Architecture, block_id: str) -> list[str]:
    """Return the blocks of a block's stage that are of its kind, in natural order; itself among them."""
    block, stage = architecture[block_id], stage_of(block_id)
    alike = [b.id for b in architecture.blocks.values() if b.kind == block.kind and stage_of(b.id) == stage]
    return sorted(alike if stage else [block_id], key=natural_key)
