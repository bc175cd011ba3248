import msgspec
import pytest

from resviz.arch.compare import differences
from resviz.arch.cost import cost_of
from resviz.arch.defining import defined, unpacked, with_definition_renamed, with_instance, without_definition
from resviz.arch.definitions import bundle, content, entries_of, key_of, name_of
from resviz.arch.files import from_json, to_json
from resviz.arch.following import followed
from resviz.arch.graph import Architecture, Group, Wire
from resviz.arch.own_kinds import kind_from, kind_named
from resviz.arch.presets import preset
from resviz.arch.rework import expanded, healed, with_plain_toggled
from resviz.arch.shapes import infer
from resviz.arch.spec import ShapeError
from resviz.arch.twin import twin
from resviz.errors import ArchitectureError
from tests.arch.documents import loose_unit

UNIT = [f"stage1.block2.{layer}" for layer in ("conv1", "norm1", "relu1", "conv2", "norm2", "add", "relu2")]


def network():
    """Return resnet-20 whose second unit is loose layers."""
    return expanded(preset("resnet-20"), ["stage1.block2"])[0]


def with_two():
    """Return a network with two instances of "unit": unit1 in place, unit2 behind it."""
    architecture, _ = defined(network(), UNIT, "unit", "a residual unit")
    architecture, name = with_instance(architecture, "unit", (0.0, 0.0))
    (wire,) = (w for w in architecture.outgoing("unit1.relu2") if not w.target.startswith("unit1"))
    architecture.disconnect(wire)
    for member, port in entries_of(architecture, name):
        architecture.connect(Wire("unit1.relu2", member, target_port=port))
    architecture.connect(msgspec.structs.replace(wire, source=f"{name}.relu2"))
    return architecture


def test_a_definition_is_made_of_blocks_which_become_its_first_instance():
    before = network()
    architecture, members = defined(before, reversed(UNIT), "unit")
    assert members == [f"unit1.{layer.rpartition('.')[2]}" for layer in UNIT]
    assert architecture.groups == {"unit1": Group(tuple(members), True, "unit")}
    definition = architecture.definitions["unit"]
    assert [block.id for block in definition.blocks] == [m.partition(".")[2] for m in members]
    assert definition.entries == (("add", "shortcut"), ("conv1", "in"))
    assert definition.exit == "relu2"
    assert content(architecture, "unit1", definition) == definition
    assert cost_of(architecture).total == cost_of(before).total
    assert not infer(architecture).problems
    assert not before.definitions


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ([], "Nothing is selected"),
        (["input", "stem"], "Input and output stay"),
        ([b for b in UNIT if not b.endswith("conv1")], "Wires lead in from .*one way in"),
        ([*UNIT[:2], "stage2.block1"], "one way in"),
        (UNIT[:3] + UNIT[4:6], "one way in"),
        ([UNIT[0], UNIT[5]], "one way in"),
    ],
)
def test_what_cannot_become_one_block_is_told(chosen, sentence):
    with pytest.raises(ArchitectureError, match=sentence):
        defined(network(), chosen, "unit")


def test_two_ways_out_and_open_inputs_are_told():
    architecture = network()
    architecture.add("relu", "tap")
    architecture.connect(Wire("stage1.block2.conv1", "tap"))
    with pytest.raises(ArchitectureError, match="one way out"):
        defined(architecture, UNIT, "unit")
    with pytest.raises(ArchitectureError, match="one way out"):
        defined(architecture, [*UNIT, "tap"], "unit")
    architecture.remove("tap")
    architecture.disconnect(architecture.incoming(UNIT[5])["branch"])
    with pytest.raises(ArchitectureError, match="one way out"):
        defined(architecture, UNIT, "unit")
    with pytest.raises(ArchitectureError, match=r"'branch' of .* is open"):
        defined(architecture, UNIT[5:], "unit")


def test_names_of_definitions_are_checked():
    architecture, members = defined(network(), UNIT, "unit")
    with pytest.raises(ArchitectureError, match="already a block of your own"):
        defined(architecture, ["stem"], "unit")
    with pytest.raises(ArchitectureError, match="needs a name"):
        defined(architecture, ["stem"], "")
    with pytest.raises(ArchitectureError, match="unpack it first"):
        defined(architecture, [*members, "stage1.block3"], "more")


def test_instances_are_added_with_names_of_their_own():
    architecture = with_two()
    assert set(architecture.groups) == {"unit1", "unit2"}
    assert not infer(architecture).problems
    assert cost_of(architecture).depth == 22
    definition = architecture.definitions["unit"]
    assert content(architecture, "unit2", definition) == definition
    assert len(architecture.cells()) == len(preset("resnet-20").blocks) + 1


