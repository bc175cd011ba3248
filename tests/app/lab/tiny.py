"""Experiments small enough that loading torch is what takes time."""

import dataclasses

import msgspec

from resviz.arch.presets import preset
from resviz.arch.twin import twin
from resviz.runs.events import Changed, Evaluated, Probed, Saved, Started, Stepped
from resviz.runs.store import EventLog
from resviz.train.recipe import Recipe

ENDLESS = 100_000

RECIPE = Recipe(
    name="tiny",
    data="shapes",
    train_limit=64,
    test_limit=32,
    iterations=ENDLESS,
    milestones=(),
    batch_size=16,
    augment=False,
    device="cpu",
    precision="float32",
    probe_interval=5,
    evaluate_interval=50,
)


def twins():
    """Return a plain network of 8 layers and its residual twin, for pictures of 8x8."""
    plain = preset("plain-8-w4", input_shape=(3, 8, 8), classes=10)
    return plain, twin(plain)


def recipe(**changes):
    """Return the tiny recipe with changes."""
    return msgspec.structs.replace(RECIPE, **changes)


@dataclasses.dataclass
class Recorder:
    """Writes a run's log as a worker would."""

    run: object
    blocks: tuple = ("stage1.block1",)

    def started(self, iteration=0, iterations=100):
        self.write(
            Started(
                time=1000.0 + iteration, iteration=iteration, iterations=iterations, iterations_per_epoch=4.0,
                batch_size=16, seed=0, device="cpu", precision="float32", parameters=10,
                convolutions=("stem.conv", "stage1.block1.conv1", "stage1.block1.conv2"), blocks=self.blocks,
                responses=("stem.conv",), classes=("a", "b"),
            ),
            Changed(1000.0 + iteration, iteration, "running"),
        )  # fmt: skip

    def steps(self, first, last, error=50.0):
        self.write(*(Stepped(1000.0 + i, i, 1.0, error, 0.1, 160.0) for i in range(first, last + 1)))

    def probe(self, iteration, norms=(3.0, 3.0, 4.0), magnitude=0.5):
        self.write(Probed(iteration, norms, (magnitude,), (1.0,)))

    def evaluated(self, iteration, error):
        self.write(Evaluated(1000.0 + iteration, iteration, error, 1.0))

    def saved(self, iteration):
        self.write(Saved(iteration, f"iteration-{iteration}"))

    def ended(self, state, iteration, message=""):
        self.write(Changed(1000.0 + iteration, iteration, state, message))

    def write(self, *events):
        with EventLog(self.run) as log:
            log.write(*events)
