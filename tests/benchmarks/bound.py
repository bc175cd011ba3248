"""The least time of a training step on a card: its bytes at the speed at which the card copies.

`python bound.py NETWORK SIZE BATCH_SIZE DEVICE PRECISION` prints JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import statistics

import torch
from torch import nn

from resviz.arch.presets import preset
from resviz.nn.build import build
from resviz.nn.modules import ResidualUnit
from resviz.train import devices

BYTES = {"float32": 4, "tf32": 4, "bfloat16": 2, "float16": 2}
_PARAMETER_MOVES = 7
"""float32 words a parameter: read forward, read backward; gradient written and read; momentum read and
written; weight written."""


def least_bytes(network, size, batch_size, precision):
    """Return the bytes that a step must move if everything else is fused.

    Activations are the outputs of convolutions and additions: each is written and read once forward, and its
    gradient once backward. That batch norm needs a pass over its input before it can begin, that the kept
    activations are read again backward, and that a sum is read by both branch and shortcut is not counted.
    """
    values = 0

    def count(module, inputs, output):
        nonlocal values
        values += output.numel()

    for module in network.modules():
        sums = isinstance(module, ResidualUnit) and (module.shortcut or module.projection) is not None
        if isinstance(module, nn.Conv2d) or sums:
            module.register_forward_hook(count)
    with torch.no_grad():
        network.eval()(torch.zeros(1, 3, size, size))
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return 4 * BYTES[precision] * values * batch_size + 4 * _PARAMETER_MOVES * parameters


def copy_bandwidth(device, gigabytes=1.0, repeats=20):
    """Return bytes a second, read and written, of a large copy on a CUDA card: the median of several."""
    source = torch.zeros(int(gigabytes * 2**30), dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    times = []
    for _ in range(repeats + 3):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        target.copy_(source)
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / 1000)
    return 2 * source.numel() / statistics.median(times[3:])


def main():
    """Print bytes, bandwidth and the images a second that they allow."""
    name, size, batch_size, device, precision = sys.argv[1:]
    where = devices.choose(device)
    network = build(preset(name, input_shape=(3, int(size), int(size)), classes=10))
    moved = least_bytes(network, int(size), int(batch_size), devices.choose_precision(precision, where))
    bandwidth = copy_bandwidth(where)
    bound = int(batch_size) * bandwidth / moved
    print(json.dumps({"bytes_per_step": moved, "bandwidth": bandwidth, "images_per_second": bound}))


if __name__ == "__main__":
    main()
