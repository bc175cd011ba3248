"""What a block computes, as a small graph: the layers of its branch in order, its shortcut, what follows."""

from __future__ import annotations

from dataclasses import dataclass

from resviz.arch.blocks import kind_of
from resviz.arch.composites import RESIDUAL_KINDS, Conv, shortcut_of, units
from resviz.arch.spec import Params, integer


@dataclass(frozen=True)
class Step:
    """One layer: the kind that it is drawn as, its name in words, and what is particular about it."""

    kind: str
    name: str
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A block's computation, from left to right.

    `branch`: its layers; `shortcut`: those of the shortcut, empty for the identity, None for none;
    `fork`: how many layers of the branch come before the shortcut leaves; `after`: what follows the addition;
    `starts`: what comes in on the branch (and on the shortcut, where that has an input of its own).
    """

    branch: tuple[Step, ...]
    shortcut: tuple[Step, ...] | None = None
    after: tuple[Step, ...] = ()
    fork: int = 0
    starts: tuple[str, ...] = ("x",)
    end: str = "y"

    def lines(self) -> list[str]:
        """Return the graph in words, one line a way."""
        plus = self.shortcut is not None
        main = [
            self.starts[0],
            *map(_words, self.branch),
            *(["(+)"] if plus else []),
            *map(_words, self.after),
        ]
        lines = [" -> ".join([*main, self.end])]
        if self.shortcut is not None:
            start = self.starts[-1] if self.fork == 0 else self.branch[self.fork - 1].name
            lines.append(" -> ".join([start, *(map(_words, self.shortcut)), "(+)"]))
        return lines


def _words(step: Step) -> str:
    return f"{step.name} {step.note}".strip()


_NAMES = {
    "batch_norm": "BN", "relu": "ReLU", "max_pool": "max pool", "avg_pool": "mean pool", "linear": "linear",
    "global_avg_pool": "global mean", "zero_pad_shortcut": "zero-pad", "conv": "conv", "flatten": "flatten",
    "dropout": "dropout", "identity": "identity",
}  # fmt: skip
_BN, _RELU = Step("batch_norm", "BN"), Step("relu", "ReLU")


def figure_of(kind: str, params: Params, in_channels: int) -> Figure:
    """Return the figure of one block."""
    if kind in RESIDUAL_KINDS:
        return _unit(kind, params, in_channels)
    if kind == "conv_bn_relu":
        (conv,) = units(kind, params, in_channels).branch
        return Figure((_conv(conv), _BN, _RELU))
    if kind == "add":
        plain = bool(params["plain"])
        return Figure((), None, starts=("F(x)",)) if plain else Figure((), (), starts=("F(x)", "s(x)"))
    if kind in ("input", "output"):
        return Figure((Step(kind, kind_of(kind).title),), starts=("picture" if kind == "input" else "x",),
                      end="x" if kind == "input" else "scores")  # fmt: skip
    name = _NAMES.get(kind, kind_of(kind).title)
    if "kernel_size" in params:
        name = f"{name} {params['kernel_size']}x{params['kernel_size']}"
    return Figure((Step(kind, name, _note(kind, params)),))


def _unit(kind: str, params: Params, in_channels: int) -> Figure:
    preact = kind.startswith("preact")
    plan = units(kind, params, in_channels)
    steps: list[Step] = []
    for number, conv in enumerate(plan.branch, 1):
        if preact:
            steps += [_BN, _RELU, _conv(conv)]
        else:
            steps += [_conv(conv), _BN] + ([_RELU] if number < len(plan.branch) else [])
    after = () if preact else (_RELU,)
    option = shortcut_of(params, in_channels, integer(params, "out_channels"), integer(params, "stride"))
    if option == "none":
        return Figure((*steps, *after))
    if plan.projection is not None:
        norm = (_BN,) if plan.projection_norm else ()
        return Figure(tuple(steps), (_conv(plan.projection), *norm), after, fork=2 if preact else 0)
    pad = Step("zero_pad_shortcut", "zero-pad", _note("zero_pad_shortcut", params))
    return Figure(tuple(steps), (pad,) if option == "A" else (), after)


def _conv(conv: Conv) -> Step:
    side = conv.kernel_size
    return Step("conv", f"conv {side}x{side}", _particular(conv.out_channels, conv.stride, conv.groups))


def _note(kind: str, params: Params) -> str:
    if kind == "conv":
        return _particular(*(integer(params, name) for name in ("out_channels", "stride", "groups")))
    if kind in ("max_pool", "avg_pool"):
        return f"/{params['stride']}"
    if kind == "zero_pad_shortcut":
        return _particular(integer(params, "out_channels"), integer(params, "stride"), 1)
    if kind == "linear":
        return str(params["out_features"])
    return f"p = {params['p']:g}" if kind == "dropout" else ""


def _particular(channels: int, stride: int, groups: int) -> str:
    """Return the channels, as in the paper's figures with "/2" for a stride of 2."""
    return f"{channels}{f' /{stride}' if stride > 1 else ''}{f' g{groups}' if groups > 1 else ''}"