def test_files_are_complete():
    architecture = with_two()
    again = from_json(to_json(architecture))
    assert again == architecture
    assert to_json(again) == to_json(architecture)
    architecture.groups.clear()
    assert from_json(to_json(architecture)).definitions == architecture.definitions


@pytest.mark.parametrize("block", ["conv1", "norm2", "add"])
@pytest.mark.parametrize("edited", ["unit1", "unit2"])
def test_removed_blocks_are_removed_from_all_instances(edited, block):
    before = with_two()
    after = followed(before, healed(before, [f"{edited}.{block}"]))
    check_alike(after)
    assert f"unit1.{block}" not in after
    assert f"unit2.{block}" not in after
    assert [p.message for p in infer(after).problems] == []


def check_alike(architecture, name="unit"):
    definition = architecture.definitions[name]
    instances = [each for each, group in architecture.grouped().items() if group.definition == name]
    for each in instances:
        assert content(architecture, each, definition) == definition
    return instances


def test_parameters_follow():
    before = with_two()
    after = before.copy()
    after.set_params("unit2.conv1", kernel_size=5, padding=2)
    done = followed(before, after)
    assert done["unit1.conv1"].params["kernel_size"] == 5
    assert check_alike(done) == ["unit1", "unit2"]
    assert followed(before, before.copy()) is None
    bypassed = before.copy()
    bypassed.set_bypassed("unit1.norm1", True)
    assert followed(before, bypassed)["unit2.norm1"].bypassed


def test_inserted_blocks_follow_and_rewired_ones():
    before = with_two()
    after = before.copy()
    after.add("relu", "new", (5.0, 5.0))
    wire = after.incoming("unit1.relu1")["in"]
    after.disconnect(wire)
    after.connect(Wire(wire.source, "new"))
    after.connect(Wire("new", "unit1.relu1"))
    done = followed(before, after)
    assert "new" in done.groups["unit1"].members
    assert done.incoming("unit2.relu1")["in"].source == "unit2.new"
    check_alike(done)
    assert not infer(done).problems


def test_a_step_in_between_may_be_broken_and_still_follows():
    before = with_two()
    after = before.copy()
    after.remove("unit1.relu1")
    done = followed(before, after)
    assert "unit2.relu1" not in done
    assert infer(done).problems
    mended = done.copy()
    mended.connect(Wire("unit1.norm1", "unit1.conv2"))
    done = followed(done, mended)
    assert Wire("unit2.norm1", "unit2.conv2") in done.wires
    assert not infer(done).problems


def test_units_are_expanded_and_made_plain_in_all_instances():
    before, _ = defined(preset("resnet-20-B"), ["stage2.block1", "stage2.block2"], "pair")
    before, second = with_instance(before, "pair", None)
    assert second == "pair2"
    done = followed(before, expanded(before, ["pair1.block1"])[0])
    assert done["pair2.block1.projection"].params == done["pair1.block1.projection"].params
    check_alike(done, "pair")
    done = followed(before, with_plain_toggled(before, ["pair1.block2"]))
    assert done["pair2.block2"].shortcut == "none"
    back = followed(done, with_plain_toggled(done, ["pair1.block2"]))
    assert back["pair2.block2"].shortcut == "B"
    check_alike(back, "pair")


def test_deleting_one_instance_changes_no_other():
    before = with_two()
    after = healed(before, [m for m in before.blocks if m.startswith("unit1.")])
    assert followed(before, after) is None
    assert after.grouped().keys() == {"unit2"}


def test_what_cannot_follow_becomes_loose():
    before = with_two()
    before.add("relu", "unit2.new")
    after = before.copy()
    after.add("relu", "unit1.new")
    wire = after.incoming("unit1.relu1")["in"]
    after.disconnect(wire)
    after.connect(Wire(wire.source, "unit1.new"))
    after.connect(Wire("unit1.new", "unit1.relu1"))
    done = followed(before, after)
    assert done.groups["unit2"].definition == ""
    assert check_alike(done) == ["unit1"]


def test_a_definition_that_is_new_is_followed():
    before = with_two()
    after = before.copy()
    other = before.copy()
    other.set_params("unit1.conv2", stride=2)
    after.definitions["unit"] = content(other, "unit1", before.definitions["unit"])
    done = followed(before, after)
    assert done["unit1.conv2"].params["stride"] == 2
    assert check_alike(done) == ["unit1", "unit2"]


