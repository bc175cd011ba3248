import pytest
import torch

from resviz.arch.graph import Wire
from resviz.arch.presets import preset
from resviz.nn import modules
from resviz.nn.build import build
from resviz.nn.probe import ForwardProbe
from tests.nn.test_build import disturbed, loose, pictures, preact_bottleneck


def slow_probe(network, x):
    """Measure in float64 with hooks: (residual magnitudes, response stds) by name."""
    magnitudes, responses, handles = {}, {}, []

    def on_unit(unit, inputs, _output):
        block = next(name for name, module in network._blocks.items() if module is unit)
        x = inputs[0]
        if isinstance(unit, modules.Add):
            branch, shortcut = inputs if len(inputs) == 2 else (inputs[0], None)
        else:
            with torch.no_grad():
                branch, shortcut = _unit_parts(unit, x)
        if shortcut is None:
            magnitudes[block] = float("nan")
            return
        f, s = (v.double().flatten(1).norm(dim=1) for v in (branch, shortcut))
        magnitudes[block] = (f / s)[s > 0].mean().item()

    def on_norm(norm, _inputs, output):
        if norm.response:
            responses[norm.response] = output.double().flatten().std(correction=0).item()

    norms = (module for module in network.modules() if isinstance(module, modules.BatchNorm))
    handles += [module.register_forward_hook(on_norm) for module in norms]
    handles += [network.module_of(block).register_forward_hook(on_unit) for block in network.probe_blocks]
    network(x)
    for handle in handles:
        handle.remove()
    return magnitudes, responses


def _unit_parts(unit, x):
    """Return F(x) and s(x), layer by layer."""
    preact = isinstance(unit, modules.PreActivationBasic | modules.PreActivationBottleneck)
    layers, f, active = dict(unit.named_children()), x, x
    for k in (1, 2, 3):
        if f"conv{k}" not in layers:
            break
        norm, conv = layers[f"norm{k}"], layers[f"conv{k}"]
        if preact:
            f = torch.relu(_batch_norm(norm, f))
            active = f if k == 1 else active
            f = conv(f)
        else:
            f = _batch_norm(norm, conv(f if k == 1 else torch.relu(f)))
    if unit.projection is not None:
        s = unit.projection(active)
        s = s if unit.projection_norm is None else _batch_norm(unit.projection_norm, s)
    else:
        s = None if unit.shortcut is None else unit.shortcut(x)
    return f, s


def _batch_norm(norm, x):
    mean, var = (None, None) if norm.training else (norm.running_mean, norm.running_var)
    return torch.nn.functional.batch_norm(x, mean, var, norm.weight, norm.bias, norm.training)


ARCHITECTURES = {
    "resnet-20": preset("resnet-20"),
    "resnet-20-B": preset("resnet-20-B"),
    "plain-20": preset("plain-20"),
    "preact-20": preset("preact-20"),
    "preact bottleneck": preact_bottleneck(),
    "bottleneck": preset("resnet-50", input_shape=(3, 32, 32), classes=10),
    "loose": loose(),
    "loose plain": loose(plain=True),
}


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_probe_equals_slow_float64_hooks(name, training):
    network = disturbed(build(ARCHITECTURES[name])).train(training)
    x = pictures(4, *network.input_shape)
    probe = ForwardProbe(network, "cpu")
    network(x, probe)
    magnitudes, responses = slow_probe(network, x)
    assert list(magnitudes) == network.probe_blocks
    expected = list(magnitudes.values())
    assert probe.residual_magnitude.tolist() == pytest.approx(expected, rel=1e-4, nan_ok=True)
    expected = [responses[name] for name in network.responses]
    assert probe.response_std.tolist() == pytest.approx(expected, rel=1e-4)
    assert len(network.responses) == {
        "preact-20": 9, "preact bottleneck": 12, "bottleneck": 49, "loose": 3, "loose plain": 3,
    }.get(name, 19)  # fmt: skip


def test_plain_blocks_are_listed_and_undefined():
    network = build(preset("plain-20"))
    probe = ForwardProbe(network, "cpu")
    network(pictures(4, 3, 32, 32), probe)
    assert len(network.probe_blocks) == 9
    assert probe.residual_magnitude.isnan().all()
    assert probe.response_std.isfinite().all()


def test_probe_is_float32_and_close_under_autocast():
    network = build(preset("resnet-20"))
    x = pictures(16, 3, 32, 32)
    exact, low = ForwardProbe(network, "cpu"), ForwardProbe(network, "cpu")
    network(x, exact)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        network(x, low)
    assert low.response_std.dtype == low.residual_magnitude.dtype == torch.float32
    assert torch.allclose(low.residual_magnitude, exact.residual_magnitude, rtol=0.02)
    assert torch.allclose(low.response_std, exact.response_std, rtol=0.01)
    # bfloat16 has 8 bits: values rounded to it would nearly all be on its grid
    assert (low.response_std != low.response_std.bfloat16().float()).sum() > 10


def test_probing_changes_neither_output_nor_gradients():
    network = build(preset("resnet-20-B"))
    x, probe = pictures(4, 3, 32, 32), ForwardProbe(network, "cpu")
    results = []
    for p in (None, probe):
        network.zero_grad()
        y = network(x, p)
        y.square().sum().backward()
        results.append((y.detach(), [q.grad.clone() for q in network.parameters()]))
    assert torch.equal(results[0][0], results[1][0])
    assert all(torch.equal(a, b) for a, b in zip(results[0][1], results[1][1], strict=True))
    assert not probe.residual_magnitude.requires_grad


def test_samples_with_an_empty_shortcut_are_left_out():
    network = build(preset("resnet-8", input_shape=(3, 8, 8)))
    probe = ForwardProbe(network, "cpu")
    branch, shortcut = torch.ones(3, 2, 2, 2), torch.ones(3, 2, 2, 2) * 2
    shortcut[1] = 0
    probe.record_residual("stage2.block1", branch, shortcut)
    assert probe.residual_magnitude.tolist() == pytest.approx([float("nan"), 0.5, float("nan")], nan_ok=True)
    probe.record_residual("stage2.block1", branch, shortcut * 0)
    assert probe.residual_magnitude.isnan().all()


def test_two_batch_norms_behind_one_convolution_count_once():
    architecture = loose()
    architecture.add("batch_norm", "second_norm")
    architecture.add("identity", "aside")
    architecture.disconnect(Wire("sum", "relu2"))
    architecture.add("add", "sum2")
    architecture.add("max_pool", "smaller")
    for wire in (
        Wire("stem", "second_norm"), Wire("second_norm", "aside"), Wire("aside", "smaller"),
        Wire("sum", "sum2", target_port="branch"), Wire("sum2", "relu2"),
    ):  # fmt: skip
        architecture.connect(wire)
    architecture.add("zero_pad_shortcut", "wider", out_channels=8, stride=1)
    architecture.connect(Wire("smaller", "wider"))
    architecture.connect(Wire("wider", "sum2", target_port="shortcut"))
    network = build(architecture)
    assert network.responses == ["stem", "conv1", "conv2"]
    assert network.probe_blocks == ["sum", "sum2"]
    probe = ForwardProbe(network, "cpu")
    network(pictures(2, 3, 8, 8), probe)
    assert probe.residual_magnitude.isfinite().all()
    assert probe.response_std.isfinite().all()
