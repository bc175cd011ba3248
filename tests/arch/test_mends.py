"""Each mend removes its problem, brings none that is worse, and changes only what its sentence says."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resviz.arch.blocks import CATALOGUE
from resviz.arch.graph import Architecture, Wire
from resviz.arch.mends import Mender, badness, mended
from resviz.arch.names import natural_key
from resviz.arch.presets import preset
from resviz.arch.rework import expanded
from resviz.arch.shapes import Fault, infer
from tests.arch.documents import architectures, chain, ids, loose_unit, parameter_values

STRICT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def loose_preset():
    architecture = preset("resnet-8")
    return expanded(architecture, ["stage1.block1", "stage2.block1", "stage3.block1"])[0]


SOUND = (preset("resnet-8"), preset("plain-8"), preset("resnet-14-B"), loose_preset(), loose_unit(),
         loose_unit(channels=32, stride=2, shortcut="A"), loose_unit(channels=32, stride=2, shortcut="B"),
         Architecture())  # fmt: skip


def key(problem):
    return problem.block, problem.fault, problem.port


def check(architecture):
    """Hold every mend of an architecture to its word; return how many there are."""
    inference = infer(architecture)
    before = architecture.copy()
    mender, tried = Mender(architecture, inference), 0
    for problem in inference.problems:
        for mend in mender.mends(problem):
            after = mend.applied(architecture)
            assert architecture == before
            found = infer(after)
            assert key(problem) not in {key(p) for p in found.problems}, (problem, mend.sentence)
            assert badness(after, found) < badness(architecture, inference), "\n".join(
                [mend.sentence, *map(str, inference.problems), "after", *map(str, found.problems)]
            )
            changes_only_what_it_says(architecture, after, mend)
            tried += 1
    return tried


def changes_only_what_it_says(before, after, mend):
    assert mend.sentence.endswith(".")
    assert len(mend.title) <= 60
    changed = {b for b in before.blocks if b not in after or before[b].params != after[b].params}
    for block_id in changed:
        assert re.search(rf"(^|[ ,]){re.escape(block_id)}([ ,.:]|$)", mend.sentence), (
            block_id,
            mend.sentence,
        )
    for block_id in before.blocks:
        assert block_id not in after or before[block_id].bypassed == after[block_id].bypassed
    fresh = len([b for b in after.blocks if b not in before])
    assert fresh == 0 or re.search(r"^(Add|Put) ", mend.sentence), mend.sentence
    moved = set(before.wires) ^ set(after.wires)
    ends = {end for wire in moved for end in (wire.source, wire.target) if end in before}
    assert ends <= mend.touches, (ends, mend.touches, mend.sentence)
    assert changed <= mend.touches


@st.composite
def broken(draw):
    """Return a sound network after a few random edits."""
    architecture = draw(st.sampled_from(SOUND)).copy()
    for _ in range(draw(st.integers(1, 6))):
        blocks = list(architecture.blocks)
        match draw(st.sampled_from(["remove", "cut", "param", "add", "wire", "bypass"])):
            case "remove" if blocks:
                architecture.remove(draw(st.sampled_from(blocks)))
            case "cut" if architecture.wires:
                architecture.disconnect(draw(st.sampled_from(architecture.wires)))
            case "param" if blocks:
                block = architecture[draw(st.sampled_from(blocks))]
                if block.spec.parameters:
                    parameter = draw(st.sampled_from(block.spec.parameters))
                    architecture.set_params(block.id, **{parameter.name: draw(parameter_values(parameter))})
            case "add":
                kind = draw(st.sampled_from(sorted(CATALOGUE)))
                wanted = draw(st.none() | ids)
                architecture.add(kind, architecture.free_id(wanted or kind))
            case "bypass" if blocks:
                block = architecture[draw(st.sampled_from(blocks))]
                if block.spec.inputs and block.spec.outputs:
                    architecture.set_bypassed(block.id, not block.bypassed)
            case "wire" if len(blocks) > 1:
                source, target = draw(st.sampled_from(blocks)), draw(st.sampled_from(blocks))
                ports = architecture[target].spec.inputs
                if ports and architecture[source].spec.outputs:
                    port = draw(st.sampled_from(ports))
                    taken = architecture.incoming(target).get(port)
                    if taken is not None:
                        architecture.disconnect(taken)
                    wire = Wire(source, target, "out", port)
                    if architecture.can_connect(wire) is None:
                        architecture.connect(wire)
                    elif taken is not None:
                        architecture.connect(taken)
    return architecture


@STRICT
@given(broken())
def test_mends_of_broken_networks(architecture):
    check(architecture)


@STRICT
@given(architectures())
def test_mends_of_any_document(architecture):
    check(architecture)


@STRICT
@given(broken() | architectures())
def test_mending_all_ends_and_leaves_nothing_that_it_could_mend(architecture):
    before = architecture.copy()
    kept = mended(architecture)
    assert set(kept.architecture.blocks) >= {b for b in before.blocks if before[b].kind in ("conv", "basic")}
    assert not any(mend.deletes for mend in kept.done)
    result = mended(architecture, deleting=True)
    assert architecture == before
    inference = infer(result.architecture)
    assert result.left == inference.problems
    mender = Mender(result.architecture, inference)
    assert not any(mender.mends(problem) for problem in inference.problems)
    assert bool(result.done) == (badness(result.architecture, inference) < badness(before, infer(before)))
    again = mended(result.architecture, deleting=True)
    assert (again.done, again.architecture) == ([], result.architecture)


# What is said and done


def mends_of(architecture, fault=None):
    """Return the mends of the one problem (of a kind), after holding all of them to their word."""
    check(architecture)
    inference = infer(architecture)
    (problem,) = [p for p in inference.problems if fault is None or p.fault is fault]
    return Mender(architecture, inference).mends(problem)


def titles(architecture, fault=None):
    return [mend.title for mend in mends_of(architecture, fault)]


def test_an_addition_gets_the_option_that_fits_and_that_the_network_uses():
    architecture = loose_unit(channels=32, stride=2)
    first, second, last = mends_of(architecture)
    assert first.title == "Insert zero-padding (A)"
    assert first.sentence == (
        "Put a zero-padding shortcut with 32 channels and stride 2 on the wire from stem to unit.add."
    )
    assert "unit.pad" in first.applied(architecture)
    assert second.title == "Insert a projection (B)"
    mended_b = second.applied(architecture)
    assert [mended_b[b].kind for b in ("unit.projection", "unit.projection_norm")] == ["conv", "batch_norm"]
    assert last.sentence == "Make unit.add plain: it lets only its branch through."
    assert titles(loose_unit(channels=8)) == ["Insert a projection (B)", "Make it plain"]
    with_b = preset("resnet-14-B")
    with_b.add("add", "add")
    for source, port in (("stage2.block1", "branch"), ("stage1.block1", "shortcut")):
        with_b.connect(Wire(source, "add", "out", port))
    with_b.disconnect(Wire("stage2.block1", "stage2.block2"))
    with_b.connect(Wire("add", "stage2.block2"))
    assert titles(with_b)[0] == "Insert a projection (B)"


def test_a_shortcut_that_has_a_layer_is_retuned():
    pad = loose_unit(channels=32, stride=2, shortcut="A")
    pad.set_params("unit.pad", out_channels=24, stride=1)
    assert mends_of(pad)[0].sentence == "Set channels to 32 and stride to 2 in unit.pad."
    assert mends_of(pad)[0].applied(pad) == loose_unit(channels=32, stride=2, shortcut="A")
    projection = loose_unit(channels=32, stride=2, shortcut="B")
    projection.set_params("unit.projection", stride=4)
    assert titles(projection) == ["Set stride to 2", "Make it plain"]


def test_a_shortcut_that_was_cut_is_led_from_the_start_of_its_unit_again():
    for shortcut, channels, wanted in ((None, 16, "Connect stem"), (None, 32, "Insert zero-padding (A)")):
        architecture = loose_unit(channels=channels, shortcut=shortcut)
        architecture.disconnect(Wire("stem", "unit.add", "out", "shortcut"))
        assert titles(architecture)[0] == wanted
        assert titles(architecture)[-1] == "Make it plain"
    cut = loose_unit(channels=32, stride=2, shortcut="A")
    cut.disconnect(Wire("unit.pad", "unit.add", "out", "shortcut"))
    assert titles(cut, Fault.UNWIRED)[0] == "Connect unit.pad"
    assert mended(cut).architecture == loose_unit(channels=32, stride=2, shortcut="A")


@pytest.mark.parametrize("gone", [("stage2.block1",), ("stem", "stage2.block1"), ("stage1.block1",)])
def test_gaps_in_a_chain_are_closed_where_there_is_one_way(gone):
    architecture = preset("plain-14")
    for block_id in gone:
        architecture.remove(block_id)
    result = mended(architecture)
    assert not result.left
    assert [mend.title.partition(" ")[0] for mend in result.done] == ["Connect"] * len(gone)


def test_a_block_whose_wires_were_cut_comes_back_into_its_place():
    architecture = preset("plain-8")
    for wire in (*architecture.incoming("stage2.block1").values(), *architecture.outgoing("stage2.block1")):
        architecture.disconnect(wire)
    assert titles(architecture, Fault.LOOSE)[1] == "Delete it"
    sentence = "Connect stage1.block1 to stage2.block1, and stage2.block1 to stage3.block1."
    assert mends_of(architecture, Fault.LOOSE)[0].sentence == sentence
    assert mends_of(architecture, Fault.DEAD_END)[0].sentence == "Connect stage1.block1 to stage2.block1."
    nameless = chain("input", ("conv", "a", {}), ("relu", "b", {}), "global_avg_pool", "linear", "output")
    for wire in (*nameless.incoming("b").values(), *nameless.outgoing("b")):
        nameless.disconnect(wire)
    sentence = "Connect a to b, and b to global_avg_pool."
    assert {mends_of(nameless, fault)[0].sentence for fault in (Fault.LOOSE, Fault.UNWIRED)} == {sentence}
    assert mended(architecture).architecture == preset("plain-8")


def test_names_say_which_of_many_ends_belong_together():
    architecture = preset("plain-62")
    for block_id in architecture.order()[1:]:
        for wire in architecture.incoming(block_id).values():
            if block_id.startswith("stage") and int(block_id[-1]) % 2:
                architecture.disconnect(wire)
    assert len(infer(architecture).problems) == 30
    assert mended(architecture).architecture == preset("plain-62")


def test_where_several_ends_fit_a_person_decides():
    architecture = chain("input", ("relu", "a", {}), "global_avg_pool", "linear", "output")
    architecture.add("relu", "b")
    architecture.connect(Wire("input", "b"))
    architecture.disconnect(Wire("a", "global_avg_pool"))
    inference = infer(architecture)
    found = {p.block: Mender(architecture, inference).mends(p) for p in inference.problems}
    assert [mend.title for mend in found["a"]] == ["Delete it"]
    assert found["global_avg_pool"] == []


def test_ends_that_are_missing_or_too_many():
    assert not mended(Architecture()).left
    one = Architecture()
    one.add("conv", "conv")
    result = mended(one)
    assert [mend.title for mend in result.done] == ["Add an input", "Add an output", "Insert a classifier"]
    assert not result.left
    three = Architecture()
    for number, kind in enumerate(("conv_bn_relu", "basic", "batch_norm")):
        three.add(kind, None, (200.0 * number, 8.0 * number))
    result = mended(three)
    assert not result.left
    order = [result.architecture[b].kind for b in result.architecture.order()]
    assert order[:4] == ["input", "conv_bn_relu", "basic", "batch_norm"]
    second = preset("plain-8")
    second.add("input", "input2")
    second.add("conv_bn_relu", "other")
    second.add("output", "output2")
    second.connect(Wire("stage1.block1", "other"))
    second.connect(Wire("other", "output2"))
    assert "other" in mended(second).architecture
    assert mended(second, deleting=True).architecture == preset("plain-8")
    used = preset("plain-8")
    used.disconnect(Wire("input", "stem"))
    used.add("input", "input2")
    used.add("add", "both")
    for source, target, port in (
        ("input", "both", "branch"),
        ("input2", "both", "shortcut"),
        ("both", "stem", "in"),
    ):
        used.connect(Wire(source, target, "out", port))
    assert titles(used) == ["Use input for both"]
    used.set_params("input2", channels=1)
    assert titles(used, Fault.SECOND_END) == []


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        (["input", ("conv", "c", {}), "output"], ["Insert a classifier", "Insert pooling"]),
        (["input", ("conv", "c", {"out_channels": 10}), "output"], ["Insert pooling", "Insert a classifier"]),
        (["input", ("linear", "c", {}), "output"], ["Insert pooling", "Insert flatten"]),
        (["input", ("conv", "c", {"groups": 2}), "flatten", "output"], ["Set groups to 1"]),
        (["input", ("max_pool", "c", {"kernel_size": 1}), "flatten", "output"], ["Set padding to 0"]),
        (
            [("input", "i", {"height": 2, "width": 2}), ("conv", "c", {"kernel_size": 7}), "flatten",
             "output"],
            ["Set kernel size to 3", "Set padding to 3"],
        ),
        (
            ["input", ("zero_pad_shortcut", "c", {"out_channels": 1}), "flatten", "output"],
            ["Replace by a projection"],
        ),
        (["input", ("basic", "c", {"out_channels": 2}), "flatten", "output"], ["Use shortcut B"]),
        (["input", ("bottleneck", "c", {"width": 9, "groups": 4}), "flatten", "output"], ["Set groups to 3"]),
        (
            ["input", ("bottleneck", "c", {"width": 9, "groups": 4, "out_channels": 2}), "flatten", "output"],
            ["Set groups to 3 and shortcut to B"],
        ),
        (["input", "flatten", ("global_avg_pool", "c", {}), "output"], ["Take it out"]),
        (["input", "flatten", ("linear", "l", {}), ("conv", "c", {}), "output"], []),
    ],
)  # fmt: skip
def test_blocks_that_refuse_what_they_get(steps, wanted):
    assert titles(chain(*steps)) == wanted


def test_pooling_that_comes_too_early_goes_behind_all_that_want_a_map():
    architecture = chain(
        "input", ("global_avg_pool", "pool", {}), ("conv", "c1", {}), ("batch_norm", "n1", {}),
        ("relu", "r1", {}), ("conv", "c2", {}), ("relu", "r2", {}), ("linear", "fc", {}), "output",
    )  # fmt: skip
    (mend,) = mends_of(architecture)
    assert mend.sentence == "Take pool out of its place, and put it behind c2."
    after = mend.applied(architecture)
    assert after.order() == ["input", "c1", "n1", "r1", "c2", "pool", "r2", "fc", "output"]
    assert not infer(after).problems


def test_hundreds_of_problems_are_mended_in_a_few_rounds():
    architecture = preset("plain-302")
    for block in list(architecture.blocks)[2:-3:2]:
        architecture.remove(block)
    result = mended(architecture)
    assert len(result.done) > 40
    assert not result.left
    order = [b for b in result.architecture.order() if b.startswith("stage")]
    assert order == sorted(order, key=natural_key)
