"""Export as one readable file that needs only torch.

Parameters are called as in `resviz.nn`, so that weights pass from the one to the other. The file carries the
architecture, in comments, so that it can be opened again, see `resviz.arch.carried`.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from resviz import __version__
from resviz.arch import source_blocks as text
from resviz.arch.bypass import active
from resviz.arch.carried import with_architecture
from resviz.arch.composites import RESIDUAL_KINDS
from resviz.arch.cost import cost_of
from resviz.arch.files import to_json
from resviz.arch.graph import Architecture
from resviz.arch.shapes import Inference, infer
from resviz.arch.source_plan import Plan, Step, is_attribute, plan_of, shortcut_here
from resviz.arch.spec import Shape, shape_text
from resviz.errors import BuildError

_LINE = 100
_HAVE_PARAMETERS = (*text.CLASS_NAMES, "conv", "batch_norm", "linear")
_TAKEN_CLASS_NAMES = {*text.CLASS_NAMES.values(), "BatchNorm", "Group", "Tensor", "OrderedDict", "F"}
_FAMILIES = ("ResNet", "ResNeXt", "PreAct")


def class_name(architecture: Architecture) -> str:
    """Return what the exported class is called: "resnet-110-B" becomes ResNet110B."""
    name = ""
    for word in re.findall(r"[A-Za-z0-9.]+", architecture.name):
        family = next(
            (known for known in _FAMILIES if word.lower().startswith(known.lower())), word[:1].upper()
        )
        name += "_" if name[-1:].isdigit() and word[0].isdigit() else ""
        name += family + word[len(family) :]
    name = name.replace(".", "_").strip("_")
    if not name or name[0].isdigit():
        name = f"Net{name}"
    return f"{name}Network" if name in _TAKEN_CLASS_NAMES or keyword.iskeyword(name) else name


def python_source(architecture: Architecture) -> str:
    """Return the module: the block classes that this network uses, the network, and what it was written from.

    Raises:
        BuildError: the architecture has problems; the sentence says the first one and its mend.
        FormatError: its name cannot be written.
    """
    return with_architecture(_code(active(architecture)), to_json(architecture))


def _code(architecture: Architecture) -> str:
    """Return the code of an architecture without bypassed blocks."""
    inference = infer(architecture)
    if inference.problems:
        first = inference.problems[0]
        raise BuildError(f"{architecture.name} cannot be written as code. {first.message} {first.mend}")
    plan = plan_of(architecture, inference)
    steps, end, stages = plan.steps, plan.end, plan.stages
    input_id = next(block.id for block in architecture.of_kind("input"))
    name = class_name(architecture)
    classes = _classes(plan)
    head = [
        *_docstring(architecture, inference),
        "",
        *(["from collections import OrderedDict", ""] if stages else []),
        "import torch",
        "from torch import Tensor, nn",
        *(["from torch.nn import functional as F"] if _calls_functional(steps) else []),
        "",
        "",
    ]
    network = [
        f"class {name}(nn.Module):",
        f'    """(N, {_commas(inference.shapes[input_id])}) to (N, {_commas(inference.shapes[end])})."""',
        "",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        *(f"        {line}" for line in _init(plan)),
        "",
        *(f"    {line}" for line in _forward(plan, input_id)),
        "",
        "",
        'if __name__ == "__main__":',
        f"    network = {name}().eval()",
        '    print(f"{sum(p.numel() for p in network.parameters()):,} parameters")',
        f"    print(tuple(network(torch.zeros(1, {_commas(inference.shapes[input_id])})).shape))",
    ]
    body = [line for part in classes for line in (part, "")]
    return "\n".join([*head, *body, *network]) + "\n"


def _docstring(architecture: Architecture, inference: Inference) -> list[str]:
    cost = cost_of(architecture, inference)
    shown = "".join(c if c.isprintable() and c not in '"\\' else " " for c in architecture.name)
    return [
        f'"""{shown}: {cost.depth} weighted layers, {cost.total.parameters:,} parameters, '
        f"{cost.total.multiply_adds / 1e6:,.2f} M multiply-adds a picture.",
        "",
        f"Written by resviz {__version__}; needs only torch. Parameters are called as in resviz: weights go",
        "from the one to the other with `load_state_dict`.",
        '"""',
    ]


