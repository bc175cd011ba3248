"""What a folded group shows of itself: one face for all of its blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import takewhile

from app.canvas.face import Face, Faces
from app.canvas.paints import family
from app.canvas.text import plural, shape_text, short_count, short_shape
from app.document import Document
from resviz.arch.folding import way_out
from resviz.arch.graph import Group


@dataclass(frozen=True, slots=True)
class StackFace(Face):
    """Everything about a folded group that its item draws."""

    ids: tuple[str, ...] = ()
    """Its blocks, first to last, in one line: in full, and in shorter forms."""
    definition: str = ""
    """Of which it is an instance."""
    count: int = 0
    """How many blocks there are."""

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands under the name: which blocks, or of an instance what it is made of; and shorter."""
        if not self.definition:
            return self.ids
        blocks = plural(self.count, "block")
        return (f"{self.definition} · {blocks}", self.definition, blocks)


def bare_stack_face(face: Face) -> StackFace:
    """Return the face of a folded group before anything about its surroundings is known."""
    return StackFace(
        face.kind, "", face.family, "?", "?", "", face.shortcut, broken=False, dead=False, ids=("",)
    )


def stack_face(
    document: Document, faces: Faces, name: str, group: Group, members: Sequence[str]
) -> StackFace:
    """Return the face of a folded group; `members`: its blocks in order."""
    architecture, inference = document.architecture, document.inference
    shape = inference.shapes.get(way_out(architecture, members))
    costs = document.cost.blocks
    parameters = sum(costs[member].parameters for member in members if member in costs)
    seen = [faces.of(member) for member in members]
    shortcuts, families = {face.shortcut for face in seen}, {family(architecture[m]) for m in members}
    kinds, mixed = {architecture[member].kind for member in members}, len(families) > 1
    return StackFace(
        kind="own" if group.definition or len(kinds) > 1 else architecture[members[0]].kind,
        title=name if group.definition else what_of(document, members),
        family=("residual" if "residual" in families else "weights") if mixed else families.pop(),
        shape=shape_text(shape),
        short_shape=short_shape(shape),
        parameters=short_count(parameters) if parameters else "",
        shortcut=shortcuts.pop() if len(shortcuts) == 1 else "",
        broken=any(face.broken for face in seen),
        dead=all(face.dead for face in seen),
        bypassed=all(face.bypassed for face in seen),
        ids=range_forms(members[0], members[-1]),
        definition=group.definition,
        count=len(members),
    )


def what_of(document: Document, members: Sequence[str]) -> str:
    """Return what some blocks are: "basic × 200", or "7 blocks"."""
    kinds = {document.architecture[member].kind for member in members}
    number = f"{len(members):,}"
    return f"{kinds.pop()} × {number}" if len(kinds) == 1 else f"{number} blocks"


def range_forms(first: str, last: str) -> tuple[str, ...]:
    """Return from which block to which in one line: "stage2.block2 … block200", and shorter forms."""
    if first == last:
        return (first, first.rpartition(".")[2])
    stem, _, end = first.rpartition(".")
    other, _, behind = last.rpartition(".")
    if stem != other:
        return (f"{first} … {last}", f"{end} … {behind}")
    word = "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(end, behind, strict=False)))
    word = word.rstrip("0123456789")
    numbers = f"{end[len(word) :]} … {behind[len(word) :]}"
    whole = f"{stem}.{end} … {behind}" if stem else f"{end} … {behind}"
    return (whole, f"{end} … {behind}", f"{word} {numbers}".strip(), numbers)


def stack_summary(document: Document, face: StackFace, members: Sequence[str]) -> tuple[str, ...]:
    """Return what a folded group is and costs in one line: in full, and in shorter forms."""
    costs = [document.cost.blocks[m] for m in members if m in document.cost.blocks]
    adds = short_count(sum(cost.multiply_adds for cost in costs))
    count = face.parameters or "0"
    return (
        f"{face.title} · {face.ids[0]} · {face.shape} · {count} parameters · {adds} multiply-adds",
        f"{face.title} · {face.shape} · {count} parameters · {adds} mult-adds",
        f"{face.title} · {face.short_shape} · {count} params",
    )


def stack_tooltip(document: Document, face: StackFace, members: Sequence[str]) -> str:
    """Return what hovering over a folded group tells, as rich text."""
    of = f" · {escape(face.definition)}" if face.definition else ""
    kinds = Counter(document.architecture[member].spec.title for member in members)
    made = ", ".join(f"{number} × {escape(title)}" for title, number in kinds.items())
    lines = [f"<b>{escape(face.title)}</b>{of}", escape(face.ids[0]), made]
    if face.bypassed:
        lines.append("Bypassed: what comes in goes out unchanged. B uses it again.")
    inside = set(members)
    problems = [p for p in document.inference.problems if p.block in inside]
    if problems:
        lines.append(f"{escape(problems[0].message)}<br><i>{escape(problems[0].mend)}</i>")
        if len(problems) > 1:
            lines.append(f"and {plural(len(problems) - 1, 'more problem')} inside")
    else:
        costs = [document.cost.blocks[m] for m in members if m in document.cost.blocks]
        parameters, adds = (sum(getattr(c, n) for c in costs) for n in ("parameters", "multiply_adds"))
        lines += [f"Output {face.shape}", f"{parameters:,} parameters · {adds:,} multiply-adds together"]
    lines.append("A double-click or Shift+G unfolds it.")
    return "<br>".join(lines)
