import itertools
import math

import pytest
import torch

from resviz.arch.graph import Wire
from resviz.arch.presets import preset
from resviz.nn import modules, sums
from resviz.nn.build import build
from resviz.nn.probe import ForwardProbe
from tests.nn.test_build import disturbed, loose, pictures, preact_bottleneck


def slow_probe(network, x):
    """Measure in float64 with hooks: a dict by quantity of dicts by name."""
    found, handles = {name: {} for name in ForwardProbe.NAMES}, []

    def on_unit(unit, inputs, _output):
        block = next(name for name, module in network._blocks.items() if module is unit)
        x = inputs[0]
        if isinstance(unit, modules.Add):
            branch, shortcut = inputs if len(inputs) == 2 else (inputs[0], None)
        else:
            with torch.no_grad():
                branch, shortcut = _unit_parts(unit, x)
        f = branch.double().flatten(1)
        s = torch.zeros_like(f) if shortcut is None else shortcut.double().flatten(1)
        y = f + s
        found["truncated_pct"][block] = (
            100 * sum((sample < 0).double().mean().item() for sample in y) / len(y)
        )
        norms = [[sample.square().sum().sqrt().item() for sample in v] for v in (f, s, y)]
        ratios = {"residual_magnitude": [], "residual_share": [], "alignment": []}
        for i, (branch_norm, shortcut_norm, total_norm) in enumerate(zip(*norms, strict=True)):
            if shortcut is None or not shortcut_norm:
                continue
            ratios["residual_magnitude"].append(branch_norm / shortcut_norm)
            ratios["residual_share"].append(branch_norm / total_norm)
            ratios["alignment"].append((f[i] @ s[i]).item() / branch_norm / shortcut_norm)
        for name, values in ratios.items():
            found[name][block] = sum(values) / len(values) if values else math.nan

    def on_norm(norm, _inputs, output):
        if norm.response:
            found["response_std"][norm.response] = output.double().flatten().std(correction=0).item()

    norms = (module for module in network.modules() if isinstance(module, modules.BatchNorm))
    handles += [module.register_forward_hook(on_norm) for module in norms]
    handles += [network.module_of(block).register_forward_hook(on_unit) for block in network.probe_blocks]
    network(x)
    for handle in handles:
        handle.remove()
    return found


def probed(network, x, probe=None):
    """Return the probe of a pass."""
    probe = probe or ForwardProbe(network, "cpu")
    network(x, probe)
    probe.collect()
    return probe


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


def close(expected, rel):
    return pytest.approx(expected, rel=rel, abs=rel, nan_ok=True)


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_probe_equals_slow_float64_hooks(name, training):
    network = disturbed(build(ARCHITECTURES[name])).train(training)
    x = pictures(4, *network.input_shape)
    probe = probed(network, x)
    slow = slow_probe(network, x)
    assert list(slow["truncated_pct"]) == network.probe_blocks
    for quantity in ("residual_magnitude", "residual_share", "alignment", "truncated_pct"):
        expected = list(slow[quantity].values())
        assert getattr(probe, quantity).tolist() == close(expected, 1e-5), quantity
    expected = [slow["response_std"][name] for name in network.responses]
    assert probe.response_std.tolist() == pytest.approx(expected, rel=2e-5)
    assert len(network.responses) == {
        "preact-20": 9, "preact bottleneck": 12, "bottleneck": 49, "loose": 3, "loose plain": 3,
    }.get(name, 19)  # fmt: skip
    plain = "plain" in name
    assert probe.residual_share.isnan().all() == plain
    assert not probe.truncated_pct.isnan().any()
    assert probe.truncated_pct.min() > 1


def test_plain_blocks_are_listed_and_undefined():
    network = build(preset("plain-20"))
    probe = probed(network, pictures(4, 3, 32, 32))
    assert len(network.probe_blocks) == 9
    assert probe.residual_magnitude.isnan().all()
    assert probe.alignment.isnan().all()
    assert probe.response_std.isfinite().all()
    assert probe.truncated_pct.isfinite().all()


