import importlib.util

import numpy as np
import pytest
import torch

from resviz.arch.presets import preset
from resviz.errors import ResvizError
from resviz.nn import onnx as ours
from resviz.nn.build import build
from tests.nn.test_build import disturbed, loose, pictures

installed = all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime"))


def test_missing_packages_are_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ResvizError, match=r'pip install -e "\.\[onnx\]"'):
        ours.export(build(preset("resnet-8")), tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not installed, reason="needs the extra onnx")
@pytest.mark.parametrize("name", ["resnet-8", "preact-8", "loose"])
def test_onnx_runtime_gives_the_same_scores_at_any_batch_size(tmp_path, name):
    import onnxruntime

    network = disturbed(build(loose() if name == "loose" else preset(name)))
    ours.export(network, tmp_path / "a.onnx")
    assert network.training
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx")
    for batch in (1, 5):
        x = pictures(batch, *network.input_shape)
        (scores,) = session.run(["scores"], {"pictures": x.numpy()})
        with torch.no_grad():
            expected = network.eval()(x).numpy()
        np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)
