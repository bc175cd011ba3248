import msgspec
import pytest
import torch

from resviz.nn.build import build
from resviz.train.recipe import Recipe
from resviz.train.sgd import SGD
from tests.train.small import architecture


def gradients(network, seed):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(p.shape, generator=generator) for p in network.parameters()]


@pytest.mark.parametrize("scope", ["weights", "all"])
def test_equals_torch_optim_bit_for_bit(scope):
    recipe = msgspec.structs.replace(Recipe(), decay_scope=scope, weight_decay=0.01)
    ours, theirs = build(architecture(), seed=3), build(architecture(), seed=3)
    weights = [p for p in theirs.parameters() if p.ndim > 1 or scope == "all"]
    others = [p for p in theirs.parameters() if p.ndim <= 1 and scope != "all"]
    groups = [{"params": weights, "weight_decay": 0.01}] + ([{"params": others}] if others else [])
    reference = torch.optim.SGD(groups, lr=0.1, momentum=0.9, fused=True)
    optimiser = SGD(ours.named_parameters(), recipe)
    for step, rate in enumerate((0.1, 0.1, 0.01)):
        for p, q, g in zip(ours.parameters(), theirs.parameters(), gradients(ours, step), strict=True):
            p.grad, q.grad = g.clone(), g.clone()
        optimiser.step(rate)
        for group in reference.param_groups:
            group["lr"] = rate
        reference.step()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(p, q)
        assert p.grad is None


def test_equals_the_formula_on_a_channels_last_network():
    """The fused kernel walks through memory: parameter, gradient and buffer must have one layout."""
    network = build(architecture(), seed=1).to(memory_format=torch.channels_last)
    images = torch.randn(4, 3, 8, 8).to(memory_format=torch.channels_last)
    optimiser = SGD(network.named_parameters(), msgspec.structs.replace(Recipe(), weight_decay=0.01))
    expected = {name: p.detach().double().clone() for name, p in network.named_parameters()}
    momentum = {name: torch.zeros_like(value) for name, value in expected.items()}
    for _ in range(3):
        network(images).square().sum().backward()
        for name, p in network.named_parameters():
            decay = 0.01 if p.ndim > 1 else 0.0
            momentum[name] = 0.9 * momentum[name] + p.grad.double() + decay * p.detach().double()
            expected[name] -= 1e-3 * momentum[name]
        optimiser.step(1e-3)
        for name, p in network.named_parameters():
            assert torch.allclose(p.double(), expected[name], rtol=1e-4, atol=1e-5), name


def test_batch_norms_are_not_decayed_by_default():
    network = build(architecture())
    optimiser = SGD(network.named_parameters(), msgspec.structs.replace(Recipe(), weight_decay=0.5))
    for p in network.parameters():
        p.grad = torch.zeros_like(p)
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    optimiser.step(0.1)
    for name, p in network.named_parameters():
        factor = 0.95 if p.ndim > 1 else 1.0
        assert torch.allclose(p, before[name] * factor), name


def test_momentum_comes_back_in_the_parameters_layout():
    network = build(architecture()).to(memory_format=torch.channels_last)
    optimiser = SGD(network.named_parameters(), Recipe())
    saved = {name: torch.randn(b.shape) for name, b in optimiser.momentum_buffers.items()}
    optimiser.restore(saved)
    for name, parameter in network.named_parameters():
        buffer = optimiser.momentum_buffers[name]
        assert torch.equal(buffer, saved[name])
        assert buffer.stride() == parameter.stride()
    with pytest.raises(KeyError):
        optimiser.restore({})
