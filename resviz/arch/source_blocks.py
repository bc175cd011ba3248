"""The text of the classes in an exported module: each composite as this network uses it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LONGEST_LINE = 110

CLASS_NAMES = {
    "conv_bn_relu": "ConvBnRelu",
    "basic": "BasicBlock",
    "bottleneck": "Bottleneck",
    "preact_basic": "PreActivationBlock",
    "preact_bottleneck": "PreActivationBottleneck",
}

BATCH_NORM = '''\
class BatchNorm(nn.Module):
    """Batch normalisation (arXiv:1502.03167): nn.BatchNorm2d without its counter of batches."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training)
'''

CONV_BN_RELU = '''\
class ConvBnRelu(nn.Module):
    """Convolution, batch norm, ReLU (arXiv:1512.03385, Sec. 3.4)."""

    def __init__(
        self, in_channels: int, out_channels: int, *, kernel_size: int, stride: int, padding: int
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=False)
        self.norm = BatchNorm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)))
'''

ZERO_PAD = '''\
def zero_pad_shortcut(x: Tensor, channels: int, stride: int) -> Tensor:
    """Shortcut A: every stride-th pixel, new channels filled with zeros (arXiv:1512.03385, Sec. 3.3).

    (N, C, H, W) to (N, channels, H/stride, W/stride). The paper leaves open which channels are the new ones;
    here half of them come before the old ones.
    """
    new = channels - x.shape[1]
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, new // 2, new - new // 2))
'''

STAGE = '''\
def stage(*blocks: nn.Module) -> nn.Sequential:
    """Residual units at one map size, named block1, block2, ..."""
    return nn.Sequential(OrderedDict((f"block{number}", block) for number, block in enumerate(blocks, 1)))
'''

GROUP = '''\
class Group(nn.Module):
    """Layers that share the first part of their names."""
