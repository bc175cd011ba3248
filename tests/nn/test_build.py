import copy
import inspect
import sys
import time
import weakref

import pytest
import torch
from torch.nn.functional import cross_entropy

from resviz.arch.cost import cost_of
from resviz.arch.graph import Architecture, Wire
from resviz.arch.presets import preset
from resviz.arch.source_plan import module_paths
from resviz.arch.twin import twin
from resviz.errors import BuildError
from resviz.nn.build import build
from tests.nn import reference


def chain(*blocks, name="chain"):
    architecture, last = Architecture(name), None
    for kind, block_id, params in blocks:
        architecture.add(kind, block_id, **params)
        if last is not None:
            architecture.connect(Wire(last, block_id))
        last = block_id
    return architecture


def preact_bottleneck():
    units = [
        ("preact_bottleneck", f"stage{stage}.block{block}", {
            "out_channels": 16 << stage, "width": 4 << stage, "stride": 2 if stage > 1 and block == 1 else 1,
            "shortcut": "B",
        })
        for stage in (1, 2, 3)
        for block in (1, 2)
    ]  # fmt: skip
    return chain(
        ("input", "input", {}), ("conv", "stem", {}), *units, ("batch_norm", "head_norm", {}),
        ("relu", "head_relu", {}), ("global_avg_pool", "pool", {}), ("linear", "classifier", {}),
        ("output", "output", {}),
    )  # fmt: skip


