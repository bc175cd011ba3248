import pytest
import torch

from resviz.arch.presets import preset
from resviz.errors import ResvizError
from resviz.explain.attribution import (
    grad_cam,
    integrated_gradients,
    last_map_block,
    probabilities,
)
from resviz.nn.build import build
from tests.nn.test_build import chain, loose, pictures


def network_of(architecture):
    network = build(architecture)
    with torch.no_grad():
        for seed in range(3):
            network(pictures(16, *network.input_shape, seed=seed))
    return network.eval()


def test_integrated_gradients_add_up_to_the_difference_of_the_scores():
    architecture = preset("resnet-8", input_shape=(3, 16, 16))
    network, picture = network_of(architecture), pictures(1, 3, 16, 16, seed=9)[0] * 0.3
    told = []
    heat = integrated_gradients(network, picture, 4, told.append, steps=200)
    assert heat.shape == (16, 16)
    assert heat.dtype == torch.float32
    with torch.no_grad():
        difference = network(picture[None])[0, 4] - network(torch.zeros(1, 3, 16, 16))[0, 4]
    assert heat.sum().item() == pytest.approx(difference.item(), rel=0.03, abs=0.01)
    assert len(told) >= 25
    assert told == sorted(told)


def test_a_report_that_raises_ends_the_work():
    network = network_of(preset("resnet-8", input_shape=(3, 8, 8)))

    def refuse(share):
        if share > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        integrated_gradients(network, pictures(1, 3, 8, 8)[0], 0, refuse)


@pytest.mark.parametrize("name", ["resnet-20", "plain-20", "preact-20"])
def test_grad_cam_equals_its_formula(name):
    architecture = preset(name, input_shape=(3, 16, 16))
    network, picture = network_of(architecture), pictures(1, 3, 16, 16, seed=2)[0]
    kept = []
    layer = network.module_of(last_map_block(architecture))
    handle = layer.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    score = network(picture[None])[0, 3]
    handle.remove()
    weights = torch.autograd.grad(score, kept[0])[0].mean((2, 3), keepdim=True)
    expected = torch.relu((weights * kept[0]).sum(1, keepdim=True))
    expected = torch.nn.functional.interpolate(expected, (16, 16), mode="bilinear", align_corners=False)[0, 0]
    heat = grad_cam(network, architecture, picture, 3)
    assert torch.allclose(heat, expected, rtol=1e-4, atol=1e-6)


def test_the_last_map_is_found_in_every_family():
    assert last_map_block(preset("resnet-20")) == "stage3.block3"
    assert last_map_block(preset("resnet-50")) == "stage4.block3"
    assert last_map_block(preset("preact-20")) == "head_relu"
    assert last_map_block(loose()) == "half"
    flat = chain(
        ("input", "input", {}), ("flatten", "flatten", {}), ("linear", "fc", {}), ("output", "output", {})
    )
    assert last_map_block(flat) is None
    with pytest.raises(ResvizError, match="Grad-CAM"):
        grad_cam(build(flat), flat, torch.zeros(3, 32, 32), 0)


def test_probabilities_sum_up_to_one():
    network = network_of(preset("resnet-8", input_shape=(3, 8, 8)))
    shares = probabilities(network, pictures(1, 3, 8, 8)[0])
    assert shares.shape == (10,)
    assert shares.sum().item() == pytest.approx(1, abs=1e-5)
