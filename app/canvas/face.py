"""What a block shows: worked out once an analysis, compared, painted again only where it changed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from html import escape

from app.canvas.paints import family
from app.canvas.text import plural, shape_text, short_count, short_shape
from app.document import Document
from resviz.arch.composites import RESIDUAL_KINDS, shortcut_of
from resviz.arch.graph import Block, Wire
from resviz.arch.shapes import Problem
from resviz.arch.spec import integer

MAX_PROBLEMS_IN_TOOLTIP = 4


@dataclass(frozen=True, slots=True)
class Face:
    """Everything about a block that its item draws."""

    kind: str
    title: str
    family: str
    shape: str
    short_shape: str
    """"16·32²"."""
    parameters: str
    """"4.6 k", or "" for a block without parameters."""
    shortcut: str
    """"none", "identity", "A" or "projection" for residual kinds; "" for others."""
    broken: bool
    dead: bool
    """Takes no part in the output (the shortcut's layers of a plain twin, or bypassed)."""
    bypassed: bool = False
    """Kept, but what comes in goes out unchanged."""

    @property
    def short_parameters(self) -> str:
        """The parameters in two digits and without a space: "4.6k", "19k"."""
        number, _, unit = self.parameters.partition(" ")
        return f"{float(number):.0f}{unit}" if len(number) == 4 and "." in number else number + unit


def bare_face(block: Block) -> Face:
    """Return the face of a block before anything about its surroundings is known."""
    shortcut = (
        ("none" if block.params["shortcut"] == "none" else "identity") if block.kind in RESIDUAL_KINDS else ""
    )
    return Face(block.kind, block.id, family(block), "?", "?", "", shortcut, broken=False, dead=False)


class Faces:
    """The faces of one document at one analysis."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._architecture = document.architecture
        self._inference = document.inference
        self._costs = document.cost.blocks
        self._problems: dict[str, list[Problem]] = defaultdict(list)
        for problem in self._inference.problems:
            if problem.block is not None:
                self._problems[problem.block].append(problem)
        # Only what is wired up can be dead: loose blocks are problems, not ghosts.
        self._live = self._inference.live if self._inference.output_shape is not None else None
        self.dead = (
            frozenset(self._architecture.blocks) - self._live if self._live is not None else frozenset()
        )
        """The blocks that take no part in the output."""

    def of(self, block_id: str) -> Face:
        """Return the face of a block."""
        block = self._architecture[block_id]
        shape = self._inference.shapes.get(block_id)
        cost = self._costs.get(block_id)
        problems = self._problems.get(block_id, [])
        return Face(
            kind=block.kind,
            title=block_id,
            family=family(block),
            shape=shape_text(shape),
            short_shape=short_shape(shape),
            parameters=short_count(cost.parameters) if cost and cost.parameters else "",
            shortcut=self._shortcut(block),
            broken=bool(problems),
            dead=block.bypassed or (self._live is not None and block_id not in self._live),
            bypassed=block.bypassed,
        )

    def wire_is_broken(self, wire: Wire) -> bool:
        """Return whether what comes through a wire is what breaks its target."""
        shapes = self._inference.shapes
        if wire.target not in self._problems or wire.target in shapes or wire.source not in shapes:
            return False
        incoming = self._architecture.incoming(wire.target)
        wired = len(incoming) == len(self._architecture[wire.target].spec.inputs)
        return wired and all(w.source in shapes for w in incoming.values())

    @property
    def judges_use(self) -> bool:
        """Whether the network has an output that blocks and wires can be of use to."""
        return self._live is not None

    def wire_is_dead(self, wire: Wire) -> bool:
        """Return whether a wire carries nothing to the output (into the shortcut of a plain addition)."""
        if self._live is None:
            return False
        target = self._architecture[wire.target]
        ignored = target.kind == "add" and bool(target.params["plain"]) and wire.target_port == "shortcut"
        return ignored or wire.source not in self._live or wire.target not in self._live

    def _input_channels(self, block_id: str) -> int | None:
        wire = self._architecture.incoming(block_id).get("in")
        shape = self._inference.shapes.get(wire.source) if wire else None
        return shape[0] if shape else None

    def _shortcut(self, block: Block) -> str:
        if block.kind not in RESIDUAL_KINDS:
            return ""
        out_channels = integer(block.params, "out_channels")
        channels = self._input_channels(block.id) or out_channels
        return shortcut_of(block.params, channels, out_channels, integer(block.params, "stride"))

    def block_tooltip(self, block_id: str) -> str:
        """Return what hovering over a block tells, as rich text."""
        block, problems = self._architecture[block_id], self._problems.get(block_id, [])
        lines = [f"<b>{escape(block.id)}</b> · {escape(block.spec.title)}"]
        if block.bypassed:
            lines.append("Bypassed: what comes in goes out unchanged. B uses it again.")
        lines += [
            f"{escape(problem.message)}<br><i>{escape(problem.mend)}</i>"
            for problem in problems[:MAX_PROBLEMS_IN_TOOLTIP]
        ]
        if not problems:
            cost = self._costs.get(block.id)
            lines.append(f"Output {shape_text(self._inference.shapes.get(block.id))}")
            if cost and cost.parameters:
                lines.append(f"{cost.parameters:,} parameters · {cost.multiply_adds:,} multiply-adds")
            reading = self._document.ruler.get(block.id)
            if reading is not None:
                layers = plural(reading.depth, "weighted layer")
                lines.append(f"{layers} deep · sees {reading.field} × {reading.field} pixels of the input")
        return "<br>".join(lines)

    def summary(self, block_id: str) -> tuple[str, ...]:
        """Return name, shape, parameters and multiply-adds in one line: in full, and in shorter forms."""
        shape, cost = self._inference.shapes.get(block_id), self._costs.get(block_id)
        parameters, adds = (cost.parameters, cost.multiply_adds) if cost else (0, 0)
        forms = []
        for shown, count, words in (
            (shape_text(shape), f"{parameters:,}", ("parameter", "multiply-adds")),
            (shape_text(shape).replace(" ", ""), short_count(parameters), ("parameter", "multiply-adds")),
            (short_shape(shape), short_count(parameters), ("param", "mult-adds")),
        ):
            unit = words[0] if parameters == 1 else f"{words[0]}s"
            forms.append(f"{block_id} · {shown} · {count} {unit} · {short_count(adds)} {words[1]}")
        return tuple(forms)

    def wire_tooltip(self, wire: Wire) -> str:
        """Return what hovering over a wire tells, as rich text."""
        port = "" if wire.target_port == "in" else f" ({wire.target_port})"
        lines = [
            f"<b>{escape(wire.source)}</b> to <b>{escape(wire.target)}</b>{port}",
            shape_text(self._inference.shapes.get(wire.source)),
        ]
        if self.wire_is_broken(wire):
            problem = self._problems[wire.target][0]
            lines.append(f"{escape(problem.message)}<br><i>{escape(problem.mend)}</i>")
        elif self.wire_is_dead(wire):
            lines.append("Carries nothing: the addition behind it is plain.")
        return "<br>".join(lines)
