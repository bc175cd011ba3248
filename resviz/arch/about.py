"""About a block: its page filled in with its own numbers, or with those of an example."""

from __future__ import annotations

from dataclasses import dataclass

from resviz.arch.blocks import kind_of
from resviz.arch.composites import RESIDUAL_KINDS, shortcut_of
from resviz.arch.figure import Figure, figure_of
from resviz.arch.graph import Architecture
from resviz.arch.pages import PAGES, SYMBOLS, numbers
from resviz.arch.shapes import Inference
from resviz.arch.spec import Kind, Parameter, Params, Shape, Value, integer, shape_text
from resviz.arch.typeset import Formula, plain, prose, symbol

EXAMPLE_MAP: Shape = (16, 32, 32)
"""What an example reads: the maps of the first stage of a CIFAR network."""
EXAMPLE_VECTOR: Shape = (64,)


@dataclass(frozen=True)
class Setting:
    """One parameter: its name, what it means, what it may be, and what it is here."""

    name: str
    meaning: str
    range: str
    value: str


@dataclass(frozen=True)
class Costing:
    """One cost: what is counted, the formula, the formula with numbers, and what it comes to."""

    name: str
    formula: str
    filled: str
    value: int | None


@dataclass(frozen=True)
class About:
    """A filled-in page.

    `block`: the block's id, "" for an example; equations, formulas and `symbols` are in the notation of
    `resviz.arch.typeset`; `reads` and `gives` are None where the shapes are not known.
    """

    kind: str
    title: str
    group: str
    block: str
    doc: str
    equations: tuple[str, ...]
    figure: Figure
    source: str
    paper: str
    settings: tuple[Setting, ...]
    reads: tuple[Shape, ...] | None
    gives: Shape | None
    shape: tuple[str, ...]
    costs: tuple[Costing, ...]
    symbols: tuple[tuple[str, str], ...]

    def text(self) -> str:
        """Return the page as plain text."""
        lines = [self.title + (f": {self.block}" if self.block else ""), "", self.doc, ""]
        lines += [f"    {plain(equation)}" for equation in self.equations]
        lines += [
            "",
            *(f"    {line}" for line in self.figure.lines()),
            "",
            f"Source: {self.source}",
            prose(self.paper),
        ]
        if self.settings:
            lines += ["", "Parameters"]
            lines += [f"    {s.name} = {s.value} ({s.range}): {s.meaning}" for s in self.settings]
        lines += ["", "Shape", *(f"    {line}" for line in self.shape)]
        lines += ["", "Cost"]
        for cost in self.costs:
            filled = f" = {plain(cost.filled)}" if cost.filled and cost.filled != f"{cost.value:,}" else ""
            value = "" if cost.value is None else f" = {cost.value:,}"
            same = value if plain(cost.formula) != f"{cost.value}" else ""
            lines.append(f"    {cost.name}: {plain(cost.formula)}{filled}{same}")
        lines += [f"    {plain(name)}: {meaning}" for name, meaning in self.symbols]
        return "\n".join(lines)


def about_kind(kind: str) -> About:
    """Return the page of a kind with the numbers of an example: usual parameters, a map of the first stage.

    Raises:
        UnknownBlockError: there is no such kind.
    """
    spec = kind_of(kind)
    reads = () if not spec.inputs else (_example(kind),) * len(spec.inputs)
    params = spec.complete({"out_channels": 32, "stride": 2} if kind == "zero_pad_shortcut" else {})
    return _filled(spec, "", params, reads, spec.infer(params, reads))


def about_block(architecture: Architecture, inference: Inference, block_id: str) -> About:
    """Return the page of a block's kind with the block's own numbers, as far as its shapes are known.

    Raises:
        UnknownBlockError: there is no such block.
    """
    block = architecture[block_id]
    reads = inference.inputs.get(block_id)
    gives = None if block.bypassed else inference.shapes.get(block_id)
    if block.kind == "add" and reads is not None and len(reads) == 1:
        reads = reads * 2  # A plain addition reads its branch alone.
    return _filled(block.spec, block_id, block.params, reads, gives, bypassed=block.bypassed)


def _example(kind: str) -> Shape:
    return EXAMPLE_VECTOR if kind in ("linear", "output", "dropout") else EXAMPLE_MAP


def _filled(
    spec: Kind, block: str, params: Params, reads: tuple[Shape, ...] | None, gives: Shape | None, *,
    bypassed: bool = False,
) -> About:  # fmt: skip
    page = PAGES[spec.name]
    known = numbers(spec.name, params, reads, gives) if reads is not None and gives is not None else None
    costs = tuple(
        _costing(name, formula, known)
        for name, formula in (
            ("Parameters", page.parameters),
            ("Multiply-adds a picture", page.multiply_adds),
            ("Values kept a picture", page.activations),
        )
    )
    names = dict.fromkeys(
        n for f in (page.parameters, page.multiply_adds, page.activations) for n in f.names()
    )
    in_channels = reads[0][0] if reads else int(params.get("out_channels", 0) or 0)
    shape = ("Bypassed: what comes in goes out unchanged, and none of this is computed.",) if bypassed else ()
    return About(
        kind=spec.name,
        title=spec.title,
        group=spec.group,
        block=block,
        doc=spec.doc,
        equations=(*page.equations, *_shortcut_equation(spec.name, params, in_channels, exact=bool(block))),
        figure=figure_of(spec.name, params, in_channels),
        source=spec.source,
        paper=page.paper,
        settings=tuple(_setting(p, params[p.name]) for p in spec.parameters),
        reads=reads,
        gives=gives,
        shape=shape or _shape_words(spec, params, reads, gives),
        costs=costs,
        symbols=tuple((symbol(n), SYMBOLS[n]) for n in names),
    )


