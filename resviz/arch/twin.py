"""Plain <-> residual: the same layers with the shortcuts removed or put back, block names kept.

A plain twin is plain by parameters alone: units get shortcut "none", loose additions `plain`. Nothing is
deleted, so the way back is exact. What it cannot guess (a shortcut other than A, a unit that is plain in
the residual network too, a name) is kept in the plain document, in `Architecture.twin_memory`.
"""

from __future__ import annotations

from resviz.arch.definitions import twinned
from resviz.arch.graph import Architecture
from resviz.arch.names import twin_name


def is_plain(architecture: Architecture) -> bool:
    """Say whether an architecture has no shortcut: no unit with one, no addition that adds."""
    return all(block.shortcut in (None, "none") for block in architecture.blocks.values())


def twin(architecture: Architecture) -> Architecture:
    """Return the twin; the twin of the twin equals the original, and its file is the same byte for byte.

    A residual network (any shortcut in it) gives a plain one; a plain one gets its shortcuts back, option A
    where none are remembered. A network without any residual unit or addition is its own twin: an equal copy.
    """
    twin = architecture.copy()
    memory = architecture.memory()
    twin.twin_memory = {}
    units = [block for block in architecture.blocks.values() if block.shortcut is not None]
    if not units:
        return twin
    plain = not is_plain(architecture)
    for block in units:
        shortcut = block.shortcut or "none"
        if plain and shortcut != "A":
            twin.twin_memory[block.id] = shortcut
        wanted = "none" if plain else memory.get(block.id, "A")
        if wanted == shortcut:
            continue
        if block.kind == "add":
            twin.set_params(block.id, plain=wanted == "none")
        else:
            twin.set_params(block.id, shortcut=wanted)
    twin.definitions = {name: twinned(each, plain=plain) for name, each in twin.definitions.items()}
    usual = twin_name(architecture.name, plain=plain)
    twin.name = memory.get("", usual)
    if twin_name(twin.name, plain=not plain) != architecture.name:
        twin.twin_memory[""] = architecture.name
    return twin
