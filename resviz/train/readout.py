"""Bringing numbers from the device to the host without making the device wait."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

import torch
from torch import Tensor

Receiver = Callable[[list[float]], None]


class Readout:
    """Copies small tensors to the host and hands them to their receivers, in order, when they arrive."""

    def __init__(self) -> None:
        self._pending: deque[tuple[int, Tensor, torch.cuda.Event | None, Receiver]] = deque()

    def send(self, iteration: int, values: Tensor, receiver: Receiver) -> None:
        """Copy `values` (n,) as they are at this point of the stream; `receiver` is called with them.

        Args:
            iteration: at which they are sent; it never falls.
            values: of any device.
            receiver: takes them as a list.
        """
        self._pending.append((iteration, *self._copy(values), receiver))

    def deliver(self, *, sent_by: float = -math.inf) -> None:
        """Call the receivers of what has arrived, and wait for all that was sent by iteration `sent_by`."""
        while self._pending:
            iteration, host, passed, receiver = self._pending[0]
            if passed is not None and not passed.query():  # type: ignore[no-untyped-call]
                if iteration > sent_by:
                    return
                passed.synchronize()
            self._pending.popleft()
            receiver(host.tolist())

    def _copy(self, values: Tensor) -> tuple[Tensor, torch.cuda.Event | None]:
        if not values.is_cuda:
            return values.clone(), None
        # A non-blocking copy goes to pinned memory, which must not be read before the event has passed.
        host = values.to("cpu", non_blocking=True)
        passed = torch.cuda.Event()  # type: ignore[no-untyped-call]
        passed.record()
        return host, passed
