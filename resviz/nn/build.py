"""Architecture -> Network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import torch
from torch import nn

from resviz.arch.activations import pieces, segments
from resviz.arch.bypass import active
from resviz.arch.composites import RESIDUAL_KINDS, shortcut_of
from resviz.arch.graph import Architecture, Block
from resviz.arch.shapes import Inference, infer, read_ports
from resviz.arch.spec import Params, integer
from resviz.errors import BuildError
from resviz.nn import init, modules, norm_free
from resviz.nn.branches import Branch, branches, has_shortcut
from resviz.nn.network import Network

__all__ = ["Network", "build"]

ResidualInit = Literal["he", "zero-gamma", "skipinit", "fixup"]
"""As in a recipe, which says the sources."""

Maker = Callable[[str, Params, int], nn.Module]
"""Block id, parameters, input channels (or features) -> module."""


def build(
    architecture: Architecture,
    seed: int = 0,
    *,
    residual_init: ResidualInit = "he",
    survival_last: float = 1.0,
    recompute: bool = False,
) -> Network:
    """Return the network of an architecture on the CPU, float32, training mode, initial weights of `seed`.

    Blocks that take no part in the output (the shortcut layers of a plain twin) or are bypassed are not
    built. PyTorch's own
    random state is neither read nor changed.

    Args:
        architecture: what to build.
        seed: of the initial weights.
        residual_init: how residual branches begin; "skipinit" and "fixup" build no batch norm. Plain blocks
            lose theirs too, for twins have the same layers, but keep the weights of "he".
        survival_last: probability that the last residual block survives a training pass (stochastic depth).
        recompute: keep only some activations for the backward pass, and make the others again there.

    Raises:
        BuildError: the architecture has problems; the sentence says the first one and its mend.
    """
    architecture = active(architecture)
    inference = infer(architecture)
    if inference.problems:
        raise BuildError(_complaint(architecture, inference))
    live = [architecture[block_id] for block_id in architecture.order() if block_id in inference.live]
    sources = {block.id: _sources(architecture, block) for block in live}
    layers = [block for block in live if block.kind not in ("input", "output")]
    built: dict[str, nn.Module] = {}
    # Torch's layers draw initial values of their own, which ours replace. (Making them on the "meta" device
    # would spare that, but importing what it needs takes 0.4 s: twenty times a whole plain-44.)
    with torch.random.fork_rng(devices=[]):
        for block in layers:
            in_channels = inference.inputs[block.id][0][0]
            module = _MAKERS[block.kind](block.id, block.params, in_channels)
            if residual_init in _NORM_FREE:
                module = _NORM_FREE[residual_init](module, has_shortcut(block))
            built[block.id] = module
    for block_id, module in built.items():
        init.initialise(module, block_id, seed)
    (input_block,) = (block for block in live if block.kind == "input")
    (output_block,) = (block for block in live if block.kind == "output")
    residual = branches(architecture, built, sources, output_block.id)
    if residual_init == "zero-gamma":
        init.zero_gamma(residual)
    elif residual_init == "fixup":
        init.fixup(residual, _classifier(built, residual))
    convolutions = [
        (name, conv) for block in layers for name, conv in _convolutions(architecture, block, built[block.id])
    ]
    responses = _responses(architecture, built, [name for name, _ in convolutions])
    return Network(
        built,
        sources,
        input_block.id,
        sources[output_block.id][0],
        convolutions=convolutions,
        probe_blocks=[block.id for block in layers if block.kind in (*RESIDUAL_KINDS, "add")],
        responses=responses,
        residual=residual,
        survival_last=survival_last,
        segments=_segments(architecture, inference, residual_init) if recompute else (),
        input_shape=inference.shapes[input_block.id],
        classes=inference.shapes[output_block.id][0],
    )


def _segments(architecture: Architecture, inference: Inference, residual_init: str) -> list[list[str]]:
    groups = segments(pieces(architecture, inference, residual_init))
    return [[block_id for piece in group for block_id in piece.blocks] for group in groups]


def _complaint(architecture: Architecture, inference: Inference) -> str:
    first = inference.problems[0]
    others = len(inference.problems) - 1
    more = f" ({others} more problem{'s' if others > 1 else ''} after that.)" if others else ""
    return f"{architecture.name} cannot be built. {first.message} {first.mend}{more}"


def _sources(architecture: Architecture, block: Block) -> tuple[str, ...]:
    """Return the ids a block reads (an addition with `plain` on reads its branch only)."""
    wires = architecture.incoming(block.id)
    return tuple(wires[port].source for port in read_ports(block))


def _responses(
    architecture: Architecture, built: Mapping[str, nn.Module], convolutions: Sequence[str]
) -> list[str]:
    """Return which convolutions have a batch norm behind them, in order.

    A unit's batch norms know theirs; a loose batch norm is told the loose convolution that it reads (the
    first one to do so, if several read it). What stands in for a batch norm counts as one.
    """
    followed = set()
    for block_id, module in built.items():
        if isinstance(module, _NORMS):
            source = architecture.incoming(block_id)["in"].source
            if source in convolutions and source not in followed:
                module.response = source
        followed |= {layer.response for layer in module.modules() if isinstance(layer, _NORMS)}
    return [name for name in convolutions if name in followed]


def _classifier(built: Mapping[str, nn.Module], residual: Sequence[Branch]) -> nn.Module | None:
    """Return the last convolution or linear layer, unless that is in a residual branch."""
    inner = {layer for branch in residual for layer in branch.layers}
    layers = (layer for block in built.values() for layer in block.modules())
    weighted = [layer for layer in layers if isinstance(layer, nn.Conv2d | nn.Linear)]
    return weighted[-1] if weighted and weighted[-1] not in inner else None


def _convolutions(
    architecture: Architecture, block: Block, module: nn.Module
) -> Iterator[tuple[str, nn.Conv2d]]:
    """Yield the convolutions of one block on the main path: projections are not on it."""
    if isinstance(module, nn.Conv2d):
        if not _is_projection(architecture, block):
            yield block.id, module
        return
    for name, layer in module.named_children():
        if isinstance(layer, nn.Conv2d) and name != "projection":
            yield f"{block.id}.{name}", layer


def _is_projection(architecture: Architecture, conv: Block) -> bool:
    """Say whether a loose 1x1 convolution leads, by nothing but batch norm, into an addition's shortcut."""
    if conv.params["kernel_size"] != 1:
        return False
    block = conv
    while True:
        wires = architecture.outgoing(block.id)
        if len(wires) != 1:
            return False
        block = architecture[wires[0].target]
        if block.kind == "add":
            return wires[0].target_port == "shortcut"
        if block.kind not in ("batch_norm", "identity"):
            return False


