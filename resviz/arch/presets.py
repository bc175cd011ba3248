"""The papers' networks by name.

    [cifar-]FAMILY-DEPTH[-A|-B|-C][-v1|-v1.5][-wW]      resnet-20, plain-56-w8, resnet-110-B, resnet-50-v1.5

`plain`, `resnet` (arXiv:1512.03385): CIFAR networks of depth 6n+2 (Sec. 4.2), ImageNet's of depth 18, 34,
50, 101 and 152 (Table 1). 50 and 152 are both: the bare name is ImageNet's, `cifar-resnet-50` the other.
`preact` (arXiv:1603.05027): depth 6n+2, or 9n+2 with bottlenecks (164, 1001; the "10.2M" parameters it gives
for the latter are those of convolutions and classifier; with batch norms 10,327,706). W is the width of the
first stage. `v1` strides in the first 1x1 convolution of a bottleneck (the papers, the default), `v1.5` in
the 3x3 (torchvision).

A shortcut letter says the option for all units. Without one it is A for CIFAR (Sec. 4.2: "identity shortcuts
in all cases"), and B for ImageNet and for pre-activation bottlenecks, as in the authors' published code. A
plain network is the twin of its option-A sister.

torchvision's ResNets have torchvision's own names (`resnet50`, `resnext50_32x4d`), and their strides in the
3x3 convolution.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

import msgspec

from resviz.arch.graph import Architecture, Wire
from resviz.arch.layout import arrange
from resviz.arch.spec import Shape
from resviz.arch.twin import twin
from resviz.errors import ParameterError, PresetError

DEEPEST = 10_000
"""Weighted layers that a preset may have."""

MOST_CHANNELS = 16_384
"""Channels that a block may have (the catalogue's limit)."""

IMAGENET_UNITS: dict[int, tuple[int, ...]] = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
"""Residual units in each stage (arXiv:1512.03385, Table 1); from depth 50 on they are bottlenecks."""

PREACT_BOTTLENECK = (164, 1001)
"""Depths of the bottleneck networks of arXiv:1603.05027, Table 4; 164 is of both forms, 6n+2 and 9n+2."""

_TORCHVISION: dict[str, tuple[int, int, int]] = {
    "resnet18": (18, 1, 1),
    "resnet34": (34, 1, 1),
    "resnet50": (50, 1, 1),
    "resnet101": (101, 1, 1),
    "resnet152": (152, 1, 1),
    "resnext50_32x4d": (50, 32, 2),
    "resnext101_32x8d": (101, 32, 4),
    "resnext101_64x4d": (101, 64, 4),
    "wide_resnet50_2": (50, 1, 2),
    "wide_resnet101_2": (101, 1, 2),
}
"""torchvision's ResNets: depth, groups, and width of the bottlenecks' 3x3 convolution (ResNet's is 1).

ResNeXt is of arXiv:1611.05431, the wide ones of arXiv:1605.07146.
"""

_NAME = re.compile(r"(cifar-)?(plain|resnet|preact)-(\d+)((?:-[a-z0-9.]+)*)")
_CIFAR_DEPTHS = (8, 14, 20, 32, 44, 56, 110, 1202)


class _Plan(msgspec.Struct, frozen=True):
    """What a preset's name says. `shortcut`, `width` and `version` are empty or 0 where it does not say."""

    name: str
    family: str
    depth: int
    cifar: bool
    shortcut: str
    version: str
    width: int
    plain: bool
    groups: int = 1
    widening: int = 1

    @property
    def bottleneck(self) -> bool:
        if not self.cifar:
            return self.depth >= 50
        return self.family == "preact" and (self.depth in PREACT_BOTTLENECK or self.depth % 6 != 2)

    @property
    def units(self) -> tuple[int, ...]:
        """Residual units in each stage."""
        if not self.cifar:
            return IMAGENET_UNITS[self.depth]
        return ((self.depth - 2) // (9 if self.bottleneck else 6),) * 3

    @property
    def widest(self) -> int:
        """Largest width of the first stage; each further one doubles it, a bottleneck ends with 4 times."""
        return MOST_CHANNELS >> (len(self.units) - 1) >> (2 if self.bottleneck else 0)


def names() -> list[str]:
    """Return the presets to choose from; any other depth, shortcut and width of the families works too."""
    return [
        *(f"plain-{depth}" for depth in _CIFAR_DEPTHS),
        *(f"resnet-{depth}" for depth in _CIFAR_DEPTHS),
        *(f"resnet-{depth}-{option}" for depth in (20, 32, 44, 56, 110) for option in "BC"),
        "plain-56-w8",
        "resnet-56-w8",
        "cifar-plain-50",
        "cifar-resnet-50",
        "cifar-plain-152",
        "cifar-resnet-152",
        *(f"preact-{depth}" for depth in (20, 32, 44, 56, 110, 164, 1001)),
        "plain-18",
        "plain-34",
        *(f"resnet-{depth}" for depth in IMAGENET_UNITS),
        *(f"resnet-{depth}-{option}" for depth in (18, 34) for option in "AC"),
        *(f"resnet-{depth}-v1.5" for depth in (50, 101, 152)),
        *_TORCHVISION,
    ]


def preset(name: str, *, input_shape: Shape | None = None, classes: int | None = None) -> Architecture:
    """Return the network called `name`, its blocks placed.

    Args:
        name: see the head of this module; letters may be small or capital.
        input_shape: (C, H, W); (3, 32, 32) for CIFAR networks and (3, 224, 224) for ImageNet's if not given.
        classes: width of the classifier; 10 or 1000 if not given.

    Raises:
        PresetError: the name is not understood (the sentence offers the nearest), or a size is out of range.
    """
    plan = _parse(name)
    if plan.plain:
        # Of an option-A sister with the rule's name, or with the one that leads back to this network.
        sister = msgspec.structs.replace(plan, plain=False)
        if plan.family == "plain":
            sister = msgspec.structs.replace(sister, family="resnet", shortcut="" if plan.cifar else "A")
        return twin(_build(_named(sister), input_shape, classes))
    return _build(plan, input_shape, classes)


def _parse(name: str) -> _Plan:
    typed = name.strip()
    if typed.lower() in _TORCHVISION:
        return _torchvision(typed.lower())
    text = _spelled(typed.lower())
    match = _NAME.fullmatch(text.lower())
    if not match or len(match[3]) > 9:
        begun = [known for known in names() if text and known.startswith(text)]
        close = begun or get_close_matches(text, names(), 1, 0.5)
        hint = f"did you mean {close[0]!r}?" if close else "try 'resnet-20' or 'plain-56'."
        raise PresetError(f"There is no preset called {name[:60]!r}: {hint}")
    family, depth = match[2], int(match[3])
    given: dict[str, str] = {}
    for option in match[4].split("-")[1:]:
        key, value = _option(typed, option)
        if key in given:
            raise PresetError(f"{text}: {given[key]!r} and {value!r} exclude each other: keep one of them.")
        given[key] = value
    cifar = bool(match[1]) or family == "preact" or depth not in IMAGENET_UNITS
    if cifar:
        _check_depth(match[1] or "", family, depth)
    plan = _named(
        _Plan(
            name="",
            family=family,
            depth=depth,
            cifar=cifar,
            shortcut=given.get("shortcut", ""),
            version=given.get("version", ""),
            width=int(given.get("width", "w0")[1:]),
            plain=family == "plain" or "plain" in given,
        ),
        prefix=match[1] or "",
    )
    if "width" in given and not 1 <= plan.width <= plan.widest:
        raise PresetError(f"{typed[:60]}: the width of the first stage must be from 1 to {plan.widest}.")
    if plan.family == "plain" and plan.shortcut:
        raise PresetError(f"{text}: a plain network has no shortcuts; leave out -{plan.shortcut}.")
    if plan.version and not plan.bottleneck:
        raise PresetError(
            f"{text}: only bottleneck networks (resnet-50) have a stride to place; leave out -{plan.version}."
        )
    if "plain" in given and family != "preact":
        raise PresetError(f"{text}: the plain network is called plain-{depth}.")
    return plan


def _torchvision(name: str) -> _Plan:
    depth, groups, widening = _TORCHVISION[name]
    version = "v1.5" if depth >= 50 else ""
    return _Plan(name, "resnet", depth, False, "", version, 0, False, groups, widening)


def _option(name: str, option: str) -> tuple[str, str]:
    """Return what one suffix sets, and how it is spelled."""
    if option in ("a", "b", "c"):
        return "shortcut", option.upper()
    if option in ("v1", "v1.5"):
        return "version", option
    if option == "plain":
        return "plain", option
    if re.fullmatch(r"w\d+", option):
        return "width", option[:9]
    spelling = next((part for part in name.split("-") if part.lower() == option), option)
    raise PresetError(
        f"{name[:60]}: {spelling[:30]!r} is not understood; behind the depth may stand -A, -B or -C "
        "(shortcut), -v1.5 (stride in the 3x3 convolution) and -w8 (width of the first stage)."
    )


def _check_depth(prefix: str, family: str, depth: int) -> None:
    form = "6n+2 or 9n+2" if family == "preact" else "6n+2"
    near = range(max(8, depth - 9), depth + 9)
    fits = [d for d in near if d % 6 == 2 or (family == "preact" and d % 9 == 2)]
    if not prefix and family != "preact":
        fits = sorted({*fits, *(d for d in IMAGENET_UNITS if abs(d - depth) < 9)})
    if depth > DEEPEST:
        raise PresetError(f"{prefix}{family}-{depth}: a preset has at most {DEEPEST} layers.")
    if depth in fits:
        return
    if depth < 8:
        form += " with n of at least 1"
    below, above = [d for d in fits if d < depth][-1:], [d for d in fits if d > depth][:1]
    nearest = " and ".join(f"{prefix}{family}-{d}" for d in below + above)
    verb = "are" if below and above else "is"
    raise PresetError(f"{prefix}{family}-{depth}: depth must be {form}; the nearest {verb} {nearest}.")


def _named(plan: _Plan, prefix: str | None = None) -> _Plan:
    """Return the plan with its name spelled in the usual order."""
    if prefix is None:
        prefix = "cifar-" if plan.name.startswith("cifar-") else ""
    width = f"w{plan.width}" if plan.width else ""
    plain = "plain" if plan.plain and plan.family == "preact" else ""
    parts = (f"{prefix}{plan.family}", str(plan.depth), plan.shortcut, plan.version, width, plain)
    return msgspec.structs.replace(plan, name="-".join(part for part in parts if part))


def _spelled(name: str) -> str:
    return re.sub(r"-([abc])(?=-|$)", lambda match: f"-{match[1].upper()}", name)


def _build(plan: _Plan, input_shape: Shape | None, classes: int | None) -> Architecture:
    shape = tuple(input_shape or ((3, 32, 32) if plan.cifar else (3, 224, 224)))
    if len(shape) != 3:
        raise PresetError(f"{plan.name}: an input has channels, height and width, not {len(shape)} sizes.")
    try:
        return _assemble(plan, shape, (10 if plan.cifar else 1000) if classes is None else classes)
    except ParameterError as error:
        raise PresetError(f"{plan.name}: {error}") from None


def _assemble(plan: _Plan, shape: Sequence[int], classes: int) -> Architecture:
    architecture = Architecture(plan.name)
    previous = ""

    def append(kind: str, block_id: str, **params: object) -> None:
        nonlocal previous
        architecture.add(kind, block_id, **params)
        if previous:
            architecture.connect(Wire(previous, block_id))
        previous = block_id

    preact = plan.family == "preact"
    width = plan.width or (16 if plan.cifar else 64)
    append("input", "input", channels=shape[0], height=shape[1], width=shape[2])
    if not plan.cifar:
        append("conv_bn_relu", "stem", out_channels=width, kernel_size=7, stride=2, padding=3)
        append("max_pool", "stem_pool", kernel_size=3, stride=2, padding=1)
    else:
        append("conv" if preact else "conv_bn_relu", "stem", out_channels=width, kernel_size=3, padding=1)

    kind = ("preact_" if preact else "") + ("bottleneck" if plan.bottleneck else "basic")
    identity = plan.cifar and not plan.bottleneck
    params: dict[str, object] = {"shortcut": plan.shortcut or ("A" if identity else "B")}
    if plan.bottleneck:
        params["stride_in"] = "3x3" if plan.version == "v1.5" else "first 1x1"
    for stage, units in enumerate(plan.units, 1):
        inner = width << (stage - 1)
        params["out_channels"] = inner * 4 if plan.bottleneck else inner
        if plan.bottleneck:
            params["width"] = inner * plan.widening
            params["groups"] = plan.groups
        for unit in range(1, units + 1):
            stride = 2 if unit == 1 and stage > 1 else 1
            append(kind, f"stage{stage}.block{unit}", stride=stride, **params)

    if preact:  # "an extra activation right after its element-wise addition" (arXiv:1603.05027, Sec. 3.2)
        append("batch_norm", "head_norm")
        append("relu", "head_relu")
    append("global_avg_pool", "pool")
    append("linear", "classifier", out_features=classes)
    append("output", "output")
    for block_id, position in arrange(architecture).items():
        architecture.move(block_id, position)
    return architecture
