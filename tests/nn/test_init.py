import math

import pytest
import torch

from resviz.arch.presets import preset
from resviz.nn.build import build
from resviz.nn.init import he_normal


def test_a_weight_is_the_same_in_every_process_and_version():
    # the values themselves, so that a change of the rule is noticed: recorded runs depend on it
    assert he_normal(0, "stem.conv.weight", (16, 3, 3, 3)).flatten()[:3].tolist() == pytest.approx(
        [-0.1534047, 0.5072926, 0.9105699], abs=1e-6
    )


@pytest.mark.parametrize("other", [(1, "a", (8, 4)), (0, "b", (8, 4)), (0, "a", (4, 8))])
def test_seed_name_and_shape_all_count(other):
    assert not torch.equal(he_normal(0, "a", (8, 4)).flatten(), he_normal(*other).flatten())


def test_he_normal_has_the_papers_deviation():
    weight = he_normal(0, "w", (256, 64, 3, 3))
    assert weight.std().item() == pytest.approx(math.sqrt(2 / (64 * 9)), rel=0.01)
    assert abs(weight.mean().item()) < 1e-3


def test_every_parameter_is_initialised():
    network = build(preset("resnet-20-B"))
    for name, tensor in network.state_dict().items():
        if name.endswith(("norm.weight", "norm1.weight", "norm2.weight", "running_var")):
            assert (tensor == 1).all(), name
        elif name.endswith(("bias", "running_mean")):
            assert (tensor == 0).all(), name
        else:
            expected = math.sqrt(2 / tensor[0].numel())
            assert tensor.std().item() == pytest.approx(expected, rel=0.15), name
