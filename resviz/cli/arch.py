"""`presets`, `info`, `new`, `twin`, `code`, `onnx`: architectures, without training."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from resviz.arch.bypass import active
from resviz.arch.cost import cost_of
from resviz.arch.files import save
from resviz.arch.graph import Architecture, natural_key
from resviz.arch.presets import names
from resviz.arch.shapes import Inference, infer
from resviz.arch.spec import Shape, shape_text
from resviz.arch.twin import is_plain, twin
from resviz.atomic import write_atomically
from resviz.cli.opening import opened
from resviz.cli.output import add_output, answer, output, table

_UNKNOWN = "unknown until the problems are mended"
_OUTPUTS = {
    "new": ("FILE", "where to write the architecture (JSON)"),
    "twin": ("FILE", "where to write the twin (JSON)"),
    "code": ("FILE.py", "where to write the Python module"),
    "onnx": ("FILE", "where to write the ONNX file"),
}


def register(command: str, parser: argparse.ArgumentParser) -> None:
    """Add a command's arguments to its parser."""
    if command == "presets":
        return
    about = "a preset (resnet-20, plain-56, ...; see `presets`) or a file: JSON, or what carries one"
    if command == "onnx":
        about += ", or the folder of a run: its trained network"
    parser.add_argument("architecture", metavar="ARCH", help=about)
    if command in _OUTPUTS:
        metavar, about = _OUTPUTS[command]
        add_output(parser, metavar, about)


def run(command: str, args: argparse.Namespace) -> int:
    """Do what a command says; return its exit code.

    Raises:
        ResvizError: an unknown preset, an unusable file, or nowhere to write.
    """
    if command == "presets":
        known = names()
        answer(args, {"presets": known}, "\n".join(known))
        return 0
    if command == "info":
        return _info(args, opened(args.architecture))
    with output(args) as file:
        if command == "onnx":
            _onnx(args, file)
        else:
            _write(command, args, file)
    return 0


def _write(command: str, args: argparse.Namespace, file: Path) -> None:
    architecture = opened(args.architecture)
    if command == "code":
        from resviz.arch.source import class_name, python_source

        write_atomically(file, python_source(architecture).encode())
        name = class_name(architecture)
        answer(args, {"file": str(file), "class": name}, f"class {name}: {file}")
    else:
        written = twin(architecture) if command == "twin" else architecture
        save(written, file)
        answer(args, {"file": str(file), "name": written.name}, f"{written.name}: {file}")


def _onnx(args: argparse.Namespace, file: Path) -> None:
    from resviz.nn.build import build
    from resviz.nn.onnx import export

    source = Path(args.architecture)
    if source.is_dir():
        from resviz.cli.explain import open_run, the_run
        from resviz.explain.subject import trained

        found = trained(open_run(the_run(source)))
        export(found.network, file)
        facts = {"checkpoint": found.checkpoint, "iteration": found.iteration, "averaged": found.averaged}
        for note in found.skipped:
            print(f"note: {note}", file=sys.stderr)
        answer(args, {"file": str(file), **facts}, f"{found.checkpoint}: {file}")
    else:
        export(build(opened(args.architecture)), file)
        answer(args, {"file": str(file)}, str(file))


def _info(args: argparse.Namespace, architecture: Architecture) -> int:
    inference = infer(architecture)
    cost = cost_of(architecture, inference)
    memory = None if inference.problems else _training_memory(active(architecture))
    answer(
        args,
        {
            "name": architecture.name,
            "depth": cost.depth,
            "blocks": len(architecture.blocks),
            # Of a network with problems only a part could be counted.
            "parameters": None if inference.problems else cost.total.parameters,
            "multiply_adds": None if inference.problems else cost.total.multiply_adds,
            "training_memory": memory,
            "input_shape": inference.input_shape,
            "output_shape": inference.output_shape,
            "problems": [
                {"block": each.block, "message": each.message, "mend": each.mend}
                for each in inference.problems
            ],
        },
        "\n".join(
            [
                _facts(architecture, inference, memory),
                *(f"{problem.block or architecture.name}: {problem.message} {problem.mend}"
                  for problem in inference.problems),
                *_mend_hint(args.architecture, architecture, inference),
            ]
        ),
    )  # fmt: skip
    return 1 if inference.problems else 0


def _mend_hint(name: str, architecture: Architecture, inference: Inference) -> list[str]:
    """Return how many problems a machine can mend, and how."""
    from resviz.arch.mends import Mender

    mender = Mender(architecture, inference)
    number = sum(bool(mender.mends(problem)) for problem in inference.problems)
    if not number:
        return []
    return [f"{number} of {len(inference.problems)} can be mended: python -m resviz mend {name} -o FILE"]


