"""Activation checkpointing: values inside a segment are not kept, but made again for its backward pass."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from resviz.nn.modules import BatchNorm


@dataclass(frozen=True)
class Segment:
    """Consecutive steps of a network, of which the first reads one value, and their batch norms."""

    steps: range
    norms: tuple[BatchNorm, ...]


def remade(run: Callable[[Tensor, bool], Tensor], segment: Segment, x: Tensor, draws: bool) -> Tensor:
    """Return `run(x, False)`, a segment's result; its backward pass calls `run(x, True)` first.

    Losses and gradients are bit for bit those of keeping everything (the same kernels run on the same
    values), and so are the running statistics: what a batch norm adds to them the second time is thrown away.

    Args:
        run: runs the segment; is told whether it does so again.
        segment: whose batch norms' statistics are to be kept.
        x: what it reads.
        draws: it draws random numbers, the same ones again the second time.
    """
    # Imported here: nothing else needs it, and older releases of torch load much with it.
    from torch.utils.checkpoint import checkpoint  # noqa: PLC0415

    if torch.compiler.is_compiling():
        # The compiler makes the values again, not the writes to running statistics, by a plan of its own.
        compiled: Tensor = checkpoint(lambda x: run(x, False), x, use_reentrant=False)
        return compiled
    ran = False

    def forward(x: Tensor) -> Tensor:
        nonlocal ran
        if not ran:
            ran = True
            return run(x, False)
        with _statistics_kept(segment.norms):
            return run(x, True)

    result: Tensor = checkpoint(forward, x, use_reentrant=False, preserve_rng_state=draws)
    return result


@contextlib.contextmanager
def _statistics_kept(norms: tuple[BatchNorm, ...]) -> Iterator[None]:
    """Give batch norms other running statistics for a while: in training they only write them."""
    own = [(norm.running_mean, norm.running_var) for norm in norms]
    for norm, (mean, var) in zip(norms, own, strict=True):
        norm.running_mean, norm.running_var = torch.empty_like(mean), torch.empty_like(var)
    try:
        yield
    finally:
        for norm, (mean, var) in zip(norms, own, strict=True):
            norm.running_mean, norm.running_var = mean, var
