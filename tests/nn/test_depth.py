import pytest
import torch
from torch import nn

from resviz.arch.presets import preset
from resviz.nn.build import build
from resviz.nn.depth import dropped, survival
from tests.nn.test_build import chain, disturbed, loose, pictures, preact_bottleneck

SMALL = (3, 8, 8)


def test_survival_falls_linearly_to_the_last_block():
    """arXiv:1603.09382, Eq. 4 and Sec. 3: with p_L = 0.5 (3L - 1) / 4 of L blocks are there on average."""
    probabilities = survival(54, 0.5)
    assert probabilities[-1] == 0.5
    assert probabilities[0] == pytest.approx(1 - 0.5 / 54)
    assert sum(probabilities) == pytest.approx((3 * 54 - 1) / 4)
    assert survival(3, 1.0) == [1, 1, 1]


def test_what_is_dropped_is_a_function_of_seed_and_iteration():
    probabilities = survival(12, 0.5)
    drawn = [dropped(0, iteration, probabilities) for iteration in range(4000)]
    assert drawn[7] == dropped(0, 7, probabilities)
    assert drawn[7] != dropped(1, 7, probabilities)
    # the values themselves, so that a change of the rule is noticed: resumed runs depend on it
    assert [block for block, out in enumerate(drawn[3]) if out] == KNOWN
    for block, probability in enumerate(probabilities):
        share = sum(1 - row[block] for row in drawn) / len(drawn)
        assert share == pytest.approx(probability, abs=0.03)


KNOWN = [2, 5, 10]

NETWORKS = {
    "resnet": preset("resnet-14", input_shape=SMALL),
    "resnet B": preset("resnet-14-B", input_shape=SMALL),
    "bottleneck": preset("resnet-50-w4", input_shape=(3, 32, 32), classes=10),
    "preact": preset("preact-14", input_shape=SMALL),
    "preact bottleneck": preact_bottleneck(),
    "loose": loose(),
}


def some_dropped(network):
    """Begin an iteration that drops some blocks and keeps some; return those that it drops."""
    for iteration in range(100):
        network.begin(0, iteration)
        out = [block for block in network.probe_blocks if network.module_of(block).dropped]
        if out and (len(out) < len(network.probe_blocks) or len(network.probe_blocks) == 1):
            return out
    raise AssertionError


@pytest.mark.parametrize("name", NETWORKS)
def test_a_dropped_branch_is_not_computed(name):
    network = disturbed(build(NETWORKS[name], survival_last=0.4))
    out, computed, inputs = some_dropped(network), [], {}
    for key, layer in network.convolutions:
        layer.register_forward_hook(lambda *_, key=key: computed.append(key))
    for block in out:
        hook = lambda _module, given, result, block=block: inputs.update({block: (given, result)})  # noqa: E731
        network.module_of(block).register_forward_hook(hook)
    network(pictures(4, *network.input_shape)).sum().backward()
    if name == "loose":
        assert computed == ["stem"]
        assert network.module_of("conv2").weight.grad is None
        assert network.module_of("down").weight.grad is not None
        given, result = inputs["sum"]
        assert result is given[1]
        return
    inside = [key for key, _ in network.convolutions if key.rpartition(".")[0] in out]
    assert computed == [key for key, _ in network.convolutions if key not in inside]
    for block in out:
        unit, ((x,), result) = network.module_of(block), inputs[block]
        assert all(layer.weight.grad is None for layer in unit.branch_layers())
        if unit.projection is None:
            shortcut = unit.shortcut(x)
            assert torch.equal(result, torch.relu(shortcut) if unit.last_norm else shortcut)
        else:
            assert unit.projection.weight.grad is not None


@pytest.mark.parametrize("name", NETWORKS)
def test_testing_weighs_each_branch_by_its_survival(name):
    """Eq. 5: the branch is multiplied by p_l; in training a surviving one is not."""
    network = disturbed(build(NETWORKS[name], survival_last=0.4)).eval()
    usual = disturbed(build(NETWORKS[name])).eval()
    x = pictures(4, *network.input_shape)
    with torch.no_grad():
        for block, probability in zip(
            network.probe_blocks, survival(len(network.probe_blocks), 0.4), strict=True
        ):
            module = usual.module_of(block)
            module.scale = nn.Parameter(torch.tensor(probability))
        some_dropped(network)
        assert torch.allclose(network(x), usual(x), atol=1e-6)


def test_without_drops_a_training_pass_is_the_usual_one():
    network, usual = (build(NETWORKS["resnet"], survival_last=p) for p in (0.9, 1.0))
    assert (network.draws, usual.draws) == (True, False)
    iteration = next(i for i in range(100) if not any(dropped(0, i, survival(6, 0.9))))
    network.begin(0, iteration)
    x = pictures(4, *SMALL)
    assert torch.equal(network(x), usual(x))


def test_plain_blocks_are_never_dropped():
    network = build(preset("plain-14", input_shape=SMALL), survival_last=0.1)
    assert not network.draws
    x = pictures(4, *SMALL)
    for iteration in range(5):
        network.begin(0, iteration)
        assert torch.equal(network(x), build(preset("plain-14", input_shape=SMALL))(x))


def test_dropout_draws_alike_in_the_same_iteration():
    network = build(
        chain(
            ("input", "input", {"height": 4, "width": 4}), ("global_avg_pool", "pool", {}),
            ("dropout", "drop", {"p": 0.5}), ("linear", "classifier", {}), ("output", "output", {}),
        )
    )  # fmt: skip
    assert network.draws
    x, scores = pictures(8, 3, 4, 4), []
    for seed, iteration in ((0, 1), (0, 2), (0, 1), (1, 1)):
        network.begin(seed, iteration)
        scores.append(network(x))
    assert torch.equal(scores[0], scores[2])
    assert not torch.equal(scores[0], scores[1])
    assert not torch.equal(scores[0], scores[3])
    assert not build(preset("resnet-8")).draws
