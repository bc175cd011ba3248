import subprocess
import sys

import msgspec
import pytest
import torch

from resviz.nn.build import build
from resviz.train.optimiser import SGD, AdamW, make_optimiser
from resviz.train.recipe import Recipe
from tests.train.small import architecture

RATES = (0.1, 0.1, 0.01)
OPTIONS = [
    {},
    {"decay_scope": "all"},
    {"momentum": 0.0},
    {"nesterov": True},
    {"optimiser": "adamw"},
    {"optimiser": "adamw", "decay_scope": "all", "adam_betas": (0.5, 0.9), "adam_epsilon": 1e-3},
]


def recipe_of(options):
    return msgspec.structs.replace(Recipe(), weight_decay=0.01, **options)


def networks(count, **options):
    made = [build(architecture(), seed=3) for _ in range(count)]
    recipe = recipe_of(options)
    return recipe, made, [make_optimiser(network.named_parameters(), recipe) for network in made]


def give_gradients(network, seed):
    generator = torch.Generator().manual_seed(seed)
    for p in network.parameters():
        p.grad = torch.randn(p.shape, generator=generator)


def torch_optim(network, recipe):
    decayed = [p for p in network.parameters() if p.ndim > 1 or recipe.decay_scope == "all"]
    others = [p for p in network.parameters() if p.ndim <= 1 and recipe.decay_scope != "all"]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}]
    groups += [{"params": others, "weight_decay": 0.0}] if others else []
    if recipe.optimiser == "sgd":
        options = {"momentum": recipe.momentum, "nesterov": recipe.nesterov}
        return torch.optim.SGD(groups, lr=0.1, fused=True, **options)
    return torch.optim.AdamW(groups, lr=0.1, betas=recipe.adam_betas, eps=recipe.adam_epsilon, fused=True)


@pytest.mark.parametrize("as_tensor", [False, True])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_equals_torch_optim_bit_for_bit(options, as_tensor):
    recipe, (ours, theirs), (optimiser, _) = networks(2, **options)
    reference = torch_optim(theirs, recipe)
    for seed, rate in enumerate(RATES):
        give_gradients(ours, seed)
        give_gradients(theirs, seed)
        optimiser.step(torch.tensor(rate, dtype=torch.float64) if as_tensor else rate)
        for group in reference.param_groups:
            group["lr"] = rate
        reference.step()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(p, q)
        assert p.grad is None


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_restored_optimiser_goes_on_bit_for_bit(options):
    recipe, (network, other), (optimiser, _) = networks(2, **options)
    give_gradients(network, 1)
    optimiser.step(0.1)
    other.load_state_dict(network.state_dict())
    resumed = make_optimiser(other.named_parameters(), recipe)
    resumed.restore({name: tensor.clone() for name, tensor in optimiser.state().items()})
    for each, mover in ((network, optimiser), (other, resumed)):
        give_gradients(each, 2)
        mover.step(0.1)
    for p, q in zip(network.parameters(), other.parameters(), strict=True):
        assert torch.equal(p, q)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_step_with_an_overflow_moves_and_remembers_nothing(options):
    _, (network, skipping), (optimiser, skipper) = networks(2, **options)
    found = torch.tensor(1.0), torch.tensor(0.0)
    for seed in (1, 2):
        give_gradients(network, seed)
        optimiser.step(0.1)
        for found_inf in found:  # Each update is tried twice.
            give_gradients(skipping, seed)
            skipper.step(0.1, found_inf=found_inf)
    for p, q in zip(network.parameters(), skipping.parameters(), strict=True):
        assert torch.equal(p, q)
    for name, tensor in optimiser.state().items():
        assert torch.equal(tensor, skipper.state()[name]), name


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_parameter_without_a_gradient_is_treated_as_with_a_zero_one(options):
    """As in the Torch code of arXiv:1603.09382: momentum and decay go on in a dropped block."""
    _, (without, zeros), optimisers = networks(2, **options)
    name = "stage2.block1.conv1.weight"
    for network, optimiser, gradient in zip((without, zeros), optimisers, (None, 0.0), strict=True):
        for seed in (1, 2, 3):
            give_gradients(network, seed)
            if seed > 1:
                parameter = network.get_parameter(name)
                parameter.grad = None if gradient is None else torch.zeros_like(parameter)
            before = network.get_parameter(name).detach().clone()
            optimiser.step(0.1)
        assert not torch.equal(before, network.get_parameter(name))
    for p, q in zip(without.parameters(), zeros.parameters(), strict=True):
        assert torch.equal(p, q)


