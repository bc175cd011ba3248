"""The file that `code` writes is the network that `build` makes: outputs, statistics and gradients."""

from math import gcd

import pytest
import torch
from hypothesis import HealthCheck, given, note, settings

from resviz.arch.files import to_json
from resviz.arch.presets import names, preset
from resviz.nn.build import build
from tests.arch.test_source import mixed, module_of
from tests.nn.test_build import loose, preact_bottleneck
from tests.strategies import sound_networks

EXAMPLES = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def scaled(x, p, training, _inplace=False):
    """Stand in for dropout: what it does on average."""
    return x * (1 - p) if training else x


@pytest.fixture(autouse=True, scope="module")
def _dropout_without_chance():
    """Both draw alike only by accident: let it scale instead."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.functional, "dropout", scaled)
        yield


def small(name):
    """Return a preset with few channels and a small map; depth, units, shortcuts and strides as they are."""
    architecture = preset(name)
    imagenet = architecture["input"].params["height"] > 32
    for block in list(architecture.blocks.values()):
        params = {
            key: max(block.params[key] // 16, 2) for key in ("out_channels", "width") if key in block.params
        }
        if block.kind == "input":
            params = {"height": 16 if imagenet else 6, "width": 17 if imagenet else 5}
        if "groups" in block.params and "width" in params:
            params["groups"] = gcd(block.params["groups"], params["width"])
        architecture.set_params(block.id, **params)
    return architecture


def flat(tensors):
    """Return named tensors as one (thousands are slow to compare), in an order that the names give."""
    return torch.cat([torch.zeros(0), *(tensors[name].flatten() for name in sorted(tensors))])


def assert_same(architecture, gradients=True):
    network = build(architecture, seed=1).double()
    exported = module_of(architecture).double()
    generator = torch.Generator().manual_seed(2)
    state = {
        name: value * 1.1 + 0.1 * torch.rand(value.shape, generator=generator)
        for name, value in network.state_dict().items()
    }
    pictures = torch.randn(3, *network.input_shape, generator=generator, dtype=torch.float64)
    found = []
    for module in (network, exported):
        own = module.state_dict()
        assert own.keys() == state.keys()
        for key, value in own.items():
            value.copy_(state[key])
        results = []
        if gradients:
            x = pictures.clone().requires_grad_()
            scores = module.train()(x)
            weights = torch.linspace(-1, 1, scores.numel(), dtype=torch.float64).view_as(scores)
            (scores * weights).sum().backward()
            results += [scores, x.grad, flat({name: p.grad for name, p in module.named_parameters()})]
        with torch.no_grad():
            found.append([*results, module.eval()(pictures), flat(own)])
    for ours, theirs in zip(*found, strict=True):
        assert ours.shape == theirs.shape
        assert torch.allclose(ours, theirs, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", names())
def test_the_code_of_every_preset_computes_the_same(name):
    architecture = small(name)
    assert_same(architecture, gradients=len(architecture.blocks) < 300)


@pytest.mark.parametrize("make", [mixed, loose, lambda: loose(plain=True), preact_bottleneck])
def test_the_code_of_other_networks_computes_the_same(make):
    assert_same(make())


@EXAMPLES
@given(sound_networks())
def test_the_code_of_any_network_computes_the_same(architecture):
    note(to_json(architecture).decode())
    assert_same(architecture)
