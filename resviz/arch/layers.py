"""The primitive kinds: one layer each."""

from __future__ import annotations

from math import prod

from resviz.arch.spec import (
    Cost,
    Kind,
    Parameter,
    Params,
    Shape,
    ShapeError,
    integer,
    need_map,
    shape_text,
    window,
)

NOTHING = Cost()


def _elementwise_cost(_params: Params, _inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return Cost(activations=prod(output))


def _same(_params: Params, inputs: tuple[Shape, ...]) -> Shape:
    return inputs[0]


def conv_shape(params: Params, inputs: tuple[Shape, ...], what: str = "Convolution") -> Shape:
    """Return the output shape of a convolution."""
    channels, height, width = need_map(inputs[0], what)
    kernel, stride, padding = (integer(params, name) for name in ("kernel_size", "stride", "padding"))
    out_channels = integer(params, "out_channels")
    groups = integer(params, "groups") if "groups" in params else 1
    if channels % groups or out_channels % groups:
        raise ShapeError(
            f"{what}: {channels} input and {out_channels} output channels do not split into {groups} groups.",
            "Choose for {block} a number of groups that divides both.",
        )
    return (
        out_channels,
        window(height, kernel, stride, padding, what),
        window(width, kernel, stride, padding, what),
    )


def conv_cost(in_channels: int, output: Shape, kernel: int, groups: int = 1, bias: bool = False) -> Cost:
    """Return the cost of one convolution with output `(C, H, W)`."""
    out_channels, height, width = output
    weights = out_channels * (in_channels // groups) * kernel * kernel
    return Cost(weights + (out_channels if bias else 0), weights * height * width, prod(output))


def batch_norm_cost(output: Shape) -> Cost:
    """Return the cost of one batch norm (scale and shift a channel)."""
    return Cost(parameters=2 * output[0], activations=prod(output))


def _conv_cost(params: Params, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    return conv_cost(
        inputs[0][0], output, integer(params, "kernel_size"), integer(params, "groups"), bool(params["bias"])
    )


def _input_shape(params: Params, _inputs: tuple[Shape, ...]) -> Shape:
    return integer(params, "channels"), integer(params, "height"), integer(params, "width")


def _output_shape(_params: Params, inputs: tuple[Shape, ...]) -> Shape:
    if len(inputs[0]) != 1:
        raise ShapeError(
            f"Output: expects one score a class, but gets a map of {shape_text(inputs[0])}.",
            "Put global average pooling and a linear layer before {block}.",
        )
    return inputs[0]


def _linear_shape(params: Params, inputs: tuple[Shape, ...]) -> Shape:
    if len(inputs[0]) != 1:
        raise ShapeError(
            f"Linear: expects a vector, but gets a map of {shape_text(inputs[0])}.",
            "Put global average pooling or flatten before {block}.",
        )
    return (integer(params, "out_features"),)


def _linear_cost(params: Params, inputs: tuple[Shape, ...], output: Shape) -> Cost:
    weights = inputs[0][0] * output[0]
    return Cost(weights + (output[0] if params["bias"] else 0), weights, output[0])


def _batch_norm_shape(_params: Params, inputs: tuple[Shape, ...]) -> Shape:
    return need_map(inputs[0], "Batch norm")


def _pool_shape(params: Params, inputs: tuple[Shape, ...]) -> Shape:
    kernel, padding = integer(params, "kernel_size"), integer(params, "padding")
    if 2 * padding > kernel:
        raise ShapeError(
            f"Pooling: padding {padding} is more than half the window of {kernel}.",
            f"Use a padding of at most {kernel // 2} in {{block}}.",
        )
    channels, height, width = need_map(inputs[0], "Pooling")
    stride = integer(params, "stride")
    return (
        channels,
        window(height, kernel, stride, padding, "Pooling"),
        window(width, kernel, stride, padding, "Pooling"),
    )


def _add_shape(params: Params, inputs: tuple[Shape, ...]) -> Shape:
    if params["plain"]:
        return inputs[0]
    branch, shortcut = inputs
    if branch == shortcut:
        return branch
    if len(branch) == len(shortcut) == 3 and branch[0] != shortcut[0] and branch[1:] == shortcut[1:]:
        raise ShapeError(
            f"Add: {shortcut[0]} and {branch[0]} channels cannot be added.",
            "Put a zero-padding shortcut (A) or a 1x1 convolution with batch norm (B) on the shortcut wire.",
        )
    if len(branch) == len(shortcut) == 3:
        raise ShapeError(
            f"Add: maps of {shape_text(shortcut)} and {shape_text(branch)} cannot be added.",
            "Give the shortcut the same stride and channels as the branch.",
        )
    raise ShapeError(
        f"Add: {shape_text(shortcut)} and {shape_text(branch)} values cannot be added.",
        "Both wires must carry the same shape.",
    )


def zero_pad_shape(in_shape: Shape, out_channels: int, stride: int, what: str) -> Shape:
    """Return the shape after shortcut A: every `stride`-th pixel, channels of zeros up to `out_channels`."""
    channels, height, width = need_map(in_shape, what)
    if out_channels < channels:
        raise ShapeError(
            f"{what}: shortcut A only adds channels and cannot go from {channels} down to {out_channels}.",
            "Use shortcut B or C, a projection, on {block}.",
        )
    return out_channels, (height - 1) // stride + 1, (width - 1) // stride + 1


def _zero_pad_shape(params: Params, inputs: tuple[Shape, ...]) -> Shape:
    return zero_pad_shape(
        inputs[0], integer(params, "out_channels"), integer(params, "stride"), "Zero-padding shortcut"
    )


_CHANNELS = Parameter("out_channels", 16, "Number of filters.", minimum=1, maximum=16384)
_STRIDE = Parameter("stride", 1, "Step of the window in pixels; 2 halves the map.", minimum=1, maximum=16)
_KERNEL = Parameter("kernel_size", 3, "Side of the window in pixels.", minimum=1, maximum=31)
_PADDING = Parameter("padding", 1, "Zeros added on each side, in pixels.", minimum=0, maximum=15)
_PAPER = "arXiv:1512.03385, Sec. 3.3"

KINDS: tuple[Kind, ...] = (
    Kind(
        "input",
        "Input",
        "Ends",
        "Where pictures enter, as channels, height and width. Training resizes the chosen data set to "
        "this height and width.",
        _PAPER,
        _input_shape,
        lambda *_: NOTHING,
        inputs=(),
        parameters=(
            Parameter("channels", 3, "Colour channels of a picture.", minimum=1, maximum=1024),
            Parameter("height", 32, "Picture height in pixels.", minimum=1, maximum=4096),
            Parameter("width", 32, "Picture width in pixels.", minimum=1, maximum=4096),
        ),
        synonyms=("image", "picture", "source"),
    ),
    Kind(
        "output",
        "Output",
        "Ends",
        "The class scores (logits). Softmax and cross-entropy belong to training, not to the network.",
        _PAPER,
        _output_shape,
        lambda *_: NOTHING,
        outputs=(),
        synonyms=("logits", "softmax", "scores", "loss"),
    ),
    Kind(
        "conv",
        "Convolution",
        "Layers",
        "Slides learned filters over the map. 3x3 with padding 1 keeps height and width; stride 2 halves "
        "them. No bias by default, for the batch norm behind it has one.",
        _PAPER,
        conv_shape,
        _conv_cost,
        parameters=(
            _CHANNELS,
            _KERNEL,
            _STRIDE,
            _PADDING,
            Parameter("groups", 1, "Channel groups convolved separately.", minimum=1, maximum=16384),
            Parameter("bias", False, "Adds a learned constant a filter."),
        ),
        depth=1,
        synonyms=("conv2d", "filter", "3x3", "1x1", "projection"),
    ),
    Kind(
        "batch_norm",
        "Batch norm",
        "Layers",
        "Brings every channel to mean 0 and variance 1 over the batch, then scales and shifts it by learned "
        "values. It keeps the signal from vanishing on the way forward, in plain networks too.",
        "arXiv:1502.03167",
        _batch_norm_shape,
        lambda _p, _i, output: batch_norm_cost(output),
        synonyms=("bn", "normalisation", "normalization", "batchnorm2d"),
    ),
    Kind(
        "relu",
        "ReLU",
        "Layers",
        "Sets negative values to zero. Without such a bend between them, any number of convolutions would do "
        "no more than one. In residual units the last one stands behind the addition.",
        _PAPER,
        _same,
        _elementwise_cost,
        synonyms=("activation", "rectifier", "nonlinearity"),
    ),
    Kind(
        "add",
        "Add",
        "Layers",
        "y = F(x) + s(x): adds the residual branch and the shortcut. With `plain` on, it lets only the "
        "branch through: that is what the plain twin does.",
        "arXiv:1512.03385, Eq. 1",
        _add_shape,
        _elementwise_cost,
        inputs=("branch", "shortcut"),
        parameters=(Parameter("plain", False, "Lets only the branch through, as in a plain network."),),
        synonyms=("sum", "addition", "plus", "residual", "shortcut", "skip"),
    ),
    Kind(
        "zero_pad_shortcut",
        "Zero-padding shortcut",
        "Layers",
        "Shortcut A: the identity where the shape changes. Takes every stride-th pixel and adds channels of "
        "zeros; no parameters.",
        "arXiv:1512.03385, Sec. 3.3, option A",
        _zero_pad_shape,
        _elementwise_cost,
        parameters=(_CHANNELS, _STRIDE),
        short_title="Zero-pad shortcut",
        synonyms=("option a", "identity", "pad", "subsample"),
    ),
    Kind(
        "max_pool",
        "Max pooling",
        "Layers",
        "Keeps the largest value of each window, and so says whether a feature is there rather than where. "
        "The ImageNet networks have one behind their first convolution.",
        "arXiv:1512.03385, Table 1",
        _pool_shape,
        _elementwise_cost,
        parameters=(
            _KERNEL,
            Parameter("stride", 2, "Step of the window in pixels.", minimum=1, maximum=16),
            _PADDING,
        ),
        synonyms=("maxpool2d", "downsample"),
    ),
    Kind(
        "avg_pool",
        "Average pooling",
        "Layers",
        "Keeps the mean of each window: a smaller map without learned weights. The networks here use strided "
        "convolutions instead.",
        "arXiv:1512.03385, Table 1",
        _pool_shape,
        _elementwise_cost,
        parameters=(
            Parameter("kernel_size", 2, "Side of the window in pixels.", minimum=1, maximum=64),
            Parameter("stride", 2, "Step of the window in pixels.", minimum=1, maximum=64),
            Parameter("padding", 0, "Zeros added on each side, in pixels.", minimum=0, maximum=15),
        ),
        synonyms=("avgpool2d", "mean", "downsample"),
    ),
    Kind(
        "global_avg_pool",
        "Global average pooling",
        "Layers",
        "The mean of each channel over the whole map: from (C, H, W) to C values. Works at any picture size.",
        _PAPER,
        lambda _p, inputs: (need_map(inputs[0], "Global average pooling")[0],),
        _elementwise_cost,
        short_title="Global avg pooling",
        synonyms=("gap", "adaptiveavgpool2d", "head"),
    ),
    Kind(
        "flatten",
        "Flatten",
        "Layers",
        "Lays a map of C x H x W out as one vector, for a linear layer. Ties the network to one picture "
        "size; global average pooling does not.",
        "torch.nn.Flatten",
        lambda _p, inputs: (prod(inputs[0]),),
        _elementwise_cost,
        synonyms=("reshape", "view"),
    ),
    Kind(
        "linear",
        "Linear",
        "Layers",
        "Each output is a weighted sum of all inputs, plus a learned constant. The last one is the "
        "classifier, with one output a class.",
        _PAPER,
        _linear_shape,
        _linear_cost,
        parameters=(
            Parameter(
                "out_features",
                10,
                "Number of outputs; as many as there are classes.",
                minimum=1,
                maximum=65536,
            ),
            Parameter("bias", True, "Adds a learned constant an output."),
        ),
        depth=1,
        synonyms=("fc", "fully connected", "dense", "classifier", "fc10"),
    ),
    Kind(
        "dropout",
        "Dropout",
        "Layers",
        "Sets a random share of the values to zero while training, and scales up the rest, so that no value "
        "is relied upon too much. The paper's networks use none.",
        "arXiv:1207.0580",
        _same,
        _elementwise_cost,
        parameters=(Parameter("p", 0.5, "Share of values set to zero.", minimum=0.0, maximum=0.95),),
        synonyms=("regularisation",),
    ),
    Kind(
        "identity",
        "Identity",
        "Layers",
        "Lets its input through unchanged: a named place on a wire. A shortcut is this, as long as the shape "
        "stays the same.",
        "arXiv:1603.05027",
        _same,
        lambda *_: NOTHING,
        synonyms=("pass", "skip", "nothing"),
    ),
)
