"""A run that needs more memory than there is ends with a sentence; its twin goes on in the same worker."""

import re
import sys

import pytest

from resviz.nn.state import checkpoint_names
from resviz.runs.events import Changed, Stepped
from resviz.runs.series import Tail
from tests.train.nursery import Nursery
from tests.train.small import experiment

MIB = 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="limits the worker's memory as Linux does")
def test_out_of_memory_is_one_sentence_and_the_twin_goes_on(tmp_path):
    [large] = experiment(
        tmp_path / "large", ["plain-8-w128"], batch_size=1024, train_limit=1024, iterations=10, milestones=()
    ).runs
    [small] = experiment(tmp_path / "small", ["resnet-8-w4"], iterations=30).runs
    with Nursery() as nursery:
        assert nursery.worker(large, small, memory=250 * MIB).wait() == 1
    assert [run.state() for run in (large, small)] == ["failed", "finished"]
    last = [event for event in Tail(large.events_path).read() if isinstance(event, Changed)][-1]
    found = re.fullmatch(
        r"The computer is out of memory: choose a batch of (\d+), which would fit.*", last.message
    )
    assert found, last.message
    assert 0 < int(found[1]) < 1024
    steps = [event.iteration for event in Tail(small.events_path).read() if isinstance(event, Stepped)]
    assert steps == list(range(1, 31))
    assert checkpoint_names(small.checkpoints_path)[-1] == "iteration-30"
