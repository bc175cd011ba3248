from time import process_time

import pytest

from resviz.arch.compare import differences
from resviz.arch.cost import cost_of
from resviz.arch.files import from_json, to_json
from resviz.arch.folding import folded, resized, runs, unfolded, way_out, ways_in, with_members
from resviz.arch.following import followed
from resviz.arch.graph import Architecture, Group, Wire
from resviz.arch.layout import arrange
from resviz.arch.presets import preset
from resviz.arch.rework import collapsed, expanded, healed
from resviz.arch.twin import twin
from resviz.errors import ArchitectureError
from tests.arch.documents import loose_unit


def test_the_runs_of_a_large_network_are_its_stages_without_what_changes_the_shape():
    architecture = preset("resnet-1202")
    copy, members = folded(architecture, [])
    sizes = [len(group.members) for group in copy.grouped().values()]
    assert sizes == [200, 199, 199]
    assert len(members) == 598
    assert len(copy.cells()) == 10
    assert not architecture.groups
    assert cost_of(copy) == cost_of(architecture)
    assert not differences(copy, architecture)


def test_a_run_ends_where_kind_parameters_or_wiring_change():
    architecture = preset("plain-20")
    architecture.set_params("stage3.block3", out_channels=32)
    assert runs(architecture, set(architecture.blocks), 2) == [
        ["stage1.block1", "stage1.block2", "stage1.block3"],
        ["stage2.block2", "stage2.block3"],
    ]
    architecture.add("relu", "side")
    architecture.connect(Wire("stage1.block2", "side"))
    assert runs(architecture, {f"stage1.block{n}" for n in (1, 2, 3)}, 2) == [
        ["stage1.block1", "stage1.block2"]
    ]


def test_what_is_selected_is_folded_even_if_it_stands_twice_only():
    architecture = preset("resnet-20")
    copy, members = folded(architecture, ["stage2.block2", "stage2.block3"])
    assert members == ["stage2.block2", "stage2.block3"]
    assert copy.grouped() == {"stack1": Group(("stage2.block2", "stage2.block3"))}


def test_a_chain_of_other_blocks_is_folded_when_it_is_selected():
    copy, members = folded(preset("resnet-20"), ["stage1.block3", "stage2.block1", "stage2.block2"])
    assert members == ["stage1.block3", "stage2.block1", "stage2.block2"]
    with pytest.raises(ArchitectureError, match="folded already"):
        folded(copy, members)


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        (["stem"], "One block is no stack"),
        (["stem", "classifier"], "no chain"),
        (["input"], "leave them out"),
    ],
)
def test_what_cannot_be_folded_is_told(chosen, sentence):
    with pytest.raises(ArchitectureError, match=sentence):
        folded(preset("resnet-20"), chosen)


def test_nothing_repeated_is_told():
    with pytest.raises(ArchitectureError, match="three times in a row"):
        folded(loose_unit(), [])
    with pytest.raises(ArchitectureError, match="Nothing is folded"):
        unfolded(preset("resnet-20"), [])


def test_unfolded_stacks_fold_again_and_grow():
    architecture, _ = folded(preset("resnet-20"), [])
    opened, members = unfolded(architecture, ["stage1.block2"])
    assert members == ["stage1.block1", "stage1.block2", "stage1.block3"]
    assert not opened.groups["stack1"].folded
    assert folded(opened, [])[0] == architecture
    assert folded(opened, ["stage1.block1"])[0] == architecture
    opened.groups["stack1"] = Group(("stage1.block1", "stage1.block2"), folded=False)
    assert folded(opened, [])[0].groups["stack1"].members == tuple(members)


def test_a_stack_takes_in_what_repeats_it():
    architecture, members = folded(preset("resnet-20"), ["stage2.block2", "stage2.block3"])
    grown = with_members(architecture, members[::-1], ["stem"])
    assert grown.groups["stack1"].members == (*members, "stem")
    assert with_members(architecture, members[:1], ["stem"]) == architecture


def test_a_folded_group_takes_the_room_of_one_block():
    architecture, _ = folded(preset("resnet-110"), [])
    places = arrange(architecture)
    cells = architecture.cells()
    assert len({places[lead] for lead in cells}) == len(cells) == 10
    for lead, inside in cells.items():
        assert {places[member] for member in inside} == {places[lead]}
    opened, _ = unfolded(architecture, [])
    assert arrange(opened) == arrange(preset("resnet-110"))
    assert places.keys() == set(architecture.blocks)


def test_loose_units_and_side_layers_may_be_in_a_folded_group():
    for chosen in ({"pad"}, {"conv1", "norm1", "relu1"}, {"add", "pad"}, set(loose_unit().blocks)):
        architecture = loose_unit(channels=32, shortcut="B")
        architecture.groups["g"] = Group(tuple(b for b in architecture.blocks if b in chosen))
        places = arrange(architecture)
        assert len({places[lead] for lead in architecture.cells()}) == len(architecture.cells())


