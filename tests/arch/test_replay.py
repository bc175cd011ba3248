"""An edit of one network done again on its twin."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resviz.arch import rework
from resviz.arch.convert import COMPOSITES
from resviz.arch.defining import defined, without_definition
from resviz.arch.definitions import content
from resviz.arch.folding import folded, unfolded
from resviz.arch.graph import Architecture, Wire
from resviz.arch.presets import preset
from resviz.arch.replay import Snapshot, change, replay
from resviz.arch.twin import twin
from resviz.errors import ArchitectureError
from tests.arch.documents import THOROUGH, bare, chain, loose_unit


def again(before, after, there, renamed=()):
    """Return what comes of doing on `there` what led from `before` to `after`."""
    snapshot = Snapshot.of(before)
    return replay(change(snapshot, after, renamed), there, from_plain=snapshot.is_plain)


def edited(architecture, *steps):
    copy = architecture.copy()
    for step in steps:
        step(copy)
    return copy


VERBS = {
    "values": lambda a: edited(a, lambda c: c.set_params("stage1.block2", out_channels=32)),
    "bypass": lambda a: rework.with_bypass_toggled(a, ["stage2.block2", "stage1.block1"]),
    "heal": lambda a: rework.healed(a, ["stage2.block2"]),
    "delete": lambda a: edited(a, lambda c: c.remove("stage1.block1")),
    "repeat": lambda a: rework.repeated(a, ["stage1.block1"], 3)[0],
    "expand": lambda a: rework.expanded(a, ["stage2.block1", "stage3.block3"])[0],
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "names", [("resnet-20", "plain-20"), ("plain-20", "resnet-20"), ("resnet-20-B", "plain-20")]
)
def test_what_a_person_does_to_units_comes_out_as_the_twin_of_it(verb, names):
    here, there = map(preset, names)
    after = VERBS[verb](here)
    done = again(here, after, there)
    assert not done.refusals
    assert bare(done.architecture) == bare(twin(after))


def test_collapsing_on_both_sides():
    here = rework.expanded(preset("resnet-20"), ["stage2.block1"])[0]
    after, _ = rework.collapsed(here, [b for b in here.blocks if b.startswith("stage2.block1")])
    done = again(here, after, twin(here))
    assert not done.refusals
    assert bare(done.architecture) == bare(twin(after))


def test_a_unit_inserted_into_a_plain_network_is_plain_and_its_twin_knows_better():
    here, there = preset("resnet-20"), preset("plain-20")
    wire = Wire("stage1.block1", "stage1.block2")

    def insert(c):
        c.disconnect(wire)
        c.add("basic", "new", out_channels=16, shortcut="B")
        c.connect(Wire("stage1.block1", "new"))
        c.connect(Wire("new", "stage1.block2"))

    done = again(here, edited(here, insert), there)
    assert not done.refusals
    assert done.architecture["new"].shortcut == "none"
    assert twin(done.architecture)["new"].shortcut == "B"
    # The other way: a plain unit of a plain network gets the shortcut that a twin gives it.
    plain = edited(there, insert, lambda c: c.set_params("new", shortcut="none"))
    assert again(there, plain, here).architecture["new"].shortcut == "A"
    # Where there is no unit yet, it comes as it is.
    empty = again(Architecture(), edited(Architecture(), lambda c: c.add("basic", "new")), Architecture())
    assert empty.architecture["new"].shortcut == "A"


def test_a_loose_addition_is_plain_in_a_plain_network():
    here, there = loose_unit(), twin(loose_unit())
    copied, new = rework.with_shortcut(edited(here, lambda c: c.remove("unit.add")), ["unit.conv1"])
    done = again(here, copied, there)
    assert not done.refusals
    assert copied[new].shortcut == "A"
    assert done.architecture[new].shortcut == "none"


def test_shortcuts_stay_as_they_are():
    here, there = preset("resnet-20"), preset("plain-20")
    after = edited(here, lambda c: c.set_params("stage2.block1", shortcut="B"))
    did = change(Snapshot.of(here), after)
    assert did.shortcuts
    assert not did.params
    done = replay(did, there, from_plain=False)
    assert done.architecture == there
    assert not done.refusals
    both = edited(here, lambda c: c.set_params("stage2.block1", shortcut="B", out_channels=48))
    block = again(here, both, there).architecture["stage2.block1"]
    assert (block.shortcut, block.params["out_channels"]) == ("none", 48)


def test_a_move_leads_to_the_same_place_or_as_far():
    here, there = (chain(("relu", "a", {}), ("relu", "b", {})) for _ in range(2))
    for network, places in ((here, ((0, 0), (100, 0))), (there, ((0, 0), (100, 80)))):
        for block, place in zip("ab", places, strict=True):
            network.move(block, place)
    done = again(here, edited(here, lambda c: c.move("a", (8, 8)), lambda c: c.move("b", (140, 16))), there)
    assert [done.architecture[block].position for block in "ab"] == [(8, 8), (140, 96)]


def test_a_block_is_renamed_and_what_else_was_done_to_it_follows():
    here, there = preset("resnet-20"), preset("plain-20")
    after = edited(
        here,
        lambda c: c.rename("stage1.block1", "x"),
        lambda c: c.rename("x", "first"),
        lambda c: c.set_params("first", out_channels=24),
    )
    done = again(here, after, there, [("stage1.block1", "x"), ("x", "first")])
    assert not done.refusals
    assert done.architecture["first"].params["out_channels"] == 24
    assert Wire("first", "stage1.block2") in done.architecture.wires


@pytest.mark.parametrize(
    ("mangle", "steps", "refusal"),
    [
        (lambda c: c.remove("b"), [lambda c: c.set_bypassed("b", True)], "there is no block called 'b'"),
        (lambda c: c.remove("b"), [lambda c: c.rename("b", "z")], "there is no block called 'b'"),
        (
            lambda c: c.add("relu", "z"),
            [lambda c: c.rename("b", "z")],
            "there is already a block called 'z': choose another name",
        ),
        (
            lambda c: c.disconnect(Wire("a", "b")),
            [lambda c: c.disconnect(Wire("a", "b")), lambda c: c.remove("c")],
            "there is no wire from 'a' to 'b'",
        ),
        (
            lambda c: (c.add("relu", "extra"), c.connect(Wire("extra", "c2"))),
            [lambda c: c.connect(Wire("c", "c2"))],
            "input 'in' of 'c2' is taken: remove its wire first",
        ),
        (
            lambda c: (c.remove("b"), c.add("batch_norm", "b")),
            [lambda c: c.set_params("b", out_channels=8)],
            "b is a block of another kind: Batch norm",
        ),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_the_rest(mangle, steps, refusal):
    here = chain(("relu", "a", {}), ("conv", "b", {}), ("relu", "c", {}))
    here.add("relu", "c2")
    there = edited(here, mangle)
    renamed = [("b", "z")] if "z" in edited(here, *steps) else ()
    done = again(here, edited(here, *steps, lambda c: c.move("a", (8.0, 0.0))), there, renamed)
    assert done.refusals == [refusal]
    moved = done.architecture["a"].position == (8.0, 0.0)
    assert moved == (not renamed)  # after a name that could not be given, nothing is done
    rest = edited(done.architecture, lambda c: c.move("a", None))
    assert bare(rest) == bare(there)


def test_structure_comes_whole_or_not_at_all():
    here = chain(("relu", "a", {}), ("relu", "b", {}))
    there = edited(here, lambda c: c.disconnect(Wire("a", "b")))

    def insert(c):
        c.disconnect(Wire("a", "b"))
        c.add("relu", "n")
        c.connect(Wire("a", "n"))
        c.connect(Wire("n", "b"))

    done = again(here, edited(here, insert), there)
    assert done.refusals
    assert done.architecture == there


@settings(THOROUGH, max_examples=60)
@given(st.data())
def test_on_an_equal_network_the_same_comes_out(data):
    here = preset("resnet-20")
    verbs = data.draw(
        st.lists(st.sampled_from(["bypass", "values", "heal", "expand"]), min_size=1, max_size=4)
    )
    now = here
    for verb in verbs:
        units = [b.id for b in now.blocks.values() if b.kind in COMPOSITES]
        chosen = [data.draw(st.sampled_from(units))]
        if verb == "bypass":
            now = rework.with_bypass_toggled(now, chosen)
        elif verb == "values":
            width = data.draw(st.integers(1, 99))
            now = edited(now, lambda c, b=chosen[0], w=width: c.set_params(b, out_channels=w))
        elif verb == "heal":
            now = rework.healed(now, chosen)
        else:
            with contextlib.suppress(ArchitectureError):  # what comes in may not be known by then
                now, _ = rework.expanded(now, chosen)
    done = again(here, now, preset("resnet-20"))
    assert not done.refusals
    assert done.architecture == now
    back = again(now, here, done.architecture)
    assert not back.refusals
    assert bare(back.architecture) == bare(here)


def test_what_was_folded_or_defined_is_so_there_too():
    before, there = preset("resnet-20"), preset("plain-20")
    after, _ = folded(before, [])
    done = replay(change(Snapshot.of(before), after), there, from_plain=False)
    assert not done.refusals
    assert done.architecture.groups == after.groups
    opened, _ = unfolded(after, [])
    done = replay(change(Snapshot.of(after), opened), done.architecture, from_plain=False)
    assert not any(group.folded for group in done.architecture.groups.values())
    own, _ = defined(before, ["stage1.block1", "stage1.block2"], "pair")
    edit = change(
        Snapshot.of(before), own, [("stage1.block1", "pair1.block1"), ("stage1.block2", "pair1.block2")]
    )
    done = replay(edit, there, from_plain=False)
    assert done.architecture.groups == own.groups
    assert [block.shortcut for block in done.architecture.definitions["pair"].blocks] == ["none", "none"]
    assert content(done.architecture, "pair1", done.architecture.definitions["pair"]) in (
        done.architecture.definitions.values()
    )
    edit = change(Snapshot.of(own), without_definition(own, "pair"))
    assert not replay(edit, done.architecture, from_plain=False).architecture.definitions
