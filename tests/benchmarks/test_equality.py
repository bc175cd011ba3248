import pytest
import torch

from tests.benchmarks import equality, rival
from tests.benchmarks.bound import least_bytes
from tests.train.small import architecture
from tests.train.small import dataset as colours


@pytest.fixture(autouse=True)
def small_data(monkeypatch):
    monkeypatch.setattr(equality, "load", lambda data, size: colours(size=size))


@pytest.mark.parametrize("name", ["resnet-8-w4", "plain-8-w4"])
def test_the_rival_computes_the_same(name):
    found = equality.compare(name, "shapes", 8, 16)
    assert found.keys() == {"loss", *rival.ALL}


def test_another_optimiser_is_noticed(monkeypatch):
    def forgetful(network, rate):
        return torch.optim.SGD(network.parameters(), lr=2 * rate, momentum=0.9, weight_decay=1e-4)

    monkeypatch.setattr(rival, "optimiser", forgetful)
    with pytest.raises(equality.UnequalError, match="update_ratio"):
        equality.compare("resnet-8-w4", "shapes", 8, 16)


def test_another_network_is_noticed(monkeypatch):
    forward = rival.Block.forward
    monkeypatch.setattr(rival.Block, "forward", lambda self, x: 1.001 * forward(self, x))
    with pytest.raises(equality.UnequalError):
        equality.compare("resnet-8-w4", "shapes", 8, 16)


def test_other_pictures_are_noticed(monkeypatch):
    change = rival.transform
    monkeypatch.setattr(rival, "transform", lambda size, mean, std, **rest: change(size, mean, mean, **rest))
    with pytest.raises(equality.UnequalError, match="pictures"):
        equality.compare("resnet-8-w4", "shapes", 8, 16)


def test_the_least_bytes_of_a_step():
    from resviz.nn.build import build

    network = build(architecture("resnet-8-w4"))
    # Width 4, 8x8 pictures: stem and two convolutions at 8x8, then two at 4x4 of 8 and two at 2x2 of 16.
    values = 3 * 4 * 64 + 2 * 8 * 16 + 2 * 16 * 4 + (4 * 64 + 8 * 16 + 16 * 4)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    assert least_bytes(network, 8, 10, "bfloat16") == 4 * 2 * values * 10 + 7 * 4 * parameters