def _classes(plan: Plan) -> Iterator[str]:
    """Yield the functions and classes that the steps need."""
    steps, stages = plan.steps, plan.stages
    kinds = {step.block.kind for step in steps}
    pads = "zero_pad_shortcut" in kinds or any(shortcut_here(step) == "A" for step in steps)
    groups = any(len(step.path) > 1 and step.path[0] not in stages for step in steps)
    if kinds & {*text.CLASS_NAMES, "batch_norm"}:
        yield text.BATCH_NORM
    if pads:
        yield text.ZERO_PAD
    if "conv_bn_relu" in kinds:
        yield text.CONV_BN_RELU
    for kind in RESIDUAL_KINDS:
        if kind in kinds:
            made = {shortcut_here(step) for step in steps if step.block.kind == kind}
            yield text.residual_class(kind, plan.modes[kind], made, plan.strides[kind], kind in plan.grouped)
    if stages:
        yield text.STAGE
    if groups:
        yield text.GROUP


def _calls_functional(steps: Sequence[Step]) -> bool:
    return any(
        step.block.kind not in ("conv", "linear", "add", "flatten", "global_avg_pool") for step in steps
    )


def _constructor(step: Step, plan: Plan) -> str:
    """Return the expression that makes a step's module."""
    block, params = step.block, step.block.params
    inputs = step.inputs[0][0]
    if block.kind == "linear":
        return f"nn.Linear({inputs}, {params['out_features']}{'' if params['bias'] else ', bias=False'})"
    if block.kind == "batch_norm":
        return f"BatchNorm({inputs})"
    outputs, stride = params["out_channels"], params["stride"]
    if block.kind in ("conv", "conv_bn_relu"):
        window = f"kernel_size={params['kernel_size']}, stride={stride}, padding={params['padding']}"
        if block.kind == "conv_bn_relu":
            return f"ConvBnRelu({inputs}, {outputs}, {window})"
        groups = f", groups={params['groups']}" if params["groups"] != 1 else ""
        return f"nn.Conv2d({inputs}, {outputs}, {window}{groups}{'' if params['bias'] else ', bias=False'})"
    arguments = [str(inputs), *([str(params["width"])] if "width" in params else []), str(outputs)]
    arguments += [f"stride={stride}"] if stride != 1 else []
    made = shortcut_here(step)
    if plan.modes[block.kind] == "mixed" and made != "identity":
        arguments.append(f'shortcut="{made}"')
    if len(plan.strides[block.kind]) > 1 and params["stride_in"] == "3x3":
        arguments.append("stride_in_3x3=True")
    if params.get("groups", 1) != 1:
        arguments.append(f"groups={params['groups']}")
    return f"{text.CLASS_NAMES[block.kind]}({', '.join(arguments)})"


def _init(plan: Plan) -> Iterator[str]:
    """Yield the lines of __init__ that make the modules."""
    steps = plan.steps
    begins = {begin: (name, end) for name, (begin, end) in plan.stages.items()}
    made_groups: set[tuple[str, ...]] = set()
    inside = 0
    for index, step in enumerate(steps):
        if index in begins:
            name, inside = begins[index]
            yield from _stage_lines(name, [_constructor(s, plan) for s in steps[index:inside]])
            yield f")  # {shape_text(steps[inside - 1].output)}"
        if index < inside or step.block.kind not in _HAVE_PARAMETERS:
            continue
        for length in range(1, len(step.path)):
            group = step.path[:length]
            if group not in made_groups:
                made_groups.add(group)
                yield _assign(group, "Group()")
        yield _with_comment(_assign(step.path, _constructor(step, plan)), shape_text(step.output))
    if any(step.block.kind in _HAVE_PARAMETERS for step in steps):
        yield "for module in self.modules():  # He et al., arXiv:1502.01852, Eq. 10"
        yield "    if isinstance(module, (nn.Conv2d, nn.Linear)):"
        yield "        nn.init.kaiming_normal_(module.weight)"
        yield "        if module.bias is not None:"
        yield "            nn.init.zeros_(module.bias)"


