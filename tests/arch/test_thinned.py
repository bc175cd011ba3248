"""Smaller networks of the same pieces."""

import pytest

from resviz.arch.cost import cost_of
from resviz.arch.presets import preset
from resviz.arch.rework import expanded
from resviz.arch.shapes import infer
from resviz.arch.thinned import Thinned
from resviz.arch.twin import twin


@pytest.mark.parametrize("name", ["resnet-110", "plain-20", "resnet-50", "preact-110", "resnet-110-B"])
def test_thinned_networks_are_whole_and_smaller(name):
    architecture = preset(name)
    thinned = Thinned(architecture)
    small = thinned.keep(1)
    inference = infer(small)
    assert not inference.problems
    assert inference.output_shape == infer(architecture).output_shape
    assert len(small.blocks) < len(architecture.blocks)
    assert thinned.keep(10_000) == thinned.whole


def test_one_more_block_of_a_class_costs_one_block_more():
    thinned = Thinned(preset("resnet-1202"))
    assert thinned.classes == [(16, 32, 32), (32, 16, 16), (64, 8, 8)]
    assert [thinned.repeats(shape) for shape in thinned.classes] == [200, 199, 199]
    few = thinned.keep(2)
    for shape in thinned.classes:
        more = thinned.keep(2, {shape: 5})
        assert len(more.blocks) == len(few.blocks) + 3
        added = cost_of(more).total.multiply_adds - cost_of(few).total.multiply_adds
        assert thinned.work(shape, 5) - thinned.work(shape, 2) == pytest.approx(added, rel=0.05)
    assert thinned.work((16, 32, 32)) == pytest.approx(100 * thinned.work((16, 32, 32), 2))


@pytest.mark.parametrize("plain", [False, True])
def test_loose_layers_are_thinned_as_blocks_are(plain):
    architecture = preset("resnet-20")
    loose, _ = expanded(architecture, [b.id for b in architecture.blocks.values() if b.kind == "basic"])
    loose = twin(loose) if plain else loose
    thinned = Thinned(loose)
    small = thinned.keep(1)
    assert not infer(small).problems
    # A plain chain falls into single layers, of which one of each kind is left.
    depth = 7 if plain else cost_of(Thinned(preset("resnet-20")).keep(1)).depth
    assert cost_of(small).depth == depth


def test_what_takes_no_part_is_left_out():
    architecture = preset("resnet-20")
    architecture.set_bypassed("stage1.block2", True)
    architecture.add("relu", "loose")
    thinned = Thinned(architecture)
    assert "stage1.block2" not in thinned.whole
    assert "loose" not in thinned.whole
    assert not infer(thinned.keep(1)).problems
