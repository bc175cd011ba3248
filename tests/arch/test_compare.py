"""Differences between two architectures."""

import pytest
from hypothesis import given

from resviz.arch.compare import counterparts, differences, summary
from resviz.arch.graph import Wire
from resviz.arch.presets import preset
from resviz.arch.rework import expanded
from resviz.arch.twin import twin
from tests.arch.documents import THOROUGH, architectures, chain, loose_unit


def texts(here, there):
    return [each.text for each in differences(here, there)]


def test_a_twin_differs_by_its_shortcuts_alone():
    residual = preset("resnet-20")
    found = texts(residual, twin(residual))
    assert len(found) == 9
    assert found[3] == "stage2.block1: shortcut A here, none there"
    loose = loose_unit()
    assert texts(loose, twin(loose)) == ["unit.add: adds its shortcut here, plain there"]


def test_depth_shows_as_blocks_that_one_lacks():
    found = differences(preset("resnet-20"), preset("resnet-32"))
    assert [each.block for each in found if each.change == "added"] == [
        f"stage{stage}.block{block}" for stage in (1, 2, 3) for block in (4, 5)
    ]
    # What follows reads another block.
    assert [each.text for each in found if each.change == "rewired"] == [
        "stage2.block1: input from stage1.block3 here, stage1.block5 there",
        "stage3.block1: input from stage2.block3 here, stage2.block5 there",
        "pool: input from stage3.block3 here, stage3.block5 there",
    ]
    assert summary(found, "resnet-20", "resnet-32") == (
        "resnet-20 and resnet-32: 3 are wired otherwise, 6 only in resnet-32."
    )


def test_kinds_values_and_wires():
    here = chain("input", ("conv", "a", {}), ("relu", "b", {}), "output")
    there = chain(
        "input", ("conv", "a", {"out_channels": 32, "bias": True}), ("batch_norm", "b", {}), "output"
    )
    assert texts(here, there) == [
        "a: out channels 16 here, 32 there; no bias here, bias there",
        "b: ReLU here, Batch norm there",
    ]
    cut = chain("input", ("conv", "a", {}), ("relu", "b", {}), "output")
    cut.disconnect(Wire("a", "b"))
    assert texts(here, cut) == ["b: input from a here, nothing there"]
    assert texts(cut, here) == ["b: input from nothing here, a there"]


@pytest.mark.parametrize("name", ["resnet-56", "plain-20", "preact-110"])
def test_moving_and_renaming_the_whole_is_no_difference(name):
    here, there = preset(name), preset(name)
    there.name = "other"
    there.move("stem", (5.0, 5.0))
    assert differences(here, there) == []
    assert summary([], name, "other") == f"{name} and other are the same, block by block."


@given(architectures(), architectures())
@THOROUGH
def test_nothing_is_missed_and_nothing_invented(here, there):
    found = differences(here, there)
    assert len({each.block for each in found}) == len(found)
    assert differences(here, here.copy()) == []
    same = {b for b in here.blocks if b in there.blocks} - {each.block for each in found}
    for block_id in same:
        assert here[block_id].kind == there[block_id].kind
        assert here[block_id].params == there[block_id].params
    swapped = {"added": "removed", "removed": "added"}
    back = {each.block: each.change for each in differences(there, here)}
    assert back == {each.block: swapped.get(each.change, each.change) for each in found}


def test_a_block_is_found_again_as_itself_as_its_unit_and_as_its_layers():
    units = preset("resnet-20")
    layers, loose = expanded(units, ["stage2.block1"])
    assert counterparts(["stem", "stage1.block2", "nowhere"], units) == ["stem", "stage1.block2"]
    assert counterparts(loose, units) == ["stage2.block1"]
    assert counterparts(["stage2.block1"], layers) == [b for b in layers.blocks if b in loose]
    assert counterparts(["stage2.block1.conv2"], layers) == ["stage2.block1.conv2"]
    assert counterparts(["stage2.block1.conv2"], units) == ["stage2.block1"]
