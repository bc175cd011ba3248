"""Forks in training: without changes they go on as their parent does, with changes from the same weights."""

from __future__ import annotations

import msgspec
import torch

from resviz.nn.state import checkpoint_names, load_checkpoint
from resviz.runs.events import Probed, Started
from resviz.runs.series import Tail, load
from resviz.runs.store import fork
from resviz.train.recipe import with_changes
from resviz.train.session import Session
from tests.train.small import experiment

FIELDS = {
    "iterations": 40,
    "milestones": (),
    "evaluate_interval": 10,
    "probe_interval": 1,
    "warm_up": "on",
    "warm_up_error_pct": 0.0,
}


def train(run, until=10_000):
    """Train `run` to its end, or up to an iteration and leave it with a checkpoint."""
    session = Session(run)
    session.prepare(lambda: False, {})
    while not session.over and session.trainer.progress.iteration < until:
        session.turn()
    session.stop()
    session.close()
    assert session.state in {"finished", "stopped"}
    return run


def parent(tmp_path, names=("resnet-8-w4",), **fields):
    [run] = experiment(tmp_path / "parent", names, **(FIELDS | fields)).runs
    return train(run, until=15)


def forked(run, out, changes=None, **options):
    [child] = fork([run], recipes=[with_changes(run.recipe(), changes or {})], out=out, **options).runs
    return child


def final(run):
    return load_checkpoint(run.checkpoints_path, checkpoint_names(run.checkpoints_path)[-1])


def test_a_fork_without_changes_ends_as_its_parent_bit_for_bit(tmp_path):
    one = parent(tmp_path, nesterov=True, ema_decay=0.9)
    other = train(forked(one, tmp_path / "fork"))
    train(one)
    mine, theirs = final(other), final(one)
    assert mine.meta == theirs.meta
    assert all(torch.equal(mine.tensors[name], theirs.tensors[name]) for name in theirs.tensors)
    ours, others = load(other.events_path), load(one.events_path)
    assert ours.loss.y.tolist() == others.loss.y.tolist()
    assert ours.test.y.tolist() == others.test.y.tolist()
    assert ours.gradient_norm.tolist() == others.gradient_norm.tolist()
    assert ours.train_error_pct == others.train_error_pct


def test_a_fork_with_other_options_goes_on_from_the_same_weights(tmp_path):
    one = parent(tmp_path)
    changes = {
        "optimiser": "adamw",
        "learning_rate": "0.04",
        "batch_size": "8",
        "ema_decay": "0.5",
        "precision": "float16",
        "schedule": "cosine",
        "warm_up": "off",
    }
    other = train(forked(one, tmp_path / "fork", changes), until=16)
    saved, begun = final(one).tensors, final(other).tensors
    start = Tail(other.events_path).read()
    assert [event.iteration for event in start if isinstance(event, Started)] == [0, 15]
    series = load(other.events_path)
    assert series.train.x.tolist() == list(range(1, 17))
    assert 0.02 < series.rate.y[15] < 0.04  # Not that of the warm-up, but somewhere on the cosine.
    # One step of AdamW moves no weight by more than its rate (and the decay).
    for name in (n for n in saved if n.startswith("model/") and n.endswith("weight")):
        assert 0 < (begun[name] - saved[name]).abs().max() < 0.041, name
    train(other)
    assert load(other.events_path).iteration == 40


def test_averages_of_other_betas_begin_anew(tmp_path):
    one = parent(tmp_path, optimiser="adamw", learning_rate=1e-3)
    kept = train(forked(one, tmp_path / "kept", {"weight_decay": "0.1"}), until=16)
    anew = train(forked(one, tmp_path / "anew", {"adam_betas": "0.8,0.99"}), until=16)
    assert final(kept).tensors["step"] == 16
    assert final(anew).tensors["step"] == 1
    assert "optimiser_anew" not in final(anew).meta, "and goes on with them from here"
    train(anew)
    assert final(anew).tensors["step"] == 25


def test_a_rewound_run_begins_with_the_same_weights(tmp_path):
    one = parent(tmp_path)
    other = train(
        forked(one, tmp_path / "fork", {"learning_rate": "0.2", "warm_up": "off"}, rewind=True), until=15
    )
    ours, others = (
        [event for event in Tail(run.events_path).read() if isinstance(event, Probed)] for run in (other, one)
    )
    # The first gradients are those of the initialisation and of the first batch; then the rates differ.
    assert ours[0] == msgspec.structs.replace(others[0], update_ratio=ours[0].update_ratio)
    assert ours[0].update_ratio != others[0].update_ratio
    assert ours[5].gradient_norm != others[5].gradient_norm
    assert load(other.events_path).loss.y[0] == load(one.events_path).loss.y[0]
