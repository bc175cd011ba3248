"""Which processes train which runs: one policy, in one function; imports no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TUNABLES, _HUGE = "GLIBC_TUNABLES", "glibc.malloc.hugetlb"


@dataclass(frozen=True)
class Placement:
    """One worker process: the runs it trains, and how many threads it computes with.

    A run that goes on from a checkpoint keeps the threads that made it (`Run.threads`): floating-point sums
    depend on them. The worker sees to that.
    """

    runs: tuple[Path, ...]
    threads: int


def place(run_dirs: Sequence[Path], device: str, cores: int, cuda: bool) -> list[Placement]:
    """Return the worker processes for `run_dirs`.

    On the CPU each run gets a process of its own and the cores are shared out. Measured on 2 cores (AVX2),
    two processes of one thread take 1.41 times the steps of one process of two threads on the demonstration
    and 1.08 times on resnet-20: no more is left, for its two threads waste no more than that. On an earlier
    machine, with threads that slept while they waited, it was 2.45 and 1.16. On one CUDA card all runs share
    a process, with a stream for each.

    Args:
        run_dirs: the runs' folders.
        device: "auto", "cpu", "cuda" or "cuda:N".
        cores: processor cores to share out.
        cuda: whether a CUDA card is there, see `resviz.train.devices.cuda_present`.
    """
    if not run_dirs:
        return []
    if on_card(device, cuda):
        return [Placement(tuple(run_dirs), max(1, min(cores, 4)))]
    share, rest = divmod(cores, len(run_dirs))
    return [Placement((run,), max(1, share + (i < rest))) for i, run in enumerate(run_dirs)]


def on_card(device: str, cuda: bool) -> bool:
    """Return whether a recipe's device is a CUDA card, where there is one or not."""
    return device.startswith("cuda") or (device == "auto" and cuda)


def available_cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_environment(threads: int, environment: Mapping[str, str]) -> dict[str, str]:
    """Return a worker's environment variables: as many OpenMP threads as it was given, spinning only briefly.

    OpenMP reads these once, when torch is loaded. A thread that spins for long while it waits takes the core
    that the other run's worker, or the window, needs; one that sleeps at once must be woken hundreds of times
    in a step: on two cores a resnet-20 step took 130 ms so, and 114 ms with a short spin (359 and 353 ms
    beside a program that kept a core busy). glibc reads its own when a process starts: activations then lie
    in huge pages, which saves 2 to 3 % of a resnet-20 step.
    """
    tunables = environment.get(_TUNABLES, "")
    return {
        **environment,
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "GOMP_SPINCOUNT": "3000",  # libgomp, in PyTorch for Linux: some microseconds
        "KMP_BLOCKTIME": "1",  # libomp and libiomp, elsewhere: milliseconds
        _TUNABLES: tunables if _HUGE in tunables else ":".join(filter(None, (tunables, f"{_HUGE}=1"))),
    }
