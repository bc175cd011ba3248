"""Composite blocks as loose layers, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.arch.convert import COMPOSITES, collapse, expand
from resviz.arch.cost import cost_of
from resviz.arch.graph import Architecture, Wire
from resviz.arch.presets import preset
from resviz.arch.shapes import infer
from resviz.arch.twin import twin
from resviz.errors import ArchitectureError, UnknownBlockError
from tests.arch.documents import THOROUGH, chain, loose_unit


def network(kind, channels=16, name="unit", **params):
    return chain(
        ("input", "input", {"channels": channels, "height": 8, "width": 8}),
        (kind, name, params),
        ("global_avg_pool", "pool", {}),
        ("linear", "classifier", {}),
        ("output", "output", {}),
    )


def layers_of(architecture, name="unit"):
    return [block_id for block_id in architecture.blocks if block_id.startswith(f"{name}.")]


def there_and_back(architecture, name="unit"):
    loose = expand(architecture, name).applied(architecture)
    return loose, collapse(loose, layers_of(loose, name)).applied(loose)


CASES = [
    ("basic", 16, {"out_channels": 16, "shortcut": "A"}),
    ("basic", 16, {"out_channels": 32, "stride": 2, "shortcut": "A"}),
    ("basic", 16, {"out_channels": 32, "stride": 2, "shortcut": "B"}),
    ("basic", 16, {"out_channels": 16, "shortcut": "C"}),
    ("basic", 16, {"out_channels": 32, "stride": 2, "shortcut": "none"}),
    ("basic", 16, {"out_channels": 8, "shortcut": "none"}),
    ("bottleneck", 16, {"out_channels": 64, "width": 16, "stride": 2, "shortcut": "B"}),
    ("bottleneck", 16, {"out_channels": 64, "width": 16, "stride": 2, "shortcut": "B", "stride_in": "3x3"}),
    ("bottleneck", 64, {"out_channels": 64, "width": 16, "shortcut": "A"}),
    ("bottleneck", 16, {"out_channels": 64, "width": 32, "groups": 8, "shortcut": "B"}),
    ("preact_basic", 16, {"out_channels": 16, "shortcut": "A"}),
    ("preact_basic", 16, {"out_channels": 32, "stride": 2, "shortcut": "B"}),
    ("preact_bottleneck", 16, {"out_channels": 64, "width": 16, "stride": 2, "shortcut": "A"}),
    ("preact_bottleneck", 64, {"out_channels": 64, "width": 16, "shortcut": "C"}),
    ("preact_bottleneck", 64, {"out_channels": 64, "width": 16, "groups": 4, "shortcut": "A"}),
    ("conv_bn_relu", 3, {"out_channels": 16, "kernel_size": 7, "stride": 2, "padding": 3}),
]


@pytest.mark.parametrize(("kind", "channels", "params"), CASES)
def test_a_unit_and_its_layers_are_the_same_network(kind, channels, params):
    before = network(kind, channels, **params)
    loose, back = there_and_back(before)
    assert not infer(loose).problems
    assert kind not in {block.kind for block in loose.blocks.values()}
    one, other = cost_of(before), cost_of(loose)
    assert one.depth == other.depth
    assert one.total.parameters == other.total.parameters
    assert one.total.multiply_adds == other.total.multiply_adds
    assert infer(back).shapes["unit"] == infer(before).shapes["unit"]
    wanted = before["unit"].params
    if kind.endswith("bottleneck") and params.get("stride", 1) == 1:
        wanted = {**wanted, "stride_in": "first 1x1"}  # without a stride both are one
    assert back["unit"].params == wanted
    assert back.wires == before.wires


@pytest.mark.parametrize("option", ["none", "B", "C"])
def test_the_twin_comes_through(option):
    residual = network("basic", 16, out_channels=32, stride=2, shortcut="B")
    residual.insert(Architecture().add("basic", "first", shortcut=option if option != "B" else "A"))
    plain = twin(residual)
    assert plain.memory()["unit"] == "B"
    loose, back = there_and_back(plain)
    assert twin(back)["unit"].params == residual["unit"].params
    assert not [p for p in infer(twin(loose)).problems if p.block != "first"]
    assert not loose["unit.projection"].params["bias"]


def test_every_unit_of_a_preset_can_be_drawn_as_layers():
    for name in ("resnet-20", "resnet-20-B", "plain-20", "resnet-50", "preact-110"):
        architecture = preset(name)
        loose = architecture
        for block in architecture.blocks.values():
            if block.kind in COMPOSITES:
                loose = expand(loose, block.id).applied(loose)
        assert not infer(loose).problems
        assert cost_of(loose).total.parameters == cost_of(architecture).total.parameters
        assert cost_of(loose).depth == cost_of(architecture).depth


@given(
    kind=st.sampled_from(COMPOSITES),
    channels=st.sampled_from([4, 8, 16]),
    out=st.sampled_from([4, 8, 16]),
    stride=st.sampled_from([1, 2, 4]),
    shortcut=st.sampled_from(["none", "A", "B", "C"]),
)
@THOROUGH
def test_what_is_sound_stays_sound(kind, channels, out, stride, shortcut):
    params = {"out_channels": out, "stride": stride}
    if kind != "conv_bn_relu":
        params["shortcut"] = shortcut
    before = network(kind, channels, **params)
    if infer(before).problems:
        return
    loose, back = there_and_back(before)
    assert not infer(loose).problems
    assert infer(back).shapes == infer(before).shapes
    assert cost_of(back).total.parameters == cost_of(before).total.parameters
    again = expand(back, "unit").applied(back)
    assert {b: (x.kind, x.params) for b, x in again.blocks.items()} == {
        b: (x.kind, x.params) for b, x in loose.blocks.items()
    }


@pytest.mark.parametrize("shortcut", [None, "A", "B"])
def test_layers_that_a_person_drew_become_a_block(shortcut):
    drawn = loose_unit(
        channels=16 if shortcut is None else 32, stride=1 if shortcut is None else 2, shortcut=shortcut
    )
    one = collapse(drawn, layers_of(drawn)).applied(drawn)
    assert one["unit"].kind == "basic"
    assert one["unit"].params["shortcut"] == (shortcut or "A")
    assert not infer(one).problems
    assert cost_of(one).total.parameters == cost_of(drawn).total.parameters


def test_a_name_that_is_taken_is_not_taken_again():
    drawn = loose_unit()
    drawn.add("relu", "unit")
    conversion = collapse(drawn, layers_of(drawn))
    assert [block.id for block in conversion.add] == ["basic1"]


def test_what_is_no_unit_is_refused_in_a_sentence():
    drawn = loose_unit()
    with pytest.raises(ArchitectureError, match="no unit"):
        collapse(drawn, ["unit.conv1", "unit.norm1"])
    with pytest.raises(ArchitectureError, match="no unit"):
        collapse(drawn, [*layers_of(drawn), "pool"])
    with pytest.raises(UnknownBlockError):
        collapse(drawn, ["nothing"])
    # A layer inside that is read outside would be lost.
    drawn.add("global_avg_pool", "peek")
    drawn.connect(Wire("unit.relu1", "peek"))
    with pytest.raises(ArchitectureError, match="no unit"):
        collapse(drawn, layers_of(drawn))


def test_what_cannot_be_expanded_is_refused_in_a_sentence():
    architecture = network("basic")
    with pytest.raises(ArchitectureError, match="single layer"):
        expand(architecture, "pool")
    architecture.add("basic", "alone")
    with pytest.raises(ArchitectureError, match="no input yet"):
        expand(architecture, "alone")
    architecture.add("relu", "unit.conv1")
    with pytest.raises(ArchitectureError, match="already a block called"):
        expand(architecture, "unit")
    with pytest.raises(UnknownBlockError):
        expand(architecture, "nothing")