def disturbed(network, seed=3):
    """Give batch norms scales, shifts and statistics that are not 1 and 0."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if "norm" in name:
            noise = torch.rand(tensor.shape, generator=generator)
            tensor.copy_(0.5 + noise if name.endswith(("weight", "var")) else noise - 0.5)
    return network


def pictures(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


REFERENCES = {
    "plain-20": (preset("plain-20"), reference.cifar, 3, "none"),
    "resnet-20": (preset("resnet-20"), reference.cifar, 3, "A"),
    "resnet-20-B": (preset("resnet-20-B"), reference.cifar, 3, "B"),
    "resnet-20-C": (preset("resnet-20-C"), reference.cifar, 3, "C"),
    "preact-20": (preset("preact-20"), reference.preact, 3, "A"),
    "preact bottleneck": (preact_bottleneck(), reference.preact, 2, "B"),
}


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, 1e-12), (torch.float32, 2e-5)])
@pytest.mark.parametrize("name", REFERENCES)
def test_outputs_and_all_gradients_equal_the_reference(name, dtype, bound, training):
    architecture, forward, n, option = REFERENCES[name]
    network = disturbed(build(architecture, seed=1)).to(dtype).train(training)
    parameters = {k: v.detach().clone() for k, v in network.state_dict().items()}
    for key, _ in network.named_parameters():
        parameters[key].requires_grad_()
    x, labels = pictures(8, 3, 32, 32).to(dtype), torch.arange(8) % 10
    ours, theirs = network(x), forward(parameters, x, n, option, training)
    assert torch.allclose(ours, theirs, rtol=0, atol=bound * theirs.abs().max().item())
    cross_entropy(ours, labels).backward()
    cross_entropy(theirs, labels).backward()
    for key, parameter in network.named_parameters():
        gradient = parameters[key].grad
        assert (parameter.grad - gradient).norm() <= bound * gradient.norm(), key


@pytest.mark.parametrize(
    "name",
    ["plain-20", "resnet-20", "resnet-20-B", "resnet-20-C", "resnet-32-w4", "resnet-56", "preact-20",
     "preact-164", "resnet-18", "plain-18", "resnet-34", "resnet-50", "resnet-50-v1.5", "cifar-resnet-50"],
)  # fmt: skip
def test_parameters_are_those_that_the_cost_says(name):
    architecture = preset(name)
    network, cost = build(architecture), cost_of(architecture)
    assert sum(p.numel() for p in network.parameters()) == cost.total.parameters
    for block_id in network._blocks:
        mine = sum(p.numel() for p in network.module_of(block_id).parameters())
        assert mine == cost.blocks[block_id].parameters, block_id
    assert len(network.convolutions) == cost.depth - 1


def test_names_follow_blocks_and_layers():
    network = build(preset("resnet-20-B"))
    assert [name for name, _ in network.convolutions[:4]] == [
        "stem.conv", "stage1.block1.conv1", "stage1.block1.conv2", "stage1.block2.conv1",
    ]  # fmt: skip
    assert network.probe_blocks == [f"stage{s}.block{b}" for s in (1, 2, 3) for b in (1, 2, 3)]
    assert network.responses == [name for name, _ in network.convolutions]
    named = dict(network.named_parameters())
    for name, convolution in network.convolutions:
        assert named[f"{name}.weight"] is convolution.weight
    assert "stage2.block1.projection.weight" in named
    assert "stage1.block1.projection.weight" not in named


def test_resnet_1202_builds_quickly_and_does_not_recurse():
    architecture = preset("resnet-1202", input_shape=(3, 8, 8))
    start = time.perf_counter()
    network = build(architecture).eval()
    assert time.perf_counter() - start < 10  # 0.7 s on an idle core
    assert network._slots == 1
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 60)
    try:
        with torch.no_grad():
            assert network(torch.zeros(1, 3, 8, 8)).shape == (1, 10)
    finally:
        sys.setrecursionlimit(limit)


def test_a_value_is_freed_with_its_last_reader():
    network = build(preset("resnet-20")).eval()
    outputs = []

    def look(_module, _inputs, output):
        # the newest, and the one that was this block's input
        assert sum(ref() is not None for ref in outputs) <= 1
        outputs.append(weakref.ref(output))

    for block_id in network._blocks:
        network.module_of(block_id).register_forward_hook(look)
    with torch.no_grad():
        network(torch.zeros(2, 3, 32, 32))
    assert len(outputs) == 12


def loose(plain=False):
    """Return conv - add - linear with a projection shortcut, all of primitives."""
    a = chain(
        ("input", "input", {"height": 8, "width": 8}), ("conv", "stem", {"out_channels": 4}),
        ("batch_norm", "stem.norm", {}), ("relu", "relu0", {}),
        ("conv", "conv1", {"out_channels": 8, "stride": 2}),
        ("batch_norm", "norm1", {}), ("relu", "relu1", {}), ("conv", "conv2", {"out_channels": 8}),
        ("batch_norm", "norm2", {}), name="loose",
    )  # fmt: skip
    a.add("conv", "down", out_channels=8, kernel_size=1, padding=0, stride=2)
    a.add("batch_norm", "down_norm")
    a.add("add", "sum", plain=plain)
    a.add("relu", "relu2")
    a.add("dropout", "drop", p=0.0)
    a.add("avg_pool", "half")
    a.add("flatten", "flatten")
    a.add("linear", "classifier")
    a.add("output", "output")
    for wire in (
        Wire("relu0", "down"), Wire("down", "down_norm"), Wire("norm2", "sum", target_port="branch"),
        Wire("down_norm", "sum", target_port="shortcut"), Wire("sum", "relu2"), Wire("relu2", "drop"),
        Wire("drop", "half"), Wire("half", "flatten"), Wire("flatten", "classifier"),
        Wire("classifier", "output"),
    ):  # fmt: skip
        a.connect(wire)
    return a


def test_loose_primitives_are_a_residual_network_too():
    network = build(loose())
    assert [name for name, _ in network.convolutions] == ["stem", "conv1", "conv2"]
    assert network.responses == ["stem", "conv1", "conv2"]
    assert network.probe_blocks == ["sum"]
    x, m = pictures(2, 3, 8, 8), network.module_of
    y = torch.relu(m("stem.norm")(m("stem")(x)))
    branch = m("norm2")(m("conv2")(torch.relu(m("norm1")(m("conv1")(y)))))
    expected = torch.relu(branch + m("down_norm")(m("down")(y)))
    expected = m("classifier")(torch.nn.functional.avg_pool2d(expected, 2).flatten(1))
    assert torch.equal(network(x), expected)


def test_a_plain_addition_leaves_its_shortcut_out():
    network = build(loose(plain=True))
    assert not any("down" in name for name, _ in network.named_parameters())
    shared, other = dict(network.named_parameters()), dict(build(loose()).named_parameters())
    assert all(torch.equal(tensor, other[name]) for name, tensor in shared.items())
    assert network(pictures(2, 3, 8, 8)).shape == (2, 10)


def test_twins_share_the_initial_weights_of_what_they_share():
    architecture = preset("resnet-20-B")
    residual, plain = build(architecture, seed=5), build(twin(architecture), seed=5)
    ours, theirs = residual.state_dict(), plain.state_dict()
    assert theirs.keys() < ours.keys()
    assert all("projection" in name for name in ours.keys() - theirs.keys())
    assert all(torch.equal(theirs[name], ours[name]) for name in theirs)
    other_seed = build(twin(architecture), seed=6).state_dict()
    assert not torch.equal(other_seed["stem.conv.weight"], theirs["stem.conv.weight"])


def test_building_leaves_the_random_state_alone():
    torch.manual_seed(1)
    expected = torch.randn(3)
    torch.manual_seed(1)
    build(preset("resnet-20"))
    assert torch.equal(torch.randn(3), expected)


def test_problems_are_told_with_their_mend():
    architecture = preset("resnet-20")
    architecture.set_params("stage2.block1", out_channels=8)
    with pytest.raises(BuildError, match=r"resnet-20 cannot be built. .*cannot go from 16 down to 8.*B"):
        build(architecture)


def test_awkward_block_ids_are_built():
    assert module_paths(["a", "a.b", "train", "x.y"], ["train"]) == {
        "a": ("block_a",), "a.b": ("a", "b"), "train": ("block_train",), "x.y": ("x", "y"),
    }  # fmt: skip
    architecture = preset("resnet-8", input_shape=(3, 8, 8))
    for stage, new in enumerate(("a", "a.b", "forward"), start=1):
        architecture.rename(f"stage{stage}.block1", new)
    architecture.rename("stem", "train")
    network = build(architecture)
    network.load_state_dict(network.state_dict())
    assert network(pictures(2, 3, 8, 8)).shape == (2, 10)
    assert network.probe_blocks == ["a", "a.b", "forward"]


def test_copies_are_independent():
    network = build(preset("resnet-8", input_shape=(3, 8, 8))).eval()
    other, x = copy.deepcopy(network), pictures(2, 3, 8, 8)
    before = network(x)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
    assert other(x).abs().max() == 0
    assert torch.equal(network(x), before)
    assert other.convolutions[0][1].weight.abs().max() == 0


def test_channels_last_stays_channels_last():
    network = build(preset("resnet-20")).to(memory_format=torch.channels_last)

    def look(_module, _inputs, output):
        assert output.ndim == 2 or output.is_contiguous(memory_format=torch.channels_last)

    for block_id in network._blocks:
        network.module_of(block_id).register_forward_hook(look)
    x = pictures(2, 3, 32, 32).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = network(x)
    high = network(x)
    assert low.dtype == torch.bfloat16
    assert (low - high).abs().max() < 0.1 * high.abs().max()


def test_a_compiled_network_is_one_graph_and_gives_the_same():
    network = build(preset("resnet-20", input_shape=(3, 8, 8))).eval()
    x = pictures(2, 3, 8, 8)
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    assert torch.equal(compiled(x), network(x))
