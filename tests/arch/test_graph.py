import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resviz.arch.files import to_json
from resviz.arch.graph import Architecture, Block, Wire
from resviz.arch.names import natural_key
from resviz.arch.presets import preset
from resviz.errors import (
    ArchitectureError,
    CycleError,
    DuplicateBlockError,
    ParameterError,
    PortError,
    UnknownBlockError,
)
from tests.arch.documents import THOROUGH, architectures, chain, loose_unit


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (lambda a: a.connect(Wire("pool", "stem")), PortError),
        (lambda a: a.add("relu", "stem"), DuplicateBlockError),
        (lambda a: a.rename("pool", "stem"), DuplicateBlockError),
        (lambda a: a.rename("nothing", "new"), UnknownBlockError),
        (lambda a: a.add("rellu"), UnknownBlockError),
        (lambda a: a.remove("nothing"), UnknownBlockError),
        (lambda a: a.connect(Wire("stem", "nothing")), UnknownBlockError),
        (lambda a: a.connect(Wire("stem", "pool", "out", "left")), PortError),
        (lambda a: a.connect(Wire("output", "pool")), PortError),
        (lambda a: a.disconnect(Wire("stem", "pool")), PortError),
        (lambda a: a.set_params("stem", out_channels=0), ParameterError),
        (lambda a: a.set_params("stem", out_channels=float("inf")), ParameterError),
        (lambda a: a.set_params("stem", depth=3), ParameterError),
        (lambda a: a.add("basic", "new", shortcut="D"), ParameterError),
        (lambda a: a.move("stem", (float("nan"), 0.0)), ParameterError),
        (lambda a: a.insert(Block("new", "relu", {"x": 1})), ParameterError),
        (lambda a: a.rename("stem", ""), ArchitectureError),
        (lambda a: a.rename("stem", "a..b"), ArchitectureError),
        (lambda a: a.rename("stem", "x" * 101), ArchitectureError),
        (lambda a: a.add("relu", "two\nlines"), ArchitectureError),
        (lambda a: a.add("relu", "_private"), ArchitectureError),
    ],
)
def test_a_refused_edit_is_a_named_error_and_changes_nothing(edit, error):
    architecture = preset("resnet-8")
    before = to_json(architecture)
    with pytest.raises(error) as caught:
        edit(architecture)
    assert str(caught.value)[-1] in ".?"
    assert to_json(architecture) == before


def test_cycles_are_refused():
    architecture = chain(("add", "a", {}), ("relu", "b", {}), ("relu", "c", {}))
    for source in ("a", "b", "c"):
        with pytest.raises(CycleError, match="would close a circle"):
            architecture.connect(Wire(source, "a", "out", "shortcut"))
    assert "circle" in architecture.can_connect(Wire("c", "a", "out", "shortcut"))
    assert architecture.can_connect(Wire("a", "c", "out", "in")) == (
        "Input 'in' of 'c' is taken: remove its wire first."
    )


def test_unknown_kind_offers_the_nearest():
    with pytest.raises(UnknownBlockError, match="Did you mean 'basic'"):
        Architecture().add("basick")


def test_remove_and_put_back():
    architecture = loose_unit()
    before = to_json(architecture)
    block, wires = architecture.remove("stem")
    assert len(wires) == 3
    assert "stem" not in architecture
    assert architecture.incoming("unit.conv1") == {}
    architecture.insert(block)
    for wire in wires:
        architecture.connect(wire)
    assert to_json(architecture) == before


def test_rename_takes_wires_along_and_keeps_the_order():
    architecture = loose_unit()
    position = list(architecture.blocks).index("stem")
    architecture.rename("stem", "entry")
    assert list(architecture.blocks)[position] == "entry"
    assert {wire.target for wire in architecture.outgoing("entry")} == {"unit.conv1", "unit.add"}
    assert architecture.incoming("entry")["in"].source == "input"
    assert architecture.order()[1] == "entry"
    architecture.rename("entry", "stem")
    assert architecture == loose_unit()


def test_a_copy_is_independent():
    architecture = preset("resnet-8")
    other = architecture.copy()
    other.remove("pool")
    other.set_params("stem", out_channels=8)
    assert architecture == preset("resnet-8")
    assert architecture.order() == preset("resnet-8").order()
    assert other != architecture


def test_free_ids():
    architecture = chain("relu", "relu", ("relu", "7", {}))
    assert list(architecture.blocks) == ["relu", "relu1", "7"]
    assert architecture.free_id("relu1") == "relu2"
    assert architecture.free_id("7") == "block1"


def test_order_is_natural_where_wires_leave_it_open():
    architecture = Architecture()
    for block_id in ("block10", "block2", "block02", "block1", "x²", "a"):
        architecture.add("relu", block_id)
    assert architecture.order() == ["a", "block1", "block02", "block2", "block10", "x²"]


@settings(THOROUGH, max_examples=200)
@given(architectures())
def test_order_and_reachability_follow_the_wires(architecture):
    order = architecture.order()
    assert sorted(order) == sorted(architecture.blocks)
    assert all(order.index(wire.source) < order.index(wire.target) for wire in architecture.wires)
    for block_id in architecture.blocks:
        after = {w.target for w in architecture.wires if w.source == block_id}
        assert architecture.downstream(block_id) == after.union(*map(architecture.downstream, after))
        assert all(block_id in architecture.upstream(other) for other in architecture.downstream(block_id))
        ahead = {other for other in architecture.blocks if architecture.leads_to(block_id, other)}
        assert ahead == architecture.downstream(block_id)
    assert order == _first_of_the_ready(architecture)


def _first_of_the_ready(architecture):
    left, order = set(architecture.blocks), []
    while left:
        ready = [b for b in left if left.isdisjoint(w.source for w in architecture.incoming(b).values())]
        order.append(min(ready, key=natural_key))
        left.remove(order[-1])
    return order


@THOROUGH
@given(st.lists(st.text(max_size=6), unique=True))
def test_natural_order_is_total(texts):
    assert len({natural_key(text) for text in texts}) == len(texts)
    sorted(texts, key=natural_key)  # no two keys that cannot be compared


def test_the_order_follows_every_edit():
    architecture = chain(("relu", "a", {}), ("relu", "b", {}))
    assert architecture.order() == ["a", "b"]
    architecture.disconnect(Wire("a", "b"))
    architecture.connect(Wire("b", "a"))
    assert architecture.order() == ["b", "a"]
    architecture.add("relu", "0")
    assert architecture.order() == ["0", "b", "a"]
    architecture.remove("b")
    assert architecture.order() == ["0", "a"]


@pytest.mark.parametrize(
    ("wire", "sentence"),
    [
        (Wire("stem", "pool", "out", "left"), "has no input 'left': use 'in'."),
        (Wire("stem", "add", "out", "in"), "Add 'add' has no input 'in': use 'branch' or 'shortcut'."),
        (Wire("stem", "pool", "left"), "has no output 'left': use 'out'."),
        (Wire("output", "pool"), "has no output 'out': it has no output at all."),
        (Wire("stem", "input"), "has no input 'in': it has no input at all."),
    ],
)
def test_a_wrong_port_is_told_the_right_ones(wire, sentence):
    architecture = Architecture("ports")
    for kind, block_id in (("input", "input"), ("conv", "stem"), ("add", "add"), ("output", "output")):
        architecture.add(kind, block_id)
    architecture.add("global_avg_pool", "pool")
    with pytest.raises(PortError) as caught:
        architecture.connect(wire)
    assert str(caught.value).endswith(sentence)