def _shortcut(params: Params, in_channels: int) -> str:
    return shortcut_of(params, in_channels, integer(params, "out_channels"), integer(params, "stride"))


def _conv(_name: str, params: Params, in_channels: int) -> nn.Module:
    out_channels, kernel_size, stride, padding, groups = (
        integer(params, key) for key in ("out_channels", "kernel_size", "stride", "padding", "groups")
    )
    bias = bool(params["bias"])
    return nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=bias)


def _conv_bn_relu(name: str, params: Params, in_channels: int) -> nn.Module:
    out_channels, kernel_size, stride, padding = (
        integer(params, key) for key in ("out_channels", "kernel_size", "stride", "padding")
    )
    return modules.ConvBnRelu(
        name, in_channels, out_channels, kernel_size=kernel_size, stride=stride, padding=padding
    )


def _basic(unit: type[modules.BasicBlock] | type[modules.PreActivationBasic]) -> Maker:
    def make(name: str, params: Params, in_channels: int) -> nn.Module:
        out_channels, stride = integer(params, "out_channels"), integer(params, "stride")
        return unit(name, in_channels, out_channels, stride=stride, shortcut=_shortcut(params, in_channels))

    return make


def _bottleneck(unit: type[modules.Bottleneck] | type[modules.PreActivationBottleneck]) -> Maker:
    def make(name: str, params: Params, in_channels: int) -> nn.Module:
        width, out_channels, stride = (integer(params, key) for key in ("width", "out_channels", "stride"))
        return unit(
            name, in_channels, width, out_channels, stride=stride, shortcut=_shortcut(params, in_channels),
            stride_in=str(params["stride_in"]), groups=integer(params, "groups"),
        )  # fmt: skip

    return make


def _pool(pool: type[nn.MaxPool2d] | type[nn.AvgPool2d]) -> Maker:
    def make(_name: str, params: Params, _in_channels: int) -> nn.Module:
        kernel_size, stride, padding = (integer(params, key) for key in ("kernel_size", "stride", "padding"))
        return pool(kernel_size, stride, padding)

    return make


_MAKERS: dict[str, Maker] = {
    "conv_bn_relu": _conv_bn_relu,
    "basic": _basic(modules.BasicBlock),
    "preact_basic": _basic(modules.PreActivationBasic),
    "bottleneck": _bottleneck(modules.Bottleneck),
    "preact_bottleneck": _bottleneck(modules.PreActivationBottleneck),
    "conv": _conv,
    "batch_norm": lambda _name, _params, channels: modules.BatchNorm(channels),
    "relu": lambda *_: nn.ReLU(),
    "add": lambda name, *_: modules.Add(name),
    "zero_pad_shortcut": lambda _name, params, channels: modules.ZeroPadShortcut(
        channels, integer(params, "out_channels"), integer(params, "stride")
    ),
    "max_pool": _pool(nn.MaxPool2d),
    "avg_pool": _pool(nn.AvgPool2d),
    "global_avg_pool": lambda *_: modules.GlobalAveragePool(),
    "flatten": lambda *_: nn.Flatten(),
    "linear": lambda _name, params, features: nn.Linear(
        features, integer(params, "out_features"), bias=bool(params["bias"])
    ),
    "dropout": lambda _name, params, _channels: nn.Dropout(float(params["p"])),
    "identity": lambda *_: nn.Identity(),
}

_NORMS = (modules.BatchNorm, norm_free.NoNorm)
_NORM_FREE = {"skipinit": norm_free.skipinit, "fixup": norm_free.fixup}
