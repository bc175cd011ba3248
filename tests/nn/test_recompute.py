import copy

import pytest
import torch
from torch.nn.functional import cross_entropy

from resviz.arch.activations import kept_in_segments, pieces, segments
from resviz.arch.presets import preset
from resviz.arch.shapes import infer
from resviz.nn.build import build
from resviz.nn.probe import ForwardProbe
from tests.nn.test_build import chain, disturbed, loose, pictures, preact_bottleneck

SMALL = (3, 8, 8)
NETWORKS = {
    "resnet": preset("resnet-20-w4", input_shape=SMALL),
    "resnet B": preset("resnet-20-w4-B", input_shape=SMALL),
    "plain": preset("plain-20-w4", input_shape=SMALL),
    "bottleneck": preset("resnet-50-w4", input_shape=(3, 32, 32), classes=10),
    "preact bottleneck": preact_bottleneck(),
    "loose": loose(),
}


def step(network, x, probe=None, precision=None):
    """Return loss, gradients and running statistics of two training passes."""
    for _ in range(2):
        network.zero_grad()
        with torch.autocast("cpu", dtype=precision or torch.bfloat16, enabled=precision is not None):
            scores = network(x, probe)
        loss = cross_entropy(scores.float(), torch.arange(len(x)) % 10)
        loss.backward()
    gradients = {f"gradient of {key}": p.grad for key, p in network.named_parameters() if p.grad is not None}
    return {"loss": loss.detach(), **gradients, **dict(network.named_buffers())}


@pytest.mark.parametrize("precision", [None, torch.bfloat16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("rule", ["he", "fixup", "skipinit"])
@pytest.mark.parametrize("name", NETWORKS)
def test_all_is_bit_for_bit_what_it_is_without(name, rule, precision):
    options = {"seed": 2, "residual_init": rule}
    usual = disturbed(build(NETWORKS[name], **options))
    network = disturbed(build(NETWORKS[name], recompute=True, **options))
    assert len(network._segments) > 1
    x = pictures(6, *network.input_shape)
    expected, found = step(usual, x, precision=precision), step(network, x, precision=precision)
    assert found.keys() == expected.keys()
    assert [key for key, value in expected.items() if not torch.equal(value, found[key])] == []


def test_stochastic_depth_and_dropout_draw_the_same_the_second_time():
    architecture = chain(
        ("input", "input", {"height": 8, "width": 8}), ("conv_bn_relu", "stem", {"out_channels": 4}),
        *[("basic", f"block{k}", {"out_channels": 4}) for k in range(4)], ("dropout", "drop", {"p": 0.3}),
        *[("basic", f"block{k}", {"out_channels": 4}) for k in range(4, 8)],
        ("global_avg_pool", "pool", {}), ("linear", "classifier", {}), ("output", "output", {}),
    )  # fmt: skip
    results = []
    for recompute in (False, True):
        network = build(architecture, survival_last=0.3, recompute=recompute)
        network.begin(0, 4)
        x = pictures(6, *SMALL)
        cross_entropy(network(x), torch.arange(6)).backward()
        results.append({key: p.grad for key, p in network.named_parameters()})
    usual, found = results
    assert any(gradient is None for gradient in usual.values())
    assert any(drop in network._segments[0].steps for drop in range(6)) or len(network._segments) > 2
    for key, gradient in usual.items():
        assert (gradient is None) == (found[key] is None)
        assert gradient is None or torch.equal(gradient, found[key]), key


def test_probes_measure_once():
    x, measured = pictures(6, *SMALL), []
    for recompute in (False, True):
        network = disturbed(build(NETWORKS["resnet B"], recompute=recompute))
        probe = ForwardProbe(network, "cpu")
        recorded = []

        def record(block, *parts, probe=probe, recorded=recorded):
            recorded.append(block)
            ForwardProbe.record_block(probe, block, *parts)

        probe.record_block = record
        step(network, x, probe)
        assert recorded == 2 * network.probe_blocks  # of two passes
        probe.collect()
        measured.append(probe.values)
    assert torch.equal(measured[0], measured[1])


def test_fewer_values_are_kept_as_the_plan_says():
    architecture = preset("resnet-56-w4", input_shape=(3, 16, 16))
    found = pieces(architecture, infer(architecture))
    kept = {}
    for recompute in (False, True):
        network = build(architecture, recompute=recompute)
        own = {p.untyped_storage().data_ptr() for p in [*network.parameters(), *network.buffers()]}
        storages = {}
        kept_tensors = []  # so that no storage is used twice

        def pack(tensor, own=own, storages=storages, kept_tensors=kept_tensors):
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in own:
                kept_tensors.append(tensor)
                storages[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            scores = network(pictures(8, 3, 16, 16))
        kept[recompute] = sum(storages.values()) / 4 / 8
        del scores
    pictures_too = 3 * 16 * 16
    assert kept[False] == pytest.approx(sum(piece.kept for piece in found) + pictures_too, rel=0.01)
    groups = segments(found)
    assert kept_in_segments(groups) < 0.3 * kept[False]
    # What is kept between the passes: the results of all segments but the last, and all of the last.
    at_rest = sum(group[-1].leaves for group in groups[:-1]) + sum(piece.kept for piece in groups[-1])
    assert kept[True] == pytest.approx(at_rest + pictures_too, rel=0.05)


def test_segments_end_where_one_value_passes():
    architecture = loose()
    found = pieces(architecture, infer(architecture))
    assert [piece.blocks for piece in found][:3] == [("stem",), ("stem.norm",), ("relu0",)]
    inside = next(piece.blocks for piece in found if "conv1" in piece.blocks)
    assert set(inside) == {"conv1", "norm1", "relu1", "conv2", "norm2", "down", "down_norm", "sum"}


def test_resnet_1202_keeps_a_twentieth():
    architecture = preset("resnet-1202")
    found = pieces(architecture, infer(architecture))
    assert kept_in_segments(segments(found)) < sum(piece.kept for piece in found) / 20


def test_evaluation_and_copies_work_as_usual():
    network = build(NETWORKS["resnet"], recompute=True)
    other, x = copy.deepcopy(network), pictures(4, *SMALL)
    step(other, x)
    assert not torch.equal(
        other.module_of("stem").norm.running_mean, network.module_of("stem").norm.running_mean
    )
    assert (network.module_of("stem").norm.running_mean == 0).all()
    usual = build(NETWORKS["resnet"]).eval()
    assert torch.equal(network.eval()(x), usual(x))


def test_compiled_it_is_one_graph_and_gives_the_same():
    architecture, results = preset("resnet-8-w4", input_shape=SMALL), []
    for recompute in (False, True):
        network = build(architecture, recompute=recompute)
        compiled = torch.compile(network, backend="aot_eager", fullgraph=True) if recompute else network
        cross_entropy(compiled(pictures(6, *SMALL)), torch.arange(6)).backward()
        gradients = {f"gradient of {key}": p.grad for key, p in network.named_parameters()}
        results.append(gradients | dict(network.named_buffers()))
    usual, found = results
    assert [key for key, value in usual.items() if not torch.equal(value, found[key])] == []
