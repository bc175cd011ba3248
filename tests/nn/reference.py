"""The paper's CIFAR networks once more, written by hand and differently: functions of a dict of tensors."""

import torch
from torch.nn import functional as F  # noqa: N812


def _norm(p, name, x, training):
    statistics = (None, None) if training else (p[f"{name}.running_mean"], p[f"{name}.running_var"])
    return F.batch_norm(x, *statistics, p[f"{name}.weight"], p[f"{name}.bias"], training=training)


def _shortcut(p, name, x, *, option, out_channels, stride):
    """Return s(x) of option "none", "A", "B" or "C"; `p` holds a projection where there is one."""
    if option == "none":
        return 0
    if f"{name}.projection.weight" in p:
        return F.conv2d(x, p[f"{name}.projection.weight"], stride=stride)
    if stride > 1:
        x = F.avg_pool2d(x, 1, stride)
    zeros = x.new_zeros(len(x), (out_channels - x.shape[1]) // 2, *x.shape[2:])
    return torch.cat([zeros, x, zeros], 1) if zeros.shape[1] else x


def cifar(p, x, n, option, training=True):
    """Return the scores of a (6n+2)-layer network of basic blocks."""
    x = _norm(p, "stem.norm", F.conv2d(x, p["stem.conv.weight"], padding=1), training).clamp(min=0)
    for stage in (1, 2, 3):
        for block in range(1, n + 1):
            name, stride = f"stage{stage}.block{block}", 2 if stage > 1 and block == 1 else 1
            f = F.conv2d(x, p[f"{name}.conv1.weight"], padding=1, stride=stride)
            f = _norm(p, f"{name}.norm1", f, training).clamp(min=0)
            f = _norm(p, f"{name}.norm2", F.conv2d(f, p[f"{name}.conv2.weight"], padding=1), training)
            s = _shortcut(p, name, x, option=option, out_channels=f.shape[1], stride=stride)
            if f"{name}.projection.weight" in p:
                s = _norm(p, f"{name}.projection_norm", s, training)
            x = (f + s).clamp(min=0)
    return F.linear(F.adaptive_avg_pool2d(x, 1).flatten(1), p["classifier.weight"], p["classifier.bias"])


def preact(p, x, n, option, training=True):
    """Return the scores of a pre-activation network of basic or bottleneck units."""
    x = F.conv2d(x, p["stem.weight"], padding=1)
    for stage in (1, 2, 3):
        for block in range(1, n + 1):
            name, stride = f"stage{stage}.block{block}", 2 if stage > 1 and block == 1 else 1
            f = active = x
            convs = 3 if f"{name}.conv3.weight" in p else 2
            for k in range(1, convs + 1):
                f = _norm(p, f"{name}.norm{k}", f, training).clamp(min=0)
                if k == 1:
                    active = f
                weight = p[f"{name}.conv{k}.weight"]
                f = F.conv2d(f, weight, padding=weight.shape[2] // 2, stride=stride if k == 1 else 1)
            projected = f"{name}.projection.weight" in p
            source = active if projected else x
            x = f + _shortcut(p, name, source, option=option, out_channels=f.shape[1], stride=stride)
    x = _norm(p, "head_norm", x, training).clamp(min=0)
    return F.linear(x.mean((2, 3)), p["classifier.weight"], p["classifier.bias"])
