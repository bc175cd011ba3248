"""The trainer against a bare hand-written loop, in turns, in two processes of one thread.

`python tests/benchmarks/trainer_overhead.py [ITERATIONS]` prints, for the twins of the demonstration, the
median of the ratios of neighbouring iterations, and the ratio of the sums. The rival gathers the same batch,
runs forward and backward in the same precision and memory layout, and takes the same fused optimiser step; it
has no probes, no log, no checkpoints and looks at no commands. Times are those of the processor: other
programs on the machine disturb them less.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":  # Before torch is loaded; the folder of the project, to be run from anywhere.
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import msgspec
import torch
from torch.nn.functional import cross_entropy

from resviz.data.batches import Batches
from resviz.data.sources import load_dataset
from resviz.nn.build import build
from resviz.runs.store import create_experiment
from resviz.train import demonstration, devices
from resviz.train.session import Session

WARM_UP = 10


class Bare:
    """Nothing but the arithmetic."""

    def __init__(self, architecture, recipe, data):
        self.recipe = recipe
        self.network = build(architecture, seed=recipe.seed).to(memory_format=torch.channels_last).train()
        self.bfloat16 = devices.choose_precision(recipe.precision, torch.device("cpu")) == "bfloat16"
        self.optimiser = torch.optim.SGD(
            self.network.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
            fused=True,
        )
        self.batches = Batches(
            data.train_images,
            data.train_labels,
            batch_size=recipe.batch_size,
            seed=recipe.seed,
            augment=recipe.augment,
            normalise=recipe.normalise,
        )
        self.iteration = 0

    def advance(self):
        images, labels, *_ = self.batches.batch(self.iteration)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bfloat16):
            scores = self.network(images)
        cross_entropy(scores.float(), labels).backward()
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.iteration += 1


def measure(index: int, iterations: int) -> None:
    """Print ratio and rates for the index-th network of the demonstration."""
    torch.set_num_threads(1)
    architecture = demonstration.architectures()[index]
    # Evaluation is a matter of the recipe, not of the loop: left out on both sides.
    recipe = msgspec.structs.replace(
        demonstration.recipe(0), iterations=10_000, evaluate_interval=10_000, device="cpu"
    )
    with tempfile.TemporaryDirectory() as folder:
        [run] = create_experiment([architecture], recipe, out=folder).runs
        session = Session(run)
        session.prepare(lambda: False, {})
        limits = {"train_limit": recipe.train_limit, "test_limit": recipe.test_limit}
        data = load_dataset(recipe.data, image_size=16, **limits)
        bare = Bare(architecture, recipe, data)
        ours, theirs = [], []
        for iteration in range(WARM_UP + iterations):
            for turn, times in ((session.turn, ours), (bare.advance, theirs)):
                began = time.process_time()
                turn()
                if iteration >= WARM_UP:
                    times.append(time.process_time() - began)
        ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        mean = sum(ours) / sum(theirs)
        print(
            f"{architecture.name}: trainer {1 / statistics.median(ours):.2f} it/s, bare loop "
            f"{1 / statistics.median(theirs):.2f} it/s, median ratio {ratio:.3f}, all in all {mean:.3f}"
        )
        session.stop()
        session.close()


def main() -> None:
    """Measure both networks at the same time, each in its process."""
    iterations = sys.argv[1] if len(sys.argv) > 1 else "150"
    workers = [subprocess.Popen([sys.executable, __file__, "--network", str(i), iterations]) for i in (0, 1)]
    sys.exit(max(worker.wait() for worker in workers))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--network"]:
        measure(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
