"""How near `resviz estimate` comes to a real training: time of an iteration, and memory at the peak.

Each is measured in a process of its own, in turns, with one thread and by processor time, which other
programs do not change: `python tests/benchmarks/estimate.py --networks resnet-20,resnet-56 --batch-size 128`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> int:
    """Print for each network what was estimated, what was measured, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", default="resnet-20,resnet-56")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--iterations", type=int, default=12, help="of the real training")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", choices=("estimate", "train"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        found = _estimate(args) if args.one == "estimate" else _train(args)
        print(json.dumps(found))
        return 0
    print(f"{'network':<14}{'':<10}{'estimated':>12}{'trained':>12}{'ratio':>8}")
    for network in args.networks.split(","):
        rounds = [(_run(args, network, "estimate"), _run(args, network, "train")) for _ in range(args.rounds)]
        for key, unit, factor in (("step_s", "ms", 1e3), ("memory", "MiB", 2**-20)):
            guess, real = (statistics.median(pair[side][key] for pair in rounds) for side in (0, 1))
            told = f"{guess * factor:>9,.0f} {unit:<3}{real * factor:>8,.0f} {unit:<3}"
            print(f"{network:<14}{key:<10}{told}{guess / real:>7.2f}", flush=True)
    return 0


def _run(args: argparse.Namespace, network: str, one: str) -> dict[str, float]:
    from resviz.train.placement import thread_environment

    command = [sys.executable, __file__, "--one", one, "--networks", network]
    for option in ("batch_size", "precision", "iterations"):
        command += [f"--{option.replace('_', '-')}", str(getattr(args, option))]
    root = Path(__file__).resolve().parents[2]
    environment = {**thread_environment(1, os.environ), "PYTHONPATH": str(root)}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def _recipe(args: argparse.Namespace):
    from resviz.nn.memory import keep_freed_memory
    from resviz.train.recipe import Recipe

    keep_freed_memory()
    return Recipe(
        data="shapes", batch_size=args.batch_size, precision=args.precision, milestones=(), warm_up="on"
    )


def _estimate(args: argparse.Namespace) -> dict[str, float]:
    recipe = _recipe(args)
    import torch

    from resviz.arch.presets import preset
    from resviz.train.estimates import predict
    from resviz.train.measure import measure

    torch.set_num_threads(1)
    architecture = preset(args.networks)
    measured = measure(architecture, recipe, torch.device("cpu"), clock=time.process_time)
    told = predict(architecture, recipe, measured)
    return {"step_s": told.step_s, "memory": told.memory, "took_s": time.process_time()}


def _train(args: argparse.Namespace) -> dict[str, float]:
    recipe = _recipe(args)
    import torch

    from resviz.arch.presets import preset
    from resviz.data.sources import load_dataset
    from resviz.train.peak import Peak
    from resviz.train.trainer import Trainer

    torch.set_num_threads(1)
    cpu = torch.device("cpu")
    data = load_dataset("shapes", None, image_size=(32, 32))
    peak = Peak(cpu)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            preset(args.networks), recipe, data, cpu, checkpoints=Path(folder), emit=lambda *_: None
        )
        trainer.start()
        for _ in range(2):
            trainer.advance()
        began = time.process_time()
        for _ in range(args.iterations):
            trainer.advance()
        step_s = (time.process_time() - began) / args.iterations
        data_bytes = sum(t.nbytes for t in (data.train_images, data.test_images))
        return {"step_s": step_s, "memory": peak.taken() - data_bytes}


if __name__ == "__main__":
    sys.exit(main())
