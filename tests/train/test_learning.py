"""The shallow twins learn: on a piece of real CIFAR-10 where it is there, on the built-in data elsewhere."""

import zipfile
from itertools import groupby
from pathlib import Path

import msgspec
import numpy as np
import pytest

from resviz.arch.presets import preset
from resviz.data.sources import load_dataset
from resviz.runs.series import RunSeries
from resviz.train.recipe import PAPER
from resviz.train.trainer import Trainer
from tests.conftest import REAL_CIFAR
from tests.train.small import CPU

TRAIN, TEST = 60, 10  # pictures a class


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Return what `--data` would be given, and where its cache goes."""
    folder = tmp_path_factory.mktemp("cifar")
    if not REAL_CIFAR.is_dir():
        return "shapes", folder
    for archive, count in (("train-1.zip", TRAIN), ("test.zip", TEST)):
        with zipfile.ZipFile(REAL_CIFAR / archive) as pictures:
            for _, names in groupby(sorted(pictures.namelist()), key=lambda name: Path(name).parent):
                for name in list(names)[:count]:
                    pictures.extract(name, folder)
    return f"folder:{folder}", folder


@pytest.mark.parametrize("name", ["plain-20-w8", "resnet-20-w8"])
def test_training_error_falls_well_under_chance(tmp_path, data, name):
    spec, folder = data
    recipe = msgspec.structs.replace(
        PAPER.scaled(300), batch_size=64, augment=False, precision="float32", evaluate_interval=150
    )
    dataset = load_dataset(spec, folder, image_size=16, train_limit=10 * TRAIN, test_limit=10 * TEST)
    series = RunSeries()
    trainer = Trainer(
        preset(name, input_shape=(3, 16, 16)),
        recipe,
        dataset,
        CPU,
        checkpoints=tmp_path,
        emit=lambda *events: series.feed(events),
    )
    trainer.start()
    while not trainer.finished:
        trainer.advance()
    assert len(dataset.train_labels) == 10 * TRAIN
    assert series.iteration == 300
    assert series.train_error_pct < 70, "chance is 90"
    assert series.test_error_pct < 90
    assert np.isfinite(series.gradient_norm).all()
    # Every iteration at first, then every 2nd; how often later depends on what they cost here.
    assert series.probe_iterations[:110].tolist() == [*range(1, 21), *range(22, 201, 2)]
