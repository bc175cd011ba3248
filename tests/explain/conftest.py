import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from resviz.arch.presets import preset
from resviz.arch.twin import twin
from resviz.nn.build import build
from resviz.nn.state import save_checkpoint, with_prefix
from resviz.runs.store import create_experiment
from resviz.train.recipe import Recipe

SIDE = 8
CLASSES = ("blue", "green", "red")


@pytest.fixture(scope="session")
def picture_folder(tmp_path_factory):
    """Return a data set of 8x8 pictures, told apart by their colour: 12 for training, 18 for tests."""
    root, random = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for part, count in (("train", 4), ("test", 6)):
        for channel, name in enumerate(reversed(CLASSES)):
            folder = root / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = random.integers(0, 80, (SIDE, SIDE, 3), dtype=np.uint8)
                pixels[2:6, 2:6, channel] = 250
                Image.fromarray(pixels).save(folder / f"{number}.png")
    return root


def checkpointed(run, iteration, seed=0, scale=1.0):
    """Write a checkpoint of an untrained network, as the trainer names it."""
    network = build(run.architecture(), seed=seed)
    with torch.no_grad():
        network(torch.randn(16, *network.input_shape, generator=torch.Generator().manual_seed(1)))
        network.get_parameter("classifier.weight").mul_(scale)
    save_checkpoint(
        run.checkpoints_path, f"iteration-{iteration}", with_prefix("model", network.state_dict()),
        {"iteration": iteration},
    )  # fmt: skip
    return network.eval()


@pytest.fixture(scope="session")
def made_experiment(picture_folder, tmp_path_factory):
    architecture = preset("resnet-8-w4", input_shape=(3, SIDE, SIDE), classes=3)
    recipe = Recipe(data=f"folder:{picture_folder}", data_dir=str(tmp_path_factory.mktemp("data")))
    out = tmp_path_factory.mktemp("experiments") / "twins"
    experiment = create_experiment([twin(architecture), architecture], recipe, out=out)
    for run in experiment.runs:
        checkpointed(run, 10)
    return experiment


@pytest.fixture
def runs(made_experiment, tmp_path):
    """Return a plain and a residual run of their own, each with a checkpoint."""
    from resviz.runs.store import Experiment

    path = shutil.copytree(made_experiment.path, tmp_path / "experiment")
    return Experiment.open(path).runs
