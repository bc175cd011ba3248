import ast
import subprocess
import sys

import pytest
import torch

from resviz.arch.cost import cost_of
from resviz.arch.graph import Architecture, Wire
from resviz.arch.presets import preset
from resviz.arch.shapes import infer
from resviz.arch.source import class_name, python_source
from resviz.arch.source_plan import RESERVED, module_paths
from resviz.arch.twin import twin
from resviz.errors import BuildError
from resviz.nn.build import build
from tests.arch.documents import chain, loose_unit


def module_of(architecture):
    namespace = {"__name__": "exported"}
    exec(compile(python_source(architecture), "<exported>", "exec"), namespace)
    return namespace[class_name(architecture)]()


def code_of(architecture):
    """Return an exported module without the architecture that it carries."""
    return python_source(architecture).partition("# resviz-architecture\n")[0]


def mixed():
    """A network of units that differ in everything."""
    return chain(
        ("input", "input", {"height": 16, "width": 16}),
        ("conv_bn_relu", "stem", {"out_channels": 8}),
        ("basic", "s.block1", {"out_channels": 8, "shortcut": "none"}),
        ("basic", "s.block2", {"out_channels": 12, "shortcut": "A", "stride": 2}),
        ("basic", "s.block3", {"out_channels": 12, "shortcut": "C"}),
        ("basic", "s.block4", {"out_channels": 12, "shortcut": "B"}),
        ("bottleneck", "t.block1", {"out_channels": 16, "width": 4, "shortcut": "B", "stride": 2}),
        ("bottleneck", "t.block2", {"out_channels": 16, "width": 4, "stride_in": "3x3", "stride": 2}),
        ("bottleneck", "t.block3", {"out_channels": 16, "width": 4, "groups": 4}),
        ("preact_basic", "u.block1", {"out_channels": 20, "shortcut": "B"}),
        ("preact_basic", "u.block2", {"out_channels": 21, "shortcut": "A"}),
        ("preact_bottleneck", "u.block3", {"out_channels": 24, "width": 5, "shortcut": "C"}),
        ("preact_bottleneck", "u.block4", {"out_channels": 24, "width": 6, "groups": 3, "shortcut": "A"}),
        ("dropout", "drop", {"p": 0.25}),
        ("conv", "grouped", {"out_channels": 12, "groups": 4, "bias": True}),
        ("avg_pool", "shrink", {"kernel_size": 2, "padding": 1}),
        ("identity", "nothing", {}),
        "flatten",
        ("linear", "classifier", {"bias": False}),
        "output",
        name='mixed "quotes" \\ and\nlines',
    )  # fmt: skip


def odd_names():
    """Names that are no attributes, clash with torch's, or continue each other; the input is read twice."""
    architecture = chain(
        ("input", "x", {"height": 8, "width": 8}), ("conv", "forward", {}), ("batch_norm", "my layer", {}),
        ("relu", "self", {}), ("conv", "a", {}), ("conv_bn_relu", "a.b", {}), ("conv", "a.b.c", {}),
        ("conv", "ﬁ", {}), ("conv", "lambda.1.class", {}), ("basic", "1.block1", {}), ("add", "torch", {}),
        ("global_avg_pool", "F", {}), ("linear", "type", {}), ("output", "output", {}), name="1 больше {0}",
    )  # fmt: skip
    architecture.add("conv", "from input")
    architecture.connect(Wire("x", "from input"))
    architecture.connect(Wire("from input", "torch", "out", "shortcut"))
    return architecture