'''

_DOCS = {
    "basic": "y = ReLU(s(x) + F(x)), F = conv 3x3, BN, ReLU, conv 3x3, BN (arXiv:1512.03385, Fig. 5 left)",
    "bottleneck": "y = ReLU(s(x) + F(x)), F = 1x1, 3x3, 1x1, each with BN (arXiv:1512.03385, Fig. 5 right)",
    "preact_basic": "y = s(x) + F(x), F = BN, ReLU, conv 3x3, BN, ReLU, conv 3x3 (arXiv:1603.05027, Fig. 1b)",
    "preact_bottleneck": "y = s(x) + F(x), F = 1x1, 3x3, 1x1, each after BN, ReLU (arXiv:1603.05027, Sec. 4)",
}
_SHORTCUT_DOCS = {
    "none": "Plain: without the shortcut s(x).",
    "identity": "s(x) = x.",
    "A": "s(x) is the identity, padded with zeros where the shape changes (option A).",
    "B": "s(x) is a projection where the shape changes, the identity elsewhere (option B).",
    "C": "s(x) is a projection everywhere (option C).",
    "mixed": 'shortcut: "none" (plain), "identity", "A" (zero-padding) or "projection".',
}


def shortcut_mode(uses: Iterable[tuple[str, str]]) -> str:
    """Return how one class must make its shortcuts: "none", "identity", "A", "B", "C" or "mixed".

    `uses`: for each unit of the class, its option ("B") and what that is at its place ("identity").
    """
    pairs = set(uses)
    made = {kind for _, kind in pairs}
    if len(made) == 1 and made <= {"none", "identity"}:
        return made.pop()
    if made <= {"identity", "A"}:
        return "A"
    if made <= {"identity", "projection"} and all(o == "B" for o, kind in pairs if kind == "projection"):
        return "B"
    return "C" if made == {"projection"} else "mixed"


def residual_class(
    kind: str, mode: str, made: Iterable[str], strides: Sequence[str], grouped: bool = False
) -> str:
    """Return the class of one kind of residual unit.

    Args:
        kind: of the catalogue.
        mode: see `shortcut_mode`.
        made: the shortcuts that its units have ("none", "identity", "A", "projection").
        strides: where its bottlenecks stride; with both places, that becomes an argument.
        grouped: whether some of them have groups; they become an argument then.
    """
    made = set(made)
    preact, bottleneck = kind.startswith("preact"), kind.endswith("bottleneck")
    choice = bottleneck and len(strides) > 1
    arguments = ["in_channels: int", "out_channels: int", "stride: int = 1"]
    arguments[1:1] = ["width: int"] if bottleneck else []
    arguments += ['shortcut: str = "identity"'] if mode == "mixed" else []
    arguments += ["stride_in_3x3: bool = False"] if choice else []
    arguments += ["groups: int = 1"] if grouped else []
    signature = [f"    def __init__(self, {', '.join(arguments)}) -> None:"]
    if len(signature[0]) > LONGEST_LINE:
        line = f"        self, {', '.join(arguments)}"
        lines = [line] if len(line) <= LONGEST_LINE else [f"        {each}," for each in ("self", *arguments)]
        signature = ["    def __init__(", *lines, "    ) -> None:"]
    lines = [
        f"class {CLASS_NAMES[kind]}(nn.Module):",
        f'    """{_DOCS[kind]}.',
        "",
        f"    {_SHORTCUT_DOCS[mode]}",
        '    """',
        "",
        *signature,
        "        super().__init__()",
    ]
    if choice:
        lines.append("        first, second = (1, stride) if stride_in_3x3 else (stride, 1)")
    layers = _layers(preact, bottleneck, choice, strides, grouped)
    lines += [f"        self.{name} = {layer}" for name, layer in layers]
    lines += [f"        {line}" for line in _shortcut_init(mode, made, preact)]
    lines += ["", "    def forward(self, x: Tensor) -> Tensor:"]
    lines += [f"        {line}" for line in _forward(mode, preact, bottleneck)]
    if mode in ("B", "mixed"):
        lines += ["", *(f"    {line}" for line in _shortcut_method(mode, made, preact))]
    return "\n".join(lines) + "\n"


def _layers(
    preact: bool, bottleneck: bool, choice: bool, strides: Sequence[str], grouped: bool
) -> list[tuple[str, str]]:
    """Return name and constructor of each layer of the branch."""
    if bottleneck:
        early = "3x3" not in strides
        first, second = ("first", "second") if choice else ("stride", "1") if early else ("1", "stride")
        first, second = ("" if stride == "1" else f", {stride}" for stride in (first, second))
        groups = ", groups=groups" if grouped else ""
        convs = [
            ("in_channels", "width", f"1{first}, bias=False"),
            ("width", "width", f"3{second}, padding=1{groups}, bias=False"),
            ("width", "out_channels", "1, bias=False"),
        ]
    else:
        convs = [
            ("in_channels", "out_channels", "3, stride, padding=1, bias=False"),
            ("out_channels", "out_channels", "3, padding=1, bias=False"),
        ]
    layers = []
    for number, (inputs, outputs, rest) in enumerate(convs, 1):
        conv = (f"conv{number}", f"nn.Conv2d({inputs}, {outputs}, {rest})")
        norm = (f"norm{number}", f"BatchNorm({inputs if preact else outputs})")
        layers += [norm, conv] if preact else [conv, norm]
    return layers


def _shortcut_init(mode: str, made: set[str], preact: bool) -> list[str]:
    keep = ["self.out_channels, self.stride = out_channels, stride"]
    project = ["self.projection = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)"]
    if not preact:
        project.append("self.projection_norm = BatchNorm(out_channels)")
    if mode == "A":
        return keep
    if mode == "C":
        return project
    if mode == "B":
        condition = "if stride != 1 or in_channels != out_channels:"
        return ["self.projection = None", condition, *(f"    {line}" for line in project)]
    if mode == "mixed":
        lines = ["self.kind = shortcut"] + (keep if "A" in made else [])
        if "projection" in made:
            lines += ['if shortcut == "projection":', *(f"    {line}" for line in project)]
        return lines
    return []


def _projected(preact: bool) -> str:
    # In a pre-activation unit the projection reads the activated input, as in the authors' code.
    return "self.projection(active)" if preact else "self.projection_norm(self.projection(x))"


def _forward(mode: str, preact: bool, bottleneck: bool) -> list[str]:
    last = 3 if bottleneck else 2
    arguments = "x, active" if preact else "x"
    shortcut = {
        "identity": "x",
        "A": "zero_pad_shortcut(x, self.out_channels, self.stride)",
        "B": f"self.shortcut({arguments})",
        "C": _projected(preact),
    }.get(mode)
    if preact:
        lines = ["active = F.relu(self.norm1(x))", "branch = self.conv1(active)"]
        lines += [f"branch = self.conv{n}(F.relu(self.norm{n}(branch)))" for n in range(2, last + 1)]
    else:
        lines = ["branch = F.relu(self.norm1(self.conv1(x)))"]
        lines += [f"branch = F.relu(self.norm{n}(self.conv{n}(branch)))" for n in range(2, last)]
        lines.append(f"branch = self.norm{last}(self.conv{last}(branch))")
    result = f"{shortcut} + branch" if shortcut else "branch"
    if mode == "mixed":
        lines += ['if self.kind != "none":', f"    branch = self.shortcut({arguments}) + branch"]
    lines.append(f"return {result}" if preact else f"return F.relu({result})")
    return lines


def _shortcut_method(mode: str, made: set[str], preact: bool) -> list[str]:
    arguments = "x: Tensor, active: Tensor" if preact else "x: Tensor"
    lines = [f"def shortcut(self, {arguments}) -> Tensor:"]
    if mode == "B":
        lines += ["    if self.projection is None:", "        return x"]
        return [*lines, f"    return {_projected(preact)}"]
    if "projection" in made:
        lines += ['    if self.kind == "projection":', f"        return {_projected(preact)}"]
    if "A" in made:
        lines += ['    if self.kind == "A":']
        lines += ["        return zero_pad_shortcut(x, self.out_channels, self.stride)"]
    return [*lines, "    return x"]
