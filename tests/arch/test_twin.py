import pytest
from hypothesis import given

from resviz.arch.cost import cost_of
from resviz.arch.files import to_json
from resviz.arch.graph import Architecture
from resviz.arch.names import twin_name
from resviz.arch.presets import names, preset
from resviz.arch.shapes import infer
from resviz.arch.twin import is_plain, twin
from tests.arch.documents import THOROUGH, architectures, chain, loose_unit


@pytest.mark.parametrize("name", names())
def test_twin_of_twin_of_a_preset_is_the_identical_document(name):
    architecture = preset(name)
    other = twin(architecture)
    assert is_plain(other) != is_plain(architecture)
    assert list(other.blocks) == list(architecture.blocks)
    assert other.wires == architecture.wires
    assert not infer(other).problems
    back = twin(other)
    assert back == architecture
    assert back.twin_memory == architecture.twin_memory
    assert to_json(back) == to_json(architecture)


@THOROUGH
@given(architectures())
def test_twin_of_twin_of_any_document_is_the_identical_document(architecture):
    before = to_json(architecture)
    other = twin(architecture)
    assert to_json(architecture) == before, "twin changed its argument"
    assert twin(other) == architecture
    assert to_json(twin(other)) == before
    assert twin(twin(other)) == other
    if any(block.shortcut for block in architecture.blocks.values()):
        assert is_plain(other) != is_plain(architecture)
        assert other != architecture


@pytest.mark.parametrize(
    ("residual", "plain"),
    [
        ("resnet-20", "plain-20"),
        ("resnet-44-w8", "plain-44-w8"),
        ("cifar-resnet-50", "cifar-plain-50"),
        ("resnet-18-A", "plain-18"),
        ("preact-110", "preact-110-plain"),
    ],
)
def test_twins_of_presets_are_presets(residual, plain):
    assert twin(preset(residual)) == preset(plain)
    assert twin(preset(plain)) == preset(residual)


def test_plain_network_has_the_same_parameters_as_option_a():
    assert cost_of(twin(preset("resnet-56"))).total == cost_of(preset("resnet-56")).total


def test_memory_holds_only_what_differs_from_option_a():
    assert twin(preset("resnet-20")).twin_memory == {}
    memory = twin(preset("resnet-20-B")).twin_memory
    assert memory.pop("") == "resnet-20-B"
    assert memory == {f"stage{s}.block{b}": "B" for s in (1, 2, 3) for b in (1, 2, 3)}


def test_a_unit_that_is_plain_in_the_residual_network_stays_plain():
    architecture = preset("resnet-8")
    architecture.set_params("stage2.block1", shortcut="none")
    plain = twin(architecture)
    assert plain.twin_memory == {"stage2.block1": "none"}
    assert twin(plain)["stage2.block1"].params["shortcut"] == "none"
    assert twin(plain)["stage1.block1"].params["shortcut"] == "A"


def test_loose_addition_becomes_plain_and_its_shortcut_layers_die():
    architecture = loose_unit(channels=32, stride=2, shortcut="B")
    plain = twin(architecture)
    assert plain["unit.add"].params["plain"] is True
    assert plain.wires == architecture.wires
    inference = infer(plain)
    assert inference.problems == []
    assert not {"unit.projection", "unit.projection_norm"} & inference.live
    saved = cost_of(architecture).total.parameters - cost_of(plain).total.parameters
    assert saved == 16 * 32 + 2 * 32
    assert twin(plain) == architecture


def test_removed_blocks_leave_no_stale_memory_but_undo_finds_it():
    plain = twin(preset("resnet-8-B"))
    block, wires = plain.remove("stage3.block1")
    assert "stage3.block1" not in plain.memory()
    assert twin(twin(plain)) == plain
    plain.insert(block)
    for wire in wires:
        plain.connect(wire)
    assert plain == twin(preset("resnet-8-B"))


def test_memory_follows_a_renamed_block():
    plain = twin(preset("resnet-8-B"))
    plain.rename("stage2.block1", "second")
    assert twin(plain)["second"].params["shortcut"] == "B"


def test_if_all_that_is_left_was_plain_the_twin_is_residual_all_the_same():
    architecture = chain(("basic", "one", {"shortcut": "none"}), ("basic", "two", {}))
    plain = twin(architecture)
    plain.remove("two")
    assert twin(plain)["one"].params["shortcut"] == "A"
    assert twin(twin(plain)) == plain


def test_a_network_without_units_is_its_own_twin():
    architecture = chain("input", "conv", "relu", name="resnet-56")
    assert twin(architecture) == architecture
    assert twin(Architecture("empty")) == Architecture("empty")


@pytest.mark.parametrize(
    ("residual", "plain"),
    [("resnet-56", "plain-56"), ("cifar-resnet-50-w8", "cifar-plain-50-w8"), ("mine", "mine-plain")],
)
def test_names_of_twins(residual, plain):
    assert twin_name(residual, plain=True) == plain
    assert twin_name(plain, plain=False) == residual


def test_the_name_of_an_option_is_kept():
    architecture = preset("resnet-110-B")
    assert twin(architecture).name == "plain-110"
    assert twin(twin(architecture)).name == "resnet-110-B"
    assert twin_name("mine", plain=False) == "mine-residual"
    assert twin_name("mine-residual", plain=True) == "mine"
