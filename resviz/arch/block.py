"""Blocks and wires: what an architecture is made of."""

from __future__ import annotations

import msgspec

from resviz.arch.blocks import kind_of
from resviz.arch.composites import RESIDUAL_KINDS
from resviz.arch.spec import Kind, Value

Position = tuple[float, float]


class Block(msgspec.Struct, frozen=True):
    """One node: a stable id ("stage2.block1"), kind, complete parameters, place on the canvas in pixels."""

    id: str
    kind: str
    params: dict[str, Value]
    position: Position | None = None
    bypassed: bool = False
    """Kept and drawn, but what comes in at its first port goes out unchanged, see `resviz.arch.bypass`."""

    @property
    def spec(self) -> Kind:
        """The catalogue entry of this block's kind."""
        return kind_of(self.kind)

    @property
    def shortcut(self) -> str | None:
        """The shortcut option; of a loose add "none" if it is plain, else "A"; None if it cannot have one."""
        if self.kind in RESIDUAL_KINDS:
            return str(self.params["shortcut"])
        if self.kind == "add":
            return "none" if self.params["plain"] else "A"
        return None


class Wire(msgspec.Struct, frozen=True, order=True):
    """A connection from an output port, which feeds any number, to an input port, which takes one."""

    source: str
    target: str
    source_port: str = "out"
    target_port: str = "in"
