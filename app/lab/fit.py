"""Whether networks and data fit: what does not, and what mends it; and how costly a step is."""

from __future__ import annotations

from dataclasses import dataclass

from app.document import Document
from resviz.arch.graph import Architecture
from resviz.train.memory import Budget
from resviz.train.recipe import Recipe

_SLOW_MULTIPLY_ADDS = 80e9
"""Forward pass of one batch: from here on a CPU takes tens of seconds or more a step."""
_BYTES, _SMALL_BYTES = 4, 5e8
"""Of one activation; of those of a batch, up to which nobody needs to think about memory."""


@dataclass(frozen=True)
class DataShape:
    """What a data set offers: name, side of its pictures in pixels, number of classes; None: not known."""

    name: str
    side: int | None
    classes: int | None


def obstacle(document: Document, data: DataShape) -> str:
    """Return why a network cannot be trained on the data, as one sentence, or ""."""
    if document.inference.problems:
        first = document.inference.problems[0]
        where = f"{document.name}, {first.block}" if first.block else document.name
        others = len(document.inference.problems) - 1
        more = f" ({others} more problem{'s' if others > 1 else ''}.)" if others else ""
        return f"{where}: {first.message} {first.mend}{more}".strip()
    outputs = _outputs(document)
    if data.classes is not None and outputs is not None and outputs < data.classes:
        return (
            f"{data.name} has {data.classes} classes, but {document.name} has {outputs} outputs: "
            f"set the classifier's out_features to {data.classes}."
        )
    return ""


def misfit(document: Document, data: DataShape) -> str:
    """Return in what a network and the data differ, as a sentence, or "" where they fit.

    A network for pictures smaller than the data's is no misfit: pictures are scaled down for it.
    """
    size, outputs = pictures(document), _outputs(document)
    large = size is not None and data.side is not None and max(size) > data.side
    other = outputs is not None and data.classes is not None and outputs != data.classes
    if not large and not other:
        return ""
    wants, has = [], []
    if large and size is not None:
        wants.append(f"expects {size[0]}x{size[1]} pictures")
        has.append(f"{data.side}x{data.side}")
    if other:
        wants.append(f"has {outputs:,} outputs")
        has.append(f"{data.classes} classes")
    return f"{document.name} {' and '.join(wants)}; {data.name} has {' and '.join(has)}."


def fitted(document: Document, data: DataShape) -> Architecture | None:
    """Return the network fitted to the data: its input and its last linear layer; None: nothing to change."""
    architecture = document.architecture.copy()
    size, outputs = pictures(document), _outputs(document)
    changed = False
    if size is not None and data.side is not None and max(size) > data.side:
        for block in architecture.of_kind("input"):
            architecture.set_params(block.id, height=data.side, width=data.side)
            changed = True
    if outputs is not None and data.classes is not None and outputs != data.classes:
        classifier = _classifier(architecture)
        if classifier is not None:
            architecture.set_params(classifier, out_features=data.classes)
            changed = True
    return architecture if changed else None


def caution(document: Document, recipe: Recipe, available: int | None = None) -> str:
    """Return a word about a step that takes long or more memory than there is, or "".

    Args:
        document: with the network.
        recipe: how it is trained.
        available: bytes where it is trained; None: not known.
    """
    total, batch_size = document.cost.total, recipe.batch_size
    work = total.multiply_adds * batch_size
    slow = work >= _SLOW_MULTIPLY_ADDS
    if not slow and total.activations * batch_size * _BYTES < _SMALL_BYTES:
        return ""
    half = recipe.precision in ("bfloat16", "float16")
    budget = Budget(document.architecture, recipe, recipe.precision if half else "float32", available)
    if warning := budget.warning():
        return warning
    if not slow:
        return ""
    return (
        f"{document.name}: {3 * work / 1e9:,.0f} billion multiply-adds a step, and {budget.need}; that is "
        "slow without a graphics card."
    )


def pictures(document: Document) -> tuple[int, int] | None:
    """Return height and width of the pictures that a network expects."""
    shape = document.inference.input_shape
    return (shape[1], shape[2]) if shape is not None and len(shape) == 3 else None


def _outputs(document: Document) -> int | None:
    shape = document.inference.output_shape
    return shape[0] if shape is not None and len(shape) == 1 else None


def _classifier(architecture: Architecture) -> str | None:
    """Return the last linear layer before the output, with nothing between that changes the number."""
    block_id: str | None = next((block.id for block in architecture.of_kind("output")), None)
    while block_id is not None:
        if architecture[block_id].kind == "linear":
            return block_id
        wires = list(architecture.incoming(block_id).values())
        block_id = wires[0].source if len(wires) == 1 else None
    return None