def test_equals_the_formula_on_a_channels_last_network():
    """The fused kernel walks through memory: parameter, gradient and buffer must have one layout."""
    network = build(architecture(), seed=1).to(memory_format=torch.channels_last)
    images = torch.randn(4, 3, 8, 8).to(memory_format=torch.channels_last)
    optimiser = make_optimiser(network.named_parameters(), recipe_of({}))
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


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_batch_norms_are_not_decayed_by_default(optimiser):
    _, (network,), (mover,) = networks(1, optimiser=optimiser)
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    mover.step(0.5)  # Without any gradient.
    for name, p in network.named_parameters():
        factor = 1 - 0.5 * 0.01 if p.ndim > 1 else 1.0
        assert torch.allclose(p, before[name] * factor, rtol=1e-6, atol=0), name


@pytest.mark.parametrize(("options", "kinds"), [({}, 1), ({"optimiser": "adamw"}, 2)])
def test_a_state_comes_back_in_the_parameters_layout(options, kinds):
    network = build(architecture()).to(memory_format=torch.channels_last)
    optimiser = make_optimiser(network.named_parameters(), recipe_of(options))
    layouts = {name: p.stride() for name, p in network.named_parameters()}
    saved = {name: torch.randn(tensor.shape) for name, tensor in optimiser.state().items()}
    optimiser.restore(saved)
    found = 0
    for name, tensor in optimiser.state().items():
        assert torch.equal(tensor, saved[name])
        if name != "step":
            assert tensor.stride() == layouts[name.split("/")[1]]
            found += 1
    assert found == kinds * len(layouts)
    saved.popitem()
    with pytest.raises(KeyError):
        optimiser.restore(saved)


def test_the_recipe_chooses():
    network = build(architecture())
    assert type(make_optimiser(network.named_parameters(), recipe_of({}))) is SGD
    assert type(make_optimiser(network.named_parameters(), recipe_of({"optimiser": "adamw"}))) is AdamW


def test_torch_optim_is_not_used():
    """Making one loads the compiler, which takes longer than all the rest of a start."""
    code = """
import sys
from torch import nn
from resviz.train.optimiser import make_optimiser
from resviz.train.recipe import Recipe
for kind in ("sgd", "adamw"):
    make_optimiser(nn.Linear(2, 2).named_parameters(), Recipe(optimiser=kind)).step(0.1)
sys.exit("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_momentum_nothing_is_remembered():
    network = build(architecture())
    assert make_optimiser(network.named_parameters(), recipe_of({"momentum": 0.0})).state() == {}


@pytest.mark.parametrize("as_tensor", [False, True])
@pytest.mark.parametrize("options", [{}, {"optimiser": "adamw"}], ids=str)
def test_fixups_scalars_learn_at_a_tenth_of_the_rate(options, as_tensor):
    recipe = recipe_of({"residual_init": "fixup", **options})
    ours, theirs = (build(architecture(), seed=3, residual_init="fixup") for _ in range(2))
    optimiser = make_optimiser(ours.named_parameters(), recipe)
    reference = torch_optim(theirs, recipe)
    _, others = reference.param_groups
    scalars = [p for p in others["params"] if p.ndim == 0]
    assert len(scalars) > 10
    others["params"] = [p for p in others["params"] if p.ndim > 0]
    reference.add_param_group({"params": scalars, "weight_decay": 0.0})
    for seed, rate in enumerate(RATES):
        give_gradients(ours, seed)
        give_gradients(theirs, seed)
        optimiser.step(torch.tensor(rate, dtype=torch.float64) if as_tensor else rate)
        for group, share in zip(reference.param_groups, (1, 1, 0.1), strict=True):
            group["lr"] = rate * share
        reference.step()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(p, q)