def _stage_lines(name: str, constructors: Sequence[str]) -> Iterator[str]:
    yield f"self.{name} = stage("
    for constructor, run in groupby(constructors):
        count = len(list(run))
        yield f"    {constructor}," if count == 1 else f"    *({constructor} for _ in range({count})),"


def _forward(plan: Plan, input_id: str) -> Iterator[str]:
    """Yield the method. A value that is not used at once, or more than once, gets a name of its own."""
    steps, end = plan.steps, plan.end
    begins = {begin: (name, stop) for name, (begin, stop) in plan.stages.items()}
    # What is left when stages are one step each: (last id, sources, expression with {0} and {1}, shape)
    turns: list[tuple[str, tuple[str, ...], str, Shape]] = []
    inside = 0
    for index, step in enumerate(steps):
        if index in begins:
            name, inside = begins[index]
            last = steps[inside - 1]
            turns.append((last.block.id, step.sources, _access((name,)) + "({0})", last.output))
        elif index >= inside:
            turns.append((step.block.id, step.sources, _expression(step), step.output))
    names = _value_names(turns, input_id, end)
    argument = names[input_id]
    yield f"def forward(self, {argument}: Tensor) -> Tensor:"
    for block_id, sources, expression, shape in turns:
        call = expression.format(*(names[source] for source in sources))
        yield _with_comment(f"    {names[block_id]} = {call}", f"(N, {_commas(shape)})")
    yield f"    return {names[end]}"


def _value_names(
    turns: Sequence[tuple[str, tuple[str, ...], str, Shape]], input_id: str, end: str
) -> dict[str, str]:
    """Return a variable for each value: "x" where only the next turn reads it."""
    readers: dict[str, list[int]] = {input_id: [], **{block_id: [] for block_id, *_ in turns}}
    for index, (_, sources, _, _) in enumerate(turns):
        for source in sources:
            readers[source].append(index)
    readers[end].append(len(turns))
    names: dict[str, str] = {}
    taken = {"x", "self", "nn", "torch", "stage", "zero_pad_shortcut", "F", "Tensor"}
    for index, block_id in enumerate(readers, -1):  # the input's value is there before turn 0
        if set(readers[block_id]) == {index + 1}:
            names[block_id] = "x"
            continue
        name = re.sub(r"[^a-z0-9]+", "_", block_id.lower()).strip("_") or "value"
        name = f"value_{name}" if name[0].isdigit() else name
        while name in taken or keyword.iskeyword(name):
            name += "_"
        names[block_id] = name
        taken.add(name)
    return names


def _expression(step: Step) -> str:
    """Return what a step computes, of {0} and {1}."""
    params = step.block.params
    match step.block.kind:
        case "add":
            return "{0} + {1}"
        case "relu":
            return "F.relu({0})"
        case "global_avg_pool":
            return "{0}.mean((2, 3))"
        case "flatten":
            return "{0}.flatten(1)"
        case "dropout":
            return f"F.dropout({{0}}, {params['p']}, self.training)"
        case "zero_pad_shortcut":
            return f"zero_pad_shortcut({{0}}, {params['out_channels']}, {params['stride']})"
        case "max_pool" | "avg_pool" as pool:
            stride, padding = params["stride"], params["padding"]
            return f"F.{pool}2d({{0}}, {params['kernel_size']}, stride={stride}, padding={padding})"
        case _:
            return _access(step.path).replace("{", "{{").replace("}", "}}") + "({0})"


def _access(path: Sequence[str]) -> str:
    expression = "self"
    for part in path:
        expression = (
            f"{expression}.{part}" if is_attribute(part) else f"getattr({expression}, {_quoted(part)})"
        )
    return expression


def _assign(path: Sequence[str], value: str) -> str:
    if is_attribute(path[-1]):
        return f"{_access(path)} = {value}"
    return f"{_access(path[:-1])}.add_module({_quoted(path[-1])}, {value})"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _with_comment(line: str, comment: str) -> str:
    return f"{line}  # {comment}" if len(line) + len(comment) < _LINE else line


def _commas(shape: Shape) -> str:
    return ", ".join(map(str, shape))
