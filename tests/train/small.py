"""Networks, data and recipes small enough to train in a test."""

from __future__ import annotations

import msgspec
import torch

from resviz.arch.presets import preset
from resviz.data.dataset import Dataset
from resviz.runs.store import create_experiment
from resviz.train.recipe import Recipe
from resviz.train.trainer import Trainer

CPU = torch.device("cpu")
RECIPE = Recipe(
    iterations=24, milestones=(12,), batch_size=16, precision="float32", probe_interval=5, learning_rate=0.05
)


def dataset(train: int = 50, test: int = 20, size: int = 8, classes: int = 10) -> Dataset:
    """Random pictures whose mean colour tells their class."""
    generator = torch.Generator().manual_seed(1)

    def part(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.arange(count) % classes
        noise = torch.randint(0, 100, (count, 3, size, size), generator=generator)
        shift = torch.stack((labels * 12, 120 - labels * 12, labels % 3 * 50), 1)[:, :, None, None]
        return (noise + shift).to(torch.uint8), labels

    train_part, test_part = part(train), part(test)
    return Dataset("colours", tuple(map(str, range(classes))), *train_part, *test_part)


def architecture(name: str = "resnet-8-w4"):
    return preset(name, input_shape=(3, 8, 8))


class Rig:
    """A trainer with its events."""

    def __init__(self, folder, name="resnet-8-w4", data=None, **fields):
        self.events = []
        self.recipe = msgspec.structs.replace(RECIPE, **fields)
        model = architecture(name) if isinstance(name, str) else name
        self.trainer = Trainer(
            model, self.recipe, data or dataset(), CPU, checkpoints=folder, emit=self._emit
        )
        self.trainer.start()

    def _emit(self, *events):
        self.events.extend(events)

    def run(self, until=None):
        while not self.trainer.finished and (until is None or self.trainer.progress.iteration < until):
            self.trainer.advance()
        return self

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def state(self):
        return self.trainer._step.network.state_dict()

    @property
    def momentum(self):
        return self.trainer._step.optimiser.state()


def experiment(out, names=("plain-8-w4", "resnet-8-w4"), **fields):
    """Write an experiment of small networks on a few built-in pictures."""
    known = {"data": "shapes", "train_limit": 40, "test_limit": 20, "device": "cpu"}
    recipe = msgspec.structs.replace(RECIPE, **(known | fields))
    return create_experiment([architecture(name) for name in names], recipe, out=out)
