import time

import pytest

from resviz.arch.blocks import CATALOGUE
from resviz.arch.composites import RESIDUAL_KINDS, units
from resviz.arch.cost import cost_of
from resviz.arch.graph import Architecture, Wire
from resviz.arch.presets import preset
from resviz.arch.shapes import infer
from tests.arch.documents import chain, loose_unit

# FACTS.md, sections 1.2 and 2.2; the paper's Table 6 and Table 1 print them rounded.
CIFAR = {
    20: (269_722, 40.55),
    32: (464_154, 68.86),
    44: (658_586, 97.17),
    56: (853_018, 125.49),
    110: (1_727_962, 252.89),
    1202: (19_421_274, 2_829.24),
    8: (75_290, 12.24),
    14: (172_506, 26.40),
}
IMAGENET = {
    "resnet-18": (11_689_512, 1.81407),
    "resnet-34": (21_797_672, 3.66376),
    "resnet-50": (25_557_032, 3.85797),
    "resnet-101": (44_549_160, 7.57019),
    "resnet-152": (60_192_808, 11.28242),
    "resnet-50-v1": (25_557_032, 3.85797),
    "resnet-50-v1.5": (25_557_032, 4.08918),
    "resnet-101-v1.5": (44_549_160, 7.80141),
    "resnet-152-v1.5": (60_192_808, 11.51363),
    "resnet-18-A": (11_515_688, 1.79481),
    "plain-18": (11_515_688, 1.79481),
    "resnet-34-A": (21_623_848, 3.64449),
    "plain-34": (21_623_848, 3.64449),
}