def test_probe_is_float32_and_close_under_autocast():
    network = build(preset("resnet-20"))
    x = pictures(16, 3, 32, 32)
    exact = probed(network, x).values.clone()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = probed(network, x)
    assert low.values.dtype == torch.float32
    assert low.values.tolist() == pytest.approx(exact.tolist(), rel=0.02, abs=0.01)
    # bfloat16 has 8 bits: values rounded to it would nearly all be on its grid
    assert (low.values != low.values.bfloat16().float()).sum() > 0.9 * len(low.values)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("reduction", ["pieces", "whole"])
def test_low_precision_is_summed_in_float32(dtype, reduction, monkeypatch):
    """`whole` is what a CUDA card does; both equal float64 sums of the same rounded values."""
    network = build(preset("resnet-8-w4", input_shape=(3, 8, 8), classes=10))
    probe = ForwardProbe(network, "cpu")
    monkeypatch.setattr(probe._sums, "_multiplies_bfloat16", False)
    if reduction == "whole":
        monkeypatch.setattr(sums.SampleSums, "_sums_in_pieces", staticmethod(sums._reduce))
        monkeypatch.setattr(sums.SampleSums, "_share_in_pieces", staticmethod(sums._reduce_share))
    else:
        monkeypatch.setattr(sums, "_CHUNK", 3 * 16 * 32 * 32)  # samples do not come out even
    torch.manual_seed(3)
    branch = torch.randn(8, 16, 32, 32).mul(0.1).to(dtype).contiguous(memory_format=torch.channels_last)
    shortcut = torch.randn(8, 16, 32, 32).relu().to(dtype) + 0.3 * branch
    total = branch + shortcut
    probe.record_block("stage2.block1", branch, shortcut, total)
    probe.collect()
    f, s = branch.double().flatten(1), shortcut.double().flatten(1)
    a, b, y = f.norm(dim=1), s.norm(dim=1), (f + s).norm(dim=1)
    assert probe.residual_magnitude[1].item() == pytest.approx((a / b).mean().item(), rel=2e-6)
    assert probe.residual_share[1].item() == pytest.approx((a / y).mean().item(), rel=2e-6)
    tolerance = 1e-5 if (dtype, reduction) == (torch.bfloat16, "whole") else 5e-7
    assert probe.alignment[1].item() == pytest.approx(((f * s).sum(1) / a / b).mean().item(), abs=tolerance)
    assert probe.truncated_pct[1].item() == pytest.approx(100 * (total < 0).double().mean().item(), rel=1e-6)


@pytest.mark.parametrize(
    "formats", list(itertools.product((torch.contiguous_format, torch.channels_last), repeat=2))
)
@pytest.mark.parametrize("dtypes", [(torch.float32, torch.float32), (torch.bfloat16, torch.float32)])
def test_values_are_compared_in_one_order(formats, dtypes):
    """Whatever the layouts and types of branch and shortcut."""
    network = build(preset("resnet-8-w4", input_shape=(3, 8, 8), classes=10))
    f, s = (
        torch.randn(3, 5, 4, 2).to(dtype).contiguous(memory_format=layout)
        for layout, dtype in zip(formats, dtypes, strict=True)
    )
    probe = ForwardProbe(network, "cpu")
    probe.record_block("stage1.block1", f, s, f + s)
    probe.collect()
    cosine = torch.nn.functional.cosine_similarity(f.float().flatten(1), s.float().flatten(1)).mean().item()
    assert probe.alignment[0].item() == pytest.approx(cosine, abs=1e-6)
    assert probe.truncated_pct[0].item() == pytest.approx(100 * (f + s < 0).double().mean().item())


