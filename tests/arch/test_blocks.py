import math

import pytest

from resviz.arch.blocks import CATALOGUE, kind_of
from resviz.arch.spec import Parameter, ShapeError
from resviz.errors import ParameterError


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE)
def test_every_kind_is_documented(kind):
    assert len(kind.doc) > 80
    assert kind.doc.endswith(".")
    assert kind.source
    assert kind.title
    assert kind.group
    for parameter in kind.parameters:
        assert parameter.doc.endswith(".")
        assert parameter.check(kind.name, parameter.default) == parameter.default


def test_catalogue_has_the_blocks_of_the_design():
    assert {"basic", "bottleneck", "preact_basic", "preact_bottleneck", "conv_bn_relu"} <= set(CATALOGUE)
    assert {"input", "output", "conv", "batch_norm", "relu", "add", "linear", "flatten"} <= set(CATALOGUE)
    assert {"max_pool", "avg_pool", "global_avg_pool", "zero_pad_shortcut", "dropout"} <= set(CATALOGUE)


@pytest.mark.parametrize(
    "value", [0, -1, 1.5, True, "3", None, math.inf, -math.inf, math.nan, 10**400, [], 16385]
)
def test_unusable_whole_numbers(value):
    with pytest.raises(ParameterError) as caught:
        kind_of("conv").complete({"out_channels": value})
    assert str(caught.value).startswith("conv.out_channels must be")
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize("value", [1, "true", None, 0.0])
def test_unusable_switches(value):
    with pytest.raises(ParameterError, match="must be true or false"):
        kind_of("add").complete({"plain": value})


@pytest.mark.parametrize("value", ["a", "D", 1, None, [], {}])
def test_unusable_choices(value):
    with pytest.raises(ParameterError, match="must be one of none, A, B, C"):
        kind_of("basic").complete({"shortcut": value})


def test_numbers_take_the_type_of_their_default():
    complete = kind_of("dropout").complete({"p": 0})
    assert type(complete["p"]) is float
    assert type(kind_of("conv").complete({"stride": 2.0})["stride"]) is int
    assert Parameter("x", 1, "Doc.", minimum=1).check("k", 7) == 7
    with pytest.raises(ParameterError, match="at least 1"):
        Parameter("x", 1, "Doc.", minimum=1).check("k", 0)


def test_unknown_parameter_names_the_known():
    with pytest.raises(ParameterError, match="it has: out_channels, stride, shortcut"):
        kind_of("basic").complete({"width": 3})


@pytest.mark.parametrize(
    ("kind", "params", "inputs", "output"),
    [
        ("conv", {"out_channels": 8, "stride": 2}, ((3, 33, 47),), (8, 17, 24)),
        ("conv_bn_relu", {"kernel_size": 7, "stride": 2, "padding": 3}, ((3, 224, 224),), (16, 112, 112)),
        ("max_pool", {"stride": 2}, ((4, 112, 112),), (4, 56, 56)),
        ("avg_pool", {}, ((4, 7, 8),), (4, 3, 4)),
        ("zero_pad_shortcut", {"out_channels": 9, "stride": 2}, ((4, 7, 8),), (9, 4, 4)),
        ("flatten", {}, ((4, 7, 8),), (224,)),
        ("global_avg_pool", {}, ((4, 7, 8),), (4,)),
        ("linear", {"out_features": 5}, ((4,),), (5,)),
        ("add", {"plain": True}, ((4, 7, 8),), (4, 7, 8)),
        ("basic", {"out_channels": 32, "stride": 2}, ((16, 7, 8),), (32, 4, 4)),
        ("bottleneck", {"out_channels": 64, "stride": 3, "stride_in": "3x3"}, ((16, 7, 8),), (64, 3, 3)),
        ("dropout", {}, ((4,),), (4,)),
    ],
)
def test_shape_rules(kind, params, inputs, output):
    spec = kind_of(kind)
    assert spec.infer(spec.complete(params), inputs) == output


def test_batch_norm_needs_a_map():
    spec = kind_of("batch_norm")
    with pytest.raises(ShapeError):
        spec.infer(spec.complete({}), ((5,),))