def test_unpacking_renaming_and_forgetting():
    architecture = with_two()
    loose, members = unpacked(architecture, ["unit1.conv1"])
    assert set(loose.groups) == {"unit2"}
    assert len(members) == len(UNIT)
    with pytest.raises(ArchitectureError, match="Nothing here"):
        unpacked(loose, members)
    renamed = with_definition_renamed(architecture, "unit", "mine")
    assert check_alike(renamed, "mine") == ["unit1", "unit2"]
    assert with_definition_renamed(architecture, "unit", "unit") == architecture
    forgotten = without_definition(architecture, "unit")
    assert not forgotten.definitions
    assert not forgotten.groups
    assert not differences(forgotten, architecture)


def test_wires_into_an_instance_go_to_all_its_inputs():
    architecture = with_two()
    wire = Wire("stem", "unit1.conv1")
    assert bundle(architecture, wire) == [
        Wire("stem", "unit1.add", "out", "shortcut"),
        Wire("stem", "unit1.conv1"),
    ]
    assert bundle(architecture, Wire("stem", "unit1.conv2")) == [Wire("stem", "unit1.conv2")]
    architecture.groups["unit1"] = msgspec.structs.replace(architecture.groups["unit1"], folded=False)
    assert bundle(architecture, wire) == [wire]


def test_the_twin_of_definitions():
    architecture, _ = defined(preset("resnet-20-B"), ["stage2.block1", "stage2.block2"], "pair")
    plain = twin(architecture)
    assert [block.shortcut for block in plain.definitions["pair"].blocks] == ["none", "none"]
    assert check_alike(plain, "pair") == ["pair1"]
    assert twin(plain) == architecture
    assert from_json(to_json(plain)) == plain


def test_a_definition_is_a_kind():
    architecture = with_two()
    kind = kind_named(architecture, key_of("unit"))
    assert kind.title == "unit"
    assert kind.doc == "a residual unit"
    assert "Convolution" in kind.synonyms
    assert kind.infer({}, ((16, 8, 8),)) == (16, 8, 8)
    assert kind.cost({}, ((16, 8, 8),), (16, 8, 8)).parameters == 2 * (16 * 16 * 9 + 2 * 16)
    with pytest.raises(ShapeError):
        kind.infer({}, ((8, 8, 8),))
    with pytest.raises(ShapeError, match="map"):
        kind.infer({}, ((8,),))
    assert kind_named(architecture, "conv").name == "conv"
    assert kind_named(architecture, key_of("other")) is None
    assert kind_named(architecture, "nothing") is None
    assert name_of("conv") is None
    assert "7 blocks of your own" in kind_from("u", defined(network(), UNIT, "u")[0].definitions["u"]).doc


def test_a_loose_piece_without_a_way_in_can_be_defined():
    architecture = Architecture()
    architecture.add("conv", "conv1")
    architecture.add("relu", "relu1")
    architecture.connect(Wire("conv1", "relu1"))
    made, _ = defined(architecture, ["conv1", "relu1"], "piece")
    assert made.definitions["piece"].entries == (("conv1", "in"),)
    assert made.definitions["piece"].exit == "relu1"
    unit, _ = defined(loose_unit(), [b for b in loose_unit().blocks if b not in ("input", "output")], "u")
    assert infer(unit).problems == infer(loose_unit()).problems


def test_the_twin_remembers_of_all_what_it_does_of_the_one_that_was_renamed():
    before, _ = defined(preset("plain-20"), ["stage2.block1", "stage2.block2"], "pair")
    before.twin_memory["pair1.block1"] = "B"
    before, _ = with_instance(before, "pair", None)
    after = before.copy()
    after.rename("pair1.block1", "first")
    done = followed(before, after)
    assert done.twin_memory["pair2.first"] == done.twin_memory["first"] == "B"
    check_alike(done, "pair")


def test_blocks_that_come_in_under_a_name_that_is_used_inside_keep_apart():
    before = with_two()
    after = before.copy()
    after.add("relu", "relu1")
    wire = after.incoming("unit1.norm1")["in"]
    after.disconnect(wire)
    after.connect(Wire(wire.source, "relu1"))
    after.connect(Wire("relu1", "unit1.norm1"))
    done = followed(before, after)
    assert done.incoming("unit2.norm1")["in"].source == "unit2.relu1-2"
    assert check_alike(done) == ["unit1", "unit2"]
    assert from_json(to_json(done)) == done
