"""The page of each kind of block: equations, what the papers say of it, and its cost as formulas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from resviz.arch.composites import RESIDUAL_KINDS, shortcut_of, units
from resviz.arch.spec import Params, Shape, integer
from resviz.arch.typeset import Formula

_NOTHING = Formula("0")


@dataclass(frozen=True)
class Page:
    """What is to be known of a kind beyond its catalogue entry.

    `equations` in the notation of `resviz.arch.typeset`; `paper`: sentences with their places; the formulas
    give what `resviz.arch.cost` counts, by the names in `SYMBOLS`.
    """

    equations: tuple[str, ...]
    paper: str
    parameters: Formula = _NOTHING
    multiply_adds: Formula = _NOTHING
    activations: Formula = _NOTHING


SYMBOLS: Mapping[str, str] = {
    "C_in": "channels that come in",
    "C_out": "channels that go out",
    "A_in": "places of the map that comes in, height x width",
    "A_1": "places of the map behind the first 1x1 convolution",
    "A": "places of the map that goes out, height x width",
    "F_in": "values that come in",
    "F_out": "values that go out",
    "n": "values that go out",
    "k": "side of the window",
    "w": "width: channels of the 3x3 convolution",
    "g": "groups",
    "b": "1 with a bias, 0 without",
    "j": "1 where the shortcut is a projection, 0 elsewhere",
}


def numbers(kind: str, params: Params, inputs: tuple[Shape, ...], output: Shape) -> dict[str, int]:
    """Return the numbers of one block by the names in `SYMBOLS`, as far as it has them."""
    source = inputs[0] if inputs else output
    found = {"n": prod(output), "C_in": source[0], "C_out": output[0], "A_in": prod(source[1:])}
    found |= {"A": prod(output[1:]), "F_in": prod(source), "F_out": prod(output)}
    for name, symbol in (("kernel_size", "k"), ("width", "w"), ("groups", "g")):
        if name in params and kind != "input":
            found[symbol] = integer(params, name)
    if "bias" in params:
        found["b"] = int(bool(params["bias"]))
    if kind in RESIDUAL_KINDS:
        stride = integer(params, "stride")
        found["j"] = int(shortcut_of(params, source[0], output[0], stride) == "projection")
        first = units(kind, params, source[0]).branch[0].stride
        found["A_1"] = prod((side - 1) // first + 1 for side in source[1:])
    return found


_POOLED = "x_{c, s·i+u−p, s·j+v−p}"
_PAPER_1, _PAPER_2 = "arXiv:1512.03385", "arXiv:1603.05027"
_BASIC = Formula("(9*C_in*C_out + 9*C_out**2 + j*C_in*C_out)*A")
_BOTTLENECK = Formula("C_in*w*A_1 + (9*w**2/g + w*C_out + j*C_in*C_out)*A")
_VALUES = Formula("n")

PAGES: Mapping[str, Page] = {
    "basic": Page(
        ("y = ReLU(F(x) + s(x))", "F(x) = BN(W_2 ∗ ReLU(BN(W_1 ∗ x)))"),
        f"{_PAPER_1}, Eq. 1 and 2, Fig. 5 left. The layers learn the residual F(x) instead of the whole "
        "mapping; where the best mapping is near the identity, small weights do. The second ReLU comes "
        "after the addition (Sec. 3.2), and a residual function of a single layer showed no advantage. "
        "On CIFAR-10 (Sec. 4.2) three stages of n units with 16, 32 and 64 channels make 6n+2 layers, "
        "all with shortcut A: plain and residual networks have the same number of parameters. On "
        "ImageNet, ResNet-34 has a top-1 error of 25.03 % with shortcut A, 24.52 % with B and 24.19 % "
        "with C (Table 3).",
        Formula("9*C_in*C_out + 9*C_out**2 + 4*C_out + j*(C_in*C_out + 2*C_out)"),
        _BASIC,
        Formula("(4 + 2*j)*C_out*A"),
    ),
    "bottleneck": Page(
        ("y = ReLU(F(x) + s(x))", "F(x) = BN(W_3 ∗ ReLU(BN(W_2 ∗ ReLU(BN(W_1 ∗ x)))))"),
        f"{_PAPER_1}, Fig. 5 right and Table 1. The 1x1 convolutions reduce and restore the channels, "
        "so that the 3x3 works on few. Identity shortcuts matter here above all: a projection would "
        "double time and size of the unit (Sec. 4.1, Deeper Bottleneck Architectures). ResNet-50, -101 "
        "and -152 use shortcut B. The paper's models have the stride in the first 1x1 (3.8 billion "
        "multiply-adds for ResNet-50), torchvision's in the 3x3 (4.1 billion).",
        Formula("C_in*w + 9*w**2/g + w*C_out + 4*w + 2*C_out + j*(C_in*C_out + 2*C_out)"),
        _BOTTLENECK,
        Formula("2*w*A_1 + 2*w*A + (2 + 2*j)*C_out*A"),
    ),
    "preact_basic": Page(
        ("y = s(x) + F(x)", "F(x) = W_2 ∗ ReLU(BN(W_1 ∗ ReLU(BN(x))))"),
        f"{_PAPER_2}, Fig. 1b and Table 2. With nothing on the shortcut and nothing after the addition, "
        "x_L = x_l + Σ F(x_i): signal and gradient pass from any unit to any other (Eq. 4 and 5). "
        "ResNet-110 on CIFAR-10: 6.61 % error as in the first paper, 6.37 % with full pre-activation "
        "(Table 3).",
        Formula("9*C_in*C_out + 9*C_out**2 + 2*C_in + 2*C_out + j*C_in*C_out"),
        _BASIC,
        Formula("C_in*A_in + (3 + j)*C_out*A"),
    ),
    "preact_bottleneck": Page(
        ("y = s(x) + F(x)", "F(x) = W_3 ∗ ReLU(BN(W_2 ∗ ReLU(BN(W_1 ∗ ReLU(BN(x))))))"),
        f"{_PAPER_2}, Sec. 4 and Table 3. The 164- and 1001-layer networks on CIFAR-10 are built of it: "
        "5.46 % and 4.92 % error, against 5.93 % and 7.61 % with the units of the first paper. On "
        "ImageNet pre-activation helps ResNet-200: 20.7 % top-1 error, against 21.8 %.",
        Formula("C_in*w + 9*w**2/g + w*C_out + 2*C_in + 4*w + j*C_in*C_out"),
        _BOTTLENECK,
        Formula("C_in*A_in + 2*w*A_1 + 2*w*A + (1 + j)*C_out*A"),
    ),
    "conv_bn_relu": Page(
        ("y = ReLU(BN(W ∗ x))",),
        f"{_PAPER_1}, Sec. 3.4: batch norm right after each convolution and before the activation. It "
        "is the first layer of the CIFAR networks (3x3, 16 channels) and of the ImageNet ones (7x7, 64 "
        "channels, stride 2), and every layer of a plain network.",
        Formula("k**2*C_in*C_out + 2*C_out"),
        Formula("k**2*C_in*C_out*A"),
        Formula("2*C_out*A"),
    ),
    "input": Page(
        ("x ∈ R^{C×H×W}",),
        f"{_PAPER_1}, Sec. 3.3 and 4.2: on CIFAR-10 pictures of 32x32 with the mean of each pixel "
        "subtracted; in training padded by 4 pixels on each side, cropped at random and flipped "
        "(Sec. 3.4: 224x224 crops on ImageNet).",
    ),
    "output": Page(
        ("p_c = exp(x_c) / Σ_j exp(x_j)", "loss = −log p_{label}"),
        f"{_PAPER_1}, Sec. 3.3: the network ends with global average pooling, a fully connected layer "
        "and softmax. Softmax and loss are computed in training; the block itself passes the scores "
        "on.",
    ),
    "conv": Page(
        (f"y_{{o,i,j}} = b_o + Σ_{{c,u,v}} W_{{o,c,u,v}} · {_POOLED}",),
        f"{_PAPER_1}, Sec. 3.3: 3x3 filters almost everywhere, and two rules: layers of the same map "
        "size have the same number of filters, and where the map is halved their number is doubled, so "
        "that a layer costs the same time. Weights begin as He normal numbers of standard deviation "
        "$√(2/(k^2·C_{in}))$.",
        Formula("k**2*C_in*C_out/g + b*C_out"),
        Formula("k**2*C_in*C_out/g*A"),
        Formula("C_out*A"),
    ),
    "batch_norm": Page(
        ("y = γ·(x − μ) / √(σ^2 + ε) + β", 'μ, σ^2 "of a channel, over the batch and all places"'),
        "arXiv:1502.03167; arXiv:1512.03385, Sec. 3.4. In deep plain networks it keeps the forward "
        "signal from vanishing, which is why the paper thinks vanishing gradients an unlikely cause of "
        "the degradation (Sec. 4.1). In testing, running means take the place of those of the batch.",
        Formula("2*C_in"),
        activations=Formula("C_in*A"),
    ),
    "relu": Page(
        ("y = max(0, x)",),
        f"{_PAPER_1}, Sec. 3.2, Sec. 3.3 and Fig. 2: the second ReLU of a unit stands behind the addition. "
        f"{_PAPER_2} moves it before the convolutions, so that nothing stands on the way from unit to "
        "unit.",
        activations=_VALUES,
    ),
    "add": Page(
        ("y = F(x) + s(x)",),
        f"{_PAPER_1}, Eq. 1 and 2: an addition element by element, which needs equal shapes. Where they "
        "differ, the shortcut is zero-padded (A) or projected (B). An identity shortcut adds neither "
        "parameters nor, but for the addition, computation: plain and residual networks can be "
        "compared fairly.",
        activations=_VALUES,
    ),
    "zero_pad_shortcut": Page(
        ('y_{c,i,j} = x_{c, s·i, s·j} "for" c < C_{in}', 'y_{c,i,j} = 0 "for the other channels"'),
        f"{_PAPER_1}, Sec. 3.3, option A; used all over the CIFAR networks (Sec. 4.2), so that a "
        "residual network has exactly the parameters of its plain twin. The padded channels learn no "
        "residual, which is what the paper makes of B being a little better than A (Sec. 4.1).",
        activations=Formula("C_out*A"),
    ),
    "max_pool": Page(
        (f"y_{{c,i,j}} = max_{{u,v<k}} {_POOLED}",),
        f"{_PAPER_1}, Table 1: one of 3x3 with stride 2 behind the first convolution of the ImageNet "
        "networks. All other halving is done by strided convolutions.",
        activations=Formula("C_out*A"),
    ),
    "avg_pool": Page(
        (f"y_{{c,i,j}} = 1/k^2 · Σ_{{u,v<k}} {_POOLED}",),
        f"{_PAPER_1}, Table 1: the networks have none but the global one, and halve maps by strides.",
        activations=Formula("C_out*A"),
    ),
    "global_avg_pool": Page(
        ("y_c = 1/(H·W) · Σ_{i,j} x_{c,i,j}",),
        f"{_PAPER_1}, Sec. 3.3 and Table 1: every network ends with it, so that the classifier needs "
        "few weights and any picture size will do.",
        activations=Formula("C_out"),
    ),
    "flatten": Page(
        ("y_{(c·H+i)·W+j} = x_{c,i,j}",),
        "torch.nn.Flatten. The networks of the paper need none: behind global average pooling the map "
        "is a vector.",
        activations=_VALUES,
    ),
    "linear": Page(
        ("y = W·x + b",),
        f"{_PAPER_1}, Sec. 3.3 and Table 1: the classifier, with 10 outputs for CIFAR-10 and 1000 for "
        "ImageNet. It counts as one of the weighted layers that the depth is named after.",
        Formula("F_in*F_out + b*F_out"),
        Formula("F_in*F_out"),
        Formula("F_out"),
    ),
    "dropout": Page(
        ("y = m·x / (1 − p)", 'm = 0 "with probability" p, "else" 1; y = x "in testing"'),
        "arXiv:1207.0580. The paper uses none (Sec. 3.4 and 4.2); on the shortcut it is harmful: with "
        "0.5 ResNet-110 fails to learn (arXiv:1603.05027, Table 1).",
        activations=_VALUES,
    ),
    "identity": Page(
        ("y = x",),
        f"{_PAPER_1}, Eq. 1: the shortcut where the shape stays the same. {_PAPER_2}, Table 1: of all "
        "that was tried on the shortcuts of ResNet-110 (scaling, gates, 1x1 convolutions, dropout) the "
        "identity is best.",
    ),
}
