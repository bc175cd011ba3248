"""ONNX files give onnxruntime what they give us, at any batch size."""

import importlib.util

import numpy as np
import pytest
import torch

from resviz.arch.presets import preset
from resviz.errors import ResvizError
from resviz.nn import onnx as ours
from resviz.nn.build import build
from tests.arch.documents import chain
from tests.arch.test_source import mixed
from tests.nn.test_build import disturbed, loose, pictures, preact_bottleneck
from tests.nn.test_source import small
from tests.strategies import large_networks

installed = all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime"))
needs_onnx = pytest.mark.skipif(not installed, reason="needs the extra onnx")

QUICK = {
    "shortcut A": lambda: preset("resnet-8-w4"),
    "pre-activation": lambda: preset("preact-8-w4"),
    "random": lambda: large_networks(1)[0],
}
LONG = {
    "plain": lambda: preset("plain-20"),
    "shortcut B": lambda: preset("resnet-20-B"),
    "shortcut C": lambda: preset("resnet-20-C"),
    "bottlenecks with a stem": lambda: small("resnet-50-v1.5"),
    "groups": lambda: small("resnext50_32x4d"),
    "pre-activation bottlenecks": preact_bottleneck,
    "loose layers": loose,
    "every kind": mixed,
    "nothing to learn": lambda: chain(("input", "input", {"height": 2, "width": 2}), "flatten", "output"),
    **{f"random {number}": (lambda number=number: large_networks(10)[number]) for number in range(9)},
}


def assert_same_scores(architecture, folder):
    network = disturbed(build(architecture))
    ours.export(network, folder / "a.onnx")
    assert network.training
    import onnxruntime

    session = onnxruntime.InferenceSession(folder / "a.onnx")
    for batch in (1, 2, 7):
        x = pictures(batch, *network.input_shape)
        (scores,) = session.run(["scores"], {"pictures": x.numpy()})
        with torch.no_grad():
            expected = network.eval()(x).numpy()
        np.testing.assert_allclose(scores, expected, rtol=1e-3, atol=1e-4 * max(1, np.abs(expected).max()))


def test_missing_packages_are_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ResvizError, match=r'pip install -e "\.\[onnx\]"'):
        ours.export(build(preset("resnet-8")), tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


@needs_onnx
@pytest.mark.parametrize("name", QUICK)
def test_onnx_runtime_gives_the_same_scores_at_any_batch_size(name, tmp_path):
    assert_same_scores(QUICK[name](), tmp_path)


@needs_onnx
@pytest.mark.parametrize("name", LONG)
def test_onnx_of_more_networks(name, tmp_path, request):
    """Half a minute's worth: only with --long."""
    if not request.config.getoption("--long"):
        pytest.skip("only with --long")
    assert_same_scores(LONG[name](), tmp_path)
