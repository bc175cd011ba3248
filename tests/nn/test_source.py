"""The file that `code` writes is the network that `build` makes."""

import ast

import pytest
import torch

from resviz.arch.presets import preset
from resviz.arch.source import python_source
from resviz.nn.build import build
from tests.nn.test_build import disturbed, loose, pictures, preact_bottleneck

ARCHITECTURES = {
    name: preset(name, input_shape=(3, 16, 16))
    for name in ("plain-20", "resnet-20", "resnet-20-B", "resnet-20-C", "preact-20")
} | {
    "resnet-50-v1.5": preset("resnet-50-v1.5", input_shape=(3, 64, 64), classes=10),
    "resnet-50": preset("resnet-50", input_shape=(3, 64, 64), classes=10),
    "preact bottleneck": preact_bottleneck(),
    "loose": loose(),
    "loose plain": loose(plain=True),
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_exported_source_has_the_same_state_and_gives_the_same_scores(name):
    architecture = ARCHITECTURES[name]
    source = python_source(architecture)
    classes = [node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    namespace = {"__name__": "exported"}
    exec(compile(source, "exported.py", "exec"), namespace)
    exported = namespace[classes[-1]]()
    network = disturbed(build(architecture))
    exported.load_state_dict(network.state_dict(), strict=True)
    x = pictures(4, *network.input_shape)
    for training in (True, False):
        assert torch.allclose(exported.train(training)(x), network.train(training)(x), rtol=1e-4, atol=1e-5)
