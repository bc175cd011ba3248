"""The processes that `training.py` starts: each is one contender and computes only when it is told to.

`python contenders.py SPECIFICATION` (JSON) prints a line of JSON when it is ready and one for each turn: a
line of JSON on its stdin asks for a turn of so many seconds. What is set before torch is loaded (threads, the
allocator) comes with the environment and with the imports below, as in a worker.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

START = 10_000
"""Iteration at which ours begin: the dense probes of the first iterations are over."""
_SETTLE = {"cpu": 4, "cuda": 120}
"""Iterations before the first turn: kernels are chosen, graphs captured, code compiled."""
_REFILL = 4
"""Untimed iterations at the start of the rival's turn: its DataLoader filled so many batches meanwhile."""
_REFILL_S = 0.3
"""Untimed seconds at the start of a turn of ours, while the rival's DataLoader may still fill its batches."""
_ADAPT_S = 30.0
"""The same for what is measured beside a busy core: a worker takes so long to see that it is."""


class Rival:
    """The loop that everybody copies, see `rival.py`."""

    def __init__(self, *, network, data, size, batch_size, device, diagnostics):
        import torch

        from resviz.data.batches import Statistics
        from resviz.train import devices
        from tests.benchmarks import rival

        self.device = devices.choose(device)
        dataset = load(data, size)
        statistics = Statistics.of(dataset.train_images, "channel-mean-std")
        batches = rival.loader(
            dataset.train_images.permute(0, 2, 3, 1).contiguous().numpy(),
            dataset.train_labels.tolist(),
            statistics.mean.flatten().tolist(),
            statistics.std.flatten().tolist(),
            batch_size=batch_size,
            device=self.device,
        )
        torch.manual_seed(0)
        model = twin_of_ours(network, len(dataset.classes)).to(self.device)
        names = {"few": rival.FEW, "all": rival.ALL}.get(diagnostics)
        hooks = rival.Diagnostics(model, names) if names else None
        sgd = rival.optimiser(model, 0.01)
        self.images_per_step = batch_size
        self.note = f"float32, {torch.get_num_threads()} threads and 2 loaders"
        self._steps = rival.train(model, sgd, batches, self.device, hooks)

    def step(self):
        next(self._steps)

    def refill(self):
        for _ in range(_REFILL):
            self.step()

    def close(self):
        self._steps.close()


class Ours:
    """Runs in one process, in turns, as the worker trains them: event logs, checkpoints and commands."""

    def __init__(self, *, runs, cores, governed):
        if cores is not None:
            os.sched_setaffinity(0, cores)
        from resviz.nn.memory import keep_freed_memory
        from resviz.runs.store import Run
        from resviz.train.session import Session
        from resviz.worker import Worker

        keep_freed_memory()
        self._sessions = [Session(Run(Path(run))) for run in runs]
        datasets = {}
        for session in self._sessions:
            session.prepare(lambda: False, datasets)
            if session.trainer is None:
                raise SystemExit(f"{session.run.path} could not be prepared: see its log.")
            progress = session.trainer.progress
            if progress.iteration == 0:
                progress.iteration = progress.told = START
        import torch

        from resviz.train import devices

        # A process that waits for its turn looks hindered: no governor but where it is measured.
        self._worker = Worker(self._sessions, torch.get_num_threads() if governed else None)
        self._refill_s = _ADAPT_S if governed else _REFILL_S
        recipe = self._sessions[0].run.recipe()
        self.device = devices.choose(recipe.device)
        self.images_per_step = len(runs) * recipe.batch_size
        precision = devices.choose_precision(recipe.precision, self.device)
        self.note = f"{precision}, {torch.get_num_threads()} threads"

    def step(self):
        self._worker.turn()
        for session in self._sessions:
            if session.over:
                raise SystemExit(f"{session.run.path} ended early: see its log.")

    def refill(self):
        began = time.perf_counter()
        while time.perf_counter() - began < self._refill_s:
            self.step()

    def close(self):
        for session in self._sessions:
            session.close()


def load(data, size):
    """Return the data set, pictures of `size` pixels a side."""
    from resviz.data.sources import load_dataset

    return load_dataset(data, image_size=(size, size))


def twin_of_ours(name, classes=10):
    """Return the rival's network for a preset "resnet-20", "plain-56-w8"."""
    from tests.benchmarks.rival import CifarNet

    match = re.fullmatch(r"(resnet|plain)-(\d+)(?:-w(\d+))?", name)
    if match is None:
        raise SystemExit(f"The rival has no {name}: choose resnet-N or plain-N.")
    return CifarNet(int(match[2]), match[1] == "plain", int(match[3] or 16), classes)


def turn(contender, seconds):
    """Compute for `seconds`, at least two steps; return what was done."""
    contender.refill()
    wait(contender)
    steps, began, cpu = 0, time.perf_counter(), time.process_time()
    while steps < 2 or time.perf_counter() - began < seconds:
        contender.step()
        steps += 1
    wait(contender)
    elapsed = time.perf_counter() - began
    return {
        "images_per_second": steps * contender.images_per_step / elapsed,
        "cpu_seconds_per_step": (time.process_time() - cpu) / steps,
    }


def wait(contender):
    """Let the device finish."""
    if contender.device.type == "cuda":
        import torch

        torch.cuda.synchronize(contender.device)


def main():
    """Serve turns until stdin closes."""
    specification = json.loads(sys.argv[1])
    kind = {"rival": Rival, "ours": Ours}[specification.pop("kind")]
    began = time.perf_counter()
    contender = kind(**specification)
    for _ in range(_SETTLE[contender.device.type]):
        contender.step()
    wait(contender)
    print(json.dumps({"ready_seconds": time.perf_counter() - began, "note": contender.note}), flush=True)
    for line in sys.stdin:
        print(json.dumps(turn(contender, json.loads(line))), flush=True)
    contender.close()


if __name__ == "__main__":
    main()