CASES = {
    **{name: (lambda name=name: preset(name)) for name in (
        "resnet-20", "plain-20", "preact-20-plain", "resnet-20-C-w8", "preact-29",
    )},
    "loose": loose_unit,
    "loose-A": lambda: loose_unit(channels=32, stride=2, shortcut="A"),
    "loose-B": lambda: loose_unit(channels=32, stride=2, shortcut="B"),
    "loose-B-twin": lambda: twin(loose_unit(channels=32, stride=2, shortcut="B")),
    "mixed": mixed,
    "odd names": odd_names,
    "no layers": lambda: chain(("input", "input", {"height": 2, "width": 2}), "flatten", "output"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_exported_module_is_the_network(case):
    architecture = CASES[case]()
    assert infer(architecture).problems == []
    network = build(architecture, seed=3)
    exported = module_of(architecture)
    assert sum(p.numel() for p in exported.parameters()) == cost_of(architecture).total.parameters
    assert {k: v.shape for k, v in exported.state_dict().items()} == {
        k: v.shape for k, v in network.state_dict().items()
    }
    exported.load_state_dict(network.state_dict())
    network.load_state_dict(exported.state_dict())
    x = torch.randn(2, *infer(architecture).input_shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for mode in (False, True) if case != "mixed" else (False,):  # dropout draws
            exported.train(mode)
            network.train(mode)
            torch.testing.assert_close(exported(x), network(x), rtol=1e-4, atol=1e-4)
    assert exported(x).shape == (2, *infer(architecture).output_shape)


@pytest.mark.parametrize("name", ["resnet-110", "resnet-1202", "preact-1001"])
def test_the_code_of_a_deep_network_is_short(name):
    architecture = preset(name)
    assert len(code_of(architecture).splitlines()) < 150


def test_exported_imagenet_network():
    architecture = preset("resnet-50-v1.5")
    with torch.device("meta"):
        exported = module_of(architecture)
        assert exported(torch.zeros(1, 3, 224, 224)).shape == (1, 1000)
    assert sum(p.numel() for p in exported.parameters()) == 25_557_032


def test_initial_weights_are_hes():
    weight = module_of(preset("resnet-20")).stage3.block2.conv1.weight
    assert weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.03)


def test_only_what_the_network_uses_is_written():
    classes = {
        name: {node.name for node in ast.parse(python_source(preset(name))).body if hasattr(node, "name")}
        for name in ("plain-20", "resnet-20", "resnet-50")
    }
    assert classes["plain-20"] == {"BatchNorm", "ConvBnRelu", "BasicBlock", "stage", "Plain20"}
    assert classes["resnet-20"] == classes["plain-20"] - {"Plain20"} | {"zero_pad_shortcut", "ResNet20"}
    assert classes["resnet-50"] == {"BatchNorm", "ConvBnRelu", "Bottleneck", "stage", "ResNet50"}
    assert "shortcut" not in code_of(preset("plain-20")).replace("without the shortcut s(x)", "")


def test_the_paper_is_cited_and_shapes_are_said():
    source = code_of(preset("resnet-20"))
    assert source.startswith('"""resnet-20: 20 weighted layers, 269,722 parameters, 40.55 M multiply-adds')
    assert "arXiv:1512.03385, Fig. 5 left" in source
    assert "x = self.stage2(x)  # (N, 32, 16, 16)" in source
    for each in (source, code_of(mixed()), code_of(preset("resnext50_32x4d"))):
        assert max(map(len, each.splitlines())) <= 110


@pytest.mark.parametrize("case", CASES)
def test_the_source_imports_nothing_but_torch(case):
    roots = set()
    for node in ast.walk(ast.parse(python_source(CASES[case]()))):
        if isinstance(node, ast.Import):
            roots |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add(node.module.partition(".")[0])
    assert roots <= {"torch", "collections"}


def test_the_file_runs_by_itself(tmp_path):
    path = tmp_path / "network.py"
    path.write_text(python_source(preset("resnet-8-w8")), encoding="utf-8")
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.splitlines() == [
        f"{cost_of(preset('resnet-8-w8')).total.parameters:,} parameters",
        "(1, 10)",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet-110-B", "ResNet110B"),
        ("plain-56", "Plain56"),
        ("cifar-resnet-50", "CifarResNet50"),
        ("resnet-50-v1.5", "ResNet50V1_5"),
        ("wide_resnet50_2", "WideResNet50_2"),
        ("resnext50_32x4d", "ResNeXt50_32x4d"),
        ("my first network", "MyFirstNetwork"),
        ("20 layers", "Net20Layers"),
        ("сеть", "Net"),
        ("", "Net"),
        ("none", "NoneNetwork"),
        ("basicBlock", "BasicBlockNetwork"),
        ("tensor", "TensorNetwork"),
        ("...", "Net"),
    ],
)
def test_class_names(name, expected):
    assert class_name(Architecture(name)) == expected


def test_a_broken_network_is_refused_with_its_mend():
    with pytest.raises(
        BuildError, match=r"cannot be written as code. Add: 16 and 32 channels .* Use shortcut A or B"
    ):
        python_source(loose_unit(channels=32))


def test_reserved_names_are_those_of_a_network():
    taken = {name for name in dir(build(preset("resnet-8"))) if not name.startswith("_")}
    missing = taken - RESERVED - {"stem", "stage1", "stage2", "stage3", "classifier", "pool"}
    assert missing - {"output", "T_destination"} == set()


def test_module_paths():
    assert module_paths(["stage1.block1", "stem"]) == {
        "stage1.block1": ("stage1", "block1"),
        "stem": ("stem",),
    }
    assert module_paths(["a", "a.b", "block_a"]) == {
        "a": ("block_a_",),
        "a.b": ("a", "b"),
        "block_a": ("block_a",),
    }
    assert module_paths(["stage1.train"]) == {"stage1.train": ("block_stage1_train",)}
