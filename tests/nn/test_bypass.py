"""Networks and code are made without what is bypassed."""

import torch

from resviz.arch.presets import preset
from resviz.arch.source import python_source
from resviz.nn.build import build
from resviz.train.memory import estimate
from resviz.train.recipe import PAPER


def test_a_network_is_built_and_written_without_bypassed_blocks():
    architecture = preset("resnet-8")
    architecture.set_bypassed("stage1.block1", True)
    network = build(architecture, seed=1).eval()
    assert not [name for name in network.state_dict() if name.startswith("stage1.")]
    code = python_source(architecture)
    run = [line for line in code.splitlines() if not line.startswith("#")]  # comments carry the document
    assert not [line for line in run if "stage1" in line]
    space: dict[str, object] = {"__name__": "written"}
    exec(code, space)  # our own source, of our own test
    (made,) = [v for k, v in space.items() if k.startswith("Res") and isinstance(v, type)]
    written = made().eval()
    written.load_state_dict(network.state_dict())
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(written(images), network(images))
    assert network.probe_blocks == ["stage2.block1", "stage3.block1"]


def test_less_memory_is_foreseen():
    architecture = preset("resnet-8")
    whole = estimate(architecture, PAPER, "float32").total(128)
    architecture.set_bypassed("stage1.block1", True)
    assert estimate(architecture, PAPER, "float32").total(128) < whole
