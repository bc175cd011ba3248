"""Bringing numbers from the device to the host without making the device wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import torch
from torch import Tensor

Receiver = Callable[[list[float]], None]


class Readout:
    """Copies small tensors to the host and hands them to their receivers, in order, when they arrive."""

    def __init__(self) -> None:
        self._pending: deque[tuple[Tensor, torch.cuda.Event | None, Receiver]] = deque()

    def send(self, values: Tensor, receiver: Receiver) -> None:
        """Copy `values` (n,) as they are at this point of the stream; `receiver` is called with them."""
        if values.is_cuda:
            # A non-blocking copy goes to pinned memory, which must not be read before the event has passed.
            host = values.to("cpu", non_blocking=True)
            passed = torch.cuda.Event()  # type: ignore[no-untyped-call]
            passed.record()
            self._pending.append((host, passed, receiver))
        else:
            self._pending.append((values.clone(), None, receiver))

    def deliver(self, *, wait: bool = False) -> None:
        """Call the receivers of what has arrived; with `wait`, of everything that was sent."""
        while self._pending:
            host, passed, receiver = self._pending[0]
            if passed is not None and not passed.query():  # type: ignore[no-untyped-call]
                if not wait:
                    return
                passed.synchronize()
            self._pending.popleft()
            receiver(host.tolist())
