"""Blocks taken out of the network without being removed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resviz.arch.bypass import active
from resviz.arch.compare import differences
from resviz.arch.cost import cost_of
from resviz.arch.files import from_json, to_json
from resviz.arch.graph import Block
from resviz.arch.presets import preset
from resviz.arch.shapes import infer
from resviz.arch.twin import twin
from resviz.errors import FormatError, ParameterError
from tests.arch.documents import THOROUGH, architectures, loose_unit
from tests.strategies import sound_networks


def test_a_bypassed_block_is_out_of_the_network_and_still_in_the_document():
    architecture = preset("resnet-20")
    before = cost_of(architecture)
    old = architecture.set_bypassed("stage1.block2", True)
    assert not old.bypassed
    assert not infer(architecture).problems
    after = cost_of(architecture)
    assert before.depth - after.depth == 2
    assert before.total.parameters - after.total.parameters == before.blocks["stage1.block2"].parameters
    cut = active(architecture)
    assert "stage1.block2" not in cut
    assert cut.incoming("stage1.block3")["in"].source == "stage1.block1"
    assert cost_of(cut).total == after.total
    architecture.set_bypassed("stage1.block2", False)
    assert architecture == preset("resnet-20")
    assert active(architecture) is architecture


def test_what_changes_the_shape_hands_on_what_comes_in():
    architecture = preset("resnet-20")
    architecture.set_bypassed("stage2.block1", True)
    inference = infer(architecture)
    assert inference.shapes["stage2.block1"] == (16, 32, 32)
    assert inference.shapes["stage2.block2"] == (32, 32, 32)
    assert not inference.problems


def test_a_bypassed_addition_hands_on_its_branch():
    architecture = loose_unit()
    architecture.set_bypassed("unit.add", True)
    cut = active(architecture)
    assert cut.incoming("unit.relu2")["in"].source == "unit.norm2"
    assert not infer(cut).problems
    assert infer(cut).output_shape == infer(architecture).output_shape


@pytest.mark.parametrize("end", ["input", "output"])
def test_the_ends_cannot_be_bypassed(end):
    architecture = preset("resnet-20")
    with pytest.raises(ParameterError, match="end of the network"):
        architecture.set_bypassed(end, True)
    assert architecture == preset("resnet-20")
    with pytest.raises(ParameterError, match="end of the network"):
        architecture.insert(Block("other", end, {}, bypassed=True))


def test_the_file_keeps_it_and_is_of_the_older_version_without():
    architecture = preset("resnet-20")
    assert b'"version": 1' in to_json(architecture)
    architecture.set_bypassed("stage1.block2", True)
    data = to_json(architecture)
    assert b'"version": 2' in data
    assert from_json(data) == architecture
    assert to_json(from_json(data)) == data
    with pytest.raises(FormatError, match="newer"):
        from_json(data.replace(b'"version": 2', b'"version": 99'))
    ends = data.replace(b'"kind": "input"', b'"kind": "input", "bypassed": true').replace(
        b'"kind":"input"', b'"kind":"input","bypassed":true'
    )
    with pytest.raises(FormatError, match="end of the network"):
        from_json(ends)


def test_the_twin_and_the_comparison_know_it():
    architecture = preset("resnet-20")
    architecture.set_bypassed("stage1.block2", True)
    assert twin(architecture)["stage1.block2"].bypassed
    assert twin(twin(architecture)) == architecture
    (found,) = differences(architecture, preset("resnet-20"))
    assert found.text == "stage1.block2: bypassed here, in use there"


def test_what_served_a_bypassed_addition_alone_goes_with_it():
    architecture = loose_unit(channels=32, stride=2, shortcut="B")
    architecture.set_bypassed("unit.add", True)
    cut = active(architecture)
    assert not {"unit.add", "unit.projection", "unit.projection_norm"} & set(cut.blocks)
    assert infer(architecture).problems == infer(cut).problems == []


@given(sound_networks())
@settings(THOROUGH, max_examples=100)
def test_a_network_without_problems_has_none_without_its_bypassed_blocks(architecture):
    assert infer(architecture).problems == []
    cut = active(architecture)
    assert infer(cut).problems == []
    assert cost_of(cut).total == cost_of(architecture).total


@given(architectures(), st.data())
@THOROUGH
def test_the_cut_network_has_the_shapes_of_the_document(architecture, data):
    for block in list(architecture.blocks.values()):
        if block.spec.inputs and block.spec.outputs and data.draw(st.booleans()):
            architecture.set_bypassed(block.id, True)
    cut = active(architecture)
    assert not any(block.bypassed for block in cut.blocks.values())
    shapes, whole = infer(cut).shapes, infer(architecture).shapes
    assert shapes == {block_id: shape for block_id, shape in whole.items() if block_id in cut}
    assert from_json(to_json(architecture)) == architecture
