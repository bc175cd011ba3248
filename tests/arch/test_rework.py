"""What a person does to several blocks at once."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.arch.cost import cost_of
from resviz.arch.graph import Wire
from resviz.arch.presets import preset
from resviz.arch.rework import (
    between,
    collapsed,
    expanded,
    healed,
    repeated,
    same_stage,
    with_bypass_toggled,
    with_plain_toggled,
    with_shortcut,
)
from resviz.arch.shapes import infer
from resviz.errors import ArchitectureError, ResvizError
from tests.arch.documents import THOROUGH, architectures, chain, loose_unit


def layers(*kinds, channels=16):
    return chain(
        ("input", "input", {"channels": channels, "height": 16, "width": 16}),
        *kinds,
        ("global_avg_pool", "pool", {}),
        ("linear", "classifier", {}),
        ("output", "output", {}),
    )


def test_a_chain_heals_where_blocks_are_removed():
    architecture = preset("resnet-20")
    found = healed(architecture, ["stage1.block2", "stage1.block3", "stem"])
    assert found.incoming("stage1.block1")["in"] == Wire("input", "stage1.block1")
    assert found.incoming("stage2.block1")["in"] == Wire("stage1.block1", "stage2.block1")
    assert not infer(found).problems
    assert architecture == preset("resnet-20")
    assert healed(architecture, ["output"]).outgoing("classifier") == []


def test_bypass_goes_on_and_off_for_all():
    architecture = preset("resnet-20")
    architecture.set_bypassed("stage1.block1", True)
    both = with_bypass_toggled(architecture, ["stage1.block1", "stage1.block2", "input"])
    assert both["stage1.block1"].bypassed
    assert both["stage1.block2"].bypassed
    assert with_bypass_toggled(both, ["stage1.block1", "stage1.block2"]) == preset("resnet-20")
    with pytest.raises(ArchitectureError, match="cannot be bypassed"):
        with_bypass_toggled(architecture, ["input", "output"])


def test_single_units_become_plain_and_get_back_the_shortcut_that_they_had():
    architecture = preset("resnet-20-B")
    plain = with_plain_toggled(architecture, ["stage2.block1", "stage2.block2", "pool"])
    assert plain["stage2.block1"].shortcut == plain["stage2.block2"].shortcut == "none"
    assert plain["stage1.block1"].shortcut == "B"
    assert with_plain_toggled(plain, ["stage2.block1", "stage2.block2"]) == architecture
    loose = loose_unit()
    assert with_plain_toggled(loose, ["unit.add"])["unit.add"].params["plain"]
    with pytest.raises(ArchitectureError, match="can have a shortcut"):
        with_plain_toggled(architecture, ["pool"])


@pytest.mark.parametrize(
    ("stride", "channels", "path"),
    [
        (1, 16, []),
        (2, 32, ["zero_pad_shortcut"]),
        (2, 8, ["conv", "batch_norm"]),
        (1, 24, ["zero_pad_shortcut"]),
    ],
)
def test_a_shortcut_around_loose_layers_fits_their_shapes(stride, channels, path):
    architecture = layers(
        ("conv", "stem", {}),
        ("conv", "unit.conv1", {"out_channels": channels, "stride": stride}),
        ("batch_norm", "unit.norm1", {}),
        ("relu", "unit.relu1", {}),
    )
    chosen = ["unit.relu1", "unit.conv1", "unit.norm1"]
    found, add = with_shortcut(architecture, chosen)
    assert add == "unit.add"
    assert not infer(found).problems
    # The addition comes before the ReLU that ends the chain.
    assert found.incoming(add)["branch"].source == "unit.norm1"
    assert found.incoming("unit.relu1")["in"].source == add
    kinds, at = [], found.incoming(add)["shortcut"].source
    while at != "stem":
        kinds.insert(0, found[at].kind)
        at = found.incoming(at)["in"].source
    assert kinds == path


def test_a_shortcut_around_plain_units_and_on_one_of_them():
    plain = preset("plain-20")
    one, unit = with_shortcut(plain, ["stage1.block2"])
    assert unit == "stage1.block2"
    assert one[unit].shortcut == "A"
    several, add = with_shortcut(plain, ["stage1.block1", "stage1.block2", "stage1.block3"])
    assert several.incoming(add) == {
        "branch": Wire("stage1.block3", add, "out", "branch"),
        "shortcut": Wire("stem", add, "out", "shortcut"),
    }
    assert several.incoming("stage2.block1")["in"].source == add
    assert not infer(several).problems
    whole, add = with_shortcut(plain, [b for b in plain.blocks if b.startswith("stage")])
    assert whole[whole.incoming(add)["shortcut"].source].params["stride"] == 4
    assert not infer(whole).problems


def test_no_shortcut_where_none_can_be():
    architecture = preset("plain-8")
    for chosen, reason in (
        (["stem", "stage2.block1"], "no chain"),
        ([], "Nothing is selected"),
        (["input", "stem"], "no part of a chain"),
        (["stage3.block1", "pool"], "pooling"),
    ):
        with pytest.raises(ArchitectureError, match=reason):
            with_shortcut(architecture, chosen)
    odd = layers(("conv", "a", {"padding": 0}), ("conv", "b", {"padding": 0}))
    with pytest.raises(ArchitectureError, match="No shortcut fits"):
        with_shortcut(odd, ["a"])


def test_units_are_expanded_and_collapsed_together():
    architecture = preset("resnet-20")
    loose, made = expanded(architecture, ["pool", "stage2.block1", "stage1.block1"])
    assert made[0] == "stage1.block1.conv1"
    assert len(made) == 7 + 8
    back, units = collapsed(loose, made)
    assert units == ["stage1.block1", "stage2.block1"]
    assert {b.id: b.params for b in back.blocks.values()} == {
        b.id: b.params for b in architecture.blocks.values()
    }
    with pytest.raises(ArchitectureError, match="whole units"):
        expanded(architecture, ["pool"])


def test_a_chain_is_repeated():
    architecture = preset("resnet-20")
    found, new = repeated(architecture, ["stage2.block1", "stage2.block2", "stage2.block3"], 6)
    assert len(new) == 15
    assert not infer(found).problems
    assert cost_of(found).depth == 20 + 30
    assert infer(found).shapes["stage3.block1"] == (64, 8, 8)
    assert found[new[0]].params["stride"] == 1
    assert repeated(architecture, ["pool"], 1) == (architecture, [])
    loose = loose_unit()
    unit = [b for b in loose.blocks if b.startswith("unit.")]
    more, new = repeated(loose, unit, 3)
    assert not infer(more).problems
    assert cost_of(more).depth == cost_of(loose).depth + 4
    for times in (0, 1001):
        with pytest.raises(ArchitectureError, match="up to 1000"):
            repeated(architecture, ["stem"], times)
    with pytest.raises(ArchitectureError, match="no chain"):
        repeated(architecture, ["stem", "pool"], 2)


def test_the_blocks_of_a_stage():
    architecture = preset("resnet-20")
    assert same_stage(architecture, "stage2.block3") == ["stage2.block1", "stage2.block2", "stage2.block3"]
    assert same_stage(architecture, "stem") == ["stem"]


@given(architectures(), st.data())
@THOROUGH
def test_whatever_is_selected_the_result_is_an_architecture_or_a_sentence(architecture, data):
    before = architecture.copy()
    chosen = [b for b in architecture.blocks if data.draw(st.booleans())]
    for rework in (
        healed,
        with_bypass_toggled,
        with_plain_toggled,
        with_shortcut,
        expanded,
        collapsed,
        lambda a, b: repeated(a, b, 3),
    ):
        with contextlib.suppress(ResvizError):
            rework(architecture, chosen)
        assert architecture == before


def test_what_lies_between_blocks_belongs_to_them_on_every_way():
    architecture, layers = expanded(preset("resnet-20"), ["stage2.block1"])
    first, last = "stage1.block3", "stage2.block2"
    found = between(architecture, [last, first])
    assert found[0] == first
    assert found[-1] == last
    assert set(found) == {first, last, *layers}  # the shortcut's layers too
    assert between(architecture, ["pool"]) == ["pool"]
    assert between(architecture, []) == []
