import dataclasses

import pytest
import torch

from resviz.arch.presets import preset
from resviz.cli.explain import open_run
from resviz.errors import CheckpointError, DataError, RunError
from resviz.explain.evaluate import evaluate
from resviz.explain.subject import Library
from resviz.runs.events import Evaluated
from resviz.runs.store import create_experiment
from resviz.train.recipe import Recipe
from resviz.train.trainer import Trainer
from tests.explain.conftest import checkpointed


def test_subject_is_the_checkpoints_network_and_the_runs_data(runs):
    expected = checkpointed(runs[1], 20, seed=4)
    subject = Library().subject(open_run(runs[1].path))
    assert (subject.checkpoint, subject.iteration, subject.skipped) == ("iteration-20", 20, ())
    assert not subject.network.training
    picture, label = subject.picture(0)
    assert (tuple(picture.shape), picture.dtype, label) == ((3, 8, 8), torch.uint8, 0)
    x = subject.normalised(picture[None])
    mean = subject.dataset.train_images.double().mean(0) / 255
    assert torch.allclose(x[0].double(), picture.double() / 255 - mean, atol=1e-6)
    assert torch.allclose(subject.network(x), expected(x), atol=1e-5)


def test_twins_share_data_and_index(runs):
    library = Library()
    plain, residual = (library.subject(open_run(run.path)) for run in runs)
    assert plain.dataset is residual.dataset
    assert plain.statistics is residual.statistics
    assert plain.picture(5)[1] == residual.picture(5)[1]


def test_a_newer_checkpoint_replaces_what_was_kept(runs):
    library, files = Library(), open_run(runs[0].path)
    first = library.subject(files)
    assert library.subject(files) is first
    checkpointed(runs[0], 30)
    assert library.subject(files).iteration == 30


def test_a_damaged_checkpoint_is_passed_over_and_told(runs):
    checkpointed(runs[0], 30)
    path = runs[0].checkpoints_path / "iteration-30.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    subject = Library().subject(open_run(runs[0].path))
    assert subject.iteration == 10
    assert "iteration-30" in subject.skipped[0]
    assert "iteration-10 is used instead" in subject.skipped[0]
    (runs[0].checkpoints_path / "iteration-10.safetensors").unlink()
    with pytest.raises(CheckpointError, match="No checkpoint is left"):
        Library().subject(open_run(runs[0].path))


def test_mistakes_are_sentences(runs, tmp_path):
    files, library = open_run(runs[0].path), Library()
    with pytest.raises(RunError, match="holds no run"):
        open_run(tmp_path / "nothing")
    with pytest.raises(DataError, match=r"no test picture 18: .* has 18, counted from 0"):
        library.subject(files).picture(18)
    with pytest.raises(CheckpointError, match="no checkpoint yet"):
        library.subject(dataclasses.replace(files, checkpoints=tmp_path / "none"))
    other = preset("resnet-14", input_shape=(3, 8, 8), classes=3)
    with pytest.raises(CheckpointError, match="belongs to another network"):
        Library().subject(dataclasses.replace(files, architecture=other))
    with pytest.raises(DataError):
        Library().subject(dataclasses.replace(files, data="folder:/nowhere"))


@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize("rule", ["zero-gamma", "skipinit", "fixup"])
def test_a_runs_network_is_the_one_that_it_tests(picture_folder, tmp_path, rule, average):
    recipe = Recipe(
        data=f"folder:{picture_folder}", data_dir=str(tmp_path), iterations=40, milestones=(), batch_size=6,
        evaluate_interval=40, device="cpu", residual_init=rule, survival_last=0.6,
        ema_decay=0.9 if average else 0.0, activation_checkpointing=True,
    )  # fmt: skip
    architecture = preset("resnet-14-w4", input_shape=(3, 8, 8), classes=3)
    run = create_experiment([architecture], recipe, out=tmp_path / "out").runs[0]
    files, events = open_run(run.path), []
    trainer = Trainer(
        architecture, recipe, Library().dataset(files), torch.device("cpu"),
        checkpoints=run.checkpoints_path, emit=lambda *happened: events.extend(happened),
    )  # fmt: skip
    trainer.start()
    while not trainer.finished:
        trainer.advance()
    trainer.save()
    told = next(event for event in reversed(events) if isinstance(event, Evaluated))
    subject = Library().subject(files)
    assert subject.averaged == average
    found = evaluate(subject)
    assert found.test_loss == pytest.approx(told.test_loss, rel=1e-5)
    assert found.test_error_pct == told.test_error_pct
    # with the other weights, or with all of each branch, it would be another loss
    for other in (
        dataclasses.replace(files, averaged=not average),
        dataclasses.replace(files, survival_last=1.0),
    ):
        if other.averaged and not average:
            assert not Library().subject(other).averaged
        else:
            assert evaluate(Library().subject(other)).test_loss != pytest.approx(told.test_loss, rel=1e-5)
