import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from resviz.arch.presets import preset
from resviz.arch.twin import twin
from resviz.nn import modules
from resviz.nn.build import build
from resviz.nn.probe import ForwardProbe
from tests.nn.test_build import loose, pictures, preact_bottleneck

SMALL = (3, 8, 8)
NETWORKS = {
    "basic": preset("resnet-14-w4", input_shape=SMALL),
    "basic B": preset("resnet-14-w4-B", input_shape=SMALL),
    "bottleneck": preset("resnet-50-w4", input_shape=(3, 32, 32), classes=10),
    "preact": preset("preact-14", input_shape=SMALL),
    "preact bottleneck": preact_bottleneck(),
    "loose": loose(),
}
NORM_FREE = ("skipinit", "fixup")


def train(network, steps, rate, size=(32, 3, 8, 8), seed=0):
    """Return the losses of plain SGD on one batch of ten kinds of noise."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(size[0]) % 10
    centres = torch.randn(10, *size[1:], generator=generator)
    x = centres[labels] + 0.3 * torch.randn(size, generator=generator)
    losses = []
    for _ in range(steps):
        loss = cross_entropy(network(x), labels)
        network.zero_grad()
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.sub_(rate * parameter.grad)
    return losses


@pytest.mark.parametrize("rule", ["zero-gamma", "skipinit", "fixup"])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_residual_block_begins_as_its_shortcut(name, rule):
    network = build(NETWORKS[name], seed=1, residual_init=rule)
    probe = ForwardProbe(network, "cpu")
    network(pictures(4, *network.input_shape), probe)
    probe.collect()
    assert probe.residual_magnitude.tolist() == [0] * len(network.probe_blocks)


@pytest.mark.parametrize("rule", ["zero-gamma", "skipinit", "fixup"])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_parameter_learns(name, rule):
    network = build(NETWORKS[name], seed=1, residual_init=rule)
    before = {key: value.detach().clone() for key, value in network.named_parameters()}
    train(network, steps=12, rate=0.1, size=(32, *network.input_shape))
    assert [key for key, value in network.named_parameters() if torch.equal(value, before[key])] == []


@pytest.mark.parametrize("rule", NORM_FREE)
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_without_batch_norm_have_none_and_keep_the_names(name, rule):
    network, usual = build(NETWORKS[name], residual_init=rule), build(NETWORKS[name])
    assert not any(isinstance(module, modules.BatchNorm) for module in network.modules())
    assert not dict(network.named_buffers())
    assert [key for key, _ in network.convolutions] == [key for key, _ in usual.convolutions]
    assert network.responses == usual.responses
    assert network.probe_blocks == usual.probe_blocks
    probe = ForwardProbe(network, "cpu")
    network(pictures(4, *network.input_shape), probe)
    probe.collect()
    assert probe.response_std.isfinite().all()


@pytest.mark.parametrize("rule", NORM_FREE)
def test_a_deep_network_trains_without_batch_norm(rule):
    """With nothing in its place the same network gives infinities at once."""
    architecture = preset("resnet-110-w4", input_shape=SMALL)
    losses = train(build(architecture, residual_init=rule), steps=60, rate=0.1)
    assert min(losses) < 0.75 * losses[0]
    bare = build(architecture, residual_init=rule)
    for block in bare.probe_blocks:
        nn.init.ones_(bare.module_of(block).scale)
        for layer in bare.module_of(block).branch_layers():
            nn.init.kaiming_normal_(layer.weight)
    assert not train(bare, steps=3, rate=0.05)[-1] < 1e3


def test_zero_gamma_changes_only_the_last_norms():
    network, usual = build(preset("resnet-14-B"), residual_init="zero-gamma"), build(preset("resnet-14-B"))
    theirs = usual.state_dict()
    changed = [key for key, value in network.state_dict().items() if not torch.equal(value, theirs[key])]
    assert changed == [f"stage{s}.block{b}.norm2.weight" for s in (1, 2, 3) for b in (1, 2)]


def test_zero_gamma_of_a_preactivation_branch_is_its_last_convolution():
    network = build(preset("preact-14"), residual_init="zero-gamma")
    unit = network.module_of("stage2.block1")
    assert unit.conv2.weight.abs().max() == 0
    assert (unit.norm2.weight == 1).all()


def test_plain_twins_keep_their_weights_and_lose_their_norms():
    architecture = preset("plain-14")
    usual = build(architecture).state_dict()
    assert all(
        torch.equal(value, usual[key])
        for key, value in build(architecture, residual_init="zero-gamma").state_dict().items()
    )
    for rule in NORM_FREE:
        plain = build(architecture, residual_init=rule)
        residual = dict(build(twin(architecture), residual_init=rule).named_parameters())
        assert not any("norm" in key and "weight" in key for key, _ in plain.named_parameters())
        for key, value in plain.named_parameters():
            assert value.shape == residual[key].shape
            if key.endswith("conv1.weight"):
                assert torch.equal(value, usual[key])


def test_skipinit_adds_one_scalar_a_branch_and_biases():
    network = build(preset("resnet-14"), residual_init="skipinit")
    scalars = {key: value for key, value in network.named_parameters() if value.ndim == 0}
    assert list(scalars) == [f"stage{s}.block{b}.scale" for s in (1, 2, 3) for b in (1, 2)]
    assert all(value == 0 for value in scalars.values())
    assert all(conv.bias is not None and (conv.bias == 0).all() for _, conv in network.convolutions)
    usual = build(preset("resnet-14"))
    for key, value in usual.named_parameters():
        if "norm" not in key:
            assert torch.equal(network.get_parameter(key), value)


def test_skipinit_multiplies_the_branch():
    network = build(preset("resnet-8", input_shape=SMALL), residual_init="skipinit")
    unit, x = network.module_of("stage1.block1"), pictures(2, 16, 8, 8)
    with torch.no_grad():
        unit.scale.fill_(0.3)
        unit.conv1.bias.fill_(0.1)
        expected = torch.relu(x + 0.3 * unit.conv2(torch.relu(unit.conv1(x))))
        assert torch.equal(unit(x), expected)


@pytest.mark.parametrize(("name", "m"), [("resnet-56-w4", 2), ("preact-164-w4", 3)])
def test_fixup_rules_1_and_2(name, m):
    network = build(preset(name), residual_init="fixup")
    usual, count = dict(build(preset(name)).named_parameters()), len(network.probe_blocks)
    assert network.get_parameter("classifier.weight").abs().max() == 0
    for block in network.probe_blocks:
        assert network.get_parameter(f"{block}.conv{m}.weight").abs().max() == 0
        for k in range(1, m):
            key = f"{block}.conv{k}.weight"
            factor = count ** (-1 / (2 * m - 2))
            assert torch.allclose(network.get_parameter(key), factor * usual[key]), key
    stem = next(iter(usual))
    assert torch.equal(network.get_parameter(stem), usual[stem])


def test_fixup_rule_3():
    """A scalar multiplier (1) in each branch, a scalar bias (0) before each layer and activation."""
    network = build(preset("resnet-8-w4", input_shape=SMALL), residual_init="fixup")
    scalars = {key: value.item() for key, value in network.named_parameters() if value.ndim == 0}
    blocks = [f"stage{s}.block1" for s in (1, 2, 3)]
    inside = {"scale": 1, "shift": 0, "conv1.input_bias": 0, "norm1.bias": 0, "conv2.input_bias": 0}
    expected = {f"{block}.{key}": value for block in blocks for key, value in inside.items()}
    expected |= {"stem.conv.input_bias": 0, "stem.norm.bias": 0, "classifier.input_bias": 0}
    assert scalars == expected
    unit, x = network.module_of("stage1.block1"), pictures(2, 4, 8, 8)
    with torch.no_grad():
        for number, (key, value) in enumerate(unit.named_parameters()):
            if value.ndim == 0 or "conv2" in key:
                value.fill_(0.1 * (number + 1))
        p = {key: value.detach() for key, value in unit.named_parameters()}
        y = nn.functional.conv2d(x + p["conv1.input_bias"], p["conv1.weight"], padding=1)
        y = torch.relu(y + p["norm1.bias"])
        y = nn.functional.conv2d(y + p["conv2.input_bias"], p["conv2.weight"], padding=1)
        y = torch.relu(x + p["scale"] * y + p["shift"])
        assert torch.allclose(unit(x), y, atol=1e-6)


def test_fixup_of_loose_layers():
    network, usual = build(loose(), residual_init="fixup"), build(loose())
    assert network.module_of("conv2").weight.abs().max() == 0
    assert torch.equal(network.module_of("conv1").weight, usual.module_of("conv1").weight)  # one branch: 1
    assert torch.equal(network.module_of("down").weight, usual.module_of("down").weight)
    assert network.module_of("sum").scale == 1
    assert network.module_of("norm1").bias == 0


def test_fixup_updates_are_of_one_size_at_every_depth():
    """Sec. 3.1: an SGD step of rate eta changes the network's output by Theta(eta), whatever the depth."""
    changes, x = {}, pictures(16, *SMALL)
    for depth in (14, 56, 218):
        network = build(preset(f"resnet-{depth}-w4", input_shape=SMALL), residual_init="fixup")
        # At 0 the classifier would let nothing through to the branches yet.
        nn.init.constant_(network.get_parameter("classifier.weight")[::2], 0.1)
        before = network(x)
        cross_entropy(before, torch.arange(len(x)) % 10).backward()
        with torch.no_grad():
            for key, parameter in network.named_parameters():
                if key.startswith("stage") and key.endswith("weight"):  # which the theorem is about
                    parameter.sub_(0.01 * parameter.grad)
            changes[depth] = (network(x) - before).norm().item()
    assert max(changes.values()) < 2 * min(changes.values()), changes
