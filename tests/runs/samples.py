"""Events, and a small architecture, for tests of runs."""

from __future__ import annotations

from resviz.arch.graph import Architecture, Wire
from resviz.runs.events import Evaluated, Probed, Started, Stepped


def started(
    iteration: int = 0, iterations: int = 100, per_epoch: float = 10.0, time: float = 1000.0
) -> Started:
    return Started(
        time, iteration, iterations, per_epoch, 128, 7, "cpu", "float32", 1234,
        ("stem.conv", "stage1.block1.conv1"), ("stage1.block1",), ("stem.conv",), ("cat", "dog"),
    )  # fmt: skip


def stepped(
    iteration: int, error: float = 50.0, loss: float | None = 2.0, time: float | None = None
) -> Stepped:
    return Stepped(1000.0 + iteration if time is None else time, iteration, loss, error, 0.1, 640.0)


def probed(iteration: int, gradient: float | None = 0.5, magnitude: float | None = None) -> Probed:
    return Probed(
        iteration, (gradient, 0.25), (magnitude,), (1.0,),
        (4.0, 2.0), (0.5, 0.125), (magnitude,), (-0.5,), (12.5,), gradient,
    )  # fmt: skip


def old_probed(iteration: int) -> Probed:
    """One of the first version, which knew three quantities."""
    return Probed(iteration, (0.5, 0.25), (0.75,), (1.0,))


def evaluated(iteration: int, error: float = 60.0) -> Evaluated:
    return Evaluated(1000.0 + iteration, iteration, error, 1.5, (error, None))


def architecture(name: str = "tiny") -> Architecture:
    made = Architecture(name)
    made.add("input", "input")
    made.add("global_avg_pool", "pool")
    made.add("output", "output")
    made.connect(Wire("input", "pool"))
    made.connect(Wire("pool", "output"))
    return made
