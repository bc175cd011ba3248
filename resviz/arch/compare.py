"""What differs between two architectures: block by block, and in words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from resviz.arch.graph import Architecture, Block, Wire
from resviz.arch.names import natural_key
from resviz.arch.shapes import read_ports
from resviz.arch.spec import Value

Change = Literal["added", "removed", "changed", "rewired"]
"""Of a block, seen from the first architecture."""


@dataclass(frozen=True)
class Difference:
    """One block that is not the same in both."""

    block: str
    change: Change
    sentence: str
    """Without the block's name: "shortcut A here, none there"."""
    shortcut_alone: bool = False
    """Whether the shortcut is all that differs: a twin's difference."""

    @property
    def text(self) -> str:
        """The whole sentence: "stage2.block1: shortcut A here, none there"."""
        return f"{self.block}: {self.sentence}"


def differences(here: Architecture, there: Architecture) -> list[Difference]:
    """Return what differs, in the order of the first architecture, then what only the second has.

    Blocks are the same if they have the same id; places on the canvas do not count. A plain addition's
    shortcut wire is read by nobody and does not count either.
    """
    found = []
    ours, theirs = _wiring(here), _wiring(there)
    for block_id in here.order():
        mine, other = here[block_id], there.blocks.get(block_id)
        if other is None:
            found.append(Difference(block_id, "removed", f"{mine.spec.title} here, not there"))
        elif mine is not other or ours.get(block_id) != theirs.get(block_id):
            found += _between(mine, other, ours.get(block_id, {}), theirs.get(block_id, {}))
    for block_id in sorted(there.blocks.keys() - here.blocks.keys(), key=natural_key):
        found.append(Difference(block_id, "added", f"{there[block_id].spec.title} there, not here"))
    return found


_Inputs = Mapping[str, Wire]
"""The wires into a block, by its ports."""


def _wiring(architecture: Architecture) -> dict[str, _Inputs]:
    found: dict[str, dict[str, Wire]] = defaultdict(dict)
    for wire in architecture.wires:
        found[wire.target][wire.target_port] = wire
    return dict(found)


def _between(mine: Block, other: Block, my_wires: _Inputs, other_wires: _Inputs) -> list[Difference]:
    if mine.kind != other.kind:
        sentence = f"{mine.spec.title} here, {other.spec.title} there"
        return [Difference(mine.id, "changed", sentence)]
    values = []
    names = [name for name, value in mine.params.items() if value != other.params[name]]
    if mine.bypassed != other.bypassed:
        values = ["bypassed here, in use there" if mine.bypassed else "in use here, bypassed there"]
    values += [_value_sentence(name, mine.params[name], other.params[name]) for name in names]
    if values:
        alone = len(values) == 1 and mine.shortcut != other.shortcut
        return [Difference(mine.id, "changed", "; ".join(values), alone)]
    ours, theirs = _read(mine, my_wires), _read(other, other_wires)
    if ours == theirs:
        return []
    parts = [
        f"{port if len(mine.spec.inputs) > 1 else 'input'} from {_source(ours.get(port))} here, "
        f"{_source(theirs.get(port))} there"
        for port in mine.spec.inputs
        if ours.get(port) != theirs.get(port)
    ]
    return [Difference(mine.id, "rewired", "; ".join(parts))]


def _read(block: Block, wires: _Inputs) -> _Inputs:
    return {port: wires[port] for port in read_ports(block) if port in wires}


def _source(wire: Wire | None) -> str:
    return "nothing" if wire is None else wire.source


def _value_sentence(name: str, mine: Value, other: Value) -> str:
    if isinstance(mine, bool):
        words = {"plain": ("plain", "adds its shortcut")}.get(name, (name, f"no {name}"))
        return f"{words[not mine]} here, {words[not other]} there"
    return f"{name.replace('_', ' ')} {mine} here, {other} there"


def summary(found: list[Difference], here: str, there: str) -> str:
    """Return how many differences there are, in one sentence; `here` and `there` are the networks' names."""
    if not found:
        return f"{here} and {there} are the same, block by block."
    counts = Counter(each.change for each in found)
    words: dict[Change, str] = {
        "changed": "differ",
        "rewired": "are wired otherwise",
        "removed": f"only in {here}",
        "added": f"only in {there}",
    }
    parts = [f"{counts[change]} {word}" for change, word in words.items() if counts[change]]
    return f"{here} and {there}: {', '.join(parts)}."


def counterparts(names: Iterable[str], architecture: Architecture) -> list[str]:
    """Return the blocks of an architecture that stand for blocks or layers of another one.

    For each the block of that name; else the unit that it is a layer of; else the loose layers of the unit.
    """
    layers: dict[str, list[str]] = {}
    found: dict[str, None] = {}
    for name in names:
        unit = name.rpartition(".")[0]
        if name in architecture or unit in architecture:
            found[name if name in architecture else unit] = None
            continue
        if not layers:
            layers = _layers_by_unit(architecture)
        found |= dict.fromkeys(layers.get(name, ()))
    return list(found)


def _layers_by_unit(architecture: Architecture) -> dict[str, list[str]]:
    layers: dict[str, list[str]] = defaultdict(list)
    for block_id in architecture.blocks:
        unit = block_id
        while "." in unit:
            unit = unit.rpartition(".")[0]
            layers[unit].append(block_id)
    return layers