def _facts(architecture: Architecture, inference: Inference, memory: dict[str, int] | None) -> str:
    cost = cost_of(architecture, inference)
    broken = bool(inference.problems)
    facts = {
        "name": f"{architecture.name} ({'plain' if is_plain(architecture) else 'residual'})",
        "depth": _UNKNOWN if broken else f"{cost.depth} weighted layers",
        "blocks": f"{len(architecture.blocks):,}",
        "parameters": _UNKNOWN if broken else f"{cost.total.parameters:,}",
        "multiply-adds": _UNKNOWN
        if broken
        else (f"{cost.total.multiply_adds:,} ({cost.total.multiply_adds / 1e6:,.2f} M) a picture"),
        "activations": _UNKNOWN if broken else f"{cost.total.activations:,} values a picture",
        "training": _UNKNOWN if memory is None else _training_text(memory),
        "input": _shape(inference.input_shape),
        "output": _shape(inference.output_shape),
        "problems": str(len(inference.problems) or "none"),
    }
    return (
        "\n".join(f"{name:<15}{value}" for name, value in facts.items())
        + "\n"
        + _stage_table(architecture, inference)
    )


def _training_memory(architecture: Architecture) -> dict[str, int]:
    """Return bytes that training by the paper's recipe takes, in two precisions, and with checkpointing."""
    from resviz.arch.activations import pieces
    from resviz.train.memory import estimate
    from resviz.train.recipe import PAPER

    found = pieces(architecture, infer(architecture))
    memory = {"batch_size": PAPER.batch_size}
    for recompute, suffix in ((False, ""), (True, "_checkpointing")):
        for precision in ("float32", "bfloat16"):
            needed = estimate(architecture, PAPER, precision, recompute=recompute, found=found)
            memory[precision + suffix] = needed.total(PAPER.batch_size)
    return memory


def _training_text(memory: dict[str, int]) -> str:
    from resviz.train.memory import need_text, size_text

    sizes = {name: size_text(size) for name, size in memory.items() if name != "batch_size"}
    return (
        f"{need_text(memory['float32'], memory['batch_size'])}, {sizes['bfloat16']} in "
        f"bfloat16; with activation checkpointing {sizes['float32_checkpointing']} and "
        f"{sizes['bfloat16_checkpointing']}"
    )


def _stage_table(architecture: Architecture, inference: Inference) -> str:
    """Return what each stage (first part of the blocks' names) costs."""
    costs = cost_of(architecture, inference).blocks
    stages: dict[str, list[str]] = {}
    for block_id in _reading_order(architecture):
        stages.setdefault(block_id.partition(".")[0], []).append(block_id)
    rows = []
    for stage, blocks in stages.items():
        # Costs are those of blocks that take part in the output, which a missing wire keeps them from.
        known = not inference.problems or inference.live.issuperset(blocks)
        known = known and inference.shapes.keys() >= set(blocks)
        parameters = sum(costs[block_id].parameters for block_id in blocks)
        multiply_adds = sum(costs[block_id].multiply_adds for block_id in blocks)
        kinds = dict.fromkeys(architecture[block_id].spec.title for block_id in blocks)
        rows.append(
            [
                stage, f"{len(blocks)} x {', '.join(kinds)}" if len(blocks) > 1 else next(iter(kinds)),
                _shape(inference.shapes.get(blocks[-1])),
                f"{parameters:,}" if known else "-", f"{multiply_adds:,}" if known else "-",
            ]
        )  # fmt: skip
    return "\n" + table(["stage", "blocks", "output", "parameters", "multiply-adds"], rows) if rows else ""


def _reading_order(architecture: Architecture) -> list[str]:
    """Return all blocks in the order of the network, also where wires are missing.

    Of the pieces into which missing wires cut it, the one with the input comes first, the one with the output
    last, the others by name.
    """
    order = architecture.order()
    pieces: list[set[str]] = []
    for block_id in order:
        near = {block_id, *(wire.source for wire in architecture.incoming(block_id).values())}
        joined = near.union(*(piece for piece in pieces if piece & near))
        pieces = [piece for piece in pieces if not piece & near] + [joined]

    def rank(piece: set[str]) -> tuple[bool, bool, tuple[tuple[int, int, str], ...]]:
        kinds = {architecture[block_id].kind for block_id in piece}
        return "input" not in kinds, "output" in kinds, min(natural_key(block_id) for block_id in piece)

    place = {block_id: number for number, piece in enumerate(sorted(pieces, key=rank)) for block_id in piece}
    return sorted(order, key=place.__getitem__)


def _shape(shape: Shape | None) -> str:
    return "unknown" if shape is None else shape_text(shape)
