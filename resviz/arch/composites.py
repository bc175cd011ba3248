"""The composite kinds: a whole unit of the paper in one block.

`units(kind, params, in_channels)` lists the layers of one instance. Cost and shape rules, the torch modules
and the exported source are held to that one list by tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from resviz.arch.layers import batch_norm_cost, conv_cost, zero_pad_shape
from resviz.arch.spec import Cost, Kind, Parameter, Params, Shape, ShapeError, integer, need_map, window

SHORTCUTS = ("none", "A", "B", "C")
RESIDUAL_KINDS = ("basic", "bottleneck", "preact_basic", "preact_bottleneck")


@dataclass(frozen=True)
class Conv:
    """One convolution of a composite; side of the kernel, stride and padding in pixels."""

    name: str
    in_channels: int
    out_channels: int
    kernel_size: int
    stride: int
    padding: int
    groups: int = 1


@dataclass(frozen=True)
class Units:
    """The layers of one composite.

    `branch`: its convolutions in order; `norms`: channels of its batch norms in order (the shortcut's
    excluded); `projection`: the shortcut's 1x1 convolution, if it has one; `projection_norm`: whether a batch
    norm follows that.
    """

    branch: tuple[Conv, ...]
    norms: tuple[int, ...]
    projection: Conv | None = None
    projection_norm: bool = False


def shortcut_of(params: Params, in_channels: int, out_channels: int, stride: int) -> str:
    """Return what a block's shortcut is here: "none", "identity", "A" (zero-padding) or "projection"."""
    option = params["shortcut"]
    if option == "none":
        return "none"
    changes = stride != 1 or in_channels != out_channels
    if option == "C" or (option == "B" and changes):
        return "projection"
    return "A" if changes else "identity"


