"""The plan of an exported module: which blocks run when, where they are kept, which stages are one line."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from resviz.arch import source_blocks as text
from resviz.arch.composites import RESIDUAL_KINDS, shortcut_of
from resviz.arch.graph import Architecture, Block
from resviz.arch.shapes import Inference, read_ports
from resviz.arch.spec import Shape, integer

RESERVED = frozenset((
    "add_module", "apply", "begin", "bfloat16", "buffers", "call_super_init", "children", "classes",
    "compile", "convolutions", "cpu", "cuda", "double", "draws", "dump_patches", "eval", "extra_repr",
    "float", "forward", "get_buffer", "get_extra_state", "get_parameter", "get_submodule", "half",
    "input_shape", "ipu", "load_state_dict", "module_of", "modules", "mtia", "named_buffers",
    "named_children", "named_modules", "named_parameters", "parameters", "probe_blocks",
    "register_backward_hook", "register_buffer", "register_forward_hook", "register_forward_pre_hook",
    "register_full_backward_hook", "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook", "register_module", "register_parameter",
    "register_state_dict_post_hook", "register_state_dict_pre_hook", "requires_grad_", "responses",
    "set_extra_state", "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train", "training",
    "type", "xpu", "zero_grad",
))  # fmt: skip
"""Attributes of a network that no block's module may replace."""


@dataclass(frozen=True)
class Step:
    """One block's turn: the ids whose values it reads (identities skipped), where its module is kept."""

    block: Block
    sources: tuple[str, ...]
    path: tuple[str, ...]
    inputs: tuple[Shape, ...]
    output: Shape


@dataclass(frozen=True)
class Plan:
    """The steps, the id whose value is the result, begin and end of the stages, variants of unit classes.

    `modes`, `strides`: see `resviz.arch.source_blocks`; `grouped`: kinds some of whose units have groups.
    """

    steps: list[Step]
    end: str
    stages: dict[str, tuple[int, int]]
    modes: dict[str, str]
    strides: dict[str, list[str]]
    grouped: frozenset[str]


def module_paths(block_ids: Iterable[str], reserved: Iterable[str] = RESERVED) -> dict[str, tuple[str, ...]]:
    """Return where each block's module is kept: "stage1.block1" at ("stage1", "block1").

    A person may call blocks "a" and "a.b", or "train": an id that cannot be a path of attributes (`reserved`
    are taken) becomes one name without dots.
    """
    paths = {block_id: tuple(block_id.split(".")) for block_id in block_ids}
    inner = {path[:length] for path in paths.values() for length in range(1, len(path))}
    taken, unusable = {*paths.values(), *inner}, {"", *reserved}
    for block_id, path in paths.items():
        if path in inner or not unusable.isdisjoint(path):
            name = "block_" + block_id.replace(".", "_")
            while (name,) in taken:
                name += "_"
            paths[block_id] = (name,)
            taken.add((name,))
    return paths


def _steps(architecture: Architecture, inference: Inference) -> tuple[list[Step], str]:
    """Return the steps in order, and the id whose value is the result."""
    live = [architecture[b] for b in architecture.order() if b in inference.live]
    paths = module_paths(block.id for block in live if block.kind not in ("input", "output"))
    stands_for: dict[str, str] = {}
    steps, end = [], ""
    for block in live:
        wires = architecture.incoming(block.id)
        sources = tuple(stands_for[wires[port].source] for port in read_ports(block))
        stands_for[block.id] = block.id
        if block.kind == "output":
            end = sources[0]
        elif block.kind == "identity" or (block.kind == "add" and block.params["plain"]):
            stands_for[block.id] = sources[0]
        elif block.kind != "input":
            steps.append(
                Step(
                    block, sources, paths[block.id], inference.inputs[block.id], inference.shapes[block.id]
                )
            )  # fmt: skip
    return steps, end


def _stages(steps: Sequence[Step], end: str) -> dict[str, tuple[int, int]]:
    """Return begin and end (steps) of the stages that can be one `stage(...)`, by name.

    Such a stage is a chain of composites called stage.block1, stage.block2, ..., of which only the last is
    read from outside.
    """
    reads: dict[str, int] = {end: 1}
    for step in steps:
        for source in step.sources:
            reads[source] = reads.get(source, 0) + 1
    stages = {}
    begin = 0
    for name, run in groupby(steps, key=lambda step: step.path[0]):
        members = list(run)
        chained = all(
            now.sources == (before.block.id,) and reads[before.block.id] == 1
            for before, now in pairwise(members)
        )
        numbered = all(step.path[1:] == (f"block{number}",) for number, step in enumerate(members, 1))
        composite = all(step.block.kind in text.CLASS_NAMES for step in members)
        alone = sum(step.path[0] == name for step in steps) == len(members)
        if chained and numbered and composite and alone and is_attribute(name):
            stages[name] = (begin, begin + len(members))
        begin += len(members)
    return stages


def shortcut_here(step: Step) -> str:
    """Return what a unit's shortcut is here; "" for other blocks."""
    block = step.block
    if block.kind not in RESIDUAL_KINDS:
        return ""
    channels = step.inputs[0][0], step.output[0]
    return shortcut_of(block.params, *channels, integer(block.params, "stride"))


def plan_of(architecture: Architecture, inference: Inference) -> Plan:
    """Return the plan of an architecture without problems."""
    steps, end = _steps(architecture, inference)
    modes, strides = {}, {}
    for kind in RESIDUAL_KINDS:
        units = [step for step in steps if step.block.kind == kind]
        modes[kind] = text.shortcut_mode((str(u.block.params["shortcut"]), shortcut_here(u)) for u in units)
        striding = [unit.block.params for unit in units if unit.block.params["stride"] != 1]
        strides[kind] = sorted({str(params["stride_in"]) for params in striding if "stride_in" in params})
    grouped = frozenset(step.block.kind for step in steps if step.block.params.get("groups", 1) != 1)
    return Plan(steps, end, _stages(steps, end), modes, strides, grouped)


def is_attribute(part: str) -> bool:
    """Say whether code can write `self.PART`."""
    # Python reads non-ASCII names in a normal form, which state dicts do not.
    return part.isascii() and part.isidentifier() and not keyword.iskeyword(part)
