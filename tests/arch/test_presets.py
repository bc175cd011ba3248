import pytest

from resviz.arch.cost import cost_of
from resviz.arch.presets import names, preset
from resviz.arch.shapes import infer
from resviz.errors import PresetError


@pytest.mark.parametrize("name", names())
def test_every_preset_is_sound_named_and_placed(name):
    architecture = preset(name)
    inference = infer(architecture)
    assert inference.problems == []
    assert architecture.name == name
    assert inference.live == frozenset(architecture.blocks)
    assert all(block.position is not None for block in architecture.blocks.values())


def test_names_are_unique_and_hold_the_papers_networks():
    known = names()
    assert len(set(known)) == len(known)
    wanted = {
        f"{family}-{depth}" for family in ("plain", "resnet") for depth in (20, 32, 44, 56, 110, 1202, 18, 34)
    }
    assert wanted | {"resnet-50", "resnet-101", "resnet-152", "cifar-resnet-50", "cifar-resnet-152"} <= set(
        known
    )
    assert {"preact-164", "preact-1001", "resnet-50-v1.5", "resnet-110-B"} <= set(known)


@pytest.mark.parametrize("family", ["plain", "resnet", "preact"])
@pytest.mark.parametrize("n", [1, 2, 3, 8, 25, 33, 200])
def test_any_depth_6n_plus_2(family, n):
    depth = 6 * n + 2
    name = f"cifar-{family}-{depth}" if depth in (50, 152) and family != "preact" else f"{family}-{depth}"
    architecture = preset(name)
    cost = cost_of(architecture)
    assert cost.depth == depth
    assert infer(architecture).output_shape == (10,)
    assert cost.total.parameters == 97_216 * n - 21_926


def test_block_names_of_a_cifar_network():
    assert list(preset("resnet-14").blocks) == [
        "input", "stem", "stage1.block1", "stage1.block2", "stage2.block1", "stage2.block2", "stage3.block1",
        "stage3.block2", "pool", "classifier", "output",
    ]  # fmt: skip
    assert list(preset("preact-8").blocks)[-5:] == ["head_norm", "head_relu", "pool", "classifier", "output"]
    assert preset("preact-8")["stem"].kind == "conv"


def test_map_sizes_and_widths_of_a_cifar_network():
    shapes = infer(preset("resnet-20")).shapes
    assert [shapes[f"stage{s}.block3"] for s in (1, 2, 3)] == [(16, 32, 32), (32, 16, 16), (64, 8, 8)]
    shapes = infer(preset("plain-44-w8")).shapes
    assert [shapes[f"stage{s}.block7"] for s in (1, 2, 3)] == [(8, 32, 32), (16, 16, 16), (32, 8, 8)]


def test_map_sizes_and_widths_of_an_imagenet_network():
    architecture = preset("resnet-50")
    shapes = infer(architecture).shapes
    assert shapes["stem"] == (64, 112, 112)
    assert [shapes[f"stage{s}.block3"] for s in (1, 2, 3, 4)] == [
        (256, 56, 56), (512, 28, 28), (1024, 14, 14), (2048, 7, 7),
    ]  # fmt: skip
    assert list(architecture.blocks)[:4] == ["input", "stem", "stem_pool", "stage1.block1"]
    assert [architecture[f"stage3.block{b}"].params["stride"] for b in (1, 2)] == [2, 1]
    assert architecture["stage2.block1"].params["stride_in"] == "first 1x1"
    assert preset("resnet-50-v1.5")["stage2.block1"].params["stride_in"] == "3x3"


def test_bare_50_and_152_are_imagenets():
    assert infer(preset("resnet-50")).input_shape == (3, 224, 224)
    assert infer(preset("cifar-resnet-50")).input_shape == (3, 32, 32)
    assert cost_of(preset("cifar-resnet-152")).depth == 152
    assert preset("resnet-50")["stage1.block1"].kind == "bottleneck"
    assert preset("cifar-resnet-50")["stage1.block1"].kind == "basic"


@pytest.mark.parametrize("shape", [(3, 16, 16), (1, 28, 28), (3, 33, 47), (4, 64, 64), (3, 1, 1)])
@pytest.mark.parametrize("name", ["resnet-20", "resnet-20-B", "preact-20", "resnet-50"])
def test_any_input_size(name, shape):
    inference = infer(preset(name, input_shape=shape, classes=7))
    assert inference.problems == []
    assert (inference.input_shape, inference.output_shape) == (shape, (7,))


def test_letters_may_be_capital_and_options_in_any_order():
    assert preset("ResNet-20-w8-b") == preset("resnet-20-B-w8")
    assert preset(" resnet-20 ").name == "resnet-20"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("resnet-21", "resnet-21: depth must be 6n+2; the nearest are resnet-20 and resnet-26."),
        ("plain-57", "plain-57: depth must be 6n+2; the nearest are plain-56 and plain-62."),
        ("resnet-33", "resnet-33: depth must be 6n+2; the nearest are resnet-32 and resnet-34."),
        ("resnet-2", "resnet-2: depth must be 6n+2 with n of at least 1; the nearest is resnet-8."),
        ("cifar-resnet-51", "depth must be 6n+2; the nearest are cifar-resnet-50 and cifar-resnet-56."),
        ("resnt-20", "There is no preset called 'resnt-20': did you mean 'resnet-20'?"),
        ("resnet20", "did you mean 'resnet-20'?"),
        ("resnext50", "did you mean 'resnext50_32x4d'?"),
        ("qqqqqqqq", "There is no preset called 'qqqqqqqq': try 'resnet-20' or 'plain-56'."),
        ("", "There is no preset called '': try"),
        ("resnet-20-D", "resnet-20-D: 'D' is not understood"),
        ("resnet-20-w0", "resnet-20-w0: the width of the first stage must be from 1 to 4096."),
        ("resnet-20-A-B", "'A' and 'B' exclude each other"),
        ("plain-20-B", "a plain network has no shortcuts; leave out -B."),
        ("resnet-20-v1.5", "only bottleneck networks"),
        ("resnet-20-plain", "the plain network is called plain-20"),
        ("resnet-50000", "at most 10000 layers"),
        ("resnet-" + "9" * 5000, "There is no preset called"),
        ("resnet-20-w99999999", "resnet-20-w99999999: the width of the first stage must be from 1 to 4096."),
        ("resnet-20-w" + "9" * 5000, "must be from 1 to 4096"),
        ("resnet-50-w513", "must be from 1 to 512"),
        ("preact-12", "6n+2 or 9n+2; the nearest are preact-11 and preact-14."),
        ("cifar-preact-12", "nearest are cifar-preact-11"),
    ],
)
def test_a_wrong_name_is_one_sentence_with_the_nearest(name, sentence):
    with pytest.raises(PresetError) as caught:
        preset(name)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("name", ["resnet-8-w4096", "resnet-50-w512", "preact-164-w1024", "resnet-18-w2048"])
def test_the_widest_can_be_had(name):
    assert preset(name).name == name


@pytest.mark.parametrize("bad", [{"input_shape": (3, 32)}, {"input_shape": (3, 0, 32)}, {"classes": 0}])
def test_sizes_out_of_range(bad):
    with pytest.raises(PresetError):
        preset("resnet-20", **bad)
