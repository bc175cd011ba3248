"""Weights from and to torchvision's ResNets, whose blocks the ImageNet presets name one for one.

The widely used CIFAR reproduction github.com/akamaster/pytorch_resnet_cifar10 has the same names but for its
`linear`, and is read as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from resviz.errors import CheckpointError
from resviz.nn.network import Network

_TO_OURS = (
    (r"conv1\.", "stem.conv."),
    (r"bn1\.", "stem.norm."),
    (r"layer(\d+)\.(\d+)\.conv(\d)\.", "stage{0}.block{1}.conv{2}."),
    (r"layer(\d+)\.(\d+)\.bn(\d)\.", "stage{0}.block{1}.norm{2}."),
    (r"layer(\d+)\.(\d+)\.(?:downsample|shortcut)\.0\.", "stage{0}.block{1}.projection."),
    (r"layer(\d+)\.(\d+)\.(?:downsample|shortcut)\.1\.", "stage{0}.block{1}.projection_norm."),
    (r"(?:fc|linear)\.", "classifier."),
)
_TO_THEIRS = (
    (r"stem\.conv\.", "conv1."),
    (r"stem\.norm\.", "bn1."),
    (r"stage(\d+)\.block(\d+)\.conv(\d)\.", "layer{0}.{1}.conv{2}."),
    (r"stage(\d+)\.block(\d+)\.norm(\d)\.", "layer{0}.{1}.bn{2}."),
    (r"stage(\d+)\.block(\d+)\.projection\.", "layer{0}.{1}.downsample.0."),
    (r"stage(\d+)\.block(\d+)\.projection_norm\.", "layer{0}.{1}.downsample.1."),
    (r"classifier\.", "fc."),
)


def load_torchvision(network: Network, state_dict: Mapping[str, Tensor]) -> None:
    """Copy a torchvision ResNet's state into a network of the same layers, batch norm statistics included.

    Raises:
        CheckpointError: a layer is missing on one side, or has another shape; the network is unchanged.
    """
    state = {}
    for name, tensor in state_dict.items():
        if not name.endswith("num_batches_tracked"):
            theirs = name.removeprefix("module.")  # DataParallel puts it there
            state[_renamed(theirs, _TO_OURS, 1) or theirs] = tensor
    own = network.state_dict()
    missing, foreign = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
    if missing or foreign:
        what = f"they lack {missing[0]}" if missing else f"the network has no {foreign[0]}"
        raise CheckpointError(
            f"These weights are of another network ({what}): choose the same depth and shortcut."
        )
    for name, tensor in state.items():
        if tensor.shape != own[name].shape:
            raise CheckpointError(
                f"These weights are of another network ({name}: {_text(tensor)} there, {_text(own[name])} "
                "here): choose the same width, classes and shortcut."
            )
    network.load_state_dict(state)


def to_torchvision(network: Network) -> dict[str, Tensor]:
    """Return the network's state under the names of torchvision's ResNets; it loads there strictly.

    Raises:
        CheckpointError: the network has a layer that torchvision's ResNets have no name for.
    """
    state = {}
    for name, tensor in network.state_dict().items():
        theirs = _renamed(name, _TO_THEIRS, -1)
        if theirs is None:
            raise CheckpointError(
                f"torchvision's ResNets have no layer like {name}: only networks made of the presets' "
                "basic and bottleneck blocks can be converted."
            )
        state[theirs] = tensor
        if name.endswith("running_var"):
            state[theirs.replace("running_var", "num_batches_tracked")] = torch.zeros((), dtype=torch.long)
    return state


def _renamed(name: str, rules: tuple[tuple[str, str], ...], block_offset: int) -> str | None:
    """Return the other side's name; blocks count from 0 there and from 1 here."""
    for pattern, replacement in rules:
        match = re.match(pattern, name)
        if match:
            numbers = [int(number) for number in match.groups()]
            if len(numbers) > 1:
                numbers[1] += block_offset
            return replacement.format(*numbers) + name[match.end() :]
    return None


def _text(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "one number"