def test_ways_in_and_out():
    architecture = preset("resnet-20")
    chain = ["stage1.block2", "stage1.block1"]
    assert ways_in(architecture, chain) == [("stage1.block1", "in")]
    assert way_out(architecture, chain) == "stage1.block2"
    assert way_out(architecture, ["output"]) == "output"
    unit, layers = expanded(architecture, ["stage1.block2"])
    assert set(ways_in(unit, layers)) == {("stage1.block2.conv1", "in"), ("stage1.block2.add", "shortcut")}
    assert way_out(unit, layers) == "stage1.block2.relu2"
    lonely = Architecture()
    lonely.add("add", "a")
    assert ways_in(lonely, ["a"]) == [("a", "branch"), ("a", "shortcut")]


def test_groups_follow_copies_twins_names_and_files():
    architecture, _ = folded(preset("resnet-20"), [])
    assert architecture != preset("resnet-20")
    assert twin(architecture).groups == architecture.groups
    assert twin(twin(architecture)) == architecture
    copy = architecture.copy()
    copy.rename("stage1.block2", "middle")
    assert copy.groups["stack1"].members == ("stage1.block1", "middle", "stage1.block3")
    assert architecture.groups["stack1"].members[1] == "stage1.block2"
    assert from_json(to_json(copy)) == copy
    assert b'"version": 3' in to_json(copy)
    copy.groups.clear()
    assert b'"version": 1' in to_json(copy)


def test_what_counts_of_groups():
    architecture = preset("resnet-20")
    architecture.groups = {
        "b": Group(("stem", "pool"), definition="nothing"),
        "a": Group(("stem", "gone", "stem")),
        "c": Group(("gone",)),
    }
    assert architecture.grouped() == {"a": Group(("stem",)), "b": Group(("pool",))}
    same = architecture.copy()
    same.groups = architecture.grouped()
    assert same == architecture
    assert to_json(same) == to_json(architecture)


def grown(architecture, *new):
    """Return the members of the one stack after `new` blocks came between its first and second one."""
    after, source = architecture.copy(), "stage1.block1"
    wire = after.incoming("stage1.block2")["in"]
    after.disconnect(wire)
    for block_id in new:
        after.add("relu", block_id)
        after.connect(Wire(source, block_id))
        source = block_id
    after.connect(Wire(source, "stage1.block2"))
    return (followed(architecture, after) or after).groups["stack1"].members


def test_new_blocks_between_those_of_a_group_belong_to_it():
    stack = ("stage1.block1", "stage1.block2", "stage1.block3")
    architecture = folded(preset("resnet-20"), stack)[0]
    assert grown(architecture, "a", "b") == (*stack, "a", "b")
    after = architecture.copy()
    after.add("relu", "beside")
    after.connect(Wire("stage1.block3", "beside"))
    assert followed(architecture, after) is None


def test_parts_and_wholes_stay_in_the_group():
    stack = ("stage1.block1", "stage1.block2", "stage1.block3")
    architecture = folded(preset("resnet-20"), stack)[0]
    after, layers = expanded(architecture, ["stage1.block1", "stage1.block3"])
    members = followed(architecture, after).grouped()["stack1"].members
    assert set(members) == {"stage1.block2", *layers}


def test_a_stack_of_one_is_none_and_a_name_used_again_is_another_block():
    architecture = folded(preset("resnet-20"), ["stage1.block1", "stage1.block2", "stage1.block3"])[0]
    two = healed(architecture, ["stage1.block3"])
    assert followed(architecture, two) is None
    again = two.copy()
    again.add("relu", "stage1.block3")
    assert "stage1.block3" not in followed(two, again).groups["stack1"].members
    one = healed(two, ["stage1.block2"])
    assert not followed(two, one).groups


def test_a_stack_gets_longer_and_shorter():
    before = folded(preset("resnet-20"), [])[0]
    members = list(before.groups["stack1"].members)
    longer, blocks = resized(before, members, 200)
    assert len(blocks) == len(longer.groups["stack1"].members) == 200
    assert longer.incoming("stage2.block1")["in"].source == blocks[-1]
    assert resized(longer, blocks, 3)[0] == before
    alone, [last] = resized(before, members, 1)
    assert alone.incoming("stage2.block1")["in"].source == last == members[0]
    for wrong, count in ((members, 0), (members, 1001), (members[:2], 4)):
        with pytest.raises(ArchitectureError):
            resized(before, wrong, count)


def test_a_long_stack_is_expanded_and_collapsed_at_once():
    before = folded(preset("resnet-20"), [])[0]
    before, blocks = resized(before, before.groups["stack1"].members, 300)
    began = process_time()
    drawn, layers = expanded(before, blocks)
    loose = followed(before, drawn)
    assert loose.grouped()["stack1"].members == tuple(layers)
    joined, units = collapsed(loose, layers)
    again = followed(loose, joined)
    assert process_time() - began < 2.5  # it took ten times as long when each layer looked for its group
    assert units == blocks
    assert again == before
