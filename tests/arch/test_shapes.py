import pytest
from hypothesis import given

from resviz.arch.cost import cost_of
from resviz.arch.graph import Architecture, Wire
from resviz.arch.presets import preset
from resviz.arch.shapes import infer
from resviz.arch.twin import twin
from tests.arch.documents import THOROUGH, architectures, chain, loose_unit


def only_problem(architecture):
    (problem,) = infer(architecture).problems
    return problem


@pytest.mark.parametrize("shortcut", [None, "A", "B"])
def test_sound_loose_unit(shortcut):
    channels, stride = (16, 1) if shortcut is None else (32, 2)
    inference = infer(loose_unit(channels=channels, stride=stride, shortcut=shortcut))
    assert inference.problems == []
    assert inference.shapes["unit.add"] == (channels, 8 // stride, 8 // stride)
    assert inference.inputs["unit.add"] == (inference.shapes["unit.add"],) * 2


def test_channels_that_cannot_be_added():
    problem = only_problem(loose_unit(channels=32))
    assert problem.block == "unit.add"
    assert problem.message == "Add: 16 and 32 channels cannot be added."
    assert problem.mend.startswith(
        "Use shortcut A or B on unit: put a zero-padding shortcut with 32 channels"
    )
    assert "on the wire from stem to unit.add" in problem.mend


def test_maps_that_cannot_be_added():
    problem = only_problem(loose_unit(channels=32, stride=2))
    assert problem.message == "Add: maps of 16 x 8 x 8 and 32 x 4 x 4 cannot be added."
    assert "Use shortcut A or B on unit" in problem.mend
    assert "stride 2" in problem.mend


def test_fewer_channels_need_a_projection():
    problem = only_problem(loose_unit(channels=8))
    assert problem.mend.startswith("Use shortcut B on unit: put a 1x1 convolution with 8 channels")


def test_wrong_shortcut_layer_is_told_its_channels():
    architecture = loose_unit(channels=32, shortcut="A")
    architecture.set_params("unit.pad", out_channels=24)
    assert only_problem(architecture).mend == "Set the channels of unit.pad to 32."


def test_strides_that_cannot_meet():
    architecture = loose_unit(channels=16, stride=1, shortcut="B")
    architecture.set_params("unit.projection", stride=2)
    assert only_problem(architecture).mend.startswith("Use the same strides on both ways to unit.add")


def test_following_the_mend_mends():
    """Shortcut A as the sentence says: zero-padding with 32 channels and stride 2."""
    assert infer(loose_unit(channels=32, stride=2)).problems
    assert not infer(loose_unit(channels=32, stride=2, shortcut="A")).problems


def test_shortcut_a_cannot_go_down():
    architecture = preset("resnet-8")
    architecture.set_params("stage2.block1", out_channels=8)
    problem = infer(architecture).problems[0]
    assert problem.block == "stage2.block1"
    assert "from 16 down to 8" in problem.message
    assert problem.mend == "Use shortcut B or C, a projection, on stage2.block1."
    architecture.set_params("stage2.block1", shortcut="B")
    assert infer(architecture).problems == []


def test_map_too_small():
    architecture = chain(
        ("input", "input", {"height": 2, "width": 2}), ("conv", "conv", {"kernel_size": 5, "padding": 0}),
        "global_avg_pool", "linear", "output",
    )  # fmt: skip
    problem = only_problem(architecture)
    assert problem.block == "conv"
    assert problem.message == "Convolution: a window of 5 does not fit a map of 2 with padding 0."
    assert problem.mend == (
        "Use a smaller kernel or more padding in conv, fewer strides before it, or a larger input."
    )


def test_order_of_layers():
    problem = only_problem(chain("input", ("linear", "fc", {}), "output"))
    assert (problem.block, "Put global average pooling or flatten before fc.") == ("fc", problem.mend)
    problem = only_problem(chain("input", "global_avg_pool", ("conv", "late", {}), "linear", "output"))
    assert problem.mend == "Place late before the pooling or flatten block."
    problem = only_problem(chain("input", "conv", "output"))
    assert problem.message.startswith("Output: expects one score a class, but gets a map of 16 x 32 x 32")
    problem = only_problem(chain("input", ("conv", "g", {"groups": 2}), "flatten", "output"))
    assert problem.mend == "Choose for g a number of groups that divides both."
    unit = ("bottleneck", "unit", {"width": 6, "groups": 4, "out_channels": 16})
    problem = only_problem(chain("input", unit, "flatten", "output"))
    assert problem.message == "Bottleneck block: a width of 6 does not split into 4 groups."
    problem = only_problem(chain("input", ("max_pool", "p", {"kernel_size": 1}), "flatten", "output"))
    assert problem.mend == "Use a padding of at most 0 in p."


def test_empty_and_endless_networks():
    problem = only_problem(Architecture())
    assert (problem.block, problem.message) == (None, "The network is empty.")
    messages = {problem.message for problem in infer(chain("conv", "relu")).problems}
    assert {"The network has no input.", "The network has no output."} <= messages


def test_second_input_and_output():
    architecture = preset("resnet-8")
    architecture.add("input", "input2")
    architecture.add("output", "output2")
    architecture.connect(Wire("classifier", "output2"))
    by_block = {problem.block: problem for problem in infer(architecture).problems}
    assert by_block["input2"].mend
    assert by_block["output2"].message == "Output: a network has one output, and output is it already."


def test_unconnected_port_dead_end_and_loose_block():
    architecture = preset("resnet-8")
    architecture.disconnect(Wire("stem", "stage1.block1"))
    second, first = infer(architecture).problems
    assert (first.block, first.message) == ("stem", "Conv, batch norm, ReLU: its output leads nowhere.")
    assert first.mend == "Connect stem to the next block, or delete stem."
    assert (second.block, second.message) == ("stage1.block1", "Basic block: nothing is wired to its input.")
    assert second.mend == ("Connect another block's output to stage1.block1, or delete stage1.block1.")
    architecture.connect(Wire("stem", "stage1.block1"))
    architecture.add("relu", "lonely")
    problem = only_problem(architecture)
    assert problem.message == "ReLU: nothing is wired to this block."
    assert problem.mend == "Connect lonely to the network, or delete it."


def test_addition_without_shortcut():
    architecture = loose_unit()
    architecture.disconnect(Wire("stem", "unit.add", "out", "shortcut"))
    problem = only_problem(architecture)
    assert problem.message == 'Add: nothing is wired to its input "shortcut".'
    assert problem.mend.endswith("or make unit.add plain.")
    architecture.set_params("unit.add", plain=True)
    assert infer(architecture).problems == []


def test_what_hangs_on_a_plain_addition_is_no_problem_and_costs_nothing():
    architecture = loose_unit(channels=32, stride=2)  # broken as a residual unit
    architecture.add("conv", "on_the_way", out_channels=99)
    architecture.disconnect(Wire("stem", "unit.add", "out", "shortcut"))
    architecture.connect(Wire("on_the_way", "unit.add", "out", "shortcut"))  # and fed by nothing
    assert len(infer(architecture).problems) == 1
    plain = twin(architecture)
    inference = infer(plain)
    assert inference.problems == []
    assert "on_the_way" not in inference.live
    assert cost_of(plain, inference).blocks["on_the_way"].parameters == 0


def test_blocks_behind_a_broken_one_are_unknown_but_not_blamed():
    architecture = preset("resnet-8")
    architecture.set_params("stage2.block1", out_channels=8)
    inference = infer(architecture)
    assert [problem.block for problem in inference.problems] == ["stage2.block1"]
    assert "stage3.block1" not in inference.shapes
    assert inference.shapes["stage1.block1"] == (16, 32, 32)
    assert inference.output_shape is None


@THOROUGH
@given(architectures())
def test_any_document_can_be_inferred(architecture):
    inference = infer(architecture)
    cost = cost_of(architecture, inference)
    assert cost.total.parameters == sum(c.parameters for c in cost.blocks.values())
    assert set(inference.shapes) <= set(architecture.blocks)
    assert inference.live <= set(architecture.blocks)
    for problem in inference.problems:
        assert problem.block is None or problem.block in architecture
        assert problem.message.endswith(".")
        assert problem.mend.endswith(".")
        assert "{block}" not in problem.mend
    if not inference.problems:
        assert inference.output_shape is not None
        assert len(inference.live & set(inference.shapes)) == len(inference.live)