def units(kind: str, params: Params, in_channels: int) -> Units:
    """Return the layers of composite `kind` with complete `params`, fed with `in_channels`."""
    out_channels = integer(params, "out_channels")
    stride = integer(params, "stride")
    if kind == "conv_bn_relu":
        kernel, padding = integer(params, "kernel_size"), integer(params, "padding")
        return Units((Conv("conv", in_channels, out_channels, kernel, stride, padding),), (out_channels,))
    preact = kind.startswith("preact")
    branch: tuple[Conv, ...]
    if kind.endswith("basic"):
        branch = (
            Conv("conv1", in_channels, out_channels, 3, stride, 1),
            Conv("conv2", out_channels, out_channels, 3, 1, 1),
        )
    else:
        inner = integer(params, "width")
        first = stride if params["stride_in"] == "first 1x1" else 1
        branch = (
            Conv("conv1", in_channels, inner, 1, first, 0),
            Conv("conv2", inner, inner, 3, stride // first, 1, integer(params, "groups")),
            Conv("conv3", inner, out_channels, 1, 1, 0),
        )
    norms = tuple(c.in_channels if preact else c.out_channels for c in branch)
    projection = None
    if shortcut_of(params, in_channels, out_channels, stride) == "projection":
        projection = Conv("projection", in_channels, out_channels, 1, stride, 0)
    return Units(branch, norms, projection, projection is not None and not preact)


def _shape_rule(kind: str, title: str) -> Callable[[Params, tuple[Shape, ...]], Shape]:
    def infer(params: Params, inputs: tuple[Shape, ...]) -> Shape:
        shape: Shape = need_map(inputs[0], title)
        for conv in units(kind, params, shape[0]).branch:
            if conv.in_channels % conv.groups:
                raise ShapeError(
                    f"{title}: a width of {conv.in_channels} does not split into {conv.groups} groups.",
                    "Choose for {block} a number of groups that divides its width.",
                )
            height, width = (window(s, conv.kernel_size, conv.stride, conv.padding, title) for s in shape[1:])
            shape = (conv.out_channels, height, width)
        if (
            kind in RESIDUAL_KINDS
            and shortcut_of(params, inputs[0][0], shape[0], integer(params, "stride")) == "A"
        ):
            padded = zero_pad_shape(inputs[0], shape[0], integer(params, "stride"), title)
            if padded != shape:
                raise ShapeError(
                    f"{title}: shortcut and branch give {padded} and {shape}.", "Use shortcut B on {block}."
                )
        return shape

    return infer


def _cost_rule(kind: str, title: str) -> Callable[[Params, tuple[Shape, ...], Shape], Cost]:
    def cost(params: Params, inputs: tuple[Shape, ...], output: Shape) -> Cost:
        plan = units(kind, params, inputs[0][0])
        total, shape = Cost(), inputs[0]
        preact = kind.startswith("preact")
        for conv in plan.branch:
            before = shape
            height, width = (window(s, conv.kernel_size, conv.stride, conv.padding, title) for s in shape[1:])
            shape = (conv.out_channels, height, width)
            total += conv_cost(conv.in_channels, shape, conv.kernel_size, conv.groups)
            total += batch_norm_cost(before if preact else shape)
        if plan.projection:
            total += conv_cost(plan.projection.in_channels, output, 1)
            if plan.projection_norm:
                total += batch_norm_cost(output)
        return total

    return cost


_CHANNELS = Parameter(
    "out_channels", 16, "Number of channels that leave the block.", minimum=1, maximum=16384
)
_STRIDE = Parameter(
    "stride", 1, "2 halves height and width, in the block's first strided layer.", minimum=1, maximum=16
)
_SHORTCUT = Parameter(
    "shortcut",
    "A",
    "none: plain block. A: identity, zero-padded where the shape changes. B: projection where the shape "
    "changes, identity elsewhere. C: projection everywhere.",
    choices=SHORTCUTS,
)
_WIDTH = Parameter("width", 16, "Channels of the 3x3 convolution inside.", minimum=1, maximum=16384)
_STRIDE_IN = Parameter(
    "stride_in",
    "first 1x1",
    "Where the stride sits: in the first 1x1 convolution (the papers, v1) or in the 3x3 (torchvision, v1.5).",
    choices=("first 1x1", "3x3"),
)
_GROUPS = Parameter(
    "groups",
    1,
    "Channel groups of the 3x3 convolution, convolved separately: the cardinality of ResNeXt "
    "(arXiv:1611.05431).",
    minimum=1,
    maximum=16384,
    since=3,
)


def _kind(
    name: str,
    title: str,
    doc: str,
    *,
    source: str,
    parameters: tuple[Parameter, ...],
    depth: int,
    synonyms: tuple[str, ...],
    short_title: str = "",
) -> Kind:
    return Kind(
        name,
        title,
        "Residual units" if name in RESIDUAL_KINDS else "Units",
        doc,
        source,
        _shape_rule(name, title),
        _cost_rule(name, title),
        parameters=parameters,
        depth=depth,
        synonyms=synonyms,
        short_title=short_title,
    )


KINDS: tuple[Kind, ...] = (
    _kind(
        "basic",
        "Basic block",
        "y = ReLU(s(x) + F(x)) with F = conv 3x3, batch norm, ReLU, conv 3x3, batch norm. Shortcut "
        "none leaves the plain network's two layers. CIFAR networks and ResNet-18 and -34 are built of it.",
        source="arXiv:1512.03385, Fig. 5 left",
        parameters=(_CHANNELS, _STRIDE, _SHORTCUT),
        depth=2,
        synonyms=("residual block", "resnet", "building block", "skip", "shortcut"),
    ),
    _kind(
        "bottleneck",
        "Bottleneck block",
        "F = 1x1 convolution down to `width`, 3x3 there, 1x1 up again, each with batch norm. Three layers at "
        "about the cost of the basic block's two; ResNet-50, -101 and -152 are built of it. With `groups` it "
        "is ResNeXt's.",
        source="arXiv:1512.03385, Fig. 5 right",
        parameters=(
            Parameter("out_channels", 64, _CHANNELS.doc, 1, 16384),
            _WIDTH,
            _STRIDE,
            _SHORTCUT,
            _STRIDE_IN,
            _GROUPS,
        ),
        depth=3,
        synonyms=("residual block", "resnet-50", "resnext", "1x1", "skip"),
    ),
    _kind(
        "preact_basic",
        "Pre-activation block",
        "y = s(x) + F(x) with F = batch norm, ReLU, conv 3x3, batch norm, ReLU, conv 3x3: nothing stands on "
        "the shortcut, so the signal passes the whole network unchanged.",
        source="arXiv:1603.05027, Fig. 1b",
        parameters=(_CHANNELS, _STRIDE, _SHORTCUT),
        depth=2,
        short_title="Pre-act block",
        synonyms=("pre-activation", "residual block", "v2", "identity mappings"),
    ),
    _kind(
        "preact_bottleneck",
        "Pre-activation bottleneck",
        "The bottleneck with batch norm and ReLU before each convolution; the 164- and 1001-layer networks "
        "of the follow-up paper are built of it.",
        source="arXiv:1603.05027, Sec. 4",
        parameters=(
            Parameter("out_channels", 64, _CHANNELS.doc, 1, 16384),
            _WIDTH,
            _STRIDE,
            _SHORTCUT,
            _STRIDE_IN,
            _GROUPS,
        ),
        depth=3,
        short_title="Pre-act bottleneck",
        synonyms=("pre-activation", "residual block", "v2", "1001", "164"),
    ),
    _kind(
        "conv_bn_relu",
        "Conv, batch norm, ReLU",
        "One convolution with batch norm and ReLU: the entry of most networks, and the layer of plain ones.",
        source="arXiv:1512.03385, Sec. 3.4",
        parameters=(
            _CHANNELS,
            Parameter("kernel_size", 3, "Side of the window in pixels.", 1, 31),
            _STRIDE,
            Parameter("padding", 1, "Zeros added on each side, in pixels.", 0, 15),
        ),
        depth=1,
        short_title="Conv-norm-ReLU",
        synonyms=("cbr", "stem", "layer", "plain"),
    ),
)
