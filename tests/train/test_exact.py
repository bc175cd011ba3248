"""Exactness under fire: runs that are killed, cut off, damaged and stopped end as the unbroken ones do.

Interruptions come at random points, timed by what the log shows. `pytest --long` gives every recipe as many
as the first one gets, and other points each time.
"""

from __future__ import annotations

import random
import signal
import sys

import numpy as np
import pytest
import torch

from resviz.arch.graph import Wire
from resviz.nn.state import checkpoint_names, load_checkpoint, newest_good
from resviz.runs.events import Changed, Noted, Stepped, Stop
from resviz.runs.series import RunSeries, Tail, load
from resviz.runs.store import create_experiment
from resviz.train.recipe import Recipe
from tests.train.nursery import Nursery
from tests.train.small import architecture

POINTS, FEWER_POINTS = 20, 5
ITERATIONS = 160
COMMON = {
    "data": "shapes",
    "train_limit": 40,
    "test_limit": 20,
    "device": "cpu",
    "iterations": ITERATIONS,
    "batch_size": 8,
    "learning_rate": 0.01,
    "milestones": (40, 80),
    "evaluate_interval": 24,
    "probe_interval": 7,
    "checkpoint_seconds": 0.05,
}
RECIPES = {
    "every option": {
        "validation_split": True,
        "train_limit": 100,
        "precision": "bfloat16",
        "activation_checkpointing": True,
        "learning_rate": 0.1,
        "rate_scaling": "linear",
        "schedule": "cosine",
        "warm_up": "on",
        "warm_up_error_pct": 88.0,
        "nesterov": True,
        "decay_scope": "all",
        "label_smoothing": 0.1,
        "ema_decay": 0.99,
        "residual_init": "zero-gamma",
        "survival_last": 0.5,
        "cutout": 4,
        "mixup": 0.4,
        "normalise": "channel-mean-std",
        "step_interval": 3,
    },
    "paper": {"warm_up": "on"},
    "adamw": {"optimiser": "adamw", "schedule": "one-cycle", "residual_init": "skipinit"},
    "fixup": {"residual_init": "fixup", "momentum": 0.0, "mixup": 1.0, "ema_decay": 0.9, "augment": False},
    "float16": {"precision": "float16", "survival_last": 0.8, "normalise": "channel-mean"},
}


PROBES = (
    "gradient_norm",
    "gradient_norm_total",
    "weight_norm",
    "update_ratio",
    "response_std",
    "residual_magnitude",
    "residual_share",
    "alignment",
    "truncated_pct",
    "class_error_pct",
)


@pytest.fixture(scope="module")
def nursery():
    if sys.platform != "linux":
        pytest.skip("the nursery's faults are Linux's")
    with Nursery() as nursery:
        yield nursery


def twins(out, fields):
    """A plain and a residual network with dropout, on few pictures."""
    models = [architecture("plain-8-w4"), architecture("resnet-8-w4")]
    for model in models:
        [wire] = model.incoming("classifier").values()
        model.disconnect(wire)
        model.add("dropout", "drop", p=0.2)
        model.connect(Wire(wire.source, "drop"))
        model.connect(Wire("drop", "classifier"))
    return create_experiment(models, Recipe(**(COMMON | fields)), out=out).runs


class Fire:
    """Interrupts workers on the runs."""

    def __init__(self, nursery, runs, rng):
        self._nursery, self._runs, self._rng = nursery, runs, rng
        self.damaged = self.count = 0

    def interrupt_at(self, point, how):
        """Start a worker and end it when the log shows `point`, or in a write of a checkpoint behind it."""
        write = self._rng.randint(1, 8) if how == "in a write" else None
        waiting = {run: tail_from_here(run) for run in self._runs}

        def there():
            for run, tail in list(waiting.items()):
                if any(isinstance(event, Stepped) and event.iteration >= point for event in tail.read()):
                    del waiting[run]
            return not waiting

        worker = self._nursery.worker(*self._runs, die_in_write=write)
        if how == "in a write":
            assert worker.wait() in {-signal.SIGKILL, 0}
        else:
            # Where others want the processor it may be through before we look.
            worker.wait_for(lambda: there() or worker.ended, f"iteration {point}")
            if how == "stop":
                for run in self._runs:
                    run.send(Stop())
                assert worker.wait() == 0
            elif not worker.ended:
                assert worker.kill(signal.SIGKILL if how == "kill" else signal.SIGTERM) in {
                    -signal.SIGKILL,
                    0,
                }
        self.count += any(run.state() != "finished" for run in self._runs)

    def damage(self):
        """Flip a bit in a run's newest checkpoint, or cut its end off, if it has another one."""
        run = self._rng.choice(self._runs)
        names = checkpoint_names(run.checkpoints_path)
        good, flaws = newest_good(run.checkpoints_path)
        if flaws or len(names) < 2 or good is None:
            return
        path = run.checkpoints_path / f"{names[-1]}.{self._rng.choice(['safetensors', 'json'])}"
        data = bytearray(path.read_bytes())
        at = self._rng.randrange(len(data) - 2)
        if self._rng.random() < 0.5:
            data[at] ^= 1 << self._rng.randrange(8)
        else:
            del data[at:]
        path.write_bytes(data)
        self.damaged += 1