@pytest.mark.parametrize("depth", CIFAR)
@pytest.mark.parametrize("name", ["resnet-{}", "plain-{}", "resnet-{}-A"])
def test_cifar_networks(name, depth):
    cost = cost_of(preset(name.format(depth)))
    parameters, millions = CIFAR[depth]
    assert cost.total.parameters == parameters == 97_216 * ((depth - 2) // 6) - 21_926
    assert round(cost.total.multiply_adds / 1e6, 2) == millions
    assert cost.depth == depth


@pytest.mark.parametrize("depth", CIFAR)
def test_option_b_costs_2752_parameters_more(depth):
    assert cost_of(preset(f"resnet-{depth}-B")).total.parameters == CIFAR[depth][0] + 2_752


@pytest.mark.parametrize("name", IMAGENET)
def test_imagenet_networks(name):
    cost = cost_of(preset(name))
    assert (cost.total.parameters, round(cost.total.multiply_adds / 1e9, 5)) == IMAGENET[name]
    assert cost.depth == int(name.split("-")[1])


def test_multiply_adds_of_the_grouped_and_the_wide():
    """GFLOPS in the metadata of torchvision's weights, which count a multiply-add once."""
    for name, billions in (
        ("resnext50_32x4d", 4.23),
        ("resnext101_64x4d", 15.46),
        ("wide_resnet50_2", 11.398),
    ):
        assert cost_of(preset(name)).total.multiply_adds / 1e9 == pytest.approx(billions, abs=5e-3)


def test_option_c_has_thirteen_projections_more():
    """arXiv:1512.03385, Sec. 4.1: 16 units, 3 of them projected in option B."""
    b, c = infer(preset("resnet-34-B")), infer(preset("resnet-34-C"))
    same = 3 * (64 * 64 + 128) + 3 * (128 * 128 + 256) + 5 * (256 * 256 + 512) + 2 * (512 * 512 + 1024)
    difference = (
        cost_of(preset("resnet-34-C"), c).total.parameters
        - cost_of(preset("resnet-34-B"), b).total.parameters
    )
    assert difference == same


def test_preactivation_networks():
    """arXiv:1603.05027, Table 4: ResNet-1001 has 10.2M parameters, which leaves out batch norms."""
    architecture = preset("preact-1001")
    inference = infer(architecture)
    cost = cost_of(architecture, inference)
    assert cost.depth == 1001
    assert cost.total.parameters == 10_327_706
    norms = 0
    for block in architecture.blocks.values():
        if block.kind in RESIDUAL_KINDS:
            norms += 2 * sum(units(block.kind, block.params, inference.inputs[block.id][0][0]).norms)
        elif block.kind == "batch_norm":
            norms += 2 * inference.shapes[block.id][0]
    assert round((cost.total.parameters - norms) / 1e6, 1) == 10.2
    assert sum(block.kind == "preact_bottleneck" for block in architecture.blocks.values()) == 333
    assert cost_of(preset("preact-164")).depth == 164
    assert round(cost_of(preset("preact-164")).total.parameters / 1e6, 1) == 1.7
    assert cost_of(preset("preact-110")).total.parameters == CIFAR[110][0]
    assert cost_of(preset("preact-110")).depth == 110


@pytest.mark.parametrize("kind", [k for k in CATALOGUE if k in RESIDUAL_KINDS])
@pytest.mark.parametrize("shortcut", ["none", "A", "B", "C"])
def test_a_composite_costs_the_sum_of_its_units(kind, shortcut):
    spec = CATALOGUE[kind]
    params = spec.complete({"out_channels": 32, "stride": 2, "shortcut": shortcut})
    output = spec.infer(params, ((16, 9, 9),))
    plan = units(kind, params, 16)
    assert output == (32, 5, 5)
    expected = sum(c.in_channels * c.out_channels * c.kernel_size**2 for c in plan.branch) + 2 * sum(
        plan.norms
    )
    if plan.projection:
        expected += 16 * 32 + (64 if plan.projection_norm else 0)
    assert spec.cost(params, ((16, 9, 9),), output).parameters == expected
    assert (plan.projection is not None) == (shortcut in "BC")


def test_loose_layers_cost_what_the_composite_does():
    """Also: the projection's layers are not on the main path and do not make the network deeper."""
    for option in "AB":
        loose = loose_unit(channels=32, stride=2, shortcut=option)
        whole = chain(
            ("input", "input", {"height": 8, "width": 8}), ("conv", "stem", {}),
            ("basic", "unit", {"out_channels": 32, "stride": 2, "shortcut": option}),
            "global_avg_pool", "linear", "output",
        )  # fmt: skip
        assert cost_of(loose).total.parameters == cost_of(whole).total.parameters
        assert cost_of(loose).total.multiply_adds == cost_of(whole).total.multiply_adds
        assert cost_of(loose).depth == cost_of(whole).depth == 4


def test_conv_with_groups_and_bias():
    architecture = chain(
        ("input", "input", {"channels": 8, "height": 4, "width": 4}),
        ("conv", "conv", {"out_channels": 12, "groups": 4, "bias": True}),
    )
    cost = cost_of(architecture)
    assert cost.total.parameters == 12 * (8 // 4) * 9 + 12
    assert cost.total.multiply_adds == 12 * (8 // 4) * 9 * 16
    assert cost.total.activations == 12 * 16


def test_dead_and_broken_blocks_cost_nothing():
    architecture = preset("resnet-8")
    whole = cost_of(architecture)
    architecture.add("conv", "dead_end")
    architecture.connect(Wire("stem", "dead_end"))
    architecture.add("linear", "broken")
    architecture.connect(Wire("stem", "broken"))
    architecture.add("conv", "loose")
    cost = cost_of(architecture)
    assert cost.total == whole.total
    assert cost.depth == whole.depth
    assert set(cost.blocks) == set(architecture.blocks)
    assert cost.blocks["dead_end"].parameters == cost.blocks["broken"].parameters == 0


def test_an_unfinished_network_shows_what_it_costs_so_far():
    architecture = chain("input", "conv")
    assert cost_of(architecture).total.parameters == 3 * 16 * 9
    assert cost_of(architecture).depth == 1
    assert cost_of(Architecture()).total.parameters == 0
    assert cost_of(Architecture()).depth == 0


def test_inference_and_cost_of_1202_layers_are_quick_after_an_edit():
    architecture = preset("resnet-1202")
    best = float("inf")
    for number in range(5):
        architecture.set_params("stem", out_channels=16, padding=1, stride=1 + number % 2)
        begin = time.process_time()
        cost_of(architecture, infer(architecture))
        best = min(best, time.process_time() - begin)
    assert best < 0.03, f"{best * 1000:.1f} ms"  # 3 ms on an idle machine
