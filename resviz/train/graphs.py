"""The whole step in CUDA graphs: gather, augmentation, forward, backward, update, totals and probes.

A small network's kernels take less time than launching them one by one; a graph launches them all at once.
Capturing runs nothing, so that what is captured is exactly the eager step, with the same kernels.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from resviz.data.batches import Batches
from resviz.train.execution import Eager
from resviz.train.probes import Probes
from resviz.train.step import Step

WARM_UP = 3
"""Iterations of a kind, with or without probes, that are run eagerly before that kind is captured: libraries
choose their kernels and make their workspaces then."""

Replay = Callable[[], None]
Record = Callable[[Callable[[], None]], Replay]
"""Captures what the function would do, without doing it; what it returns does it.

Raises:
    RuntimeError: it cannot be captured.
"""


class Graphs:
    """Runs the first iterations eagerly, then replays one graph without and one with probes.

    What changes between iterations lies in tensors that stay where they are: the draw and the learning rate.
    If a step cannot be captured, training goes on eagerly, and `tell` takes a sentence about it.
    """

    def __init__(
        self, step: Step, batches: Batches, probes: Probes, *, record: Record, tell: Callable[[str], None]
    ) -> None:
        self._step, self._batches, self._probes = step, batches, probes
        self._record, self._tell = record, tell
        self._eager = Eager(step, batches, probes)
        self._rate = torch.zeros((), device=batches.device)
        self._drawn = batches.send(batches.draw(0))
        self._values: Tensor | None = None
        self._warm = {False: 0, True: 0}
        self._replays: dict[bool, Replay] = {}
        self._possible = True
        self.slow = False

    def compute(self, iteration: int, *, probed: bool) -> None:
        """Bring the draw to the device; before a graph is there, make the batch and its gradients."""
        if self._ready(probed):
            self._drawn.copy_(self._batches.draw(iteration), non_blocking=True)
        else:
            self._warm[probed] += 1
            self._eager.compute(iteration, probed=probed)

    def update(self, rate: float, *, probed: bool) -> Tensor | None:
        """Run the graph; before it is there, move the parameters."""
        if probed not in self._replays:
            return self._eager.update(rate, probed=probed)
        self._rate.fill_(rate)
        self._replays[probed]()
        return self._values if probed else None

    def _ready(self, probed: bool) -> bool:
        """Return whether there is a graph of this kind; capture it if it is time."""
        if probed not in self._replays and self._possible and self._warm[probed] >= WARM_UP:
            try:
                self._replays[probed] = self._record(lambda: self._work(probed))
            except RuntimeError as error:
                self._possible = False
                for parameter in self._step.network.parameters():
                    parameter.grad = None  # Of no iteration.
                reason = str(error).strip().split("\n")[0]
                self._tell(f"The step is run without CUDA graphs, for it could not be captured ({reason}).")
        return probed in self._replays

    def _work(self, probed: bool) -> None:
        probes = self._probes if probed else None
        self._step.compute(self._batches.assemble(self._drawn), probes)
        values = self._step.update(self._rate, probes)
        if probed:
            self._values = values  # The probes' own tensor, which stays where it is.


class CudaRecord:
    """Captures graphs on a stream. They share their memory: one runs after the other, and none keeps any."""

    def __init__(self, stream: torch.cuda.Stream) -> None:
        self._stream = stream
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, work: Callable[[], None]) -> Replay:
        """Capture `work`.

        Raises:
            RuntimeError: it waits for the device, or there is no memory for it.
        """
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
            work()
        return graph.replay