def tail_from_here(run):
    """Return the end of a log that is yet to be written."""
    tail = Tail(run.events_path)
    tail.read()
    return tail


@pytest.mark.parametrize("recipe", RECIPES)
def test_interrupted_equals_unbroken_bit_for_bit(nursery, tmp_path, recipe, request):
    long = request.config.getoption("--long")
    print(f"As with --long {long}." if long else "As always.")
    rng = random.Random(long or 3)
    steady = nursery.worker(*(unbroken := twins(tmp_path / "unbroken", RECIPES[recipe])))
    broken = twins(tmp_path / "broken", RECIPES[recipe])
    fire = Fire(nursery, broken, rng)
    count = POINTS if long or recipe == "every option" else FEWER_POINTS
    last = int(ITERATIONS * 0.7)
    points = sorted(rng.sample(range(3, last), count))
    ways = [*("kill", "kill", "in a write", "term", "stop") * count][:count]
    rng.shuffle(ways)
    for point, how in zip(points, ways, strict=True):
        fire.interrupt_at(point, how)
        if rng.random() < 0.3:
            fire.damage()
    assert fire.count >= count * 0.75
    assert nursery.worker(*broken).wait() == steady.wait() == 0
    for mine, theirs in zip(broken, unbroken, strict=True):
        same_end(mine, theirs)
        same_story(load(mine.events_path), load(theirs.events_path))
        states = [event.state for event in Tail(mine.events_path).read() if isinstance(event, Changed)]
        assert "failed" not in states
        assert not list(mine.checkpoints_path.glob(".*")), "what a kill left behind is cleared away"
    notes = [event for run in broken for event in Tail(run.events_path).read() if isinstance(event, Noted)]
    refused = [note for note in notes if "is damaged" in note.message]
    assert len(refused) >= fire.damaged
    assert all("is used instead" in note.message for note in refused)


def same_end(mine, theirs):
    """Check that the last checkpoints of two runs are equal in every bit."""
    ends = []
    for run in (mine, theirs):
        names = checkpoint_names(run.checkpoints_path)
        assert names[-1] == f"iteration-{ITERATIONS}"
        ends.append(load_checkpoint(run.checkpoints_path, names[-1]))
    assert ends[0].meta == ends[1].meta
    assert ends[0].tensors.keys() == ends[1].tensors.keys()
    for name, tensor in ends[0].tensors.items():
        assert torch.equal(tensor, ends[1].tensors[name]), name
    assert all(tensor.isfinite().all() for tensor in ends[0].tensors.values())


def same_story(mine: RunSeries, theirs: RunSeries):
    """Check that two logs tell the same, but for times and speeds."""
    assert mine.iteration == theirs.iteration == ITERATIONS
    for name in ("train", "loss", "rate", "test", "test_loss"):
        ours, others = getattr(mine, name), getattr(theirs, name)
        assert len(ours) > 0, name
        np.testing.assert_array_equal(ours.x, others.x, err_msg=name)
        np.testing.assert_array_equal(ours.y, others.y, err_msg=name)
    np.testing.assert_array_equal(mine.probe_iterations, theirs.probe_iterations)
    for name in PROBES:
        assert getattr(mine, name).size, name
        np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name), err_msg=name)
    assert mine.train_error_pct == theirs.train_error_pct
