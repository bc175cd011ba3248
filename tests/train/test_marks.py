"""The marks on the canvas tell what really happens: short trainings of the demonstration's networks."""

import numpy as np
import pytest

from app.plots.health import dead, exploding
from resviz.arch.presets import preset
from resviz.runs.events import Probed, Started
from resviz.runs.series import RunSeries
from tests.train.small import Rig, dataset


@pytest.fixture(scope="module")
def data():
    return dataset(train=160, test=10, size=16)


def marked(folder, name, data, iterations):
    """Train, and return which convolutions explode and which are dead at each iteration."""
    rig = Rig(
        folder,
        preset(name, input_shape=(3, 16, 16)),
        data,
        batch_size=32,
        iterations=iterations,
        milestones=(),
        probe_interval=1,
    )
    rig.run()
    series, network = RunSeries(), rig.trainer._step.network
    names = tuple(name for name, _ in network.convolutions)
    place = (names, tuple(network.probe_blocks), tuple(network.responses))
    series.feed([Started(0.0, 0, iterations, 5.0, 32, 0, "cpu", "float32", 1, *place)])
    series.feed(rig.of(Probed))
    probes = range(len(series.probe_iterations))
    assert len(probes) == iterations
    return [[np.flatnonzero(rule(series, probe)).tolist() for probe in probes] for rule in (exploding, dead)]


def test_a_deep_plain_network_explodes_then_starves(tmp_path, data):
    bursts, starved = marked(tmp_path, "plain-56-w8", data, 20)
    assert 5 <= len(bursts[0]) <= 25
    assert bursts[0] == list(range(len(bursts[0])))  # the first layers
    assert not any(bursts[2:])
    assert not any(starved[:3])
    assert 0 in starved[-1]
    assert max(starved[-1]) < 30


def test_starved_layers_make_no_other_explode(tmp_path, data):
    bursts, starved = marked(tmp_path, "plain-110-w8", data, 8)
    assert len(bursts[0]) > 30
    assert not any(bursts[2:])
    assert len(starved[-1]) > 20


@pytest.mark.parametrize("name", ["resnet-56-w8", "plain-20-w8", "resnet-20-w8"])
def test_networks_that_learn_have_no_marks(tmp_path, data, name):
    bursts, starved = marked(tmp_path, name, data, 12)
    assert not any(bursts)
    assert not any(starved)