def _costing(name: str, formula: Formula, known: dict[str, int] | None) -> Costing:
    if known is None:
        return Costing(name, formula.text(), "", None)
    return Costing(name, formula.text(), formula.text(known), formula.value(known))


def _setting(parameter: Parameter, value: Value) -> Setting:
    if parameter.choices:
        allowed = ", ".join(parameter.choices)
    elif isinstance(parameter.default, bool):
        allowed = "yes or no"
    else:
        allowed = f"{parameter.minimum:,g} to {parameter.maximum:,g}"
    usual = _said(parameter.default)
    return Setting(parameter.name, parameter.doc, f"{allowed}; usually {usual}", _said(value))


def _said(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _shortcut_equation(kind: str, params: Params, in_channels: int, *, exact: bool) -> tuple[str, ...]:
    """Return what s(x) is: for a block what it is there, else what it may be."""
    if kind not in RESIDUAL_KINDS:
        return ()
    projected = "W_s ∗ ReLU(BN(x))" if kind.startswith("preact") else "BN(W_s ∗ x)"
    if not exact:
        return (f's(x) = x, "or where the shape changes" x "with zeros (A) or" {projected} "(B)"',)
    option = shortcut_of(params, in_channels, integer(params, "out_channels"), integer(params, "stride"))
    return {
        "none": ('s(x) = 0 "(no shortcut: the plain unit)"',),
        "identity": ("s(x) = x",),
        "A": ('s(x) = x "at every stride, with channels of zeros (shortcut A)"',),
        "projection": (f's(x) = {projected} "(shortcut {params["shortcut"]})"',),
    }[option]


# What changes the shape


def _shape_words(
    spec: Kind, params: Params, reads: tuple[Shape, ...] | None, gives: Shape | None
) -> tuple[str, ...]:
    if reads is None or gives is None:
        return ("Not known: wire the block, or mend its problem, and its shapes are told here.",)
    if not reads:
        return (f"{shape_text(gives)}, as channels, height and width say.",)
    source = reads[0]
    lines = [f"{shape_text(source)} -> {shape_text(gives)}"]
    if len(source) == 3 and len(gives) == 1:
        if spec.name == "flatten":
            return (*lines, f"{shape_text(source)} = {gives[0]:,} values in one row.")
        return (*lines, f"One value for each of the {gives[0]} channels, whatever height and width are.")
    if source == gives and spec.name in ("relu", "batch_norm", "dropout", "identity", "output"):
        return (*lines, "Never changes the shape.")
    if spec.name == "add":
        return (*lines, "Both inputs must have this shape." if not params["plain"] else "That of the branch.")
    if spec.name == "linear":
        return (*lines, f"{source[0]:,} -> {gives[0]:,} because out_features is {gives[0]:,}.")
    if "out_channels" in params:
        lines.append(_channel_words(source[0], gives[0]))
    else:
        lines.append(f"The {gives[0]} channels stay.")
    lines.append(_size_words(spec, params, source, gives))
    return tuple(lines)


def _channel_words(before: int, after: int) -> str:
    if before == after:
        return f"{before} channels stay because out_channels is {after}."
    return f"{before} -> {after} channels because out_channels is {after}."


def _size_words(spec: Kind, params: Params, source: Shape, gives: Shape) -> str:
    """Return why height and width are what they are."""
    before, after = shape_text(source[1:]), shape_text(gives[1:])
    stride = integer(params, "stride")
    reasons = [f"stride {stride}"] if stride > 1 else []
    if "kernel_size" in params:
        kernel, padding = integer(params, "kernel_size"), integer(params, "padding")
        if kernel - 1 != 2 * padding and not (stride > 1 and kernel - stride <= 2 * padding <= kernel - 1):
            reasons.append(f"a window of {kernel} with padding {padding}")
        rule = f" (size + 2 x {padding} - {kernel}) / {stride} + 1, rounded down."
    else:
        rule = f" (size - 1) / {stride} + 1, rounded down." if stride > 1 else ""
    if before == after:
        kept = "stride 1"
        if "kernel_size" in params and not reasons:
            kept += f" and padding {params['padding']} around a window of {params['kernel_size']}"
        return f"{before} stays because {kept if not reasons else ' and '.join(reasons)}.{rule}"
    return f"{before} -> {after} because {' and '.join(reasons) or 'of its window'}.{rule}"
