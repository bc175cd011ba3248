import msgspec
import pytest
import torch

from resviz.data.batches import Batches
from resviz.errors import CheckpointError
from resviz.nn.build import build
from resviz.nn.state import checkpoint_names
from resviz.train import checkpoint
from resviz.train.checkpoint import Progress
from resviz.train.step import Step
from tests.train.small import CPU, RECIPE, architecture, dataset

OPTIONS = [
    {},
    {"momentum": 0.0},
    {"nesterov": True},
    {"optimiser": "adamw"},
    {"ema_decay": 0.9},
    {"optimiser": "adamw", "ema_decay": 0.9},
]


def step_of(precision="float32", name="resnet-8-w4", **fields):
    recipe = msgspec.structs.replace(RECIPE, **fields)
    return Step(build(architecture(name), seed=0), recipe, CPU, precision)


def train(step, start, count):
    data = dataset()
    batches = Batches(data.train_images, data.train_labels, batch_size=16, seed=0, augment=True)
    for iteration in range(start, start + count):
        step.compute(batches.batch(iteration))
        step.update(0.01)
    return step


def equal(one, other):
    ours, theirs = checkpoint.tensors_of(one), checkpoint.tensors_of(other)
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("options", [*OPTIONS, {"precision": "float16", "ema_decay": 0.9}], ids=str)
def test_training_goes_on_bit_for_bit(tmp_path, options):
    first = train(step_of(**options), 0, 3)
    checkpoint.save(tmp_path, checkpoint.tensors_of(first), Progress(iteration=3, rate_factor=0.5))
    second = train(step_of(**options), 0, 1)  # What it knows is replaced.
    progress, skipped = checkpoint.restore(tmp_path, second)
    assert (progress, skipped) == (Progress(iteration=3, rate_factor=0.5), [])
    assert equal(first, second)
    if first.scale is not None:
        assert second.scale.state()["good"] == first.scale.state()["good"] == 3
    assert equal(train(first, 3, 2), train(second, 3, 2))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("before", OPTIONS, ids=str)
def test_what_a_fork_s_parent_did_not_have_begins_anew(tmp_path, before, options):
    parent = train(step_of(**before), 0, 3)
    checkpoint.save(tmp_path, checkpoint.tensors_of(parent), Progress(iteration=3))
    fork = step_of(**options)
    progress, _ = checkpoint.restore(tmp_path, fork)
    assert progress.iteration == 3
    weights = parent.network.state_dict()
    assert all(torch.equal(t, weights[name]) for name, t in fork.network.state_dict().items())
    known = checkpoint.tensors_of(parent)
    for name, tensor in fork.optimiser.state().items():
        assert torch.equal(tensor, known.get(name, torch.zeros_like(tensor))), name
    if fork.average is not None:
        average = fork.average.network.state_dict()
        begins = parent.average.network.state_dict() if parent.average is not None else weights
        assert all(torch.equal(tensor, begins[name]) for name, tensor in average.items())
        assert fork.average.state()["averaged"] == (3 if parent.average is not None else 0)


def test_of_another_network_is_refused(tmp_path):
    checkpoint.save(tmp_path, checkpoint.tensors_of(step_of(name="resnet-8-w8")), Progress(iteration=3))
    with pytest.raises(CheckpointError, match="belongs to another network"):
        checkpoint.restore(tmp_path, step_of())


def test_half_of_an_optimiser_is_refused(tmp_path):
    step = train(step_of(optimiser="adamw"), 0, 1)
    tensors = {n: t for n, t in checkpoint.tensors_of(step).items() if not n.startswith("second/")}
    checkpoint.save(tmp_path, tensors, Progress(iteration=1))
    with pytest.raises(CheckpointError):
        checkpoint.restore(tmp_path, step)


def test_two_good_checkpoints_are_kept_whatever_is_damaged(tmp_path):
    step = train(step_of(), 0, 1)
    before = None
    for iteration in (1, 2, 3):
        progress = Progress(iteration=iteration)
        checkpoint.save(tmp_path, checkpoint.tensors_of(step), progress, before)
        before = progress
    assert checkpoint_names(tmp_path) == ["iteration-2", "iteration-3"]
    (tmp_path / "iteration-3.json").write_bytes(b"{")
    progress, [sentence] = checkpoint.restore(tmp_path, step)
    assert progress.iteration == 2
    assert "iteration-2 is used instead" in sentence
    after = Progress(iteration=4)
    checkpoint.save(tmp_path, checkpoint.tensors_of(step), after, progress)
    assert checkpoint_names(tmp_path) == ["iteration-2", "iteration-4"]
    changed = Progress(iteration=4, evaluated=4)
    checkpoint.save(tmp_path, checkpoint.tensors_of(step), changed, after)
    assert checkpoint_names(tmp_path) == ["iteration-2", "iteration-4"]
    assert checkpoint.restore(tmp_path, step) == (changed, [])
