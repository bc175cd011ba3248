"""Receptive fields, against what a network really depends on."""

import pytest
import torch

from resviz.arch.cost import cost_of
from resviz.arch.field import ruler
from resviz.arch.presets import preset
from resviz.nn.build import build
from tests.arch.documents import chain, loose_unit


def test_the_ruler_of_resnet_20():
    found = ruler(preset("resnet-20"))
    assert found["input"].field == found["input"].jump == 1
    assert (found["stem"].field, found["stem"].depth) == (3, 1)
    assert (found["stage1.block3"].field, found["stage1.block3"].depth) == (15, 7)
    # 15 + 2 + 4, then 4 x 2 x 2 more: more than the 32 pixels there are.
    assert (found["stage2.block1"].field, found["stage2.block1"].jump) == (21, 2)
    assert (found["stage2.block3"].field, found["stage2.block3"].reach) == (32, 37)
    assert found["stage3.block1"].jump == 4
    assert found["pool"].field == found["classifier"].field == 32
    assert found["output"].depth == cost_of(preset("resnet-20")).depth == 20
    assert found["stage3.block1"].shape == (64, 8, 8)


@pytest.mark.parametrize("block_id", ["stem", "stage1.block1", "stage2.block1"])
def test_a_value_depends_on_so_many_pixels(block_id):
    architecture = preset("resnet-8-w4", input_shape=(3, 64, 64))
    network = build(architecture, seed=0).eval()
    kept = {}
    network.module_of(block_id).register_forward_hook(lambda _module, _args, value: kept.update(at=value))
    images = torch.rand(1, 3, 64, 64, requires_grad=True)
    network(images)
    middle = kept["at"].shape[2] // 2
    # Whatever a ReLU blocks: the field is that of the sum of all channels of many pictures.
    touched = torch.zeros(64, 64, dtype=torch.bool)
    for seed in range(12):
        images = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(seed), requires_grad=True)
        network(images)
        kept["at"][0, :, middle, middle].sum().backward()
        touched |= images.grad.abs().sum((0, 1)) > 0
    rows = touched.any(1).nonzero()
    side = int(rows.max() - rows.min()) + 1
    assert side == ruler(architecture)[block_id].field


def test_pooling_bypassed_blocks_and_loose_layers():
    pooled = chain(
        ("input", "input", {"height": 32, "width": 32}),
        ("conv", "a", {}),
        ("max_pool", "b", {}),
        ("conv", "c", {}),
    )
    found = ruler(pooled)
    assert [(found[b].field, found[b].jump) for b in "abc"] == [(3, 1), (5, 2), (9, 2)]
    pooled.set_bypassed("b", True)
    assert (ruler(pooled)["c"].field, ruler(pooled)["c"].jump) == (5, 1)
    loose = loose_unit()
    assert ruler(loose)["unit.add"].field == 7
    assert ruler(loose)["unit.add"].depth == 3


def test_what_is_not_wired_has_no_reading():
    cut = chain("input", ("conv", "a", {}))
    cut.add("relu", "alone")
    assert list(ruler(cut)) == ["input", "a"]