@pytest.mark.parametrize("size", [8, 7])
def test_bfloat16_products_are_close(size, monkeypatch):
    network = build(preset("resnet-8-w4", input_shape=(3, 8, 8), classes=10))
    probe = ForwardProbe(network, "cpu")
    monkeypatch.setattr(probe._sums, "_multiplies_bfloat16", True)
    f, s = (torch.randn(128, 64, size, size, generator=torch.Generator().manual_seed(i)) for i in (0, 1))
    f, s = (0.1 * f + 0.02 * s).bfloat16(), s.bfloat16()
    probe.record_block("stage1.block1", f, s, f + s)
    probe.collect()
    f, s = f.double().flatten(1), s.double().flatten(1)
    a, b = f.norm(dim=1), s.norm(dim=1)
    assert probe.residual_magnitude[0].item() == pytest.approx((a / b).mean().item(), rel=2e-4)
    assert probe.residual_share[0].item() == pytest.approx((a / (f + s).norm(dim=1)).mean().item(), rel=2e-4)
    assert probe.alignment[0].item() == pytest.approx(((f * s).sum(1) / a / b).mean().item(), rel=3e-4)


@pytest.mark.parametrize("values", [10, 4096, 3 * 2**16, 2**18, 2 * 11 * 11])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_every_negative_value_is_counted(values, dtype):
    """Also where a sample has so many that their packed counts would overflow, or too few to pack."""
    network = build(preset("plain-8-w4", input_shape=(3, 8, 8), classes=10))
    probe = ForwardProbe(network, "cpu")
    for total in (torch.randn(3, values).sub(1), -torch.ones(3, values), torch.zeros(3, values)):
        total = total.to(dtype)  # noqa: PLW2901
        probe.record_block("stage1.block1", total, None, total)
        probe.collect()
        expected = 100 * (total < 0).double().mean().item()
        assert probe.truncated_pct[0].item() == pytest.approx(expected, rel=1e-6)


def test_nothing_is_carried_over_to_the_next_pass():
    """A block that stochastic depth leaves out is undefined, whatever it was before."""
    network = build(preset("resnet-8-w4", input_shape=(3, 8, 8), classes=10))
    x, probe = pictures(4, 3, 8, 8), ForwardProbe(network, "cpu")
    assert probed(network, x, probe).values.isfinite().all()
    network.module_of("stage2.block1").dropped = True
    probed(network, x, probe)
    for quantity in (probe.residual_magnitude, probe.residual_share, probe.alignment, probe.truncated_pct):
        assert quantity.isnan().tolist() == [False, True, False]
    unknown = [n for n, std in zip(network.responses, probe.response_std, strict=True) if std.isnan()]
    assert unknown == ["stage2.block1.conv1", "stage2.block1.conv2"]
    probe.collect()
    assert probe.values.isnan().all()


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
    branch[2] = -2
    nan = float("nan")

    def told():
        probe.collect()
        return [
            quantity.tolist()[1]
            for quantity in (probe.residual_magnitude, probe.residual_share, probe.alignment)
        ]

    probe.record_block("stage2.block1", branch, shortcut, branch + shortcut)
    # |F|/|s| of samples 0 and 2, |F|/|y| of 0 and 1 (in 2, y is 0), the cosine of 0 and 2
    assert told() == pytest.approx([(0.5 + 1) / 2, (1 / 3 + 1) / 2, (1 - 1) / 2])
    probe.record_block("stage2.block1", branch, shortcut * 0, branch)
    assert told() == pytest.approx([nan, 1, nan], nan_ok=True)
    probe.record_block("stage2.block1", shortcut * 0, shortcut * 0, shortcut * 0)
    assert told() == pytest.approx([nan, nan, nan], nan_ok=True)
    assert probe.truncated_pct[1] == 0


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
    probe = probed(network, pictures(2, 3, 8, 8))
    assert probe.residual_magnitude.isfinite().all()
    assert probe.response_std.isfinite().all()
